/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/compare/ssim.h"

#include "common/macros.h"

#define WINDOW 8
#define STEP 4
#define TILE 64

static double luma(uint32_t xrgb)
{
    return 0.2126 * ((xrgb >> 16) & 0xff) + 0.7152 * ((xrgb >> 8) & 0xff) + 0.0722 * (xrgb & 0xff);
}

static double window_ssim(const uint32_t *a, const uint32_t *b, int stride)
{
    const double c1 = 0.01 * 255 * 0.01 * 255, c2 = 0.03 * 255 * 0.03 * 255, n = WINDOW * WINDOW;
    double sum_a = 0, sum_b = 0, sum_aa = 0, sum_bb = 0, sum_ab = 0;
    double mean_a, mean_b, var_a, var_b, cov;

    for (int y = 0; y < WINDOW; y++)
        for (int x = 0; x < WINDOW; x++) {
            double p = luma(a[y * stride + x]), q = luma(b[y * stride + x]);

            sum_a += p;
            sum_b += q;
            sum_aa += p * p;
            sum_bb += q * q;
            sum_ab += p * q;
        }
    mean_a = sum_a / n;
    mean_b = sum_b / n;
    var_a = sum_aa / n - mean_a * mean_a;
    var_b = sum_bb / n - mean_b * mean_b;
    cov = sum_ab / n - mean_a * mean_b;
    return (2 * mean_a * mean_b + c1) * (2 * cov + c2) /
           ((mean_a * mean_a + mean_b * mean_b + c1) * (var_a + var_b + c2));
}

double cmp_ssim(const uint32_t *a, const uint32_t *b, int width, int height, double *ret_worst)
{
    double sum = 0, worst = 1;
    int n = 0;

    for (int ty = 0; ty + WINDOW <= height; ty += TILE)
        for (int tx = 0; tx + WINDOW <= width; tx += TILE) {
            double tile = 0;
            int m = 0;

            for (int y = ty; y < ty + TILE && y + WINDOW <= height; y += STEP)
                for (int x = tx; x < tx + TILE && x + WINDOW <= width; x += STEP, m++)
                    tile += window_ssim(a + y * width + x, b + y * width + x, width);
            worst = GS_MIN(worst, tile / m);
            sum += tile;
            n += m;
        }
    *ret_worst = worst;
    return sum / n;
}
