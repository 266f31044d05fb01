/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the "pattern" source shows, for those who read frames back. The first GS_PATTERN_BITS
 * blocks of the top row, from left to right, are the number of the frame in Gray code, most
 * significant bit first: white is 1, black 0. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define GS_PATTERN_BLOCK 8 /* pixels a side */
#define GS_PATTERN_BITS 16
#define GS_PATTERN_SQUARE 64                  /* side of the moving square */
#define GS_PATTERN_COLOUR 0xff2060c0u         /* of the square, XRGB */
#define GS_PATTERN_COLOUR_PRESSED 0xffc06020u /* after an odd number of button presses */

static inline uint32_t gs_pattern_to_gray(uint32_t n)
{
    return n ^ (n >> 1);
}

static inline uint32_t gs_pattern_from_gray(uint32_t gray)
{
    for (unsigned shift = 1; shift < 32; shift *= 2)
        gray ^= gray >> shift;
    return gray;
}
