/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hardware encoders are over libavcodec, which brings seventy libraries: a worker loads them only
 * where there is hardware. Thread: the encoder's.
 */
#pragma once

#include <stdbool.h>

#include "encoder/encoder.h"

/* What the module "gpushare-session-hardware" offers. */
struct gs_hardware_module {
    const struct gs_encoder_impl *nvenc; /* nvenc.c: NVIDIA */
    const struct gs_encoder_impl *vaapi; /* vaapi.c: Intel and AMD */
    /* Why an open failed, as in impls.h: the module has a gs_encoder_refuse of its own. */
    const char *(*refusal)(void);
    void (*forget_refusal)(void);
};

/* The render node that GPUSHARE_RENDER_NODE names or the first that may be opened. false: ret is
 * one that may not, or "" where there is none. */
bool gs_render_node_find(char ret[static 64]);
