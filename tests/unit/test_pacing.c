/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "common/clock.h"
#include "session/pacing.h"

#define MS GS_NS_PER_MS
#define START (1000 * GS_NS_PER_S)

/* Runs a loop of an application that draws in `draw` and a pipeline that needs `encode`, for n
 * frames; returns the duration. *ret_wait: the longest time that a commit waited for the encoder.
 */
static uint64_t run_loop(uint32_t fps, uint64_t draw, uint64_t encode, unsigned n,
                         uint64_t *ret_wait)
{
    struct gs_pacing p;
    uint64_t now = START, encoder_free = 0;

    *ret_wait = 0;
    gs_pacing_init(&p, fps);
    for (unsigned i = 0; i < n; i++) {
        uint64_t commit, at;

        now = gs_pacing_callback_at(&p, now);
        gs_pacing_callback_sent(&p, now);
        commit = now + draw;
        gs_pacing_committed(&p, commit);
        at = gs_pacing_capture_at(&p, commit > encoder_free ? commit : encoder_free);
        if (i > 32 && at - commit > *ret_wait)
            *ret_wait = at - commit;
        gs_pacing_captured(&p, at);
        encoder_free = at + encode;
        gs_pacing_encoded(&p, encode);
        now = at;
    }
    return now - START;
}

static void test_pacing_fast_app_runs_at_rate(void **state)
{
    uint64_t wait, took = run_loop(60, 1 * MS, 4 * MS, 600, &wait);

    (void)state;
    assert_in_range(took, 9900 * MS, 10100 * MS);
    assert_int_equal(wait, 0);
}

static void test_pacing_slow_encoder_commit_meets_it_free(void **state)
{
    uint64_t wait, took = run_loop(60, 5 * MS, 25 * MS, 400, &wait);

    (void)state;
    assert_in_range(took, 400 * 25 * MS - 100 * MS, 400 * 26 * MS);
    assert_true(wait < 1 * MS);
}

static void test_pacing_slow_app_overlaps_with_encoder(void **state)
{
    uint64_t wait, took = run_loop(60, 20 * MS, 15 * MS, 400, &wait);

    (void)state;
    /* Drawing and encoding overlap: the rate is that of the slower one. */
    assert_in_range(took, 400 * 19 * MS, 400 * 21 * MS);
    assert_true(wait < 1 * MS);
}

/* A burst in the beginning (first picture, IDR for a new receiver) uses up the tolerance of the
 * rate limit; the application's clock must move so that later commits do not wait for it for ever.
 */
static void test_pacing_commits_do_not_wait_after_a_burst(void **state)
{
    struct gs_pacing p;
    uint64_t now = START, worst = 0;

    (void)state;
    gs_pacing_init(&p, 60);
    gs_pacing_captured(&p, now);
    gs_pacing_captured(&p, now);
    for (unsigned i = 0; i < 300; i++) {
        uint64_t commit, at;

        now = gs_pacing_callback_at(&p, now);
        gs_pacing_callback_sent(&p, now);
        commit = now + 2 * MS + (i % 3) * MS;
        gs_pacing_committed(&p, commit);
        at = gs_pacing_capture_at(&p, commit);
        if (i >= 16 && at - commit > worst)
            worst = at - commit;
        gs_pacing_captured(&p, at);
        now = at;
    }
    assert_int_equal(worst, 0);
    assert_in_range(now - START, 4950 * MS, 5100 * MS);
}

static void test_pacing_after_pause_is_immediate(void **state)
{
    struct gs_pacing p;
    uint64_t now = START;

    (void)state;
    gs_pacing_init(&p, 60);
    gs_pacing_callback_sent(&p, now);
    gs_pacing_captured(&p, now);
    gs_pacing_encoded(&p, 4 * MS);
    now += 5 * GS_NS_PER_S;
    assert_int_equal(gs_pacing_capture_at(&p, now), now);
    gs_pacing_committed(&p, now); /* five seconds of silence are not drawing time */
    assert_int_equal(p.draw, 0);
    assert_int_equal(gs_pacing_callback_at(&p, now), now);
}

static void test_pacing_limits_captures_without_callbacks(void **state)
{
    struct gs_pacing p;
    uint64_t now = START;
    unsigned captured = 0;

    (void)state;
    gs_pacing_init(&p, 50);
    for (; now < START + 2 * GS_NS_PER_S; now += MS) {
        if (gs_pacing_capture_at(&p, now) > now)
            continue;
        gs_pacing_captured(&p, now);
        captured++;
    }
    assert_in_range(captured, 99, 102);
}

static void test_pacing_callback_never_before_now(void **state)
{
    struct gs_pacing p;

    (void)state;
    gs_pacing_init(&p, 0); /* taken as 1 */
    assert_int_equal(p.interval, GS_NS_PER_S);
    assert_int_equal(gs_pacing_callback_at(&p, START), START);
    gs_pacing_callback_sent(&p, START);
    assert_int_equal(gs_pacing_callback_at(&p, START + 1), START + GS_NS_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pacing_fast_app_runs_at_rate),
        cmocka_unit_test(test_pacing_slow_encoder_commit_meets_it_free),
        cmocka_unit_test(test_pacing_slow_app_overlaps_with_encoder),
        cmocka_unit_test(test_pacing_commits_do_not_wait_after_a_burst),
        cmocka_unit_test(test_pacing_after_pause_is_immediate),
        cmocka_unit_test(test_pacing_limits_captures_without_callbacks),
        cmocka_unit_test(test_pacing_callback_never_before_now),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
