/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of gpushare-client. Main thread. */
#pragma once

#include <glib.h>

#include "common/command.h"

struct gs_client_arguments {
    char *script, *keymap, *stats, *record, *snapshot, *decoder, *presenter;
    gboolean headless, overlay, fullscreen, view, verbose, version, doctor;
    double duration, wait, reconnect; /* s */
    char **rest;
};

extern const struct gs_command gs_client_command;

void gs_client_arguments_finish(struct gs_client_arguments *a);
