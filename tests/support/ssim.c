/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/ssim.h"

#include <glib.h>

#define TILE 64

/* Sums over a block of 4×4. */
struct sums {
    uint32_t a, b, squares, product;
};

static struct sums sum_block(const uint8_t *a, uint32_t a_stride, const uint8_t *b,
                             uint32_t b_stride)
{
    struct sums s = {0};

    for (uint32_t y = 0; y < 4; y++) {
        for (uint32_t x = 0; x < 4; x++) {
            uint32_t p = a[(size_t)y * a_stride + x], q = b[(size_t)y * b_stride + x];

            s.a += p;
            s.b += q;
            s.squares += p * p + q * q;
            s.product += p * q;
        }
    }
    return s;
}

static void sum_row(const uint8_t *a, uint32_t a_stride, const uint8_t *b, uint32_t b_stride,
                    uint32_t blocks, struct sums *ret)
{
    for (uint32_t i = 0; i < blocks; i++)
        ret[i] = sum_block(a + 4 * i, a_stride, b + 4 * i, b_stride);
}

/* The window of four blocks. */
static double window(const struct sums *upper, const struct sums *lower)
{
    const double n = 64, c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255;
    double a = upper[0].a + upper[1].a + lower[0].a + lower[1].a;
    double b = upper[0].b + upper[1].b + lower[0].b + lower[1].b;
    double squares =
        upper[0].squares + upper[1].squares + lower[0].squares + (double)lower[1].squares;
    double product =
        upper[0].product + upper[1].product + lower[0].product + (double)lower[1].product;
    double mean_a = a / n, mean_b = b / n;
    double variances = (squares - n * (mean_a * mean_a + mean_b * mean_b)) / (n - 1);
    double covariance = (product - n * mean_a * mean_b) / (n - 1);

    return (2 * mean_a * mean_b + c1) * (2 * covariance + c2) /
           ((mean_a * mean_a + mean_b * mean_b + c1) * (variances + c2));
}

struct tile {
    double sum;
    uint32_t windows;
};

static struct ssim reduce(const struct tile *tiles, uint32_t n)
{
    struct ssim r = {.tile_min = 1};
    double sum = 0;
    uint32_t windows = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (!tiles[i].windows)
            continue;
        sum += tiles[i].sum;
        windows += tiles[i].windows;
        r.tile_min = MIN(r.tile_min, tiles[i].sum / tiles[i].windows);
    }
    r.mean = windows ? sum / windows : 0;
    return r;
}

struct ssim ssim_compare(const uint8_t *a, uint32_t a_stride, const uint8_t *b, uint32_t b_stride,
                         uint32_t width, uint32_t height)
{
    uint32_t across = width / 4, down = height / 4, columns = (width + TILE - 1) / TILE;
    g_autofree struct sums *sums = g_new(struct sums, 2 * (size_t)across);
    uint32_t n = columns * ((height + TILE - 1) / TILE);
    g_autofree struct tile *tiles = g_new0(struct tile, n);

    for (uint32_t y = 0; y < down; y++) {
        struct sums *lower = sums + (size_t)(y & 1) * across;
        struct sums *upper = sums + (size_t)(~y & 1) * across;

        sum_row(a + (size_t)4 * y * a_stride, a_stride, b + (size_t)4 * y * b_stride, b_stride,
                across, lower);
        for (uint32_t x = 0; y && x + 1 < across; x++) {
            struct tile *tile = &tiles[(y - 1) * 4 / TILE * columns + x * 4 / TILE];

            tile->sum += window(upper + x, lower + x);
            tile->windows++;
        }
    }
    return reduce(tiles, n);
}
