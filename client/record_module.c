/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module "record". */
#include "client/record_module.h"

#include "common/module.h"

const void *gs_module_start(const struct gs_log_context *log)
{
    static const struct gs_record_module module = {
        .create = gs_recorder_create,
        .write = gs_recorder_write,
        .destroy = gs_recorder_destroy,
    };

    gs_log_set_context(log);
    return &module;
}
