/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simulator of the scheduler, and what the policy must keep in it: time is simulated and chance
 * has seeds, so that every run gives the same. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/bench/sched-sim/study.h"

#define SEEDS 3
#define SECONDS 30

/* ---- chance and time ---- */

static void test_random_is_the_same_for_a_seed(void **state GS_UNUSED)
{
    struct sim_random a, b, c;
    double sum = 0, squares = 0;

    sim_random_init(&a, 1, 7);
    sim_random_init(&b, 1, 7);
    sim_random_init(&c, 2, 7);
    assert_true(sim_uniform(&a) == sim_uniform(&b));
    assert_false(sim_uniform(&a) == sim_uniform(&c));
    for (int i = 0; i < 20000; i++) {
        double x = sim_lognormal(&a, 10, 0.3);

        sum += x;
        squares += x * x;
    }
    sum /= 20000;
    assert_true(fabs(sum - 10) < 0.1);
    assert_true(fabs(sqrt(squares / 20000 - sum * sum) - 3.07) < 0.15);
}

static void note(void *arg, uint64_t tag)
{
    uint64_t *notes = arg;

    notes[notes[0] + 1] = tag;
    notes[0]++;
}

static void test_events_happen_in_order(void **state GS_UNUSED)
{
    struct sim_clock clock = {0};
    uint64_t notes[8] = {0};
    const uint64_t expected[] = {4, 1, 2, 3, 4};

    sim_clock_at(&clock, 30, note, notes, 4);
    sim_clock_at(&clock, 10, note, notes, 1);
    sim_clock_at(&clock, 20, note, notes, 2);
    sim_clock_at(&clock, 20, note, notes, 3);
    sim_clock_at(&clock, 50, note, notes, 5);
    sim_clock_run(&clock, 40);
    assert_memory_equal(notes, expected, sizeof(expected));
    assert_int_equal(clock.now, 40);
    sim_clock_finish(&clock);
}

/* ---- devices ---- */

struct job {
    struct sim_job job; /* first */
    const struct sim_clock *clock;
    uint64_t done_at;
};

static void job_done(struct sim_job *job)
{
    struct job *j = (struct job *)job;

    j->done_at = j->clock->now;
}

static struct job job_of(const struct sim_clock *clock, unsigned owner, double ns)
{
    return (struct job){
        .job = {.owner = owner, .left = ns, .threads = 2, .stoppable = true, .on_done = job_done},
        .clock = clock};
}

static void test_gpu_never_stops_a_frame(void **state GS_UNUSED)
{
    const struct sim_device_conf conf = {.kind = SIM_GPU, .engines = 1};
    struct sim_clock clock = {0};
    struct job a = job_of(&clock, 0, 1000), b = job_of(&clock, 1, 10),
               urgent = job_of(&clock, 2, 10);
    struct sim_device d;

    urgent.job.urgent = true;
    sim_device_init(&d, &conf, &clock);
    sim_device_submit(&d, &a.job);
    sim_clock_run(&clock, 100);
    sim_device_submit(&d, &b.job);
    sim_device_submit(&d, &urgent.job);
    sim_clock_run(&clock, 2000);
    assert_int_equal(a.done_at, 1000);
    assert_int_equal(urgent.done_at, 1010);
    assert_int_equal(b.done_at, 1020);
    assert_true(fabs(sim_device_used(&d, 0) - 1000) < 1);
    sim_device_finish(&d);
    sim_clock_finish(&clock);
}

static void test_gpu_in_turn(void **state GS_UNUSED)
{
    const struct sim_device_conf conf = {.kind = SIM_GPU, .engines = 1, .in_turn = true};
    struct sim_clock clock = {0};
    struct job a = job_of(&clock, 0, 100), more = job_of(&clock, 0, 100),
               b = job_of(&clock, 1, 100);
    struct sim_device d;

    sim_device_init(&d, &conf, &clock);
    sim_device_submit(&d, &a.job);
    sim_device_submit(&d, &more.job);
    sim_device_submit(&d, &b.job);
    sim_clock_run(&clock, 1000);
    assert_int_equal(b.done_at, 200);
    assert_int_equal(more.done_at, 300);
    sim_device_finish(&d);
    sim_clock_finish(&clock);
}

