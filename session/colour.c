/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/colour.h"

#include "session/colour_internal.h"

static void luma_row(const uint8_t *src, bool rgba, size_t n, uint8_t *dst)
{
    int first = rgba ? GS_LUMA_R : GS_LUMA_B;
    int third = rgba ? GS_LUMA_B : GS_LUMA_R;
    size_t i = 0;

#ifdef GS_COLOUR_AVX2
    if (__builtin_cpu_supports("avx2"))
        i = gs_colour_luma_avx2(src, rgba, n, dst);
#endif
    for (; i < n; i++) {
        const uint8_t *p = src + 4 * i;
        int sum = first * p[0] + GS_LUMA_G * p[1] + third * p[2];

        dst[i] = (uint8_t)(((sum + 128) >> 8) + 16);
    }
}

static int column_sum(const uint8_t *row0, const uint8_t *row1, ptrdiff_t at)
{
    return row0[at] + row1[at];
}

/* 1-2-1 across two rows around the pixel at offset at; left: offset of its left neighbour. */
static int eight_sum(const uint8_t *row0, const uint8_t *row1, ptrdiff_t at, ptrdiff_t left)
{
    return column_sum(row0, row1, left) + 2 * column_sum(row0, row1, at) +
           column_sum(row0, row1, at + 4);
}

static uint8_t chroma_value(int r, int g, int b, const int weight[3])
{
    int sum = r * weight[0] + g * weight[1] + b * weight[2];

    return (uint8_t)((sum + GS_CHROMA_BIAS) >> GS_CHROMA_SHIFT);
}

static void chroma_row(const uint8_t *row0, const uint8_t *row1, bool at_edge, bool rgba, size_t n,
                       uint8_t *dst)
{
    static const int cb[3] = {GS_CB_R, GS_CB_G, GS_CB_B};
    static const int cr[3] = {GS_CR_R, GS_CR_G, GS_CR_B};
    ptrdiff_t red = rgba ? 0 : 2;
    size_t i = 0;

#ifdef GS_COLOUR_AVX2
    if (__builtin_cpu_supports("avx2"))
        i = gs_colour_chroma_avx2(row0, row1, at_edge ? 0 : -4, rgba, n, dst);
#endif
    for (; i < n; i += 2) {
        ptrdiff_t at = 4 * (ptrdiff_t)i;
        ptrdiff_t left = i == 0 && at_edge ? at : at - 4;
        int r = eight_sum(row0, row1, at + red, left + red);
        int g = eight_sum(row0, row1, at + 1, left + 1);
        int b = eight_sum(row0, row1, at + 2 - red, left + 2 - red);

        dst[i] = chroma_value(r, g, b, cb);
        dst[i + 1] = chroma_value(r, g, b, cr);
    }
}

void gs_colour_to_nv12(const struct gs_pixels *src, uint32_t x1, uint32_t y1, uint32_t x2,
                       uint32_t y2, struct gs_nv12 *pic)
{
    size_t n = x2 - x1;

    for (uint32_t y = y1; y < y2; y += 2) {
        const uint8_t *row0 = src->data + y * src->stride + 4 * (size_t)x1;
        const uint8_t *row1 = row0 + src->stride;
        uint8_t *luma = pic->y + (size_t)y * pic->y_stride + x1;

        luma_row(row0, src->rgba, n, luma);
        luma_row(row1, src->rgba, n, luma + pic->y_stride);
        chroma_row(row0, row1, x1 == 0, src->rgba, n,
                   pic->uv + (size_t)(y / 2) * pic->uv_stride + x1);
    }
}
