/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NVIDIA GPUs for the NVENC encoder: the driver's libraries, which are loaded when they are needed,
 * a CUDA context, and why a GPU does not encode. Thread: the encoder's. */
#pragma once

#include <ffnvcodec/dynlink_cuda.h>
#include <libavutil/buffer.h>

#include "common/macros.h"
#include "encoder/encoder.h"

struct CudaFunctions;

struct gs_cuda {
    struct CudaFunctions *fn; /* the driver's functions */
    AVBufferRef *device;      /* libavutil's, with the context in it; NULL: none open */
    CUcontext context;
    char name[96];
};

/* Loads the driver. 0 with the number of GPUs, or -errno after gs_encoder_refuse. cuda is zeroed
 * before; gs_cuda_finish takes half-built ones. */
int gs_cuda_init(struct gs_cuda *cuda, int *ret_count) GS_MUST_CHECK;
/* Whether GPU `index` is the one of a DRM render node. */
bool gs_cuda_is_node(const struct gs_cuda *cuda, int index, const char *render_node);
/* Opens GPU `index`, after gs_cuda_shut where another one is open. As gs_cuda_init. */
int gs_cuda_open(struct gs_cuda *cuda, int index) GS_MUST_CHECK;
void gs_cuda_shut(struct gs_cuda *cuda);
void gs_cuda_finish(struct gs_cuda *cuda);
/* -EIO for anything but success, with a line in the log. */
int gs_cuda_check(const struct gs_cuda *cuda, CUresult result, const char *what) GS_MUST_CHECK;

/* Asks the open GPU why it does not encode this, and hands the answer to gs_encoder_refuse.
 * err: what libavcodec said, for when NVENC finds nothing wrong. Returns an error, which is err
 * unless there is a better one. */
int gs_nvenc_explain(const struct gs_cuda *cuda, const struct gs_encoder_params *p, int err);
