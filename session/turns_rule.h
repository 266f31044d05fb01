/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a worker does when the host's scheduler does not answer, and how long it lets itself be
 * held. Pure: time is an argument (CLOCK_MONOTONIC, ns). One owner.
 *
 * Alone: a frame that was asked for waits for GS_GRANT_SILENCE beside a heartbeat that is as old.
 * From then on frames start at the rate of the second before the first of them was asked for, until
 * there is a newer heartbeat.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "session/turns.h"

#define GS_TURNS_ALONE_LEAST 5 /* frames a second of one that drew, however few those were */

struct gs_turns_alone {
    uint64_t starts[GS_TURNS_ALONE_FPS]; /* the last ones, a ring */
    unsigned n;                          /* all there were */
    uint64_t interval;                   /* ns a frame while alone; 0: the host was never silent */
    uint64_t heartbeat;                  /* the last one before it was */
    uint64_t next;
};

/* A frame started, by a grant, free, or alone. */
void gs_turns_alone_started(struct gs_turns_alone *a, uint64_t now);
/* When the frame that was asked for at `since` may start without an answer, beside this heartbeat.
 */
uint64_t gs_turns_alone_due(const struct gs_turns_alone *a, uint64_t since, uint64_t heartbeat);
/* It does so: due is over. */
void gs_turns_alone_go(struct gs_turns_alone *a, uint64_t since, uint64_t heartbeat, uint64_t now);

#define GS_TURNS_HOLD_MOST (250 * GS_NS_PER_MS)
#define GS_TURNS_HOLD_PAUSE (10 * GS_NS_PER_MS) /* after that; as a turn of the host's */

struct gs_turns_hold {
    bool held;
    uint64_t since;       /* held */
    uint64_t pause_until; /* not held again before */
};

/* Looks again: wanted, by the flag of the page. Whether the application is to stand still. */
bool gs_turns_hold_look(struct gs_turns_hold *h, bool wanted, uint64_t heartbeat, uint64_t now);
/* When time alone may change that; UINT64_MAX: never. */
uint64_t gs_turns_hold_due(const struct gs_turns_hold *h, bool wanted, uint64_t heartbeat,
                           uint64_t now);
