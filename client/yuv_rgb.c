/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/yuv_rgb.h"

#include <stddef.h>

#include "client/yuv_rgb_internal.h"

const struct gs_yuv_matrix gs_yuv_limited = {16, 19077, 29372, 3494, 8731, 18226};
const struct gs_yuv_matrix gs_yuv_full = {0, 16384, 25802, 3069, 7670, 14018};

/* As the instruction PMULHRSW. */
static int multiply(int a, int b)
{
    return (a * b + 0x4000) >> 15;
}

/* v: in 1/64. */
static uint8_t to_u8(int v)
{
    v = (GS_MIN(v, INT16_MAX - 32) + 32) >> 6;
    return (uint8_t)GS_CLAMP(v, 0, 255);
}

void gs_yuv_row_c(const struct gs_yuv_matrix *m, const struct gs_yuv_row *row, uint8_t *bgra,
                  uint32_t from, uint32_t width)
{
    for (uint32_t x = from; x < width; x++) {
        uint8_t cb = row->nv12 ? row->u[x / 2 * 2] : row->u[x / 2];
        uint8_t cr = row->nv12 ? row->u[x / 2 * 2 + 1] : row->v[x / 2];
        int luma = multiply((row->y[x] - m->luma_offset) * 128, m->luma);
        int u = (cb - 128) * 128, v = (cr - 128) * 128;
        uint8_t *out = bgra + (size_t)x * 4;

        out[0] = to_u8(luma + u / 2 + multiply(u, m->blue_u));
        out[1] = to_u8(luma - multiply(u, m->green_u) - multiply(v, m->green_v));
        out[2] = to_u8(luma + multiply(v, m->red_v));
        out[3] = 255;
    }
}

void gs_yuv_to_bgra(const struct gs_picture *pic, uint32_t first, uint32_t end, uint8_t *bgra,
                    uint32_t stride)
{
    const struct gs_picture_pixels *p = &pic->pixels;
    const struct gs_yuv_matrix *m = p->full_range ? &gs_yuv_full : &gs_yuv_limited;
    bool avx2 = gs_yuv_have_avx2();

    for (; first < end; first++) {
        ptrdiff_t half = first / 2;
        const struct gs_yuv_row row = {
            .y = p->data[0] + (ptrdiff_t)first * p->stride[0],
            .u = p->data[1] + half * p->stride[1],
            .v = p->format == GS_PICTURE_NV12 ? NULL : p->data[2] + half * p->stride[2],
            .nv12 = p->format == GS_PICTURE_NV12,
        };
        uint8_t *out = bgra + (size_t)first * stride;

        gs_yuv_row_c(m, &row, out, avx2 ? gs_yuv_row_avx2(m, &row, out, pic->width) : 0,
                     pic->width);
    }
}
