/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structural similarity of two luma planes (Wang, Bovik, Sheikh, Simoncelli, IEEE TIP 13(4), 2004)
 * over flat 8×8 windows every 4 pixels, as video tools compute it. Pure; any thread. */
#pragma once

#include <stdint.h>

struct ssim {
    double mean;
    double tile_min; /* of the worst 64×64 tile: one unreadable word must not drown in the mean */
};

/* At least 8×8; what does not fill a window is left out. */
struct ssim ssim_compare(const uint8_t *a, uint32_t a_stride, const uint8_t *b, uint32_t b_stride,
                         uint32_t width, uint32_t height);
