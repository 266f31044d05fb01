/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scheduler's policy, case by case, on a made-up device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/sched_model.h"

#define SESSION(...) (&(struct gs_model_session){__VA_ARGS__})

static struct gs_model m;

static void start(enum gs_sched_policy policy, uint32_t engines)
{
    gs_model_init(&m, policy, engines, 0, 1);
}

static int stop(void **state)
{
    (void)state;
    gs_model_finish(&m);
    return 0;
}

static struct gs_model_session *add(uint32_t weight, const struct gs_model_session *what)
{
    return gs_model_add(&m, weight, what);
}

static struct gs_sched_info info(const struct gs_model_session *x)
{
    struct gs_sched_info ret;

    gs_sched_info(x->sched, m.now, &ret);
    return ret;
}

/* Least of used/weight, by the greatest. */
static double evenness(const uint32_t *weights, unsigned n, uint64_t ns)
{
    double before[GS_MODEL_MAX], least = 1e300, most = 0;

    for (unsigned i = 0; i < n; i++)
        before[i] = m.session[i].used;
    gs_model_run(&m, ns);
    for (unsigned i = 0; i < n; i++) {
        double part = (m.session[i].used - before[i]) / weights[i];

        least = GS_MIN(least, part);
        most = GS_MAX(most, part);
    }
    return least / most;
}

static void test_weights_count_whatever_frames_cost(void **state)
{
    static const double costs[][3] = {{5, 5, 5}, {1, 4, 16}, {16, 4, 1}};
    static const uint32_t weights[] = {100, 200, 400};

    for (unsigned i = 0; i < GS_ARRAY_SIZE(costs); i++) {
        for (uint32_t engines = 1; engines <= 2; engines++) {
            start(GS_SCHED_SHARES, engines);
            for (unsigned k = 0; k < 3; k++)
                add(weights[k], SESSION(.cost_ms = costs[i][k], .spread = 0.3));
            gs_model_run(&m, GS_NS_PER_S);
            assert_true(evenness(weights, 3, 10 * GS_NS_PER_S) >= 0.97);
            stop(state);
        }
    }
    start(GS_SCHED_SHARES, 1);
}

static void test_alone_is_free(void **state)
{
    (void)state;
    start(GS_SCHED_SHARES, 1);
    struct gs_model_session *x = add(100, SESSION(.cost_ms = 5));
    gs_model_run(&m, GS_NS_PER_S);
    assert_int_equal(x->flags, GS_GRANT_FREE);
    assert_int_equal(info(x).waits, 0);
    assert_true(m.idle < 0.01 * GS_NS_PER_S);
}

static void test_light_ones_do_not_wait(void **state)
{
    (void)state;
    start(GS_SCHED_SHARES, 1);
    for (unsigned i = 0; i < 4; i++)
        add(100, SESSION(.cost_ms = 1, .period_ms = 16.7));
    gs_model_run(&m, GS_NS_PER_S);
    for (unsigned i = 0; i < 4; i++)
        assert_true(m.session[i].frames >= 59);
}

static void test_a_cap_holds_alone(void **state)
{
    struct gs_sched_settings set = {.weight = 100, .cap_permille = 200, .fps = 60};

    (void)state;
    start(GS_SCHED_SHARES, 1);
    struct gs_model_session *x = gs_model_add_full(&m, &set, NULL, SESSION(.cost_ms = 5));
    gs_model_run(&m, 10 * GS_NS_PER_S);
    assert_true(x->used <= 2.01 * GS_NS_PER_S && x->used >= 1.98 * GS_NS_PER_S);
    assert_int_equal(x->flags & GS_GRANT_FREE, 0);
}

/* ---- call by call, without a device ---- */

#define MS GS_NS_PER_MS

static struct gs_sched_session *join(const char *name, uint32_t weight, uint32_t fps)
{
    struct gs_sched_settings set = {.weight = weight, .fps = fps};

    return gs_sched_add(m.sched, 0, name, &set, NULL, NULL, m.now);
}

/* Time passes, and what comes due happens. */
static void pass(uint64_t ns)
{
    uint64_t until = m.now + ns;
    struct gs_sched_order order;

    for (;;) {
        while (gs_sched_next(m.sched, m.now, &order))
            ;
        if (gs_sched_due(m.sched, m.now) >= until)
            break;
        m.now = gs_sched_due(m.sched, m.now);
    }
    m.now = until;
    while (gs_sched_next(m.sched, m.now, &order))
        ;
}

static struct gs_sched_info info_of(const struct gs_sched_session *x)
{
    struct gs_sched_info ret;

    gs_sched_info(x, m.now, &ret);
    return ret;
}

static void draw(struct gs_sched_session *x, uint64_t ns)
{
    gs_sched_want(x, m.now);
    pass(ns);
    gs_sched_charge(x, ns, m.now);
    gs_sched_finished(x, m.now);
}

