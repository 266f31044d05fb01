/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of gpushare-session. Main thread. */
#pragma once

#include <glib.h>

#include "common/command.h"

struct gs_session_arguments {
    int link_fd;
    int app_fd; /* -1: standard error */
    gboolean doctor, version;
};

extern const struct gs_command gs_session_command;
