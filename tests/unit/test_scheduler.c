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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_weights_count_whatever_frames_cost, stop),
        cmocka_unit_test_teardown(test_alone_is_free, stop),
        cmocka_unit_test_teardown(test_light_ones_do_not_wait, stop),
        cmocka_unit_test_teardown(test_a_cap_holds_alone, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
