/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the NVENC encoder share. */
#pragma once

#include <libavutil/frame.h>

#include "encoder/lavc.h"
#include "encoder/nvenc_device.h"
#include "encoder/rate_gate.h"

/* Two GL textures, registered with CUDA. Zeroed, none are. */
struct gs_nvenc_textures {
    uint32_t luma, chroma; /* GL's names */
    CUgraphicsResource luma_resource, chroma_resource;
};

struct gs_nvenc {
    struct gs_encoder base;
    struct gs_cuda cuda;
    struct gs_lavc lavc;
    AVBufferRef *frames;
    AVFrame *surface; /* the picture that is encoded, on the GPU */
    struct gs_rate_gate gate;
    struct gs_nvenc_textures textures;
};

/* As gs_encoder_load_textures; nvenc_gl.c. -ENOTSUP: CUDA takes no textures of this GL context. */
int gs_nvenc_load_textures(struct gs_nvenc *enc, uint32_t luma, uint32_t chroma) GS_MUST_CHECK;
/* What was registered is given back; none may be. */
void gs_nvenc_forget_textures(struct gs_nvenc *enc);
