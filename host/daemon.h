/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verb `serve`: the daemon. SIGTERM ends it and leaves its sessions running for the next one,
 * unless --close-sessions was given; SIGINT ends the sessions, too, and a second signal kills what
 * is left of them. SIGHUP reads the configuration again. Main thread.
 */
#pragma once

#include "common/command.h"

extern const struct gs_command gs_serve_command;

/* Returns the exit status. argv[0] is the verb. */
int gs_serve(int argc, char **argv);
