/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's conversion against BT.709 in floating point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <math.h>
#include <string.h>

#include "client/yuv_rgb.h"
#include "client/yuv_rgb_internal.h"

static int clamp(double v)
{
    return (int)lrint(GS_CLAMP(v, 0.0, 255.0));
}

/* ITU-R BT.709-6 items 3 and 4, and H.264's full range. */
static void reference(bool full, int y, int cb, int cr, int bgr[3])
{
    double luma = full ? y / 255.0 : (y - 16) / 219.0;
    double u = (cb - 128) / (full ? 255.0 : 224.0), v = (cr - 128) / (full ? 255.0 : 224.0);
    double red = luma + 1.5748 * v, blue = luma + 1.8556 * u;

    bgr[0] = clamp(255 * blue);
    bgr[1] = clamp(255 * (luma - 0.2126 * 1.5748 / 0.7152 * v - 0.0722 * 1.8556 / 0.7152 * u));
    bgr[2] = clamp(255 * red);
}

/* Every luma with many chromas, each in its own pixel. */
static void test_all_colours(void **state)
{
    (void)state;
    for (int full = 0; full < 2; full++) {
        const struct gs_yuv_matrix *m = full ? &gs_yuv_full : &gs_yuv_limited;

        for (int cb = 0; cb < 256; cb += 3) {
            for (int cr = 0; cr < 256; cr += 3) {
                for (int y = 0; y < 256; y += 5) {
                    uint8_t ys = (uint8_t)y, us = (uint8_t)cb, vs = (uint8_t)cr, out[4];
                    const struct gs_yuv_row row = {&ys, &us, &vs, false};
                    int bgr[3];

                    gs_yuv_row_c(m, &row, out, 0, 1);
                    reference(full, y, cb, cr, bgr);
                    for (int i = 0; i < 3; i++) {
                        if (abs(out[i] - bgr[i]) > 1)
                            fail_msg("%d,%d,%d: %d is %d instead of %d", y, cb, cr, i, out[i],
                                     bgr[i]);
                    }
                    assert_int_equal(out[3], 255);
                }
            }
        }
    }
}

static struct gs_picture *create_noise(GRand *rand, enum gs_picture_format format, uint32_t width,
                                       uint32_t height)
{
    struct gs_picture_info info = {0};
    struct gs_picture *pic = gs_picture_alloc(NULL, format, width, height, &info);

    for (int plane = 0; plane < 3 && pic->pixels.data[plane]; plane++) {
        size_t size = (size_t)pic->pixels.stride[plane] * gs_picture_rows(pic, plane);

        for (size_t i = 0; i < size; i++)
            ((uint8_t *)pic->pixels.data[plane])[i] = (uint8_t)g_rand_int(rand);
    }
    return pic;
}

/* Both formats, every width up to some vectors, some rows only: what AVX2 gives is what C gives,
 * and nothing else is written. */
static void test_same_bytes(void **state)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(5);
    uint8_t out[7][80 * 4], expected[80 * 4];

    (void)state;
    for (uint32_t width = 1; width <= 70; width++) {
        struct gs_picture *pic =
            create_noise(rand, width % 2 ? GS_PICTURE_NV12 : GS_PICTURE_I420, width, 7);
        const struct gs_picture_pixels *p = &pic->pixels;

        pic->pixels.full_range = width % 3 == 0;
        memset(out, 1, sizeof(out));
        gs_yuv_to_bgra(pic, 2, 7, out[0], sizeof(out[0]));
        for (int row = 0; row < 7; row++) {
            const struct gs_yuv_row r = {p->data[0] + row * p->stride[0],
                                         p->data[1] + row / 2 * p->stride[1],
                                         p->data[2] ? p->data[2] + row / 2 * p->stride[2] : NULL,
                                         p->format == GS_PICTURE_NV12};

            memset(expected, 1, sizeof(expected));
            if (row >= 2)
                gs_yuv_row_c(p->full_range ? &gs_yuv_full : &gs_yuv_limited, &r, expected, 0,
                             width);
            assert_memory_equal(out[row], expected, sizeof(expected));
        }
        gs_picture_unref(pic);
    }
    if (!gs_yuv_have_avx2())
        print_message("no AVX2 here: it was not compared\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_colours),
        cmocka_unit_test(test_same_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