static void test_a_lease_ends(void **state)
{
    (void)state;
    gs_model_init(&m, GS_SCHED_SHARES, 1, 1, 1);
    struct gs_sched_session *a = join("a", 100, 60), *b = join("b", 100, 60);
    gs_sched_want(a, m.now);
    pass(1 * MS);
    assert_int_equal(info_of(a).frames, 1);
    gs_sched_want(b, m.now);
    pass(30 * MS);
    assert_int_equal(info_of(b).frames, 0);
    pass(30 * MS);
    assert_int_equal(info_of(b).frames, 1);
    assert_int_equal(info_of(a).lapsed, 1);
    assert_int_equal(info_of(b).waits, 1);
}

static void test_a_miss_has_a_culprit(void **state)
{
    (void)state;
    gs_model_init(&m, GS_SCHED_SHARES, 1, 1, 1);
    struct gs_sched_session *heavy = join("heavy", 100, 60), *light = join("light", 100, 60);
    gs_sched_want(heavy, m.now);
    pass(1 * MS);
    gs_sched_want(light, m.now);
    pass(40 * MS);
    gs_sched_charge(heavy, 41 * MS, m.now);
    gs_sched_finished(heavy, m.now);
    pass(1 * MS);
    gs_sched_finished(light, m.now);
    assert_int_equal(info_of(light).misses, 1);
    assert_int_equal(info_of(light).n_culprits, 1);
    assert_string_equal(info_of(light).culprits[0].name, "heavy");
    /* It did not wait for anybody. */
    assert_string_equal(info_of(heavy).culprits[0].name, "heavy");
}

static void test_the_worst_culprits_are_kept(void **state)
{
    (void)state;
    gs_model_init(&m, GS_SCHED_SHARES, 1, 1, 1);
    struct gs_sched_session *light = join("light", 100, 60);
    for (unsigned i = 0; i < 20; i++) {
        char name[] = {'x', (char)('a' + i), 0};
        struct gs_sched_session *heavy = join(i % 2 ? "often" : name, 100, 60);

        gs_sched_want(heavy, m.now);
        pass(1 * MS);
        gs_sched_want(light, m.now);
        pass(40 * MS);
        gs_sched_finished(heavy, m.now);
        pass(1 * MS);
        gs_sched_finished(light, m.now);
        gs_sched_remove(heavy, m.now);
        pass(200 * MS);
    }
    assert_int_equal(info_of(light).n_culprits, GS_SCHED_CULPRITS_MAX);
    assert_string_equal(info_of(light).culprits[0].name, "often");
    assert_true(info_of(light).culprits[0].misses >= 9);
}

static void test_admission_counts(void **state)
{
    struct gs_sched_settings set = {.weight = 100, .fps = 60, .floor_fps = 60};
    struct gs_sched_admission a;

    (void)state;
    gs_model_init(&m, GS_SCHED_SHARES, 1, 0, 1);
    struct gs_sched_session *x = gs_sched_add(m.sched, 0, "x", &set, NULL, NULL, m.now);
    for (unsigned i = 0; i < 40; i++)
        draw(x, 5 * MS);
    gs_sched_admit(m.sched, -1, 60, 8 * MS, NULL, &a);
    assert_int_equal(a.promised_permille, 300);
    assert_int_equal(a.left_permille, 500);
    assert_int_equal(a.needed_permille, 480);
    assert_true(a.fits);
    gs_sched_admit(m.sched, 0, 60, 9 * MS, NULL, &a);
    assert_false(a.fits);
    gs_sched_admit(m.sched, 0, 60, 9 * MS, x, &a);
    assert_true(a.fits);
}

static void test_software_is_chosen_last(void **state)
{
    struct gs_sched_params params = {.n_devices = 3, .device = {{8, 0}, {1, 0}, {1, 0}}};

    (void)state;
    gs_model_init(&m, GS_SCHED_SHARES, 1, 0, 1);
    gs_sched_destroy(m.sched);
    m.sched = gs_sched_create(&params);
    assert_int_equal(gs_sched_place(m.sched, m.now), 1);
    struct gs_sched_settings set = {.weight = 100, .fps = 60};
    struct gs_sched_session *x = gs_sched_add(m.sched, 1, "x", &set, NULL, NULL, m.now);
    draw(x, 100 * MS);
    assert_int_equal(gs_sched_place(m.sched, m.now), 2);
}

/* ---- floors, police and policies, on the device ---- */

static void test_floors_step_down_by_weight(void **state)
{
    struct gs_sched_settings set = {.weight = 300, .fps = 60, .floor_fps = 60};

    (void)state;
    start(GS_SCHED_SHARES, 1);
    struct gs_model_session *a =
        gs_model_add_full(&m, &set, NULL, SESSION(.cost_ms = 8, .period_ms = 16.6));
    set.weight = 100;
    struct gs_model_session *b =
        gs_model_add_full(&m, &set, NULL, SESSION(.cost_ms = 8, .period_ms = 16.6));
    gs_model_run(&m, 5 * GS_NS_PER_S);
    assert_int_equal(info(a).floor_fps, 60);
    assert_int_equal(info(b).floor_fps, 30);
    b->cost_ms = 2;
    gs_model_run(&m, 5 * GS_NS_PER_S);
    assert_int_equal(info(b).floor_fps, 60);
}

