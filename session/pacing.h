/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to let a frame in and when to ask the application for the next one. Pure: time is an
 * argument (CLOCK_MONOTONIC, ns). One owner.
 *
 * The frame clock ticks at the session's rate. A frame callback is held until the tick and, when
 * encoding takes longer than the application needs to draw, until a commit that follows it would
 * meet a free encoder; so the application runs at most one frame ahead and draws nothing that
 * would be thrown away. Captures are limited to the same rate by the generic cell rate algorithm
 * (ITU-T I.371) with a tolerance of half a frame, for applications that do not wait for callbacks.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct gs_pacing {
    uint64_t interval;      /* ns a frame */
    uint64_t next_callback; /* tick of the frame clock */
    uint64_t next_capture;  /* theoretical arrival time of the next capture */
    uint64_t captured;      /* when the last frame entered the encoder */
    uint64_t callback_sent;
    bool callback_open;      /* sent, and no commit has answered it yet */
    uint64_t encode, draw;   /* running means: encoding; callback to commit */
    uint64_t draw_deviation; /* mean deviation of draw */
};

void gs_pacing_init(struct gs_pacing *p, uint32_t fps);
/* Keeps what was learned. */
void gs_pacing_set_fps(struct gs_pacing *p, uint32_t fps);
/* A commit with something new arrived. */
void gs_pacing_committed(struct gs_pacing *p, uint64_t now);
/* The earliest time for the next capture: now, or later. */
uint64_t gs_pacing_capture_at(const struct gs_pacing *p, uint64_t now);
void gs_pacing_captured(struct gs_pacing *p, uint64_t now);
/* A frame took this long from capture to the last packet. */
void gs_pacing_encoded(struct gs_pacing *p, uint64_t duration);
/* When the waiting frame callbacks are to be answered: now, or later. */
uint64_t gs_pacing_callback_at(const struct gs_pacing *p, uint64_t now);
void gs_pacing_callback_sent(struct gs_pacing *p, uint64_t now);
