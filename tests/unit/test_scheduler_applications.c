/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scheduler's policy with what applications and their workers really do: draw before they ask,
 * ask late, have nothing to draw. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/sched_model.h"

#define MS GS_NS_PER_MS
#define SESSION(...) (&(struct gs_model_session){__VA_ARGS__})

/* ---- a heavy one whose worker is slow to ask ---- */

static double part_of_the_heaviest(double think_ms)
{
    static struct gs_model m;
    double used;

    gs_model_init(&m, GS_SCHED_SHARES, 2, 0, 1);
    m.meter = 20 * MS;
    gs_model_add(&m, 100, SESSION(.cost_ms = 2));
    gs_model_add(&m, 200, SESSION(.cost_ms = 8));
    gs_model_add(&m, 400, SESSION(.cost_ms = 32, .think_ms = think_ms));
    gs_model_run(&m, 10 * GS_NS_PER_S);
    used = m.session[2].used / (m.session[0].used + m.session[1].used + m.session[2].used);
    gs_model_finish(&m);
    return used;
}

static void test_a_short_absence_takes_nothing_away(void **state)
{
    (void)state;
    print_message("of 0.571: %.3f, with 7 ms between its frames %.3f\n", part_of_the_heaviest(0),
                  part_of_the_heaviest(7));
    assert_true(part_of_the_heaviest(0) > 0.55);
    assert_true(part_of_the_heaviest(7) > 0.55);
}

/* ---- one that was let go on and draws nothing ---- */

struct two {
    struct gs_sched *sched;
    struct gs_sched_session *idle, *busy;
    uint64_t now;
    bool idle_granted, busy_granted;
};

static void obey(struct two *t)
{
    struct gs_sched_order o;

    while (gs_sched_next(t->sched, t->now, &o)) {
        if (o.user == &t->idle)
            t->idle_granted |= o.grant;
        else
            t->busy_granted |= o.grant;
    }
}

/* Milliseconds until the busy one may go on; both are measured each millisecond. */
static unsigned wait_for_busy(struct two *t)
{
    unsigned ms = 0;

    t->busy_granted = false;
    gs_sched_want(t->busy, t->now);
    obey(t);
    while (!t->busy_granted && ms < 300) {
        ms++;
        t->now += MS;
        gs_sched_charge(t->idle, 0, t->now);
        gs_sched_charge(t->busy, 0, t->now);
        obey(t);
    }
    return ms;
}

/* A frame of 10 ms. How long it had to wait. */
static unsigned draw_busy(struct two *t)
{
    unsigned waited = wait_for_busy(t);

    t->now += 10 * MS;
    gs_sched_charge(t->busy, 10 * MS, t->now);
    gs_sched_charge(t->idle, 0, t->now);
    gs_sched_finished(t->busy, t->now);
    obey(t);
    return waited;
}

static void test_nobody_waits_for_one_that_draws_nothing(void **state)
{
    const struct gs_sched_params params = {
        .policy = GS_SCHED_SHARES, .n_devices = 1, .device = {{.engines = 1, .depth = 2}}};
    const struct gs_sched_settings set = {.weight = 100, .fps = 60};
    struct two t = {.now = GS_NS_PER_S};
    unsigned longest = 0;

    (void)state;
    t.sched = gs_sched_create(&params);
    t.idle = gs_sched_add(t.sched, 0, "idle", &set, NULL, &t.idle, t.now);
    t.busy = gs_sched_add(t.sched, 0, "busy", &set, NULL, &t.busy, t.now);
    obey(&t);
    for (unsigned i = 0; i < 20; i++)
        longest = GS_MAX(longest, draw_busy(&t));
    for (unsigned i = 0; i < 10; i++) {
        /* Its callback is pending, so it asks; it is let go on, and has nothing to draw. */
        t.idle_granted = false;
        gs_sched_want(t.idle, t.now);
        obey(&t);
        for (unsigned k = 0; k < 20; k++)
            longest = GS_MAX(longest, draw_busy(&t));
        assert_true(t.idle_granted);
        gs_sched_finished(t.idle, t.now);
    }
    print_message("longest wait %u ms\n", longest);
    assert_true(longest <= 5);
    gs_sched_destroy(t.sched);
}

/* ---- Mesa's software: hands over what it drew, and draws the next one ---- */

