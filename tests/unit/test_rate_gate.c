/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "encoder/rate_gate.h"

#define START (5 * GS_NS_PER_S)

static void test_first_change_is_free(void **state)
{
    const struct gs_rate_gate gate = {.applied = 10000};

    (void)state;
    assert_true(gs_rate_gate_open(&gate, 12000, false, 1));
    assert_true(gs_rate_gate_open(&gate, 8000, false, 1));
    assert_false(gs_rate_gate_open(&gate, 10000, false, 1));
}

static void test_small_changes_wait_for_an_idr(void **state)
{
    struct gs_rate_gate gate = {0};

    (void)state;
    gs_rate_gate_applied(&gate, 10000, START);
    assert_false(gs_rate_gate_open(&gate, 11999, false, START + 100 * GS_NS_PER_S));
    assert_false(gs_rate_gate_open(&gate, 8001, false, START + 100 * GS_NS_PER_S));
    assert_true(gs_rate_gate_open(&gate, 8001, true, START + 1));
    assert_false(gs_rate_gate_open(&gate, 10000, true, START + 1));
}

static void test_up_once_a_second_down_sooner(void **state)
{
    struct gs_rate_gate gate = {0};

    (void)state;
    gs_rate_gate_applied(&gate, 10000, START);
    assert_false(gs_rate_gate_open(&gate, 20000, false, START + GS_NS_PER_S - 1));
    assert_true(gs_rate_gate_open(&gate, 20000, false, START + GS_NS_PER_S));
    assert_false(gs_rate_gate_open(&gate, 8000, false, START + GS_NS_PER_S / 4 - 1));
    assert_true(gs_rate_gate_open(&gate, 8000, false, START + GS_NS_PER_S / 4));
}

/* A controller that wants another rate for every picture gets few of them. */
static void test_restless_controller(void **state)
{
    struct gs_rate_gate gate = {.applied = 10000};
    unsigned changes = 0;

    (void)state;
    for (uint64_t frame = 0; frame < 600; frame++) {
        uint64_t now = START + frame * GS_NS_PER_S / 60;
        uint32_t wanted = frame % 2 ? 20000 : 10000;

        if (!gs_rate_gate_open(&gate, wanted, false, now))
            continue;
        gs_rate_gate_applied(&gate, wanted, now);
        changes++;
    }
    assert_in_range(changes, 2, 2 * 10);
}

static void test_no_limit_is_the_highest(void **state)
{
    struct gs_rate_gate gate = {0};

    (void)state;
    gs_rate_gate_applied(&gate, 0, START);
    assert_true(gs_rate_gate_open(&gate, 1000000, false, START + GS_NS_PER_S / 4));
    gs_rate_gate_applied(&gate, 1000000, START);
    assert_false(gs_rate_gate_open(&gate, 0, false, START + GS_NS_PER_S / 4));
    assert_true(gs_rate_gate_open(&gate, 0, false, START + GS_NS_PER_S));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_change_is_free),
        cmocka_unit_test(test_small_changes_wait_for_an_idr),
        cmocka_unit_test(test_up_once_a_second_down_sooner),
        cmocka_unit_test(test_restless_controller),
        cmocka_unit_test(test_no_limit_is_the_highest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
