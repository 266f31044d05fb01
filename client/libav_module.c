/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module "libav". */
#include "client/decode_libav.h"
#include "client/libav_codec.h"
#include "client/module.h"

const void *gs_module_start(enum gs_log_level level)
{
    static const struct gs_libav_module module = {
        .vaapi = &gs_libav_vaapi,
        .software = &gs_libav_software,
    };

    gs_log_init("gpushare-client", NULL);
    gs_log_set_level(level);
    return &module;
}
