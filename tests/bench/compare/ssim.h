/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Structural similarity of two pictures (Wang et al., IEEE TIP 13(4), 2004), on the luma of BT.709,
 * in windows of 8 × 8 every 4 pixels, as x264 and FFmpeg take it. Pure; any thread. */
#pragma once

#include <stdint.h>

/* XRGB8888, rows without gaps, at least 8 × 8. ret_worst: the lowest mean of any tile of 64 × 64,
 * which is what spoilt text shows in; tiles that the picture cuts off count too. */
double cmp_ssim(const uint32_t *a, const uint32_t *b, int width, int height, double *ret_worst);
