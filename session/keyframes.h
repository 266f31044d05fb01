/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When those who only watch get an IDR picture: it costs everybody's line and quality, so the bad
 * network of one of them must not harm who works with the session. They all together cause at most
 * one each 2 s, and none within 1 s after any other. Pure: time is an argument (CLOCK_MONOTONIC,
 * ns). One owner, zeroed at first.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct gs_keyframes {
    uint64_t granted; /* the last for watchers; 0: none yet */
    uint64_t asked;   /* by the watcher who asked last; 0: nobody waits */
};

/* A watcher needs one: it is new, or lost what can't be repaired. */
void gs_keyframes_ask(struct gs_keyframes *k, uint64_t now);
/* sent: when the last one began to be sent, for whomever; 0: none was. When to call take; 0 is as
 * soon as can be, UINT64_MAX never. */
uint64_t gs_keyframes_due(const struct gs_keyframes *k, uint64_t sent);
/* true: request one. One that was sent after all had asked will do for them. */
bool gs_keyframes_take(struct gs_keyframes *k, uint64_t sent, uint64_t now);
