/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/resize.h"

#define MS GS_NS_PER_MS
#define START (1000 * GS_NS_PER_S)

static void test_resize_first_at_once(void **state)
{
    struct gs_resize r = {0};
    struct gs_video got;

    (void)state;
    assert_true(gs_resize_due(&r) == UINT64_MAX);
    assert_false(gs_resize_take(&r, START, &got));
    gs_resize_want(&r, &(struct gs_video){800, 600});
    assert_true(gs_resize_due(&r) <= START);
    assert_true(gs_resize_take(&r, START, &got));
    assert_int_equal(got.width, 800);
    assert_false(gs_resize_take(&r, START, &got));
}

/* Sixty wishes a second, each change taking `cost`: how many are carried out in a second, and that
 * the last wish is. */
static unsigned drag(uint64_t cost)
{
    struct gs_resize r = {0};
    struct gs_video got = {0};
    uint64_t now = START;
    unsigned n = 0;

    for (uint32_t i = 0; i < 60; i++, now += GS_NS_PER_S / 60) {
        gs_resize_want(&r, &(struct gs_video){1000 + i, 700});
        if (gs_resize_take(&r, now, &got)) {
            assert_int_equal(got.width, 1000 + i);
            gs_resize_done(&r, now, now + cost);
            n++;
        }
    }
    assert_true(gs_resize_due(&r) < now + GS_RESIZE_INTERVAL + GS_RESIZE_SHARE * cost);
    if (gs_resize_due(&r) != UINT64_MAX) {
        assert_true(gs_resize_take(&r, gs_resize_due(&r), &got));
        n++;
    }
    assert_int_equal(got.width, 1059);
    return n;
}

static void test_resize_drag_coalesces(void **state)
{
    (void)state;
    assert_in_range(drag(5 * MS), 8, 11);
    assert_in_range(drag(100 * MS), 2, 4); /* a fifth of the time */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resize_first_at_once),
        cmocka_unit_test(test_resize_drag_coalesces),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
