/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers the input records, merges pointer motion to at most one record per GS_INPUT_SPACING, and
 * keeps the order: what is not motion takes the motion before it along, at once. Pure: time is an
 * argument, the records go out through a callback.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/proto.h"

#define GS_INPUT_SPACING (2 * GS_NS_PER_MS)
#define GS_INPUT_BATCH 2

struct gs_input_queue {
    /* n records (GS_INPUT_BATCH at most) for one GS_MSG_INPUT. */
    void (*send)(void *user, const struct gs_input *records, size_t n);
    void *user;
    uint32_t last_id;     /* given to the last record, 0: none yet */
    uint64_t last_motion; /* when one was sent */
    bool has_motion;      /* waits in motion */
    struct gs_input motion;
};

void gs_input_queue_init(struct gs_input_queue *q,
                         void (*send)(void *user, const struct gs_input *records, size_t n),
                         void *user);
/* Fills id and time of a copy of in. */
void gs_input_push(struct gs_input_queue *q, const struct gs_input *in, uint64_t now);
/* When gs_input_flush is due for a motion that waits, 0: nothing waits. */
uint64_t gs_input_deadline(const struct gs_input_queue *q);
void gs_input_flush(struct gs_input_queue *q, uint64_t now);
/* The id of a record that goes out past the queue. */
uint32_t gs_input_next_id(struct gs_input_queue *q);
/* Whether an application usually draws something because of it: presses, motion, wheel. */
bool gs_input_may_draw(const struct gs_input *in);

/* The common records, with id and time 0. */
struct gs_input gs_input_key(uint16_t code, bool pressed);
struct gs_input gs_input_button(uint16_t code, bool pressed);
struct gs_input gs_input_motion(double x, double y);
struct gs_input gs_input_motion_rel(double dx, double dy);
/* clicks: of the wheel, down and right positive; fractions are smooth scrolling. */
struct gs_input gs_input_wheel(bool horizontal, double clicks);
