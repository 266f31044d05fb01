/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the output gets another size. Dragging a window's edge asks for sixty a second, and each
 * costs a new encoder and an IDR: the newest wish waits until the last change is paid off. Pure:
 * time is an argument (CLOCK_MONOTONIC, ns). One owner.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/proto.h"

#define GS_RESIZE_INTERVAL (100 * GS_NS_PER_MS) /* least time from one change to the next */
#define GS_RESIZE_SHARE 5                       /* a change may take this part of all time */

struct gs_resize {
    struct gs_video wanted;
    bool pending;
    uint64_t not_before;
};

/* Replaces what was wanted before and has not begun. */
void gs_resize_want(struct gs_resize *r, const struct gs_video *video);
/* When there is something to do; UINT64_MAX: nothing is wanted. */
uint64_t gs_resize_due(const struct gs_resize *r);
/* True: change to *ret now. */
bool gs_resize_take(struct gs_resize *r, uint64_t now, struct gs_video *ret);
/* The change, or the attempt, lasted from begin to end. */
void gs_resize_done(struct gs_resize *r, uint64_t begin, uint64_t end);
