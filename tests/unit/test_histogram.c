/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/histogram.h"

static void assert_near(uint64_t got, uint64_t want)
{
    uint64_t diff = got > want ? got - want : want - got;

    if (diff * 64 > want)
        fail_msg("%llu is further than 1/64 from %llu", (unsigned long long)got,
                 (unsigned long long)want);
}

static void test_percentile_empty(void **state)
{
    static struct gs_histogram h;

    (void)state;
    gs_histogram_reset(&h);
    assert_int_equal(gs_histogram_percentile(&h, 50), 0);
}

static void test_percentile_error_bound(void **state)
{
    static struct gs_histogram h;

    (void)state;
    for (uint64_t v = 1; v < UINT64_C(1) << 38; v += v / 37 + 1) {
        gs_histogram_reset(&h);
        gs_histogram_add(&h, (int64_t)v);
        assert_near(gs_histogram_percentile(&h, 100), v);
    }
}

static void test_percentile_nearest_rank(void **state)
{
    static struct gs_histogram h;

    (void)state;
    gs_histogram_reset(&h);
    for (int64_t i = 1; i <= 100; i++)
        gs_histogram_add(&h, i * 1000000);
    assert_int_equal(h.count, 100);
    assert_near(gs_histogram_percentile(&h, 0.1), 1000000);
    assert_near(gs_histogram_percentile(&h, 50), 50000000);
    assert_near(gs_histogram_percentile(&h, 95), 95000000);
    assert_near(gs_histogram_percentile(&h, 100), 100000000);
}

static void test_add_out_of_range(void **state)
{
    static struct gs_histogram h;

    (void)state;
    gs_histogram_reset(&h);
    gs_histogram_add(&h, INT64_MIN);
    assert_int_equal(gs_histogram_percentile(&h, 100), 0);
    gs_histogram_add(&h, INT64_MAX);
    assert_near(gs_histogram_percentile(&h, 100), UINT64_C(1) << 38);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percentile_empty),
        cmocka_unit_test(test_percentile_error_bound),
        cmocka_unit_test(test_percentile_nearest_rank),
        cmocka_unit_test(test_add_out_of_range),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
