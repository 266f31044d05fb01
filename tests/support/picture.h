/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots as the tests look at them. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/macros.h"

struct gs_image {
    uint32_t width, height;
    uint8_t *rgb; /* width × 3 bytes a row */
};

/* Reads a PNG file. 0, or -EIO with the reason on stderr. */
int gs_image_load(const char *path, struct gs_image *ret) GS_MUST_CHECK;
void gs_image_finish(struct gs_image *img);
/* 0xRRGGBB; the place must be inside. */
uint32_t gs_image_pixel(const struct gs_image *img, uint32_t x, uint32_t y);
/* The largest difference of a component between two colours. */
unsigned gs_colour_distance(uint32_t a, uint32_t b);
/* How many different colours there are, each component cut to its upper 5 bits. */
unsigned gs_image_count_colours(const struct gs_image *img);
/* Pixels of the same place that differ by more than `tolerance`; all, when the sizes differ. */
uint32_t gs_image_count_differing(const struct gs_image *a, const struct gs_image *b,
                                  unsigned tolerance);
/* Reads what gs_paint_blocks drew with its corner at 0, 0. false: there are no whole blocks. */
bool gs_image_read_blocks(const struct gs_image *img, uint32_t *ret);
