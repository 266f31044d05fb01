/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pixels in memory become NV12: full-range RGB to BT.709 limited range (ITU-R BT.709-6 item 3),
 * chroma sited left. Within one code value of the exact result. Pure; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/nv12.h"

/* Four bytes a pixel: B, G, R, anything; with rgba R, G, B, anything. No alignment is asked. */
struct gs_pixels {
    const uint8_t *data;    /* where the picture's top left pixel would be */
    size_t stride;          /* bytes */
    uint32_t width, height; /* of the picture; beyond, the last column and row go on */
    bool rgba;
};

/* Converts the luma rectangle x1 <= x < x2, y1 <= y < y2, all even and inside pic, which is larger
 * than src by one where that is odd. Reads the same rectangle of src and, where x1 > 0, the column
 * left of it. */
void gs_colour_to_nv12(const struct gs_pixels *src, uint32_t x1, uint32_t y1, uint32_t x2,
                       uint32_t y2, struct gs_nv12 *pic);
