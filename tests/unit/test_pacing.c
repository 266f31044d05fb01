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
        gs_pacing_callback_sent(&p, now, false);
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
        gs_pacing_callback_sent(&p, now, false);
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
    gs_pacing_callback_sent(&p, now, false);
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
    gs_pacing_callback_sent(&p, START, false);
    assert_int_equal(gs_pacing_callback_at(&p, START + 1), START + 1); /* one more */
    gs_pacing_callback_sent(&p, START + 1, false);
    assert_int_equal(gs_pacing_callback_at(&p, START + 2), START + GS_NS_PER_S);
}

/* ---- Xwayland: what is drawn is not committed before the last commit's callback has come ---- */

#define STEP (GS_NS_PER_MS / 20)
#define LATE (2 * MS) /* a picture that waits longer than that */
#define ENCODE (4 * MS)

struct clocked {
    struct gs_pacing p;
    uint64_t period, next; /* the application's clock */
    uint64_t drawn, committed, encoder_free;
    bool pending, awaiting, dirty;
    unsigned captured, late;
};

static void clocked_draw(struct clocked *c, uint64_t now)
{
    if (now < c->next)
        return;
    c->pending = true;
    c->drawn = now;
    c->next += c->period;
}

static void clocked_capture(struct clocked *c, uint64_t now)
{
    c->dirty = false;
    c->encoder_free = now + ENCODE;
    gs_pacing_captured(&c->p, now);
    gs_pacing_encoded(&c->p, ENCODE);
    c->captured++;
    c->late += now - c->committed > LATE;
}

static void clocked_step(struct clocked *c, uint64_t now)
{
    clocked_draw(c, now);
    if (c->pending && !c->awaiting) {
        c->pending = false;
        c->awaiting = c->dirty = true;
        c->committed = c->drawn;
        gs_pacing_committed(&c->p, now);
    }
    if (c->dirty && now >= c->encoder_free && gs_pacing_capture_at(&c->p, now) <= now)
        clocked_capture(c, now);
    if (c->awaiting && !c->dirty && gs_pacing_callback_at(&c->p, now) <= now) {
        c->awaiting = false;
        gs_pacing_callback_sent(&c->p, now, true);
    }
}

/* Ten seconds of an application with this period, whose clock is `offset` away from the first
 * frames, after two for finding the phase. */
static void run_clocked(struct clocked *c, uint64_t period, uint64_t offset)
{
    uint64_t now = START;

    *c = (struct clocked){.period = period, .next = START + offset};
    gs_pacing_init(&c->p, 60);
    gs_pacing_captured(&c->p, now); /* the first picture, an IDR */
    gs_pacing_captured(&c->p, now);
    for (; now < START + 2 * GS_NS_PER_S; now += STEP)
        clocked_step(c, now);
    c->captured = c->late = 0;
    for (; now < START + 12 * GS_NS_PER_S; now += STEP)
        clocked_step(c, now);
}

static void test_pacing_same_rate_at_any_distance_does_not_wait(void **state)
{
    struct clocked c;

    (void)state;
    for (uint64_t offset = 0; offset < 17 * MS; offset += MS / 2) {
        run_clocked(&c, GS_NS_PER_S / 60, offset);
        assert_in_range(c.captured, 598, 601);
        assert_in_range(c.late, 0, 3);
    }
}

static void test_pacing_slower_clock_does_not_wait(void **state)
{
    struct clocked c;

    (void)state;
    run_clocked(&c, 17 * MS, 0);
    assert_in_range(c.captured, 586, 589);
    assert_in_range(c.late, 0, 3);
    run_clocked(&c, 20 * MS, 0);
    assert_in_range(c.captured, 499, 501);
    assert_int_equal(c.late, 0);
}

/* Of 625 pictures 25 are too many; few of the others wait, instead of nearly all. */
static void test_pacing_faster_clock_loses_frames_instead_of_waiting(void **state)
{
    struct clocked c;

    (void)state;
    run_clocked(&c, 16 * MS, 0);
    assert_in_range(c.captured, 590, 601);
    assert_in_range(c.late, 0, 100);
}

/* There is nothing to be gained by rests. */
static void test_pacing_much_faster_clock_keeps_the_rate(void **state)
{
    struct clocked c;

    (void)state;
    run_clocked(&c, 1 * MS, 0);
    assert_in_range(c.captured, 594, 601);
    assert_int_equal(c.late, 0);
}

/* The second flush of a toolkit that paints at rest waits for the encoder, not for a frame. */
static void test_pacing_after_pause_second_commit_waits_for_encoder_only(void **state)
{
    struct gs_pacing p;
    uint64_t now = START;

    (void)state;
    gs_pacing_init(&p, 60);
    gs_pacing_callback_sent(&p, now, true);
    gs_pacing_captured(&p, now);
    gs_pacing_encoded(&p, ENCODE);
    now += GS_NS_PER_S;
    gs_pacing_committed(&p, now);
    gs_pacing_captured(&p, now);
    assert_in_range(gs_pacing_callback_at(&p, now), now, now + ENCODE);
    now += ENCODE;
    gs_pacing_callback_sent(&p, now, true);
    gs_pacing_committed(&p, now);
    assert_int_equal(gs_pacing_capture_at(&p, now), now);
    gs_pacing_captured(&p, now);
    /* But not a third. */
    assert_true(gs_pacing_callback_at(&p, now) > now + p.interval / 2);
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
        cmocka_unit_test(test_pacing_same_rate_at_any_distance_does_not_wait),
        cmocka_unit_test(test_pacing_slower_clock_does_not_wait),
        cmocka_unit_test(test_pacing_faster_clock_loses_frames_instead_of_waiting),
        cmocka_unit_test(test_pacing_much_faster_clock_keeps_the_rate),
        cmocka_unit_test(test_pacing_after_pause_second_commit_waits_for_encoder_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
