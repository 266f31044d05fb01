/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/refine.h"

#define MS GS_NS_PER_MS
#define START (1000 * GS_NS_PER_S)
#define FEW 100

/* Runs it from rest at START on, each refinement with so many bytes; how many, and the time and
 * quality of each. */
struct run {
    unsigned n;
    uint64_t at[99];
    uint32_t quality[99];
};

static struct run run(struct gs_refine *r, uint64_t bytes, uint32_t max_kbps)
{
    struct run run = {0};

    while (gs_refine_due(r) != UINT64_MAX && run.n < 99) {
        uint64_t at = gs_refine_due(r);

        run.at[run.n] = at;
        run.quality[run.n++] = gs_refine_begin(r, 23);
        gs_refine_done(r, at, bytes, false, max_kbps);
    }
    return run;
}

static void test_refine_silent_at_first(void **state)
{
    struct gs_refine r = {0};

    (void)state;
    assert_true(gs_refine_due(&r) == UINT64_MAX);
}

static void test_refine_gets_better_and_ends(void **state)
{
    struct gs_refine r = {0};
    struct run got;

    (void)state;
    gs_refine_changed(&r, START);
    got = run(&r, FEW, 0);
    assert_in_range(got.n, 3, 5);
    assert_true(got.at[0] == START + 100 * MS);
    assert_int_equal(got.quality[0], 15);
    assert_true(got.at[1] == START + 250 * MS);
    assert_in_range(got.quality[1], 1, 12);
    assert_true(got.at[got.n - 1] <= START + 600 * MS);
    assert_int_equal(got.quality[got.n - 1], GS_REFINE_BEST);
    for (unsigned i = 1; i < got.n; i++) {
        assert_true(got.quality[i] < got.quality[i - 1]);
        assert_true(got.at[i] >= got.at[i - 1] + GS_REFINE_GAP);
    }
    assert_true(gs_refine_due(&r) == UINT64_MAX);
}

/* An encoder that never has enough is not asked for ever. */
static void test_refine_bounded(void **state)
{
    struct gs_refine r = {0};

    (void)state;
    gs_refine_changed(&r, START);
    assert_int_equal(run(&r, 1000000, 0).n, GS_REFINE_MOST);
}

/* What is left to improve shrinks, and ends it. */
static void test_refine_converges(void **state)
{
    struct gs_refine r = {0};
    uint64_t bytes = 200000;
    unsigned n = 0;

    (void)state;
    gs_refine_changed(&r, START);
    for (; gs_refine_due(&r) != UINT64_MAX; n++, bytes /= 2)
        gs_refine_done(&r, gs_refine_due(&r), bytes, false, 0);
    assert_in_range(n, 4, 7);
}

/* Half of the rate stays free, over every stretch of time. */
static void test_refine_rate(void **state)
{
    struct gs_refine r = {0};
    const uint64_t bytes = 125000; /* a second at 1 Mb/s */
    struct run got;

    (void)state;
    gs_refine_changed(&r, START);
    got = run(&r, bytes, 1000);
    for (unsigned i = 1; i < got.n; i++)
        assert_true(got.at[i] - got.at[i - 1] >= 2 * GS_NS_PER_S);
    /* What did not fit comes before anything better, and without more rest. */
    gs_refine_changed(&r, 2 * START);
    gs_refine_done(&r, 2 * START + 100 * MS, 5000, false, 1000);
    assert_true(gs_refine_due(&r) == 2 * START + 180 * MS);
    assert_int_equal(gs_refine_begin(&r, 23), 15);
    /* A change in between does not open the budget anew. */
    gs_refine_changed(&r, START);
    gs_refine_done(&r, START + 100 * MS, bytes, false, 1000);
    gs_refine_changed(&r, START + 200 * MS);
    assert_true(gs_refine_due(&r) == START + 2100 * MS);
}

/* Few bytes mean nothing where a limit kept them few. */
static void test_refine_short_of(void **state)
{
    struct gs_refine r = {0};
    unsigned n = 0;

    (void)state;
    gs_refine_changed(&r, START);
    for (; n < 20; n++) {
        assert_int_equal(gs_refine_begin(&r, 23), 15);
        gs_refine_done(&r, gs_refine_due(&r), FEW, true, 8000);
    }
    assert_true(gs_refine_due(&r) != UINT64_MAX);
    while (gs_refine_due(&r) != UINT64_MAX && ++n < 99)
        gs_refine_done(&r, gs_refine_due(&r), FEW, true, 8000);
    assert_int_equal(n, GS_REFINE_MOST);
}

static void test_refine_waits_for_rest(void **state)
{
    struct gs_refine r = {0};

    (void)state;
    gs_refine_changed(&r, START);
    gs_refine_disturbed(&r, START + 90 * MS);
    assert_true(gs_refine_due(&r) == START + 190 * MS);
    gs_refine_done(&r, START + 190 * MS, FEW, false, 0);
    /* Input that changed nothing leaves what was reached, and delays the next. */
    gs_refine_disturbed(&r, START + 300 * MS);
    assert_true(gs_refine_due(&r) == START + 550 * MS);
    assert_in_range(gs_refine_begin(&r, 23), 1, 12);
    gs_refine_changed(&r, START + 310 * MS);
    assert_true(gs_refine_due(&r) == START + 410 * MS);
    assert_int_equal(gs_refine_begin(&r, 23), 15);
    /* Nothing left: input does not wake it. */
    run(&r, FEW, 0);
    gs_refine_disturbed(&r, START + 10 * GS_NS_PER_S);
    assert_true(gs_refine_due(&r) == UINT64_MAX);
}

static void test_refine_quality_limits(void **state)
{
    struct gs_refine r = {0};

    (void)state;
    gs_refine_changed(&r, START);
    assert_int_equal(gs_refine_begin(&r, 3), 1);
    while (gs_refine_due(&r) != UINT64_MAX)
        gs_refine_done(&r, gs_refine_due(&r), FEW, false, 0);
    assert_int_equal(gs_refine_begin(&r, 51), GS_REFINE_BEST);
    assert_int_equal(gs_refine_begin(&r, 9), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refine_silent_at_first),
        cmocka_unit_test(test_refine_gets_better_and_ends),
        cmocka_unit_test(test_refine_bounded),
        cmocka_unit_test(test_refine_converges),
        cmocka_unit_test(test_refine_rate),
        cmocka_unit_test(test_refine_short_of),
        cmocka_unit_test(test_refine_waits_for_rest),
        cmocka_unit_test(test_refine_quality_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
