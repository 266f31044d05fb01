/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How an application is kept while nobody looks. Pure: time is an argument (CLOCK_MONOTONIC, ns).
 * One owner. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/link.h"

#define GS_UNWATCHED_FPS 5                    /* of one that is slowed down */
#define GS_FREEZE_AFTER (2 * GS_NS_PER_S)     /* the last viewer left */
#define GS_FREEZE_AT_FIRST (30 * GS_NS_PER_S) /* the session began: it may come up first */

struct gs_unwatched_rule {
    enum gs_unwatched policy;
    bool watched;
    uint64_t since;        /* nobody looks */
    uint64_t freeze_after; /* that long */
};

/* Nobody looks yet. */
void gs_unwatched_rule_init(struct gs_unwatched_rule *r, enum gs_unwatched policy, uint64_t now);
void gs_unwatched_rule_set_watched(struct gs_unwatched_rule *r, bool watched, uint64_t now);
/* Frames a second while nobody looks, of a session with this rate. */
uint32_t gs_unwatched_rule_fps(const struct gs_unwatched_rule *r, uint32_t fps);
/* Whether it stands still now, and when it will; UINT64_MAX: never as things are. */
bool gs_unwatched_rule_frozen(const struct gs_unwatched_rule *r, uint64_t now);
uint64_t gs_unwatched_rule_due(const struct gs_unwatched_rule *r);
/* Whole seconds without anybody, at least 1; 0: somebody looks. */
uint32_t gs_unwatched_rule_seconds(const struct gs_unwatched_rule *r, uint64_t now);
