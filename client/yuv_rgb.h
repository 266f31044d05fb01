/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Y'CbCr 4:2:0 by BT.709 (ITU-R BT.709-6 items 3 and 4) to B G R A, to the nearest value or the one
 * beside it; a chroma sample colours its four pixels. libyuv's conversion is off by up to 12 in
 * blue, since its coefficients have seven bits. AVX2 where there is some: the same bytes. Pure.
 */
#pragma once

#include <stdint.h>

#include "client/picture.h"

/* Rows first … end of what is shown, into the same rows of bgra (of stride bytes each; A is 255).
 * pic is mapped. */
void gs_yuv_to_bgra(const struct gs_picture *pic, uint32_t first, uint32_t end, uint8_t *bgra,
                    uint32_t stride);
