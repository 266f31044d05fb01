/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of the GPU a session has used, as the system tells it and not the session: its worker
 * and everything below. Kinds, best first, each where its device allows it:
 *
 *   fdinfo   GPU time of the DRM clients of its processes (kernel: drm-usage-stats), each client
 *            once, and never going back
 *   nvml     of NVIDIA's own driver, which has no such thing: what the worker measured
 *            (common/grant_page.h: own_ns, app_ns), never more than time passed, put right by the
 *            driver's samples of each process where libnvidia-ml is there
 *   cpu      where software renders: processor time of its control group, or of its processes
 *
 * Thread: the scheduler's; what gs_meter_look_around does may take longer and belongs on a tick.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/grant_page.h"
#include "common/macros.h"

struct gs_meter_params {
    const char *root;    /* "/", another one for tests */
    const char *gpu;     /* render node; "": software */
    pid_t keeper;        /* whose descendants count, with the worker */
    const char *cgroups; /* folders of the session's control groups, ':' between; "": none */
    const struct gs_grant_up *claims; /* NULL: none yet; borrowed, hostile */
};

struct gs_meter;

struct gs_meter_impl {
    const char *name;
    /* -ENOTSUP: not for this device or on this system; -errno; the reason in why. */
    int (*open)(const struct gs_meter_params *p, struct gs_meter **ret, char *why, size_t why_size);
    /* Nanoseconds since it was opened; never goes back. A few microseconds. */
    uint64_t (*read)(struct gs_meter *m, uint64_t now);
    /* Finds processes that came, and forgets those that went. About once in 200 ms while it is
     * used. optional */
    void (*look_around)(struct gs_meter *m, uint64_t now);
    void (*close)(struct gs_meter *m);
};

/* First member of every implementation's own struct. */
struct gs_meter {
    const struct gs_meter_impl *impl;
    struct gs_meter_params params; /* texts are copies, made before open */
    unsigned page;                 /* which one claims are on: it may have the same place */
    char how[128];                 /* for people: "DRM fdinfo of i915"; by open */
    bool trusting;                 /* nothing checks what the worker claims; by open */
};

/* NULL at the end. */
extern const struct gs_meter_impl *const gs_meter_impls[];

/* The first that works. 0, -errno with every refusal in *ret_why for g_free. */
int gs_meter_create(const struct gs_meter_params *p, struct gs_meter **ret,
                    char **ret_why) GS_MUST_CHECK;
uint64_t gs_meter_read(struct gs_meter *m, uint64_t now);
void gs_meter_look_around(struct gs_meter *m, uint64_t now);
/* Of another worker of the same session, or a page that came; NULL before a page goes. */
void gs_meter_set_claims(struct gs_meter *m, const struct gs_grant_up *claims);
/* Accepts NULL. */
void gs_meter_destroy(struct gs_meter *m);