static void test_software_shares_processors(void **state GS_UNUSED)
{
    const struct sim_device_conf conf = {.kind = SIM_SOFTWARE, .engines = 2};
    struct sim_clock clock = {0};
    struct job a = job_of(&clock, 0, 1000), b = job_of(&clock, 1, 3000);
    struct sim_device d;

    sim_device_init(&d, &conf, &clock);
    sim_device_submit(&d, &a.job);
    sim_device_submit(&d, &b.job); /* each has one of two processors */
    sim_clock_run(&clock, 1500);
    assert_int_equal(a.done_at, 1000);
    sim_device_hold(&d, 1, true); /* 1000 + 2 × 500 done */
    sim_clock_run(&clock, 5000);
    assert_int_equal(b.done_at, 0);
    sim_device_hold(&d, 1, false);
    sim_clock_run(&clock, 6000);
    assert_int_equal(b.done_at, 5500);
    assert_true(fabs(sim_device_used(&d, 1) - 3000) < 1);
    sim_device_finish(&d);
    sim_clock_finish(&clock);
}

/* ---- the policy ---- */

static void run(const char *name, enum gs_sched_policy policy, struct sim_result *ret)
{
    static struct sim_scenario scenario;
    const struct sim_study study = {.seconds = SECONDS, .seeds = SEEDS, .first_seed = 1};

    for (unsigned i = 0; i < sim_n_scenarios; i++) {
        sim_scenario_build(i, SECONDS, &scenario);
        if (strcmp(scenario.name, name) == 0) {
            sim_study_one(&study, &scenario, policy, ret);
            return;
        }
    }
    fail_msg("there is no scenario %s", name);
}

static void test_a_seed_gives_the_same(void **state GS_UNUSED)
{
    struct sim_result a, b;

    run("e1-wild", GS_SCHED_SHARES, &a);
    run("e1-wild", GS_SCHED_SHARES, &b);
    assert_int_equal(a.metrics.start_ms->len, b.metrics.start_ms->len);
    assert_memory_equal(a.metrics.start_ms->data, b.metrics.start_ms->data,
                        a.metrics.start_ms->len * sizeof(float));
    assert_true(json_equal(a.shares, b.shares));
    sim_result_finish(&a);
    sim_result_finish(&b);
}

/* What there is to be seen without a scheduler: a third for each, whatever the weights. */
static void test_without_a_scheduler(void **state GS_UNUSED)
{
    struct sim_result r;

    run("e1-equal", GS_SCHED_OFF, &r);
    assert_true(fabs(sim_quantile(r.metrics.error[SIM_10S], 0.5) - (400 / 7.0 - 100 / 3.0)) < 1.5);
    sim_result_finish(&r);
    run("e2-greedy", GS_SCHED_OFF, &r);
    assert_true(sim_floors_missed(&r.metrics) > 40);
    sim_result_finish(&r);
}

struct bound {
    const char *scenario;
    double error_1s, error_10s, min_max; /* points; points; least */
};

/* Not what is reached (docs/performance.md), but what no change may lose. */
static const struct bound bounds[] = {
    {"e1-equal", 3.5, 0.5, 0.97},
    {"e1-costs", 4.5, 0.7, 0.97},
    {"e1-costs-against", 10, 1.5, 0.90},
    {"e1-greedy", 3.5, 0.6, 0.96},
    {"e1-ahead", 4.5, 0.7, 0.96},
    {"e1-software", 2, 0.5, 0.97},
    {"e1-software-costs", 4.5, 0.8, 0.96},
    {"e1-software-greedy", 5, 0.8, 0.94},
    {"e1-weighed", 2, 0.5, 0.97},
    {"e1-weighed-costs", 3.5, 0.6, 0.97},
    {"e1-weighed-serial", 3, 0.6, 0.97},
    {"e1-hog", 5, 0.8, 0.95},
    {"e1-hog-software", 3, 0.5, 0.97},
    {"e3-join-leave", 3.5, 0.5, 0.97},
    {"e3-weights", 3.5, 0.5, 0.97},
    {"e5-thinking", 3.5, 0.5, 0.97},
    {"groups", 3.5, 0.5, 0.97},
    {"caps", 3.5, 0.5, 0.97},
};

