/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/likeness.h"

#include <glib.h>
#include <math.h>

#include "common/macros.h"

#define WINDOW 8
#define STEP 4
#define TILE 64

static double limit(double v)
{
    return GS_CLAMP(v, 0.0, 255.0);
}

struct gs_rgb gs_likeness_rgb(const struct gs_picture *pic, uint32_t x, uint32_t y)
{
    size_t at = (size_t)(y / 2) * (size_t)pic->pixels.stride[1] + x / 2;
    double luma =
        (pic->pixels.data[0][(size_t)y * (size_t)pic->pixels.stride[0] + x] - 16) * 255.0 / 219;
    double cb = (pic->pixels.data[1][at] - 128) * 255.0 / 224;
    double cr = (pic->pixels.data[2][at] - 128) * 255.0 / 224;
    struct gs_rgb p = {.r = luma + 1.5748 * cr, .b = luma + 1.8556 * cb};

    p.g = (luma - 0.2126 * p.r - 0.0722 * p.b) / 0.7152;
    return (struct gs_rgb){limit(p.r), limit(p.g), limit(p.b)};
}

struct gs_rgb gs_likeness_mean(const struct gs_picture *pic, uint32_t x, uint32_t y, uint32_t width,
                               uint32_t height)
{
    struct gs_rgb sum = {0};
    double n = (double)width * height;

    for (uint32_t row = y; row < y + height; row++) {
        for (uint32_t col = x; col < x + width; col++) {
            struct gs_rgb p = gs_likeness_rgb(pic, col, row);

            sum.r += p.r;
            sum.g += p.g;
            sum.b += p.b;
        }
    }
    return (struct gs_rgb){sum.r / n, sum.g / n, sum.b / n};
}

double gs_likeness_distance(struct gs_rgb a, uint32_t rgb)
{
    double r = fabs(a.r - (rgb >> 16 & 0xff)), g = fabs(a.g - (rgb >> 8 & 0xff));

    return fmax(fmax(r, g), fabs(a.b - (rgb & 0xff)));
}

/* What the luma of each pixel should be, rounded as a picture has it. */
static double *luma_of(const struct gs_canvas *c)
{
    double *luma = g_new(double, (gsize)c->width * c->height);

    for (uint32_t y = 0; y < c->height; y++) {
        for (uint32_t x = 0; x < c->width; x++) {
            uint32_t p = c->pixels[(size_t)y * c->stride + x];
            double v = 0.2126 * (p >> 16 & 0xff) + 0.7152 * (p >> 8 & 0xff) + 0.0722 * (p & 0xff);

            luma[(size_t)y * c->width + x] = round(v * 219 / 255 + 16);
        }
    }
    return luma;
}

static double ssim_window(const struct gs_picture *pic, const double *luma, uint32_t width,
                          uint32_t x, uint32_t y)
{
    const double c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255;
    double n = WINDOW * WINDOW, sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;

    for (uint32_t row = y; row < y + WINDOW; row++) {
        for (uint32_t col = x; col < x + WINDOW; col++) {
            double a = pic->pixels.data[0][(size_t)row * (size_t)pic->pixels.stride[0] + col];
            double b = luma[(size_t)row * width + col];

            sa += a;
            sb += b;
            saa += a * a;
            sbb += b * b;
            sab += a * b;
        }
    }
    saa = saa / n - sa / n * (sa / n);
    sbb = sbb / n - sb / n * (sb / n);
    sab = sab / n - sa / n * (sb / n);
    return (2 * sa / n * (sb / n) + c1) * (2 * sab + c2) /
           ((sa / n * (sa / n) + sb / n * (sb / n) + c1) * (saa + sbb + c2));
}

struct tile {
    double sum;
    unsigned n;
};

static void compare_ssim(const struct gs_picture *pic, const double *luma,
                         const struct gs_canvas *c, struct gs_likeness *ret)
{
    uint32_t columns = (c->width + TILE - 1) / TILE, rows = (c->height + TILE - 1) / TILE;
    g_autofree struct tile *tiles = g_new0(struct tile, (gsize)columns * rows);
    struct tile all = {0};

    for (uint32_t y = 0; y + WINDOW <= c->height; y += STEP) {
        for (uint32_t x = 0; x + WINDOW <= c->width; x += STEP) {
            struct tile *t = &tiles[y / TILE * columns + x / TILE];
            double ssim = ssim_window(pic, luma, c->width, x, y);

            t->sum += ssim;
            t->n++;
            all.sum += ssim;
            all.n++;
        }
    }
    ret->ssim = all.sum / all.n;
    ret->ssim_tile = 1;
    for (uint32_t i = 0; i < columns * rows; i++)
        if (tiles[i].n)
            ret->ssim_tile = fmin(ret->ssim_tile, tiles[i].sum / tiles[i].n);
}

struct gs_likeness gs_likeness_compare(const struct gs_picture *pic, const struct gs_canvas *canvas)
{
    g_autofree double *luma = luma_of(canvas);
    struct gs_likeness ret = {0};

    for (uint32_t y = 0; y < canvas->height; y++)
        for (uint32_t x = 0; x < canvas->width; x++)
            ret.luma_mean +=
                fabs(pic->pixels.data[0][(size_t)y * (size_t)pic->pixels.stride[0] + x] -
                     luma[(size_t)y * canvas->width + x]);
    ret.luma_mean /= (double)canvas->width * canvas->height;
    compare_ssim(pic, luma, canvas, &ret);
    return ret;
}
