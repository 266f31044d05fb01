/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "session/keyframes.h"

#define S GS_NS_PER_S
#define T (100 * S)

static void test_nobody_asks(void **state)
{
    struct gs_keyframes k = {0};

    (void)state;
    assert_true(gs_keyframes_due(&k, 0) == UINT64_MAX);
    assert_false(gs_keyframes_take(&k, 0, T));
}

static void test_first_at_once(void **state)
{
    struct gs_keyframes k = {0};

    (void)state;
    gs_keyframes_ask(&k, T);
    assert_true(gs_keyframes_take(&k, 0, T));
    /* Once. */
    assert_false(gs_keyframes_take(&k, 0, T + 10 * S));
}

static void test_not_soon_after_any(void **state)
{
    struct gs_keyframes k = {0};

    (void)state;
    gs_keyframes_ask(&k, T);
    assert_true(gs_keyframes_due(&k, T - S / 4) == T + 3 * S / 4);
    assert_false(gs_keyframes_take(&k, T - S / 4, T + 3 * S / 4 - 1));
    assert_true(gs_keyframes_take(&k, T - S / 4, T + 3 * S / 4));
}

static void test_one_each_two_seconds(void **state)
{
    struct gs_keyframes k = {0};
    unsigned granted = 0;
    uint64_t sent = 0;

    (void)state;
    /* Many who ask all the time. */
    for (uint64_t now = T; now < T + 60 * S; now += S / 100) {
        gs_keyframes_ask(&k, now);
        if (!gs_keyframes_take(&k, sent, now))
            continue;
        granted++;
        sent = now;
    }
    assert_int_equal(granted, 30);
}

static void test_satisfied_by_another(void **state)
{
    struct gs_keyframes k = {0};

    (void)state;
    gs_keyframes_ask(&k, T);
    assert_true(gs_keyframes_take(&k, 0, T));
    gs_keyframes_ask(&k, T + S / 2);
    assert_true(gs_keyframes_due(&k, T) == T + 2 * S);
    /* The client with the control needed one, too. */
    assert_true(gs_keyframes_due(&k, T + S) == UINT64_MAX);
    assert_false(gs_keyframes_take(&k, T + S, T + 5 * S));
    /* Who asked after that one still waits. */
    gs_keyframes_ask(&k, T + S + S / 2);
    assert_true(gs_keyframes_due(&k, T + S) == T + 2 * S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_asks),          cmocka_unit_test(test_first_at_once),
        cmocka_unit_test(test_not_soon_after_any),   cmocka_unit_test(test_one_each_two_seconds),
        cmocka_unit_test(test_satisfied_by_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