static void check_bound(const struct bound *b)
{
    struct sim_result r;
    struct sim_metrics *m = &r.metrics;
    double error_1s, error_10s = 0, min_max = 1, used;

    run(b->scenario, GS_SCHED_SHARES, &r);
    error_1s = sim_quantile(m->error[SIM_1S], 1);
    if (m->min_max->len > 0) {
        error_10s = sim_quantile(m->error[SIM_10S], 1);
        min_max = sim_quantile(m->min_max, 0);
    }
    used = sim_utilisation(m);
    print_message("%-20s error %5.2f %5.2f points, min/max %.3f, used %5.1f %%\n", b->scenario,
                  error_1s, error_10s, min_max, used);
    sim_result_finish(&r);
    assert_true(error_1s <= b->error_1s);
    assert_true(error_10s <= b->error_10s);
    assert_true(min_max >= b->min_max);
    assert_true(used > 96);
}

static void test_shares_are_kept(void **state GS_UNUSED)
{
    for (size_t i = 0; i < GS_ARRAY_SIZE(bounds); i++)
        check_bound(&bounds[i]);
}

static void test_floors_and_caps_are_kept(void **state GS_UNUSED)
{
    static const char *const floors[] = {"e2-greedy", "e2-hog", "e2-software", "e2-weighed",
                                         "e2-weighed-hog"};
    struct sim_result r;

    for (size_t i = 0; i < GS_ARRAY_SIZE(floors); i++) {
        run(floors[i], GS_SCHED_SHARES, &r);
        assert_true(r.metrics.floor_windows > 0);
        assert_true(sim_floors_missed(&r.metrics) <= 1);
        sim_result_finish(&r);
    }
    run("caps", GS_SCHED_SHARES, &r);
    assert_true(r.metrics.cap_windows > 0);
    assert_true(sim_caps_missed(&r.metrics) <= 1);
    sim_result_finish(&r);
}

static void test_joins_and_weights_settle(void **state GS_UNUSED)
{
    static const char *const changing[] = {"e3-join-leave", "e3-weights"};
    struct sim_result r;

    for (size_t i = 0; i < GS_ARRAY_SIZE(changing); i++) {
        run(changing[i], GS_SCHED_SHARES, &r);
        assert_true(r.metrics.settle_s->len > 0);
        assert_true(sim_quantile(r.metrics.settle_s, 1) <= 0.5);
        sim_result_finish(&r);
    }
}

/* What nobody else wants is had by who does, and one alone pays nothing. */
static void test_nothing_is_left_unused(void **state GS_UNUSED)
{
    static const char *const full[] = {"e5-idle", "e5-pending", "e6-alone", "e6-four"};
    struct sim_result r;

    for (size_t i = 0; i < GS_ARRAY_SIZE(full); i++) {
        run(full[i], GS_SCHED_SHARES, &r);
        assert_true(sim_utilisation(&r.metrics) > 97);
        sim_result_finish(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_is_the_same_for_a_seed),
        cmocka_unit_test(test_events_happen_in_order),
        cmocka_unit_test(test_gpu_never_stops_a_frame),
        cmocka_unit_test(test_gpu_in_turn),
        cmocka_unit_test(test_software_shares_processors),
        cmocka_unit_test(test_a_seed_gives_the_same),
        cmocka_unit_test(test_without_a_scheduler),
        cmocka_unit_test(test_shares_are_kept),
        cmocka_unit_test(test_floors_and_caps_are_kept),
        cmocka_unit_test(test_joins_and_weights_settle),
        cmocka_unit_test(test_nothing_is_left_unused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
