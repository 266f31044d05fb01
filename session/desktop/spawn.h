/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts the application's process, in its sandbox where it has one. Thread: main; blocks until
 * it runs, which takes some ten milliseconds with a sandbox. */
#pragma once

#include <sys/types.h>

#include "common/macros.h"
#include "session/source.h"

struct gs_spawned {
    pid_t pid;     /* of the application; with a sandbox, of bwrap */
    int status_fd; /* records of session/desktop/app_init.h, non-blocking; -1: no sandbox */
};

/* x11_display: "DISPLAY", ":3"; NULL: there is no X11. 0; -errno with a sentence for the user in
 * *ret_reason, for g_free. */
int gs_spawn(const struct gs_source_params *params, const char *x11_display, struct gs_spawned *ret,
             char **ret_reason) GS_MUST_CHECK;