static void test_a_hog_is_held_until_it_stops(void **state)
{
    (void)state;
    start(GS_SCHED_SHARES, 2);
    struct gs_model_session *nice = add(300, SESSION(.cost_ms = 5));
    struct gs_model_session *hog = add(100, SESSION(.cost_ms = 1, .hog = 6, .gone = true));
    gs_model_run(&m, 2 * GS_NS_PER_S);
    assert_true(info(hog).policed);
    assert_false(info(nice).policed);
    double before = nice->used, hogged = hog->used;
    gs_model_run(&m, 10 * GS_NS_PER_S);
    assert_true((nice->used - before) / (nice->used - before + hog->used - hogged) >= 0.73);
    hog->hog = 0;
    gs_model_run(&m, 3 * GS_NS_PER_S);
    assert_false(info(hog).policed);
    assert_int_equal(hog->flags & GS_GRANT_HOLD, 0);
}

static void test_a_hog_alone_is_left_alone(void **state)
{
    (void)state;
    start(GS_SCHED_SHARES, 1);
    struct gs_model_session *hog = add(100, SESSION(.hog = 1, .gone = true));
    gs_model_run(&m, 3 * GS_NS_PER_S);
    assert_false(info(hog).policed);
    assert_int_equal(hog->flags, GS_GRANT_FREE);
}

static void test_contention_is_told_and_ends(void **state)
{
    (void)state;
    start(GS_SCHED_SHARES, 1);
    struct gs_model_session *a = add(100, SESSION(.cost_ms = 10));
    struct gs_model_session *b = add(100, SESSION(.cost_ms = 10));
    gs_model_run(&m, GS_NS_PER_S);
    assert_int_equal(a->flags, GS_GRANT_CONTENDED);
    gs_model_leave(&m, b);
    gs_model_run(&m, GS_NS_PER_S / 5);
    assert_int_equal(a->flags, GS_GRANT_FREE);
}

static void test_presets(void **state)
{
    static const double most[] = {[GS_SCHED_EQUAL] = 0.5, [GS_SCHED_FIXED] = 0.25};

    for (int policy = GS_SCHED_EQUAL; policy <= GS_SCHED_FIXED; policy++) {
        start((enum gs_sched_policy)policy, 1);
        struct gs_model_session *x = add(100, SESSION(.cost_ms = 5));
        add(900, SESSION(.cost_ms = 5, .gone = true));
        gs_model_run(&m, 5 * GS_NS_PER_S);
        assert_true(x->used <= (most[policy] * 5 + 0.01) * GS_NS_PER_S);
        assert_true(x->used >= (most[policy] * 5 - 0.1) * GS_NS_PER_S);
        stop(state);
    }
    start(GS_SCHED_BEST_EFFORT, 1);
    add(100, SESSION(.cost_ms = 5));
    add(900, SESSION(.cost_ms = 5));
    gs_model_run(&m, GS_NS_PER_S);
    assert_true(evenness((const uint32_t[]){1, 1}, 2, GS_NS_PER_S) >= 0.95);
}

static void test_baselines(void **state)
{
    start(GS_SCHED_FRAME_LIMIT, 1);
    struct gs_model_session *x = add(100, SESSION(.cost_ms = 1));
    gs_model_run(&m, 5 * GS_NS_PER_S);
    assert_int_equal(x->max_fps, 60);
    assert_int_equal(x->flags, GS_GRANT_FREE);
    assert_in_range(x->frames, 295, 305);
    stop(state);
    start(GS_SCHED_SLEEP, 1);
    x = add(100, SESSION(.cost_ms = 1));
    gs_model_run(&m, 5 * GS_NS_PER_S);
    assert_int_equal(x->flags, 0);
    assert_in_range(x->frames, 290, 305);
    stop(state);
    start(GS_SCHED_OFF, 1);
    x = add(100, SESSION(.cost_ms = 1));
    add(100, SESSION(.cost_ms = 1));
    gs_model_run(&m, GS_NS_PER_S);
    assert_int_equal(x->flags, GS_GRANT_FREE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_weights_count_whatever_frames_cost, stop),
        cmocka_unit_test_teardown(test_alone_is_free, stop),
        cmocka_unit_test_teardown(test_light_ones_do_not_wait, stop),
        cmocka_unit_test_teardown(test_a_cap_holds_alone, stop),
        cmocka_unit_test_teardown(test_a_lease_ends, stop),
        cmocka_unit_test_teardown(test_a_miss_has_a_culprit, stop),
        cmocka_unit_test_teardown(test_the_worst_culprits_are_kept, stop),
        cmocka_unit_test_teardown(test_admission_counts, stop),
        cmocka_unit_test_teardown(test_software_is_chosen_last, stop),
        cmocka_unit_test_teardown(test_floors_step_down_by_weight, stop),
        cmocka_unit_test_teardown(test_a_hog_is_held_until_it_stops, stop),
        cmocka_unit_test_teardown(test_a_hog_alone_is_left_alone, stop),
        cmocka_unit_test_teardown(test_contention_is_told_and_ends, stop),
        cmocka_unit_test_teardown(test_presets, stop),
        cmocka_unit_test_teardown(test_baselines, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
