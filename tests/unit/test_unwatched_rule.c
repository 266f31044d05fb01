/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/unwatched_rule.h"

#define START (1000 * GS_NS_PER_S)

static void test_rates(void **state)
{
    struct gs_unwatched_rule r;

    (void)state;
    gs_unwatched_rule_init(&r, GS_UNWATCHED_THROTTLE, START);
    assert_int_equal(gs_unwatched_rule_fps(&r, 60), GS_UNWATCHED_FPS);
    assert_int_equal(gs_unwatched_rule_fps(&r, 2), 2);
    r.policy = GS_UNWATCHED_FREEZE;
    assert_int_equal(gs_unwatched_rule_fps(&r, 60), GS_UNWATCHED_FPS);
    r.policy = GS_UNWATCHED_RUN;
    assert_int_equal(gs_unwatched_rule_fps(&r, 60), 60);
}

static void test_only_freeze_freezes(void **state)
{
    struct gs_unwatched_rule r;

    (void)state;
    gs_unwatched_rule_init(&r, GS_UNWATCHED_THROTTLE, START);
    assert_true(gs_unwatched_rule_due(&r) == UINT64_MAX);
    assert_false(gs_unwatched_rule_frozen(&r, UINT64_MAX - 1));
    r.policy = GS_UNWATCHED_RUN;
    assert_true(gs_unwatched_rule_due(&r) == UINT64_MAX);
    /* Another policy counts from when nobody looks, not from its own beginning. */
    r.policy = GS_UNWATCHED_FREEZE;
    assert_true(gs_unwatched_rule_due(&r) == START + GS_FREEZE_AT_FIRST);
    assert_true(gs_unwatched_rule_frozen(&r, START + GS_FREEZE_AT_FIRST));
}

static void test_freeze(void **state)
{
    uint64_t left = START + 5 * GS_NS_PER_S;
    struct gs_unwatched_rule r;

    (void)state;
    gs_unwatched_rule_init(&r, GS_UNWATCHED_FREEZE, START);
    assert_false(gs_unwatched_rule_frozen(&r, START + GS_FREEZE_AT_FIRST - 1));
    gs_unwatched_rule_set_watched(&r, true, START + GS_NS_PER_S);
    assert_true(gs_unwatched_rule_due(&r) == UINT64_MAX);
    assert_false(gs_unwatched_rule_frozen(&r, START + GS_FREEZE_AT_FIRST));
    gs_unwatched_rule_set_watched(&r, false, left);
    assert_true(gs_unwatched_rule_due(&r) == left + GS_FREEZE_AFTER);
    /* Said again, nothing begins anew. */
    gs_unwatched_rule_set_watched(&r, false, left + GS_NS_PER_S);
    assert_true(gs_unwatched_rule_due(&r) == left + GS_FREEZE_AFTER);
    assert_false(gs_unwatched_rule_frozen(&r, left + GS_FREEZE_AFTER - 1));
    assert_true(gs_unwatched_rule_frozen(&r, left + GS_FREEZE_AFTER));
    gs_unwatched_rule_set_watched(&r, true, left + GS_FREEZE_AFTER);
    assert_false(gs_unwatched_rule_frozen(&r, left + GS_FREEZE_AFTER));
}

static void test_seconds(void **state)
{
    struct gs_unwatched_rule r;

    (void)state;
    gs_unwatched_rule_init(&r, GS_UNWATCHED_THROTTLE, START);
    assert_int_equal(gs_unwatched_rule_seconds(&r, START), 1);
    assert_int_equal(gs_unwatched_rule_seconds(&r, START + 7 * GS_NS_PER_S + 1), 7);
    gs_unwatched_rule_set_watched(&r, true, START);
    assert_int_equal(gs_unwatched_rule_seconds(&r, START + 7 * GS_NS_PER_S), 0);
    gs_unwatched_rule_set_watched(&r, false, START + 10 * GS_NS_PER_S);
    assert_int_equal(gs_unwatched_rule_seconds(&r, START + 12 * GS_NS_PER_S), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates),
        cmocka_unit_test(test_only_freeze_freezes),
        cmocka_unit_test(test_freeze),
        cmocka_unit_test(test_seconds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
