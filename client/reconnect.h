/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether to try to reach the host again, and when: after the control connection broke, or before
 * it ever was. The first attempt follows after GS_RECONNECT_FIRST, each further one after twice the
 * time, up to GS_RECONNECT_SLOWEST, until the limit is reached. A host that refuses is believed
 * when it has done nothing else for as long as patience: one that was just restarted may not know
 * its sessions yet. Pure: time is an argument, ns of any one clock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

#define GS_RECONNECT_FIRST (100 * GS_NS_PER_MS)
#define GS_RECONNECT_SLOWEST GS_NS_PER_S
#define GS_RECONNECT_ATTEMPT (4 * GS_NS_PER_S) /* the longest that one may take */
#define GS_RECONNECT_PATIENCE (3 * GS_NS_PER_S)

/* How an attempt failed. */
enum gs_reconnect_failure {
    GS_RECONNECT_UNREACHABLE, /* nobody answered, or it can't take us yet */
    GS_RECONNECT_REFUSED,     /* the host does not want us */
};

enum gs_reconnect_verdict {
    GS_RECONNECT_AGAIN,
    GS_RECONNECT_TOO_LATE,
    GS_RECONNECT_BELIEVED, /* the refusals */
};

struct gs_reconnect {
    uint64_t since, limit, patience;
    uint64_t refused_since; /* first of the refusals in a row; meaningful with refused */
    bool refused;
    unsigned failures;
};

/* There is no connection from now on. limit 0: nothing is tried again. */
void gs_reconnect_begin(struct gs_reconnect *r, uint64_t limit, uint64_t patience, uint64_t now);
/* The connection broke, or an attempt failed. *delay (ns): until the next one; the last begins when
 * the limit is reached. Untouched unless there is a next one. */
enum gs_reconnect_verdict gs_reconnect_failed(struct gs_reconnect *r,
                                              enum gs_reconnect_failure failure, uint64_t now,
                                              uint64_t *delay);
/* How long an attempt that begins now may take, ns: not much beyond the limit. */
uint64_t gs_reconnect_attempt(const struct gs_reconnect *r, uint64_t now);
