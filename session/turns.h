/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker's side of the scheduler: asks for each frame where it has to, says when frames start
 * and are drawn, and lets the application stand still where it is told to. Without a scheduler (no
 * adopt_path, none there, not reached yet) everything is free.
 *
 * The host falls silent while a frame waits (common/grant_page.h): frames then start by themselves
 * at the rate of the last second, at most GS_TURNS_ALONE_FPS, until its heartbeat comes back.
 * Thread: main.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/link.h"
#include "common/macros.h"

#define GS_TURNS_ALONE_FPS 30

struct gs_turns;

struct gs_turns_listener {
    /* A frame that was asked for may start, or asking is not needed any more: look again. From the
     * loop, never from inside a call. */
    void (*changed)(void *user);
    /* The application is to stand still, or to go on. From the loop. */
    void (*hold)(void *user, bool hold);
};

/* Connects by itself once gs_turns_connect was said. */
struct gs_turns *gs_turns_create(const struct gs_turns_listener *listener, void *user);
/* Accepts NULL. */
void gs_turns_destroy(struct gs_turns *g);
/* The link to the host is up (again): gets a page. config is copied as far as it is needed. */
void gs_turns_connect(struct gs_turns *g, const struct gs_worker_config *config);
/* It is gone: the page counts no more, and frames are free until there is another. */
void gs_turns_lost(struct gs_turns *g);

/* True: a frame may start now, and counts as started. False: it was asked for, and `changed`
 * follows. Each true is answered by one gs_turns_finished. NULL: always true, as it is free and 0
 * in what follows. */
bool gs_turns_start(struct gs_turns *g, uint64_t now);
/* The frame that started last is committed, and drawn. */
void gs_turns_finished(struct gs_turns *g, uint64_t now);
/* What was asked for is not wanted any more. */
void gs_turns_withdraw(struct gs_turns *g);
/* Frames have to be asked for. */
bool gs_turns_asks(const struct gs_turns *g);
/* Others want the GPU: neither frames that would not be shown, nor pictures at rest. */
bool gs_turns_contended(const struct gs_turns *g);
/* The rate that the host's policy allows; 0: no limit. */
uint32_t gs_turns_max_fps(const struct gs_turns *g);
/* The session's ceiling as of now; 0: nobody looks. */
void gs_turns_set_fps(struct gs_turns *g, uint32_t fps);
/* GPU time of our own passes, by GL timestamps: since the last call. */
void gs_turns_own(struct gs_turns *g, uint64_t ns);
