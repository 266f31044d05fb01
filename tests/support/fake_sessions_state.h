/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of fake_sessions.h share. */
#pragma once

#include <glib.h>

#include "tests/support/fake_sessions.h"

#define CREATED 1767225600 /* so that what tests see is always the same */

struct fake_session {
    struct gs_sessions *owner;
    char *name, *user, *app;
    uid_t uid;
    char **argv;
    struct gs_session_settings settings;
    enum gs_session_state state;
    struct gs_worker_ready ready;
    struct gs_worker_stats stats;
    struct gs_grants_info grants; /* while watched */
    bool watched;
    struct gs_session_client client;
    GArray *tickets;
    unsigned last_ticket;
    gs_sessions_done done;
    void *done_user;
    guint timer;
};

struct listener {
    unsigned id;
    void (*fn)(void *user, const struct gs_event *e);
    void *user;
};

struct event {
    struct gs_event e;
    char *kind, *session, *user, *text;
};

struct gs_sessions {
    const struct gs_host_config *config;
    char *log_dir;
    GTree *sessions;    /* by name */
    GPtrArray *history; /* of struct event */
    guint telling;
    unsigned told; /* of the history, so many were said */
    GArray *listeners;
    unsigned last_listener;
    uint64_t seq;
    struct gs_daemon_info info;
};

bool gs_fake_may_see(const struct gs_caller *caller, uid_t uid);
/* NULL: not there, or not the caller's. */
struct fake_session *gs_fake_find(struct gs_sessions *s, const struct gs_caller *caller,
                                  const char *name, char **why);
void gs_fake_event_free(void *data);
