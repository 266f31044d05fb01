/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How like a decoded picture is to what an application drew, in double precision and by nobody's
 * code but this. Pure; any thread.
 */
#pragma once

#include "client/picture.h"
#include <stdint.h>

#include "tests/apps/paint.h"

/* A pixel as a receiver shows it: BT.709 limited range (ITU-R BT.709-6 item 3) to RGB 0…255, chroma
 * taken from the sample that the pixel's column and row belong to. */
struct gs_rgb {
    double r, g, b;
};
struct gs_rgb gs_likeness_rgb(const struct gs_picture *pic, uint32_t x, uint32_t y);
/* The mean over a box. */
struct gs_rgb gs_likeness_mean(const struct gs_picture *pic, uint32_t x, uint32_t y, uint32_t width,
                               uint32_t height);
/* The largest difference of a component from 0xRRGGBB. */
double gs_likeness_distance(struct gs_rgb a, uint32_t rgb);

struct gs_likeness {
    double luma_mean; /* mean difference of luma, code values */
    double ssim;      /* SSIM-Y (Wang et al. 2004) of the whole picture, 8×8 windows every 4 */
    double ssim_tile; /* the least of all 64×64 tiles */
};

/* frame, cut to the canvas, against it. */
struct gs_likeness gs_likeness_compare(const struct gs_picture *pic,
                                       const struct gs_canvas *canvas);
