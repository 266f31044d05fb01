/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "client/clock_sync.h"
#include "common/clock.h"

#define MS GS_NS_PER_MS

static void test_add_symmetric(void **state)
{
    struct gs_clock_sync cs;

    (void)state;
    gs_clock_sync_init(&cs);
    assert_false(gs_clock_sync_ready(&cs));
    assert_int_equal(gs_clock_sync_offset(&cs), 0);
    /* The host is 1000 ms ahead, 5 ms each way, 1 ms there. */
    assert_int_equal(gs_clock_sync_add(&cs, 100 * MS, 1105 * MS, 1106 * MS, 111 * MS), 0);
    assert_true(gs_clock_sync_ready(&cs));
    assert_int_equal(gs_clock_sync_offset(&cs), 1000 * (int64_t)MS);
    assert_int_equal(gs_clock_sync_rtt(&cs), 10 * MS);
}

static void test_add_host_behind(void **state)
{
    struct gs_clock_sync cs;

    (void)state;
    gs_clock_sync_init(&cs);
    assert_int_equal(gs_clock_sync_add(&cs, 5000 * MS, 1010 * MS, 1010 * MS, 5020 * MS), 0);
    assert_int_equal(gs_clock_sync_offset(&cs), -4000 * (int64_t)MS);
}

static void test_add_keeps_smallest_round_trip(void **state)
{
    struct gs_clock_sync cs;

    (void)state;
    gs_clock_sync_init(&cs);
    assert_int_equal(gs_clock_sync_add(&cs, 0, 52 * MS, 52 * MS, 4 * MS), 0); /* offset 50 */
    assert_int_equal(gs_clock_sync_add(&cs, 100 * MS, 190 * MS, 190 * MS, 180 * MS), 0);
    assert_int_equal(gs_clock_sync_offset(&cs), 50 * (int64_t)MS);
    assert_int_equal(gs_clock_sync_rtt(&cs), 4 * MS);
}

static void test_add_forgets_old_samples(void **state)
{
    struct gs_clock_sync cs;

    (void)state;
    gs_clock_sync_init(&cs);
    assert_int_equal(gs_clock_sync_add(&cs, 0, 51 * MS, 51 * MS, 2 * MS), 0);
    for (unsigned i = 1; i <= GS_CLOCK_SAMPLES; i++) {
        uint64_t t0 = i * 1000 * MS;

        assert_int_equal(gs_clock_sync_add(&cs, t0, t0 + 65 * MS, t0 + 65 * MS, t0 + 10 * MS), 0);
    }
    assert_int_equal(gs_clock_sync_rtt(&cs), 10 * MS);
    assert_int_equal(gs_clock_sync_offset(&cs), 60 * (int64_t)MS);
}

static void test_add_impossible_times(void **state)
{
    struct gs_clock_sync cs;

    (void)state;
    gs_clock_sync_init(&cs);
    assert_int_equal(gs_clock_sync_add(&cs, 10, 0, 0, 9), -EBADMSG);  /* back before it left */
    assert_int_equal(gs_clock_sync_add(&cs, 0, 10, 9, 20), -EBADMSG); /* sent before it came */
    assert_int_equal(gs_clock_sync_add(&cs, 0, 0, 21, 20), -EBADMSG); /* longer there than away */
    assert_int_equal(gs_clock_sync_add(&cs, 0, UINT64_MAX, UINT64_MAX, 20), -EBADMSG);
    assert_false(gs_clock_sync_ready(&cs));
}

/* What was known holds until as much is known of the new connection. */
static void test_renew(void **state)
{
    struct gs_clock_sync cs;

    (void)state;
    gs_clock_sync_init(&cs);
    gs_clock_sync_renew(&cs);
    assert_false(gs_clock_sync_ready(&cs));
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(gs_clock_sync_add(&cs, 100 * MS, 300 * MS, 300 * MS, 110 * MS), 0);
    gs_clock_sync_renew(&cs);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(gs_clock_sync_ready(&cs));
        assert_false(gs_clock_sync_settled(&cs));
        assert_int_equal(gs_clock_sync_rtt(&cs), 10 * MS);
        assert_int_equal(gs_clock_sync_offset(&cs), 195 * (int64_t)MS);
        /* Another renewal in the midst of it loses nothing. */
        if (i == 1)
            gs_clock_sync_renew(&cs);
        assert_int_equal(gs_clock_sync_add(&cs, 100 * MS, 1000 * MS, 1000 * MS, 120 * MS), 0);
    }
    assert_false(gs_clock_sync_settled(&cs));
    assert_int_equal(gs_clock_sync_add(&cs, 100 * MS, 1000 * MS, 1000 * MS, 120 * MS), 0);
    assert_true(gs_clock_sync_settled(&cs));
    assert_int_equal(gs_clock_sync_rtt(&cs), 20 * MS);
    assert_int_equal(gs_clock_sync_offset(&cs), 890 * (int64_t)MS);
}

static void test_interval(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(gs_clock_sync_interval(i, i % 2), 20 * MS);
    assert_int_equal(gs_clock_sync_interval(4, false), GS_NS_PER_S);
    assert_int_equal(gs_clock_sync_interval(1000, false), GS_NS_PER_S);
    assert_int_equal(gs_clock_sync_interval(1000, true), 10 * GS_NS_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_symmetric),
        cmocka_unit_test(test_add_host_behind),
        cmocka_unit_test(test_add_keeps_smallest_round_trip),
        cmocka_unit_test(test_add_forgets_old_samples),
        cmocka_unit_test(test_add_impossible_times),
        cmocka_unit_test(test_renew),
        cmocka_unit_test(test_interval),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
