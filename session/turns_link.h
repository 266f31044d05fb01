/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection over which the worker gets its page from the host's scheduler (GS_LINK_GRANTS in
 * common/link.h). What is not as it should be, and a connection that ends while its page counts, is
 * tried again after 100 ms, then after twice as long each time, up to 10 s; a host that closes
 * without an answer has no scheduler. Thread: main; attaches to its thread-default GMainContext.
 */
#pragma once

#include "common/link.h"
#include "common/macros.h"

#define GS_TURNS_LINK_FDS 3

struct gs_turns_link;

/* Both are called from the main context, never from inside a call. */
struct gs_turns_link_handler {
    /* The descriptors of gs_grant_channel_open, for the callee to take. -errno: they are not what
     * they should be. */
    int (*opened)(void *user, const int fds[GS_TURNS_LINK_FDS]);
    /* The page counts no more. */
    void (*closed)(void *user);
};

struct gs_turns_link *gs_turns_link_create(const struct gs_turns_link_handler *handler, void *user);
/* Accepts NULL. */
void gs_turns_link_destroy(struct gs_turns_link *l);
/* Connects, instead of what was there. */
void gs_turns_link_connect(struct gs_turns_link *l, const char *path,
                           const struct gs_worker_grants *who);
/* The page turned out to be dead: connects again, later. */
void gs_turns_link_again(struct gs_turns_link *l);
/* Closes, and stays so until the next connect. Nothing is called. */
void gs_turns_link_close(struct gs_turns_link *l);
