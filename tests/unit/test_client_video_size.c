/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/video_size.h"

static void check(const struct gs_video_size *v, uint32_t coded_width, uint32_t coded_height,
                  uint32_t width, uint32_t height)
{
    struct gs_size shown = gs_video_size_shown(v, coded_width, coded_height);

    assert_int_equal(shown.width, width);
    assert_int_equal(shown.height, height);
}

static void test_shown(void **state)
{
    struct gs_video_size v = {0};

    (void)state;
    check(&v, 64, 64, 64, 64);
    gs_video_size_announce(&v, 1279, 719);
    check(&v, 1280, 720, 1279, 719);
    check(&v, 1280, 722, 1280, 722);
    check(&v, 64, 64, 64, 64); /* the null decoder's */
}

/* Message before picture, and picture before message. */
static void test_any_order(void **state)
{
    struct gs_video_size v = {0};

    (void)state;
    gs_video_size_announce(&v, 1279, 719);
    gs_video_size_announce(&v, 801, 600);
    check(&v, 1280, 720, 1279, 719);
    check(&v, 802, 600, 801, 600);
    check(&v, 1024, 768, 1024, 768);
    gs_video_size_announce(&v, 801, 600); /* said again, as a reconnect does */
    check(&v, 1280, 720, 1279, 719);
    gs_video_size_announce(&v, 1024, 767);
    check(&v, 1024, 768, 1024, 767);
    check(&v, 1280, 720, 1280, 720);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
