/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An NV12 picture in memory: luma, then interleaved Cb and Cr at half size in both directions.
 * BT.709, limited range, chroma sited left (H.264 Annex E: chroma_sample_loc_type 0). */
#pragma once

#include <stdint.h>

#include "common/macros.h"

/* Plain view; who owns the memory is said where one is handed over. width and height are even. */
struct gs_nv12 {
    uint8_t *y, *uv;
    uint32_t y_stride, uv_stride; /* bytes */
    uint32_t width, height;       /* luma samples */
};

/* Black picture in one allocation, rows and planes aligned to 64 bytes. 0, -EINVAL (zero, odd or
 * above 8192), -ENOMEM. */
int gs_nv12_alloc(uint32_t width, uint32_t height, struct gs_nv12 *ret) GS_MUST_CHECK;
/* A side of the picture that holds an output's side: rounded up, for chroma has half of each. */
static inline uint32_t gs_nv12_side(uint32_t side)
{
    return side + side % 2;
}
void gs_nv12_free(struct gs_nv12 *pic);
