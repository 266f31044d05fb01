/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "session/idle.h"

static bool all(unsigned cpu, void *user)
{
    (void)cpu;
    (void)user;
    return true;
}

static bool only(unsigned cpu, void *user)
{
    return cpu == *(unsigned *)user;
}

static void test_stat(void **state)
{
    static const char text[] = "cpu  100 0 50 800 50 0 0 0 0 0\n"
                               "cpu0 60 1 30 300 40 2 3 4 9 9\n"
                               "cpu11 40 0 20 500 10 0 0 0 0 0\n"
                               "intr 1234 0 0\nctxt 99\n";
    struct gs_idle_times t;
    unsigned cpu = 11;

    (void)state;
    assert_true(gs_idle_parse_stat(text, all, NULL, &t));
    assert_int_equal(t.idle, 300 + 40 + 500 + 10);
    assert_int_equal(t.total, 60 + 1 + 30 + 300 + 40 + 2 + 3 + 4 + 40 + 20 + 500 + 10);
    assert_true(gs_idle_parse_stat(text, only, &cpu, &t));
    assert_int_equal(t.idle, 510);
    assert_int_equal(t.total, 570);
    cpu = 1;
    assert_false(gs_idle_parse_stat(text, only, &cpu, &t));
    assert_false(gs_idle_parse_stat("", all, NULL, &t));
    assert_false(gs_idle_parse_stat("cpu0 1 2 3\n", all, NULL, &t));
    assert_int_equal(t.total, 570);
}

static void test_limit(void **state)
{
    struct gs_idle_limit l;

    (void)state;
    assert_true(gs_idle_parse_limit("max 100000\n", &l));
    assert_true(l.quota == UINT64_MAX);
    assert_true(gs_idle_parse_limit("150000 100000\n", &l));
    assert_int_equal(l.quota, 150000);
    assert_int_equal(l.period, 100000);
    assert_false(gs_idle_parse_limit("", &l));
    assert_false(gs_idle_parse_limit("0 100000", &l));
    assert_false(gs_idle_parse_limit("1000 0", &l));
    assert_false(gs_idle_parse_limit("max", &l));
    assert_int_equal(l.quota, 150000);
}

static void test_usage(void **state)
{
    uint64_t v = 3;

    (void)state;
    assert_true(gs_idle_parse_usage("usage_usec 1234\nuser_usec 1000\n", &v));
    assert_int_equal(v, 1234);
    assert_true(gs_idle_parse_usage("nr_periods 5\nusage_usec 77\n", &v));
    assert_int_equal(v, 77);
    assert_false(gs_idle_parse_usage("core_usage_usec 1\n", &v));
    assert_false(gs_idle_parse_usage("", &v));
}

/* On the machine at hand: a share, and none before its time. */
static void test_measure(void **state)
{
    struct gs_idle idle = {0};
    double share = -1;
    uint64_t start = gs_now_ns();

    (void)state;
    assert_false(gs_idle_measure(&idle, start, &share));
    assert_true(idle.times.total > 0);
    assert_false(gs_idle_measure(&idle, start + GS_NS_PER_MS, &share));
    /* /proc/stat counts in ticks. */
    while (!gs_idle_measure(&idle, gs_now_ns(), &share))
        continue;
    assert_true(share >= 0 && share <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stat),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_measure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
