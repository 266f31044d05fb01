/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/damage.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

void gs_damage_all(const struct gs_picture *pic, struct gs_damage *ret)
{
    *ret = (struct gs_damage){.n = 1, .ranges = {{0, pic->height}}};
}

static bool same_shape(const struct gs_picture *a, const struct gs_picture *b)
{
    return a->width == b->width && a->height == b->height && a->pixels.format == b->pixels.format &&
           a->pixels.full_range == b->pixels.full_range;
}

/* Of one plane. */
static bool rows_equal(const struct gs_picture *a, const struct gs_picture *b, int plane,
                       uint32_t first, uint32_t end)
{
    uint32_t size = gs_picture_row_size(a, plane);
    const uint8_t *pa = a->pixels.data[plane] + (ptrdiff_t)first * a->pixels.stride[plane];
    const uint8_t *pb = b->pixels.data[plane] + (ptrdiff_t)first * b->pixels.stride[plane];

    if (size == 0)
        return true;
    for (; first < end; first++) {
        if (memcmp(pa, pb, size) != 0)
            return false;
        pa += a->pixels.stride[plane];
        pb += b->pixels.stride[plane];
    }
    return true;
}

static bool band_equal(const struct gs_picture *a, const struct gs_picture *b, uint32_t first,
                       uint32_t end)
{
    return rows_equal(a, b, 0, first, end) && rows_equal(a, b, 1, first / 2, (end + 1) / 2) &&
           rows_equal(a, b, 2, first / 2, (end + 1) / 2);
}

/* first is at or below the end of the last range. */
static void append(struct gs_damage *damage, uint32_t first, uint32_t end)
{
    struct gs_row_range *last = damage->n ? &damage->ranges[damage->n - 1] : NULL;

    if (last && (last->end == first || damage->n == GS_DAMAGE_RANGES))
        last->end = end;
    else
        damage->ranges[damage->n++] = (struct gs_row_range){first, end};
}

void gs_damage_find(const struct gs_picture *before, const struct gs_picture *pic,
                    struct gs_damage *ret)
{
    if (!before || !same_shape(before, pic)) {
        gs_damage_all(pic, ret);
        return;
    }
    ret->n = 0;
    for (uint32_t row = 0; row < pic->height; row += GS_DAMAGE_BAND) {
        uint32_t end = GS_MIN(row + GS_DAMAGE_BAND, pic->height);

        if (!band_equal(before, pic, row, end))
            append(ret, row, end);
    }
}

void gs_damage_add_top(struct gs_damage *damage, const struct gs_picture *pic, uint32_t end)
{
    struct gs_damage sum = {.n = 0};

    end = GS_MIN((end + GS_DAMAGE_BAND - 1) / GS_DAMAGE_BAND * GS_DAMAGE_BAND, pic->height);
    if (end == 0)
        return;
    append(&sum, 0, end);
    for (unsigned i = 0; i < damage->n; i++) {
        struct gs_row_range r = damage->ranges[i];

        r.first = GS_MAX(r.first, end);
        if (r.first < r.end)
            append(&sum, r.first, r.end);
    }
    *damage = sum;
}
