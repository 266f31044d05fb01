/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module "window". */
#include "client/window_module.h"

#include "client/window.h"
#include "common/module.h"

const void *gs_module_start(const struct gs_log_context *log)
{
    static const struct gs_window_module module = {
        .window = &gs_window_auto,
        .gl = &gs_window_gl,
        .shm = &gs_window_shm,
    };

    gs_log_set_context(log);
    return &module;
}
