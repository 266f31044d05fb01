/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/reconnect.h"
#include "common/macros.h"

#define MS GS_NS_PER_MS
#define S GS_NS_PER_S
#define LOST (7 * S)
#define LIMIT (30 * S)

static void begin(struct gs_reconnect *r)
{
    gs_reconnect_begin(r, LIMIT, GS_RECONNECT_PATIENCE, LOST);
}

static void test_backs_off(void **state)
{
    static const uint64_t delays[] = {100, 200, 400, 800, 1000, 1000, 1000};
    struct gs_reconnect r;
    uint64_t now = LOST, delay;

    (void)state;
    begin(&r);
    for (size_t i = 0; i < GS_ARRAY_SIZE(delays); i++) {
        assert_int_equal(gs_reconnect_failed(&r, GS_RECONNECT_UNREACHABLE, now, &delay),
                         GS_RECONNECT_AGAIN);
        assert_int_equal(delay, delays[i] * MS);
        now += delay;
    }
    begin(&r);
    assert_int_equal(gs_reconnect_failed(&r, GS_RECONNECT_UNREACHABLE, LOST, &delay),
                     GS_RECONNECT_AGAIN);
    assert_int_equal(delay, 100 * MS);
}

/* The last attempt begins when the limit is reached, whatever the steps before it. */
static void test_gives_up(void **state)
{
    struct gs_reconnect r;
    uint64_t now = LOST, delay;
    unsigned attempts = 0;

    (void)state;
    begin(&r);
    while (gs_reconnect_failed(&r, GS_RECONNECT_UNREACHABLE, now, &delay) == GS_RECONNECT_AGAIN) {
        assert_true(delay > 0 && delay <= GS_RECONNECT_SLOWEST);
        now += delay;
        attempts++;
    }
    assert_int_equal(now, LOST + LIMIT);
    assert_true(attempts > 30 && attempts < 40);
    delay = 5;
    assert_int_equal(gs_reconnect_failed(&r, GS_RECONNECT_UNREACHABLE, now, &delay),
                     GS_RECONNECT_TOO_LATE);
    assert_int_equal(delay, 5);
}

static void test_never(void **state)
{
    struct gs_reconnect r;
    uint64_t delay;

    (void)state;
    gs_reconnect_begin(&r, 0, GS_RECONNECT_PATIENCE, LOST);
    assert_int_equal(gs_reconnect_failed(&r, GS_RECONNECT_UNREACHABLE, LOST, &delay),
                     GS_RECONNECT_TOO_LATE);
    gs_reconnect_begin(&r, 0, GS_RECONNECT_PATIENCE, LOST);
    assert_int_equal(gs_reconnect_failed(&r, GS_RECONNECT_REFUSED, LOST, &delay),
                     GS_RECONNECT_BELIEVED);
}

static enum gs_reconnect_verdict refused(struct gs_reconnect *r, uint64_t now)
{
    uint64_t delay;

    return gs_reconnect_failed(r, GS_RECONNECT_REFUSED, now, &delay);
}

static void test_refusals(void **state)
{
    struct gs_reconnect r;
    uint64_t delay;

    (void)state;
    begin(&r);
    assert_int_equal(refused(&r, LOST + 5 * S), GS_RECONNECT_AGAIN);
    assert_int_equal(refused(&r, LOST + 7 * S), GS_RECONNECT_AGAIN);
    /* Not in a row: the host went once more. */
    assert_int_equal(gs_reconnect_failed(&r, GS_RECONNECT_UNREACHABLE, LOST + 75 * S / 10, &delay),
                     GS_RECONNECT_AGAIN);
    assert_int_equal(refused(&r, LOST + 9 * S), GS_RECONNECT_AGAIN);
    assert_int_equal(refused(&r, LOST + 12 * S - 1), GS_RECONNECT_AGAIN);
    assert_int_equal(refused(&r, LOST + 12 * S), GS_RECONNECT_BELIEVED);
}

/* A first connection that is waited for: its ticket is wrong, and stays so. */
static void test_without_patience(void **state)
{
    struct gs_reconnect r;

    (void)state;
    gs_reconnect_begin(&r, LIMIT, 0, LOST);
    assert_int_equal(refused(&r, LOST + S), GS_RECONNECT_BELIEVED);
}

static void test_attempt(void **state)
{
    struct gs_reconnect r;

    (void)state;
    begin(&r);
    assert_int_equal(gs_reconnect_attempt(&r, LOST), GS_RECONNECT_ATTEMPT);
    assert_int_equal(gs_reconnect_attempt(&r, LOST + LIMIT - 2 * S), 2 * S);
    assert_int_equal(gs_reconnect_attempt(&r, LOST + LIMIT), S);
    assert_int_equal(gs_reconnect_attempt(&r, LOST + LIMIT + S), S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backs_off), cmocka_unit_test(test_gives_up),
        cmocka_unit_test(test_never),     cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_attempt),   cmocka_unit_test(test_without_patience),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