#define DRAWS_MS 30 /* with both processors */

struct mesa {
    struct gs_sched *sched;
    struct gs_sched_session *x[2];
    uint64_t now;
    unsigned left_ms[2]; /* to draw */
    bool granted[2];
};

static void mesa_obey(struct mesa *m)
{
    struct gs_sched_order o;

    while (gs_sched_next(m->sched, m->now, &o))
        m->granted[o.user == &m->left_ms[1]] |= o.grant;
}

/* Half a millisecond, in which what draws has the processors, in equal parts. */
static void mesa_step(struct mesa *m)
{
    unsigned drawing = (m->left_ms[0] > 0) + (m->left_ms[1] > 0);

    m->now += MS / 2;
    for (unsigned i = 0; i < 2; i++) {
        bool draws = m->left_ms[i] > 0;

        gs_sched_charge(m->x[i], draws ? MS / drawing : 0, m->now);
        m->left_ms[i] -= draws;
    }
    mesa_obey(m);
}

/* Wants a frame; how long until it may, ms. What it draws then takes so long. */
static double mesa_frame(struct mesa *m, unsigned i, unsigned draw_ms)
{
    uint64_t from = m->now;

    m->granted[i] = false;
    gs_sched_want(m->x[i], m->now);
    mesa_obey(m);
    while (!m->granted[i] && m->now - from < 300 * MS)
        mesa_step(m);
    gs_sched_finished(m->x[i], m->now);
    m->left_ms[i] = 2 * draw_ms;
    mesa_obey(m);
    return (double)(m->now - from) / (double)MS;
}

static void mesa_finish_drawing(struct mesa *m)
{
    while (m->left_ms[0] || m->left_ms[1])
        mesa_step(m);
    for (unsigned i = 0; i < 10; i++)
        mesa_step(m);
}

static void mesa_start(struct mesa *m)
{
    const struct gs_sched_params params = {
        .policy = GS_SCHED_SHARES, .n_devices = 1, .device = {{.engines = 2}}};
    const struct gs_sched_settings set = {.weight = 100, .fps = 240, .weighed = true};

    *m = (struct mesa){.now = GS_NS_PER_S};
    m->sched = gs_sched_create(&params);
    for (unsigned i = 0; i < 2; i++)
        m->x[i] = gs_sched_add(m->sched, 0, "x", &set, NULL, &m->left_ms[i], m->now);
    mesa_obey(m);
    for (unsigned i = 0; i < 20; i++) {
        mesa_frame(m, i % 2, DRAWS_MS);
        mesa_finish_drawing(m);
    }
}

static void test_a_frame_keeps_its_place_while_it_is_drawn(void **state)
{
    struct mesa m;
    double waited;

    (void)state;
    mesa_start(&m);
    mesa_frame(&m, 0, DRAWS_MS);
    waited = mesa_frame(&m, 1, DRAWS_MS);
    print_message("the other waited %.1f of %u ms\n", waited, DRAWS_MS);
    assert_true(waited > DRAWS_MS / 2.0);
    assert_true(waited < DRAWS_MS);
    gs_sched_destroy(m.sched);
}

static void test_and_no_longer_than_that(void **state)
{
    struct mesa m;
    double waited;

    (void)state;
    mesa_start(&m);
    mesa_frame(&m, 0, 0);
    waited = mesa_frame(&m, 1, DRAWS_MS);
    print_message("the other waited %.1f ms\n", waited);
    assert_true(waited <= 2);
    gs_sched_destroy(m.sched);
}

/* It asks for its next frame while it draws, and gets it: then it does not stand still between. */
static void test_who_goes_on_may_be_next(void **state)
{
    struct mesa m;

    (void)state;
    mesa_start(&m);
    mesa_frame(&m, 0, DRAWS_MS);
    mesa_step(&m);
    assert_true(mesa_frame(&m, 0, DRAWS_MS) < 1);
    gs_sched_destroy(m.sched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_short_absence_takes_nothing_away),
        cmocka_unit_test(test_nobody_waits_for_one_that_draws_nothing),
        cmocka_unit_test(test_a_frame_keeps_its_place_while_it_is_drawn),
        cmocka_unit_test(test_and_no_longer_than_that),
        cmocka_unit_test(test_who_goes_on_may_be_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
