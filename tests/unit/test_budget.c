/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "host/budget.h"

static void test_take_burst_then_refuse(void **state)
{
    struct gs_budget b;

    (void)state;
    gs_budget_init(&b, 1000, 5000, 7);
    assert_true(gs_budget_take(&b, 5000, 7));
    assert_false(gs_budget_take(&b, 1, 7));
}

static void test_take_refills_at_rate(void **state)
{
    struct gs_budget b;

    (void)state;
    gs_budget_init(&b, 1000, 5000, 0);
    assert_true(gs_budget_take(&b, 5000, 0));
    assert_false(gs_budget_take(&b, 501, GS_NS_PER_S / 2));
    assert_true(gs_budget_take(&b, 500, GS_NS_PER_S / 2));
    /* Many small steps, each too short for one byte, add up all the same. */
    for (uint64_t i = 1; i <= 2000; i++)
        assert_false(gs_budget_take(&b, 2000, GS_NS_PER_S / 2 + i * (GS_NS_PER_MS / 2)));
    assert_true(gs_budget_take(&b, 999, GS_NS_PER_S * 3 / 2));
}

static void test_take_never_above_burst(void **state)
{
    struct gs_budget b;

    (void)state;
    gs_budget_init(&b, 4u << 20, 8u << 20, 0);
    assert_true(gs_budget_take(&b, 8u << 20, 0));
    assert_false(gs_budget_take(&b, (8u << 20) + 1, UINT64_MAX));
    assert_true(gs_budget_take(&b, 8u << 20, UINT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take_burst_then_refuse),
        cmocka_unit_test(test_take_refills_at_rate),
        cmocka_unit_test(test_take_never_above_burst),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
