/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the scheduler's policy wants the kernel to give of the processors, where software renders.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/scheduler.h"

#define MS GS_NS_PER_MS
#define MOST 4

/* Sessions that are at work all the time: each is charged what the test says, and draws a frame
 * each `frame_ms` as soon as it may. */
struct one {
    struct gs_sched_session *sched;
    double engines; /* that it uses */
    unsigned frame_ms;
    uint64_t ends; /* its frame; 0: it waits */
    uint32_t cpu_weight;
    bool granted;
};

static struct gs_sched *sched;
static struct one one[MOST];
static unsigned n;
static uint64_t now;

static void start(enum gs_sched_policy policy, uint32_t engines)
{
    const struct gs_sched_params params = {
        .policy = policy, .n_devices = 1, .device = {{.engines = engines}}};

    sched = gs_sched_create(&params);
    memset(one, 0, sizeof(one));
    n = 0;
    now = GS_NS_PER_S;
}

static int stop(void **state)
{
    (void)state;
    gs_sched_destroy(sched);
    sched = NULL;
    return 0;
}

static struct one *add(uint32_t weight, uint32_t floor_fps, bool weighed,
                       struct gs_sched_group *group, double engines)
{
    const struct gs_sched_settings set = {
        .weight = weight, .floor_fps = floor_fps, .fps = 240, .weighed = weighed};
    struct one *x = &one[n++];

    x->engines = engines;
    x->frame_ms = 10;
    x->sched = gs_sched_add(sched, 0, "x", &set, group, x, now);
    return x;
}

static void obey(void)
{
    struct gs_sched_order o;

    while (gs_sched_next(sched, now, &o)) {
        struct one *x = o.user;

        x->cpu_weight = o.cpu_weight;
        x->granted |= o.grant;
    }
}

static void draw(struct one *x)
{
    if (x->ends && now >= x->ends) {
        gs_sched_finished(x->sched, now);
        x->ends = 0;
    }
    if (!x->ends)
        gs_sched_want(x->sched, now);
    obey();
    if (x->granted)
        x->ends = now + x->frame_ms * MS;
    x->granted = false;
}

static void run(unsigned ms)
{
    for (; ms > 0; ms--) {
        now += MS;
        for (unsigned i = 0; i < n; i++)
            gs_sched_charge(one[i].sched, (uint64_t)(one[i].engines * MS), now);
        for (unsigned i = 0; i < n; i++)
            draw(&one[i]);
    }
}

static void assert_about(uint32_t value, double wanted)
{
    assert_in_range(value, (uint32_t)(0.9 * wanted), (uint32_t)(1.1 * wanted + 1));
}

static void test_as_weights_of_both_levels(void **state)
{
    (void)state;
    start(GS_SCHED_SHARES, 2);
    struct gs_sched_group *a = gs_sched_group_add(sched, 100), *b = gs_sched_group_add(sched, 300);

    add(100, 0, true, a, 0.25);
    add(100, 0, true, a, 0.25);
    add(200, 0, true, b, 1.5);
    run(2000);
    assert_about(one[0].cpu_weight, 50);
    assert_about(one[1].cpu_weight, 50);
    assert_about(one[2].cpu_weight, 300);
}

static void test_who_is_short_gets_more(void **state)
{
    (void)state;
    start(GS_SCHED_SHARES, 2);
    add(100, 0, true, NULL, 1.5);
    add(100, 0, true, NULL, 0.5);
    run(2000);
    assert_true(one[1].cpu_weight > 2 * one[0].cpu_weight);
    /* Both lack the same, as another program runs: that is forgotten. */
    one[0].engines = one[1].engines = 0.5;
    run(10000);
    assert_about(one[0].cpu_weight, 100);
    assert_about(one[1].cpu_weight, 100);
}

static void test_a_floor_comes_before_all_others(void **state)
{
    (void)state;
    start(GS_SCHED_SHARES, 2);
    add(100, 30, true, NULL, 0.25)->frame_ms = 40;
    add(400, 0, true, NULL, 0.8);
    add(400, 0, true, NULL, 0.8);
    run(1000);
    assert_true(one[0].cpu_weight > 2 * (one[1].cpu_weight + one[2].cpu_weight));
}

static void test_but_not_with_more_than_was_promised(void **state)
{
    (void)state;
    start(GS_SCHED_SHARES, 2);
    add(10, 30, true, NULL, 0.25)->frame_ms = 40;
    add(100, 0, true, NULL, 1);
    run(1000);
    assert_true(one[0].cpu_weight > 4 * one[1].cpu_weight);
    /* Twice as many frames as were promised. */
    one[0].frame_ms = 16;
    one[0].engines = 0.6;
    one[1].engines = 1.4;
    run(1000);
    assert_true(one[0].cpu_weight < one[1].cpu_weight);
}

static void test_only_what_can_be_weighed(void **state)
{
    (void)state;
    start(GS_SCHED_SHARES, 2);
    add(100, 0, false, NULL, 1);
    add(300, 0, true, NULL, 1);
    run(1000);
    assert_int_equal(one[0].cpu_weight, 0);
    assert_true(one[1].cpu_weight >= 300);
}

static void test_other_policies_leave_weights(void **state)
{
    (void)state;
    start(GS_SCHED_OFF, 2);
    add(100, 0, true, NULL, 1.9);
    add(300, 0, true, NULL, 0.1);
    run(1000);
    assert_int_equal(one[0].cpu_weight, 100);
    assert_int_equal(one[1].cpu_weight, 300);
    stop(state);
    start(GS_SCHED_EQUAL, 2);
    add(100, 0, true, NULL, 1);
    add(300, 0, true, NULL, 1);
    run(1000);
    assert_about(one[0].cpu_weight, one[1].cpu_weight);
}

static void test_weights_stay_in_bounds(void **state)
{
    (void)state;
    start(GS_SCHED_SHARES, 2);
    add(GS_SCHED_WEIGHT_MAX, 0, true, NULL, 1.8);
    add(GS_SCHED_WEIGHT_MAX / 10, 60, true, NULL, 0.18);
    add(1, 0, true, NULL, 0.02);
    run(1000);
    for (unsigned i = 0; i < n; i++)
        assert_in_range(one[i].cpu_weight, 1, GS_SCHED_WEIGHT_MAX);
    assert_true(one[0].cpu_weight > 100 * one[2].cpu_weight);
}

static void test_new_settings_are_told_anew(void **state)
{
    const struct gs_sched_settings set = {.weight = 300, .fps = 240, .weighed = true};

    (void)state;
    start(GS_SCHED_SHARES, 2);
    add(100, 0, true, NULL, 1);
    add(100, 0, true, NULL, 1);
    run(1000);
    assert_about(one[0].cpu_weight, 100);
    one[0].engines = 1.5;
    one[1].engines = 0.5;
    gs_sched_set(one[0].sched, &set, now);
    run(1000);
    assert_about(one[0].cpu_weight, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_as_weights_of_both_levels, stop),
        cmocka_unit_test_teardown(test_who_is_short_gets_more, stop),
        cmocka_unit_test_teardown(test_a_floor_comes_before_all_others, stop),
        cmocka_unit_test_teardown(test_but_not_with_more_than_was_promised, stop),
        cmocka_unit_test_teardown(test_only_what_can_be_weighed, stop),
        cmocka_unit_test_teardown(test_other_policies_leave_weights, stop),
        cmocka_unit_test_teardown(test_weights_stay_in_bounds, stop),
        cmocka_unit_test_teardown(test_new_settings_are_told_anew, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
