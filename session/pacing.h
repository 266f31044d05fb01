/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When to let a frame in and when to ask the application for the next one. Pure: time is an
 * argument (CLOCK_MONOTONIC, ns). One owner.
 *
 * Two limits of the session's rate, each by the generic cell rate algorithm (ITU-T I.371): of
 * frame callbacks, and of captures, for applications that do not wait for callbacks. Both let one
 * frame more pass after a rest. So an application with a clock of its own, whose rate is that of
 * the session, is let in when its clock says, whatever the distance between the two clocks: an X11
 * one above all, for Xwayland keeps what is drawn until the callback of the commit before has come.
 *
 * That frame is spent when such an application is a little faster than the session, or after a
 * burst, and then every picture waits for its callback. Such a wait can't be seen from here, but
 * commits that come right after their callbacks are a sign of it. So a few of those are answered by
 * leaving out one callback, which makes room for another frame more: one picture is lost, and those
 * after it do not wait. Where that did not help (the application draws as fast as it is asked) it
 * is tried again ever more rarely.
 *
 * A callback is held, too, until the commit that answers it would meet an open limit and, when
 * encoding takes longer than the application needs to draw, a free encoder; so an application that
 * draws whenever it is asked runs at most one frame ahead and draws nothing that would be thrown
 * away.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct gs_pacing {
    uint64_t interval;      /* ns a frame */
    uint64_t next_callback; /* theoretical arrival times */
    uint64_t next_capture;
    uint64_t captured; /* when the last frame entered the encoder */
    uint64_t callback_sent;
    bool callback_open;              /* sent, and no commit has answered it yet */
    bool callback_kept;              /* and what is drawn waits for it */
    uint64_t encode, draw;           /* running means: encoding; callback to commit */
    uint64_t draw_deviation;         /* mean deviation of draw */
    unsigned prompt, late;           /* commits in a row right after their callback, or not */
    bool resting;                    /* the next callback is left out */
    uint64_t rest_after, rest_pause; /* none before then; ns, grows while it does not help */
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
/* keeps: as frame_wanted of struct gs_source_listener. */
void gs_pacing_callback_sent(struct gs_pacing *p, uint64_t now, bool keeps);
