/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "client/damage.h"

#define WIDTH 50
#define HEIGHT 1001

static struct gs_picture *create(enum gs_picture_format format, uint32_t width, uint32_t height)
{
    struct gs_picture_info info = {0};
    struct gs_picture *pic = gs_picture_alloc(NULL, format, width, height, &info);

    for (int plane = 0; plane < 3; plane++) {
        for (uint32_t row = 0; pic->pixels.data[plane] && row < gs_picture_rows(pic, plane); row++)
            memset((uint8_t *)pic->pixels.data[plane] + row * (uint32_t)pic->pixels.stride[plane],
                   60 + plane, gs_picture_row_size(pic, plane));
    }
    return pic;
}

static void touch(struct gs_picture *pic, int plane, uint32_t x, uint32_t row)
{
    ((uint8_t *)pic->pixels.data[plane])[row * (uint32_t)pic->pixels.stride[plane] + x] ^= 1;
}

static bool covered(const struct gs_damage *d, uint32_t row)
{
    for (unsigned i = 0; i < d->n; i++) {
        if (row >= d->ranges[i].first && row < d->ranges[i].end)
            return true;
    }
    return false;
}

static void check_order(const struct gs_damage *d, uint32_t height)
{
    assert_true(d->n <= GS_DAMAGE_RANGES);
    for (unsigned i = 0; i < d->n; i++) {
        assert_true(d->ranges[i].first < d->ranges[i].end);
        assert_true(i == 0 || d->ranges[i].first > d->ranges[i - 1].end);
        assert_true(d->ranges[i].end <= height);
        assert_int_equal(d->ranges[i].first % 2, 0); /* chroma rows are not cut */
    }
}

static void test_nothing_changed(void **state)
{
    struct gs_picture *a = create(GS_PICTURE_I420, WIDTH, HEIGHT);
    struct gs_picture *b = create(GS_PICTURE_I420, WIDTH, HEIGHT);
    struct gs_damage d;

    (void)state;
    gs_damage_find(a, b, &d);
    assert_int_equal(d.n, 0);
    gs_damage_find(NULL, b, &d);
    assert_int_equal(d.n, 1);
    assert_int_equal(d.ranges[0].end, HEIGHT);
    gs_picture_unref(a);
    gs_picture_unref(b);
}

/* Each plane, first and last byte of each row. */
static void test_every_row_counts(void **state)
{
    static const enum gs_picture_format formats[] = {GS_PICTURE_I420, GS_PICTURE_NV12};

    (void)state;
    for (size_t f = 0; f < 2; f++) {
        struct gs_picture *a = create(formats[f], WIDTH, HEIGHT);
        struct gs_picture *b = create(formats[f], WIDTH, HEIGHT);
        struct gs_damage d;

        for (int plane = 0; plane < (f ? 2 : 3); plane++) {
            for (uint32_t row = 0; row < gs_picture_rows(a, plane); row++) {
                uint32_t x = row % 2 ? 0 : gs_picture_row_size(a, plane) - 1;

                touch(b, plane, x, row);
                gs_damage_find(a, b, &d);
                touch(b, plane, x, row);
                assert_int_equal(d.n, 1);
                assert_true(covered(&d, plane ? 2 * row : row));
                assert_true(d.ranges[0].end - d.ranges[0].first <= GS_DAMAGE_BAND);
            }
        }
        gs_picture_unref(a);
        gs_picture_unref(b);
    }
}

static void test_random_rows(void **state)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(3);
    struct gs_picture *a = create(GS_PICTURE_I420, WIDTH, HEIGHT);

    (void)state;
    for (int round = 0; round < 200; round++) {
        struct gs_picture *b = create(GS_PICTURE_I420, WIDTH, HEIGHT);
        int n = g_rand_int_range(rand, 1, 60);
        uint32_t rows[60], top = (uint32_t)g_rand_int_range(rand, 0, 2 * HEIGHT);
        struct gs_damage d;

        for (int i = 0; i < n; i++) {
            rows[i] = (uint32_t)g_rand_int_range(rand, 0, HEIGHT);
            ((uint8_t *)b->pixels.data[0])[rows[i] * (uint32_t)b->pixels.stride[0]] = 0;
        }
        gs_damage_find(a, b, &d);
        check_order(&d, HEIGHT);
        for (int i = 0; i < n; i++)
            assert_true(covered(&d, rows[i]));
        gs_damage_add_top(&d, b, top);
        check_order(&d, HEIGHT);
        for (uint32_t row = 0; row < GS_MIN(top, HEIGHT); row++)
            assert_true(covered(&d, row));
        for (int i = 0; i < n; i++)
            assert_true(covered(&d, rows[i]));
        gs_picture_unref(b);
    }
    gs_picture_unref(a);
}

static void test_other_shape(void **state)
{
    struct gs_picture *pic = create(GS_PICTURE_I420, 64, 64);
    struct gs_picture *others[] = {create(GS_PICTURE_I420, 64, 62), create(GS_PICTURE_I420, 62, 64),
                                   create(GS_PICTURE_NV12, 64, 64),
                                   create(GS_PICTURE_I420, 64, 64)};
    struct gs_damage d;

    (void)state;
    others[3]->pixels.full_range = true;
    for (size_t i = 0; i < GS_ARRAY_SIZE(others); i++) {
        gs_damage_find(others[i], pic, &d);
        assert_int_equal(d.n, 1);
        assert_int_equal(d.ranges[0].first, 0);
        assert_int_equal(d.ranges[0].end, 64);
        gs_picture_unref(others[i]);
    }
    gs_picture_unref(pic);
}

/* What is cut off does not count. */
static void test_crop(void **state)
{
    struct gs_picture *a = create(GS_PICTURE_I420, 64, 64), *b = create(GS_PICTURE_I420, 64, 64);
    struct gs_damage d;

    (void)state;
    gs_picture_crop(a, 63, 63);
    gs_picture_crop(b, 63, 63);
    touch(b, 0, 63, 5);
    touch(b, 0, 5, 63);
    gs_damage_find(a, b, &d);
    assert_int_equal(d.n, 0);
    touch(b, 1, 31, 31);
    gs_damage_find(a, b, &d);
    assert_int_equal(d.n, 1);
    assert_int_equal(d.ranges[0].end, 63);
    gs_picture_unref(a);
    gs_picture_unref(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_changed),
        cmocka_unit_test(test_every_row_counts),
        cmocka_unit_test(test_random_rows),
        cmocka_unit_test(test_other_shape),
        cmocka_unit_test(test_crop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
