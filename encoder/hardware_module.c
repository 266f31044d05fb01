/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module "gpushare-session-hardware". */
#include "common/module.h"
#include "encoder/hardware.h"
#include "encoder/hardware_impls.h"
#include "encoder/impls.h"

const void *gs_module_start(const struct gs_log_context *log)
{
    static const struct gs_hardware_module module = {
        .nvenc = &gs_hardware_nvenc,
        .vaapi = &gs_hardware_vaapi,
        .refusal = gs_encoder_refusal,
        .forget_refusal = gs_encoder_forget_refusal,
    };

    gs_log_set_context(log);
    return &module;
}
