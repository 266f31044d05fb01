/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gpushare-init, the first process in a sandbox: starts the application, waits for everything that
 * it leaves behind, and tells the worker on a pipe what happened: one record when it was started or
 * could not be, one when it ended. It ends when nothing is left.
 */
#pragma once

#include <stdint.h>

enum gs_app_record_kind {
    GS_APP_STARTED = 1,
    GS_APP_NOT_STARTED = 2, /* value: errno of exec */
    GS_APP_ENDED = 3,       /* value: status as from waitpid */
    GS_APP_NO_SANDBOX = 4,  /* by the worker's child itself; value: errno of bwrap's exec */
};

struct gs_app_record {
    int32_t kind, value;
};
