/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Carries the scheduler's decisions to the workers: a thread of its own with the policy
 * (host/scheduler.h), the meters (host/meter.h) and a page and two eventfds for each session
 * (common/grant_page.h). Workers are not trusted: every value of theirs is clamped, one that kicks
 * without end is listened to once a millisecond at most, and what it uses is measured.
 *
 * Called from the main thread; each call takes a lock that the thread holds for microseconds.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/grant_page.h"
#include "common/macros.h"
#include "host/scheduler.h"

struct gs_grants;
struct gs_grants_session;

struct gs_grants_params {
    struct gs_sched_params sched; /* devices are filled in by gs_grants_create: the first is
                                   * software, then the machine's render nodes */
    uint32_t depth;               /* frames in flight on each; 0: chosen */
    const char *root;             /* "/", another one for tests */
};

/* Starts the thread. -errno. */
int gs_grants_create(const struct gs_grants_params *params, struct gs_grants **ret) GS_MUST_CHECK;
/* Sessions must be removed before. Accepts NULL. */
void gs_grants_destroy(struct gs_grants *g);
void gs_grants_set_policy(struct gs_grants *g, const struct gs_sched_params *sched);

struct gs_grants_session_params {
    const char *name;
    const char *group;     /* the name of its group of sessions; "": none. Groups come and go with
                            * their sessions */
    uint32_t group_weight; /* of it: the one said last counts */
    const char *gpu;       /* render node, as the worker said; "": software */
    pid_t keeper;
    const char *cgroups; /* as in struct gs_meter_params */
    struct gs_sched_settings settings;
};

/* When its worker is ready. Never NULL: where it can't be measured, that is said in the log. */
struct gs_grants_session *gs_grants_add(struct gs_grants *g,
                                        const struct gs_grants_session_params *params);
/* Accepts NULL. */
void gs_grants_remove(struct gs_grants_session *x);
void gs_grants_set(struct gs_grants_session *x, const struct gs_sched_settings *settings);
void gs_grants_set_group(struct gs_grants_session *x, const char *group, uint32_t weight);
/* Makes a page for its worker, in place of an earlier one, and sends it over `socket` (Unix, as
 * said at GS_LINK_GRANTS), which stays the caller's. -errno. */
int gs_grants_hand_over(struct gs_grants_session *x, int socket) GS_MUST_CHECK;
/* That worker is gone, or its connection: no page any more. */
void gs_grants_disconnect(struct gs_grants_session *x);

/* Whether its application stands still when that is wanted (GS_GRANT_HOLD). */
enum gs_grants_held {
    GS_GRANTS_HELD_OBEYS,
    GS_GRANTS_HELD_FORCED, /* its worker did not see to it: its control group is frozen by turns */
    GS_GRANTS_HELD_FREE,   /* neither did it, nor is there a control group that can be frozen */
};

struct gs_grants_info {
    struct gs_sched_info sched; /* used_ns: all that was measured */
    const char *meter;          /* "cpu", "fdinfo", "nvml"; "": it is not measured */
    bool connected;             /* its worker has a page */
    uint64_t floods;            /* milliseconds in which its worker kicked more than it should */
    uint64_t nonsense;          /* values on its page that could not be */
    enum gs_grants_held held;
};

void gs_grants_info(struct gs_grants_session *x, struct gs_grants_info *ret);

struct gs_grants_device {
    char gpu[64]; /* "": software */
    uint32_t engines, depth;
    uint32_t used_permille, promised_permille;
    unsigned sessions;
};

/* At most `most` of them; how many there are. */
unsigned gs_grants_devices(struct gs_grants *g, struct gs_grants_device *ret, unsigned most);
/* As gs_sched_admit; gpu NULL: any, "": software. */
void gs_grants_admit(struct gs_grants *g, const char *gpu, uint32_t floor_fps, uint64_t cost_ns,
                     const struct gs_grants_session *except, struct gs_sched_admission *ret);
