/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/apps/paint.h"

#define CELL_WIDTH 8
#define LINE_HEIGHT 18
#define GLYPH_HEIGHT 11
#define MARGIN_CELLS 3

/* Three quarters of full saturation and below: far from where 8-bit Y'CbCr clips. */
const uint32_t gs_colour_bars[GS_COLOUR_BARS] = {0xc0c0c0, 0xc0c020, 0x20c0c0, 0x20c020,
                                                 0xc020c0, 0xc02020, 0x2020c0, 0x202020};

/* A mixing step of xorshift32; x is not 0. */
static uint32_t scramble(uint32_t x)
{
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

static uint32_t hash(uint32_t a, uint32_t b)
{
    return scramble(scramble(a * 0x9e3779b1U + b * 0x85ebca77U + 1) | 1);
}

void gs_paint_rect(const struct gs_canvas *c, int x, int y, int width, int height, uint32_t rgb)
{
    int right = x + width < (int)c->width ? x + width : (int)c->width;
    int bottom = y + height < (int)c->height ? y + height : (int)c->height;
    int left = x > 0 ? x : 0;

    for (int row = y > 0 ? y : 0; row < bottom; row++) {
        uint32_t *p = c->pixels + (uint32_t)row * c->stride;

        for (int col = left; col < right; col++)
            p[col] = 0xff000000U | rgb;
    }
}

void gs_paint_motion(const struct gs_canvas *c, uint32_t frame)
{
    for (uint32_t y = 0; y < c->height; y++) {
        uint32_t *p = c->pixels + y * c->stride;
        uint32_t green = (y * 160 / c->height) << 8;

        for (uint32_t x = 0; x < c->width; x++)
            p[x] = 0xff000000U | ((((x >> 2) + frame) & 0x7f) << 16) | green | 0x40;
    }
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t speed = 2 + i % 4;
        int x = (int)((hash(i, 1) + frame * speed) % (c->width + 96)) - 96;
        int y = (int)(hash(i, 2) % (c->height + 1)) - 48;

        gs_paint_rect(c, x, y, 96, 96, hash(i, 3) & 0xffffff);
    }
}

/* Eight pixels of a letter's row; the shapes mean nothing but have the edges of text. */
static uint32_t glyph_row(uint32_t letter, uint32_t row)
{
    return hash(letter + 1, row / 2) & hash(letter + 40, row) & 0x7e;
}

static void paint_page_row(const struct gs_canvas *c, uint32_t y, uint32_t page_y)
{
    uint32_t *p = c->pixels + y * c->stride;
    uint32_t line = page_y / LINE_HEIGHT, row = page_y % LINE_HEIGHT;
    uint32_t columns = c->width / CELL_WIDTH;
    uint32_t used = MARGIN_CELLS + (line % 7 == 6 ? columns / 3 : columns);

    for (uint32_t x = 0; x < c->width; x++)
        p[x] = 0xfff8f8f8U;
    if (row >= GLYPH_HEIGHT)
        return;
    for (uint32_t col = MARGIN_CELLS; col + MARGIN_CELLS < columns && col < used; col++) {
        uint32_t letter = hash(line, col) % 32;
        uint32_t bits = letter < 26 ? glyph_row(letter, row) : 0;

        for (uint32_t i = 0; i < CELL_WIDTH; i++)
            if (bits & (1U << i))
                p[col * CELL_WIDTH + i] = 0xff202428U;
    }
}

void gs_paint_page(const struct gs_canvas *c, uint32_t scroll)
{
    for (uint32_t y = 0; y < c->height; y++)
        paint_page_row(c, y, y + scroll);
}

void gs_paint_colours(const struct gs_canvas *c)
{
    uint32_t split = c->height * 3 / 4;

    for (uint32_t i = 0; i < GS_COLOUR_BARS; i++) {
        uint32_t left = c->width * i / GS_COLOUR_BARS;
        uint32_t right = c->width * (i + 1) / GS_COLOUR_BARS;

        gs_paint_rect(c, (int)left, 0, (int)(right - left), (int)split, gs_colour_bars[i]);
    }
    for (uint32_t x = 0; x < c->width; x++) {
        uint32_t v = c->width > 1 ? x * 255 / (c->width - 1) : 0;

        gs_paint_rect(c, (int)x, (int)split, 1, (int)(c->height - split), v * 0x010101);
    }
}

uint32_t gs_ramp_colour(uint32_t cell)
{
    uint32_t v = cell % 256;

    switch (cell / 256) {
    case 0:
        return v * 0x010101;
    case 1:
        return v << 16;
    case 2:
        return v << 8;
    case 3:
        return v;
    case 4:
        return v << 16 | (255 - v) << 8 | (v * 7 & 255);
    default:
        return 0;
    }
}

void gs_paint_ramps(const struct gs_canvas *c)
{
    uint32_t columns = (c->width + GS_RAMP_CELL - 1) / GS_RAMP_CELL;
    uint32_t rows = (c->height + GS_RAMP_CELL - 1) / GS_RAMP_CELL;

    for (uint32_t i = 0; i < columns * rows; i++)
        gs_paint_rect(c, (int)(i % columns * GS_RAMP_CELL), (int)(i / columns * GS_RAMP_CELL),
                      GS_RAMP_CELL, GS_RAMP_CELL, gs_ramp_colour(i));
}

uint32_t gs_stripe_edge(uint32_t i)
{
    return i ? i * GS_STRIPE_WIDTH + i % 2 : 0;
}

void gs_paint_stripes(const struct gs_canvas *c)
{
    for (uint32_t i = 0; gs_stripe_edge(i) < c->width; i++)
        gs_paint_rect(c, (int)gs_stripe_edge(i), 0, GS_STRIPE_WIDTH + 1, (int)c->height,
                      i % 2 ? GS_STRIPE_B : GS_STRIPE_A);
}

void gs_paint_blocks(const struct gs_canvas *c, uint32_t value)
{
    uint32_t gray = value ^ (value >> 1);

    for (int i = 0; i < GS_BLOCK_COLUMNS * GS_BLOCK_ROWS; i++) {
        uint32_t bits = i < 32 ? gray : ~gray;
        uint32_t rgb = (bits >> (31 - i % 32)) & 1 ? 0xffffff : 0x000000;

        gs_paint_rect(c, i % GS_BLOCK_COLUMNS * GS_BLOCK_SIZE, i / GS_BLOCK_COLUMNS * GS_BLOCK_SIZE,
                      GS_BLOCK_SIZE, GS_BLOCK_SIZE, rgb);
    }
}
