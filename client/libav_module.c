/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module "libav". */
#include "client/decode_libav.h"
#include "client/libav_codec.h"
#include "common/module.h"

const void *gs_module_start(const struct gs_log_context *log)
{
    static const struct gs_libav_module module = {
        .vaapi = &gs_libav_vaapi,
        .software = &gs_libav_software,
    };

    gs_log_set_context(log);
    return &module;
}
