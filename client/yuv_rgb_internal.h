/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One row of pixels; for yuv_rgb.c and its test. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* In 1/16384; blue's is that less one, so that it fits. */
struct gs_yuv_matrix {
    int16_t luma_offset, luma, red_v, green_u, green_v, blue_u;
};

struct gs_yuv_row {
    const uint8_t *y, *u, *v; /* v: ignored for NV12 */
    bool nv12;
};

extern const struct gs_yuv_matrix gs_yuv_limited, gs_yuv_full;

/* Pixels from … width. */
void gs_yuv_row_c(const struct gs_yuv_matrix *m, const struct gs_yuv_row *row, uint8_t *bgra,
                  uint32_t from, uint32_t width);
/* Returns how many pixels it did, the others are for gs_yuv_row_c. */
uint32_t gs_yuv_row_avx2(const struct gs_yuv_matrix *m, const struct gs_yuv_row *row, uint8_t *bgra,
                         uint32_t width);
bool gs_yuv_have_avx2(void);
