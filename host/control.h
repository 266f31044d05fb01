/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Administration of the daemon: HTTP and JSON on a Unix socket. Who asks is known by the socket's
 * credentials: root, the daemon's own user and members of the admin group may do everything, others
 * what concerns their own sessions. docs/openapi.yaml describes paths and messages. Main thread; no
 * request holds up the loop.
 */
#pragma once

#include <gio/gio.h>

#include "common/macros.h"
#include "host/sessions.h"

struct gs_control;

struct gs_control_params {
    GSocket *socket; /* listening; a reference is taken */
    struct gs_sessions *sessions;
    /* The configuration as it is now, in the form of its file; for g_free. */
    char *(*print_config)(void *user);
    /* Reads the configuration again. 0, with the keys that differ but need a restart in *ret_text,
     * NULL where there are none; or -errno with what is wrong in it; for g_free. */
    int (*reload)(void *user, char **ret_text);
    /* The text of /metrics, for g_free. NULL: there are none. */
    char *(*metrics)(void *user);
    void *user;
};

/* A listening socket at path, open to all users; what a daemon left there that was killed is
 * replaced. -EADDRINUSE: another one listens. Logs what is wrong. */
int gs_control_listen(const char *path, GSocket **ret) GS_MUST_CHECK;
/* -ENOENT: the module that speaks HTTP is missing, as the log says. */
int gs_control_create(const struct gs_control_params *params,
                      struct gs_control **ret) GS_MUST_CHECK;
/* Before the sessions. What they still answer goes nowhere. */
void gs_control_destroy(struct gs_control *control);
