/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module "window". */
#include "client/window_module.h"

#include "client/module.h"
#include "client/window.h"

const void *gs_module_start(enum gs_log_level level)
{
    static const struct gs_window_module module = {
        .window = &gs_window_auto,
        .gl = &gs_window_gl,
        .shm = &gs_window_shm,
    };

    gs_log_init("gpushare-client", NULL);
    gs_log_set_level(level);
    return &module;
}
