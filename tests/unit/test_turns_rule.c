/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/grant_page.h"
#include "session/turns_rule.h"

#define MS GS_NS_PER_MS
#define T0 (1000 * GS_NS_PER_S)

/* ---- alone ---- */

/* So many frames a second, the last one at T0. */
static void draw(struct gs_turns_alone *a, unsigned fps)
{
    for (unsigned i = 0; i < 2 * fps; i++)
        gs_turns_alone_started(a, T0 - (2 * fps - 1 - i) * (GS_NS_PER_S / fps));
}

/* Lets frames start as soon as they may for a second, each asked for at once. How many. */
static unsigned run_alone(struct gs_turns_alone *a, uint64_t heartbeat, uint64_t from)
{
    uint64_t since = from, now;
    unsigned n = 0;

    for (;; n++, since = now) {
        now = gs_turns_alone_due(a, since, heartbeat);
        if (now >= from + GS_NS_PER_S)
            return n;
        assert_true(now >= since);
        gs_turns_alone_go(a, since, heartbeat, now);
    }
}

static void test_patience(void **state)
{
    struct gs_turns_alone a = {0};

    (void)state;
    draw(&a, 20);
    /* Since the frame was asked for, and since the host last lived. */
    assert_int_equal(gs_turns_alone_due(&a, T0, T0 - 500 * MS), T0 + 100 * MS);
    assert_int_equal(gs_turns_alone_due(&a, T0, T0 + 30 * MS), T0 + 130 * MS);
}

static void test_last_rate(void **state)
{
    struct gs_turns_alone a = {0};
    unsigned n;

    (void)state;
    draw(&a, 20);
    gs_turns_alone_go(&a, T0, T0, T0 + 100 * MS);
    n = run_alone(&a, T0, T0 + 100 * MS);
    assert_in_range(n, 19, 20);
}

static void test_most_and_least(void **state)
{
    struct gs_turns_alone fast = {0}, slow = {0}, new = {0};

    (void)state;
    draw(&fast, 60);
    gs_turns_alone_go(&fast, T0, T0, T0 + 100 * MS);
    assert_in_range(run_alone(&fast, T0, T0 + 100 * MS), 29, 30);
    draw(&slow, 1);
    gs_turns_alone_go(&slow, T0, T0, T0 + 100 * MS);
    assert_in_range(run_alone(&slow, T0, T0 + 100 * MS), 4, 5);
    gs_turns_alone_go(&new, T0, T0, T0 + 100 * MS);
    assert_in_range(run_alone(&new, T0, T0 + 100 * MS), 29, 30);
}

/* The rate is that of before: waiting does not lower it, nor does being alone for long. */
static void test_keeps_the_rate(void **state)
{
    struct gs_turns_alone a = {0};

    (void)state;
    draw(&a, 20);
    gs_turns_alone_go(&a, T0, T0, T0 + 100 * MS);
    for (unsigned s = 0; s < 5; s++)
        assert_in_range(run_alone(&a, T0, T0 + 100 * MS + s * GS_NS_PER_S), 19, 21);
}

static void test_host_comes_back(void **state)
{
    struct gs_turns_alone a = {0};
    uint64_t now = T0 + 100 * MS;

    (void)state;
    draw(&a, 20);
    gs_turns_alone_go(&a, T0, T0, now);
    assert_true(gs_turns_alone_due(&a, now, T0) <= now + 50 * MS);
    /* A heartbeat: it is asked again, and waited for. */
    assert_int_equal(gs_turns_alone_due(&a, now, now + 5 * MS), now + 105 * MS);
}

/* One that has slept does not catch up. */
static void test_no_burst(void **state)
{
    struct gs_turns_alone a = {0};
    uint64_t now = T0 + 5000 * MS;

    (void)state;
    draw(&a, 20);
    gs_turns_alone_go(&a, T0, T0, T0 + 100 * MS);
    gs_turns_alone_go(&a, now, T0, now);
    assert_int_equal(gs_turns_alone_due(&a, now, T0), now + 25 * MS);
}

/* ---- held ---- */

static void test_hold(void **state)
{
    struct gs_turns_hold h = {0};

    (void)state;
    assert_int_equal(gs_turns_hold_due(&h, false, T0, T0), UINT64_MAX);
    assert_true(gs_turns_hold_look(&h, true, T0, T0 + 1));
    assert_true(gs_turns_hold_look(&h, true, T0, T0 + 20 * MS));
    assert_false(gs_turns_hold_look(&h, false, T0, T0 + 30 * MS));
    assert_true(gs_turns_hold_look(&h, true, T0, T0 + 40 * MS));
}

static void test_hold_ends_with_the_heartbeat(void **state)
{
    struct gs_turns_hold h = {0};

    (void)state;
    assert_true(gs_turns_hold_look(&h, true, T0, T0));
    assert_int_equal(gs_turns_hold_due(&h, true, T0, T0), T0 + 100 * MS);
    assert_false(gs_turns_hold_look(&h, true, T0, T0 + 100 * MS));
    assert_int_equal(gs_turns_hold_due(&h, true, T0, T0 + 100 * MS), UINT64_MAX);
    /* For ever, as long as nothing new is heard. */
    assert_false(gs_turns_hold_look(&h, true, T0, T0 + GS_NS_PER_S));
    assert_true(gs_turns_hold_look(&h, true, T0 + GS_NS_PER_S, T0 + GS_NS_PER_S));
}

/* Whatever the host says: no longer than that, and then the application gets something. */
static void test_hold_at_most(void **state)
{
    struct gs_turns_hold h = {0};
    uint64_t held = 0, longest = 0;

    (void)state;
    for (uint64_t now = T0; now < T0 + GS_NS_PER_S; now += MS) {
        held = gs_turns_hold_look(&h, true, now, now) ? held + MS : 0;
        longest = GS_MAX(longest, held);
    }
    assert_int_equal(longest, 250 * MS);
    assert_int_equal(h.since, T0 + 3 * 260 * MS);
}

static void test_hold_due_in_pause(void **state)
{
    struct gs_turns_hold h = {0};
    uint64_t end = T0 + 250 * MS;

    (void)state;
    assert_true(gs_turns_hold_look(&h, true, T0, T0));
    assert_int_equal(gs_turns_hold_due(&h, true, T0 + 240 * MS, T0), end);
    assert_false(gs_turns_hold_look(&h, true, end, end));
    assert_int_equal(gs_turns_hold_due(&h, true, end, end), end + 10 * MS);
    assert_true(gs_turns_hold_look(&h, true, end, end + 10 * MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patience),
        cmocka_unit_test(test_last_rate),
        cmocka_unit_test(test_most_and_least),
        cmocka_unit_test(test_keeps_the_rate),
        cmocka_unit_test(test_host_comes_back),
        cmocka_unit_test(test_no_burst),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_hold_ends_with_the_heartbeat),
        cmocka_unit_test(test_hold_at_most),
        cmocka_unit_test(test_hold_due_in_pause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
