/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an application is shut in: the command line of bubblewrap (bwrap(1)) for each kind of
 * sandbox. Pure but for looking at the file system; any thread.
 */
#pragma once

#include <glib.h>

#include "common/link.h"

#define GS_SANDBOX_STATUS_FD 3 /* records of session/desktop/app_init.h */
#define GS_SANDBOX_FILTER_FD 4 /* of system calls, for bwrap's --seccomp */

struct gs_sandbox_params {
    enum gs_sandbox kind;         /* not none */
    const char *init;             /* path of gpushare-init */
    const char *runtime_dir;      /* of the session */
    const char *x11_socket;       /* path; NULL: no X11 */
    const char *render_node;      /* of the GPU in use; "": none */
    const char *home;             /* of the session's user; NULL: unknown */
    const char *user_runtime_dir; /* $XDG_RUNTIME_DIR of the worker; NULL: none */
    const char *hide;             /* more folders that are not shown, separated by ':' */
    char *const *argv;            /* of the application */
};

/* From "bwrap" to the end of argv; for g_strfreev. */
char **gs_sandbox_command(const struct gs_sandbox_params *p);
/* Variables of the environment that name what is not reachable from inside; NULL at the end. */
extern const char *const gs_sandbox_unset[];
