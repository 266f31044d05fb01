/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/picture.h"

#include <errno.h>
#include <glib.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/apps/paint.h"

int gs_image_load(const char *path, struct gs_image *ret)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    uint8_t *rgb;

    if (!png_image_begin_read_from_file(&png, path)) {
        fprintf(stderr, "%s: %s\n", path, png.message);
        return -EIO;
    }
    png.format = PNG_FORMAT_RGB;
    rgb = g_malloc(PNG_IMAGE_SIZE(png));
    if (!png_image_finish_read(&png, NULL, rgb, 0, NULL)) {
        fprintf(stderr, "%s: %s\n", path, png.message);
        g_free(rgb);
        return -EIO;
    }
    *ret = (struct gs_image){png.width, png.height, rgb};
    return 0;
}

void gs_image_finish(struct gs_image *img)
{
    g_free(img->rgb);
    *img = (struct gs_image){0};
}

uint32_t gs_image_pixel(const struct gs_image *img, uint32_t x, uint32_t y)
{
    const uint8_t *p = img->rgb + ((size_t)y * img->width + x) * 3;

    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

unsigned gs_colour_distance(uint32_t a, uint32_t b)
{
    unsigned most = 0;

    for (int shift = 0; shift < 24; shift += 8) {
        int d = (int)(a >> shift & 0xff) - (int)(b >> shift & 0xff);

        most = GS_MAX(most, (unsigned)abs(d));
    }
    return most;
}

unsigned gs_image_count_colours(const struct gs_image *img)
{
    g_autofree uint8_t *seen = g_malloc0(1 << 15);
    unsigned n = 0;

    for (size_t i = 0; i < (size_t)img->width * img->height; i++) {
        const uint8_t *p = img->rgb + i * 3;
        unsigned key = (unsigned)(p[0] >> 3) << 10 | (unsigned)(p[1] >> 3) << 5 | p[2] >> 3;

        n += !seen[key];
        seen[key] = 1;
    }
    return n;
}

uint32_t gs_image_count_differing(const struct gs_image *a, const struct gs_image *b,
                                  unsigned tolerance)
{
    uint32_t n = 0;

    if (a->width != b->width || a->height != b->height)
        return GS_MAX(a->width * a->height, b->width * b->height);
    for (uint32_t y = 0; y < a->height; y++)
        for (uint32_t x = 0; x < a->width; x++)
            n += gs_colour_distance(gs_image_pixel(a, x, y), gs_image_pixel(b, x, y)) > tolerance;
    return n;
}

bool gs_image_read_blocks(const struct gs_image *img, uint32_t *ret)
{
    uint32_t words[2] = {0};
    uint32_t value = 0;

    if (img->width < GS_BLOCK_COLUMNS * GS_BLOCK_SIZE ||
        img->height < GS_BLOCK_ROWS * GS_BLOCK_SIZE)
        return false;
    for (uint32_t i = 0; i < GS_BLOCK_COLUMNS * GS_BLOCK_ROWS; i++) {
        uint32_t x = i % GS_BLOCK_COLUMNS * GS_BLOCK_SIZE + GS_BLOCK_SIZE / 2;
        uint32_t y = i / GS_BLOCK_COLUMNS * GS_BLOCK_SIZE + GS_BLOCK_SIZE / 2;
        uint32_t green = gs_image_pixel(img, x, y) >> 8 & 0xff;

        words[i / 32] = words[i / 32] << 1 | (green >= 128);
    }
    if (words[0] != ~words[1])
        return false;
    for (uint32_t gray = words[0]; gray; gray >>= 1)
        value ^= gray;
    *ret = value;
    return true;
}
