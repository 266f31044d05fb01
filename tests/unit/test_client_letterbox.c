/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/letterbox.h"

static void check(struct gs_letterbox box, int x, int y, int width, int height)
{
    assert_int_equal(box.x, x);
    assert_int_equal(box.y, y);
    assert_int_equal(box.width, width);
    assert_int_equal(box.height, height);
}

static void test_fit(void **state)
{
    (void)state;
    check(gs_letterbox_fit(1280, 720, 1280, 720), 0, 0, 1280, 720);
    check(gs_letterbox_fit(1280, 800, 1280, 720), 0, 40, 1280, 720);
    check(gs_letterbox_fit(1600, 720, 1280, 720), 160, 0, 1280, 720);
    check(gs_letterbox_fit(640, 360, 1280, 720), 0, 0, 640, 360);
    check(gs_letterbox_fit(0, 0, 1280, 720), 0, 0, 1, 1);
    check(gs_letterbox_fit(100, 100, 8192, 64), 0, 49, 100, 1);
}

static void check_map(const struct gs_letterbox *box, double wx, double wy, double x, double y)
{
    double px, py;

    gs_letterbox_to_picture(box, wx, wy, &px, &py);
    assert_true(px > x - 0.01 && px < x + 0.01);
    assert_true(py > y - 0.01 && py < y + 0.01);
}

static void test_to_picture(void **state)
{
    const struct gs_letterbox box = gs_letterbox_fit(640, 400, 1280, 720);

    (void)state;
    check_map(&box, 0, 20, 0, 0);
    check_map(&box, 320, 200, 640, 360);
    check_map(&box, 639.5, 379.5, 1279, 719);
    /* Beside the picture: its edge, which is still inside. */
    check_map(&box, -5, 0, 0, 0);
    check_map(&box, 1000, 1000, 1280, 720);
}

static void test_to_picture_stays_inside(void **state)
{
    const struct gs_letterbox box = gs_letterbox_fit(640, 400, 1280, 720);
    double x, y;

    (void)state;
    gs_letterbox_to_picture(&box, 1e9, 1e9, &x, &y);
    assert_true(x < 1280 && y < 720);
}

static void test_first_size(void **state)
{
    int width, height;

    (void)state;
    gs_letterbox_first_size(1280, 720, 1920, 1080, &width, &height);
    assert_int_equal(width, 1280);
    assert_int_equal(height, 720);
    gs_letterbox_first_size(3840, 2160, 1920, 1000, &width, &height);
    assert_int_equal(width, 1778);
    assert_int_equal(height, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_to_picture),
        cmocka_unit_test(test_to_picture_stays_inside),
        cmocka_unit_test(test_first_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
