/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pictures of gs-test-app, which the tests know pixel by pixel. Pure; any thread. */
#pragma once

#include <stdint.h>

#define GS_BLOCK_SIZE 8 /* pixels a side */
#define GS_BLOCK_COLUMNS 16
#define GS_BLOCK_ROWS 4 /* two of the value, most significant bit first, two of its complement */

#define GS_FLIP_COLOUR_A 0x204080 /* 0xRRGGBB */
#define GS_FLIP_COLOUR_B 0xd0a030
#define GS_FLIP_PAGE 0xe8e8e8

/* Bars fill the upper three quarters from left to right; below is a ramp from black to white. */
#define GS_COLOUR_BARS 8
extern const uint32_t gs_colour_bars[GS_COLOUR_BARS]; /* 0xRRGGBB */

struct gs_canvas {
    uint32_t *pixels; /* XRGB8888 */
    uint32_t width, height;
    uint32_t stride; /* pixels a row */
};

/* Clips. */
void gs_paint_rect(const struct gs_canvas *c, int x, int y, int width, int height, uint32_t rgb);
/* A gradient with moving squares; differs all over from frame to frame. */
void gs_paint_motion(const struct gs_canvas *c, uint32_t frame);
/* Lines of what looks like text, moved up by `scroll` pixels. */
void gs_paint_page(const struct gs_canvas *c, uint32_t scroll);
void gs_paint_colours(const struct gs_canvas *c);
/* Flat cells from left to right and top to bottom: all values of grey, red, green, blue, and of a
 * mixture; then black. */
#define GS_RAMP_CELL 16
#define GS_RAMPS 5
#define GS_RAMP_CELLS (GS_RAMPS * 256)
uint32_t gs_ramp_colour(uint32_t cell); /* 0xRRGGBB */
void gs_paint_ramps(const struct gs_canvas *c);
/* Upright stripes of two colours of nearly the same luma; the edges lie on even and odd columns in
 * turn. */
#define GS_STRIPE_WIDTH 64
#define GS_STRIPE_A 0xc02020
#define GS_STRIPE_B 0x2060c0
/* Column at which stripe i begins. */
uint32_t gs_stripe_edge(uint32_t i);
void gs_paint_stripes(const struct gs_canvas *c);
/* The value, Gray-coded, as blocks in the top left corner: neighbouring values differ in one block
 * only, so a picture between two frames never reads as a third one. */
void gs_paint_blocks(const struct gs_canvas *c, uint32_t value);
