/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/options.h"

#define AT(field) offsetof(struct gs_session_arguments, field)

static const struct gs_option options[] = {
    {"Options", "link-fd", 0, GS_OPTION_INT, AT(link_fd), "FD",
     "File descriptor of the socket to gpushare-host, which sends the configuration", NULL, NULL,
     NULL, false},
    {NULL, "app-fd", 0, GS_OPTION_INT, AT(app_fd), "FD",
     "File descriptor for what the application prints; standard error without it", NULL, NULL, NULL,
     false},
    {NULL, "doctor", 0, GS_OPTION_FLAG, AT(doctor), NULL,
     "Try GPU, converters and encoders and say the results as “gpushare-host doctor” reads them",
     NULL, NULL, NULL, false},
    {NULL, "version", 0, GS_OPTION_FLAG, AT(version), NULL, "Print the version and end", NULL, NULL,
     NULL, false},
    {.name = NULL},
};

const struct gs_command gs_session_command = {
    .program = "gpushare-session",
    .summary = "Is the worker of one gpushare session; gpushare-host starts it, nobody else should",
    .options = options,
};
