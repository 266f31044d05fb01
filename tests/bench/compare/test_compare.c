/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the comparison trusts: numbers read from a screen, and the SSIM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>

#include "tests/bench/compare/marks.h"
#include "tests/bench/compare/ssim.h"

#define WIDTH 384
#define HEIGHT 200 /* no multiple of a tile */

static struct gs_canvas canvas_create(void)
{
    return (struct gs_canvas){g_new0(uint32_t, WIDTH * HEIGHT), WIDTH, HEIGHT, WIDTH};
}

static int read_number(const struct gs_canvas *c)
{
    return cmp_marks_read(c->pixels + CMP_MARK_SIZE / 2 * c->stride);
}

static void test_every_number_comes_back(void **state)
{
    struct gs_canvas c = canvas_create();

    (void)state;
    for (uint32_t n = 0; n < CMP_NUMBERS; n++) {
        cmp_marks_paint(&c, n);
        assert_int_equal(read_number(&c), n);
    }
    g_free(c.pixels);
}

static void test_other_pictures_have_no_number(void **state)
{
    struct gs_canvas c = canvas_create();

    (void)state;
    assert_int_equal(read_number(&c), -1); /* a black screen */
    gs_paint_rect(&c, 0, 0, WIDTH, HEIGHT, 0xffffff);
    assert_int_equal(read_number(&c), -1);
    cmp_marks_paint(&c, 1234);
    gs_paint_rect(&c, 9 * CMP_MARK_SIZE, 0, CMP_MARK_SIZE, CMP_MARK_SIZE, 0x808080);
    assert_int_equal(read_number(&c), -1); /* half of one number, half of another */
    g_free(c.pixels);
}

static void test_ssim_of_the_same_is_one(void **state)
{
    struct gs_canvas c = canvas_create();
    double worst;

    (void)state;
    gs_paint_page(&c, 0);
    assert_float_equal(cmp_ssim(c.pixels, c.pixels, WIDTH, HEIGHT, &worst), 1, 1e-9);
    assert_float_equal(worst, 1, 1e-9);
    g_free(c.pixels);
}

/* Of two flat pictures the structure is equal and the first factor is left, by hand. */
static void test_ssim_of_flat_pictures(void **state)
{
    struct gs_canvas a = canvas_create(), b = canvas_create();
    double c1 = 0.01 * 255 * 0.01 * 255, worst;

    (void)state;
    gs_paint_rect(&a, 0, 0, WIDTH, HEIGHT, 0x646464); /* 100 */
    gs_paint_rect(&b, 0, 0, WIDTH, HEIGHT, 0x787878); /* 120 */
    assert_float_equal(cmp_ssim(a.pixels, b.pixels, WIDTH, HEIGHT, &worst),
                       (2 * 100 * 120 + c1) / (100 * 100 + 120 * 120 + c1), 1e-9);
    g_free(a.pixels);
    g_free(b.pixels);
}

/* A spoilt corner, cut off by the picture's edge, shows in the worst tile more than in the mean. */
static void test_ssim_finds_the_worst_tile(void **state)
{
    struct gs_canvas a = canvas_create(), b = canvas_create();
    double mean, worst;

    (void)state;
    gs_paint_page(&a, 0);
    gs_paint_page(&b, 0);
    gs_paint_rect(&b, WIDTH - 64, 128, 64, HEIGHT - 128, 0x808080);
    mean = cmp_ssim(a.pixels, b.pixels, WIDTH, HEIGHT, &worst);
    assert_true(mean > 0.9 && mean < 1);
    assert_true(worst < 0.5);
    g_free(a.pixels);
    g_free(b.pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_number_comes_back),
        cmocka_unit_test(test_other_pictures_have_no_number),
        cmocka_unit_test(test_ssim_of_the_same_is_one),
        cmocka_unit_test(test_ssim_of_flat_pictures),
        cmocka_unit_test(test_ssim_finds_the_worst_tile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
