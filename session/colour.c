/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/colour.h"

#include <string.h>

#include "common/macros.h"
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

static void convert_inside(const struct gs_pixels *src, uint32_t x1, uint32_t y1, uint32_t x2,
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

/* Two rows of pic from the luma corner x, y (both even) on. */
static struct gs_nv12 part_of(const struct gs_nv12 *pic, uint32_t x, uint32_t y)
{
    struct gs_nv12 part = *pic;

    part.y += (size_t)y * pic->y_stride + x;
    part.uv += (size_t)(y / 2) * pic->uv_stride + x;
    return part;
}

/* The last column and one that repeats it, two rows. */
static void convert_last_column(const struct gs_pixels *src, uint32_t y, struct gs_nv12 *pic)
{
    uint32_t last = src->width - 1, left = last ? last - 1 : 0;
    size_t stride = y + 1 < src->height ? src->stride : 0;
    const uint8_t *row = src->data + y * src->stride;
    uint8_t pixels[2][4][4]; /* the first is there for the left neighbour to have an odd place */
    struct gs_pixels strip = {.data = pixels[0][0], .stride = sizeof(pixels[0]), .rgba = src->rgba};
    struct gs_nv12 part = part_of(pic, last & ~1u, y);

    for (int i = 0; i < 2; i++, row += stride) {
        memcpy(pixels[i][0], row + 4 * (size_t)left, 4);
        memcpy(pixels[i][1], row + 4 * (size_t)left, 4);
        memcpy(pixels[i][2], row + 4 * (size_t)last, 4);
        memcpy(pixels[i][3], row + 4 * (size_t)last, 4);
    }
    part.y -= 2;
    part.uv -= 2;
    convert_inside(&strip, 2, 0, 4, 2, &part);
}

/* The last row and one that repeats it. */
static void convert_last_row(const struct gs_pixels *src, uint32_t x1, uint32_t x2,
                             struct gs_nv12 *pic)
{
    struct gs_pixels row = {.data = src->data + (src->height - 1) * src->stride, .rgba = src->rgba};
    struct gs_nv12 part = part_of(pic, 0, src->height - 1);

    convert_inside(&row, x1, 0, x2, 2, &part);
}

void gs_colour_to_nv12(const struct gs_pixels *src, uint32_t x1, uint32_t y1, uint32_t x2,
                       uint32_t y2, struct gs_nv12 *pic)
{
    uint32_t inner_x2 = GS_MIN(x2, src->width & ~1u), inner_y2 = GS_MIN(y2, src->height & ~1u);

    if (x1 < inner_x2)
        convert_inside(src, x1, y1, inner_x2, inner_y2, pic);
    if (x1 < inner_x2 && inner_y2 < y2)
        convert_last_row(src, x1, inner_x2, pic);
    for (uint32_t y = y1; inner_x2 < x2 && y < y2; y += 2)
        convert_last_column(src, y, pic);
}
