/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One stay at a session, from connecting to the report: owns all other parts. Main thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/connection.h"
#include "client/keymap.h"
#include "client/script.h"
#include "common/url.h"

struct gs_client_options {
    struct gs_url url;
    bool headless; /* somebody reads the statistics instead of looking */
    bool overlay, fullscreen;
    bool view;          /* only watch */
    double duration_s;  /* 0: no end */
    double wait_s;      /* how long the host may be unreachable at first; 0: not at all */
    double reconnect_s; /* and when the connection broke */
    const char *stats;  /* files, NULL: none */
    const char *record;
    const char *snapshot;
    const char *decoder;            /* NULL: choose */
    const char *presenter;          /* one there is */
    const struct gs_keymap *keymap; /* NULL: the display's, or us when there is none */
    const struct gs_script *script; /* NULL: none */
    uint64_t start;                 /* when the program began */
};

/* Runs to the end; what failed has been said on stderr. */
enum gs_exit gs_client_run(const struct gs_client_options *options);
