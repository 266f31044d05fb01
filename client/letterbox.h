/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a picture lies in a window that keeps its aspect, and back from there. Pure. */
#pragma once

#include <stdint.h>

struct gs_letterbox {
    int x, y, width, height; /* of the picture in the window; at least 1×1 */
    uint32_t picture_width, picture_height;
};

struct gs_letterbox gs_letterbox_fit(int window_width, int window_height, uint32_t picture_width,
                                     uint32_t picture_height);
/* A point of the window as picture pixels, clamped into the picture. */
void gs_letterbox_to_picture(const struct gs_letterbox *box, double wx, double wy, double *x,
                             double *y);
/* Window pixels per picture pixel. */
double gs_letterbox_scale(const struct gs_letterbox *box);
/* Largest size with the picture's aspect in at most max_width × max_height, never above 1:1. */
void gs_letterbox_first_size(uint32_t picture_width, uint32_t picture_height, int max_width,
                             int max_height, int *width, int *height);
