/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the scheduler keeps, whoever shares: by seed, on a made-up device. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/scheduler_internal.h"
#include "tests/support/sched_model.h"

#define SEEDS 12
#define TENTHS 100 /* of a second */

static struct gs_model m;

static uint32_t pick(uint32_t below)
{
    return gs_model_random(&m, below);
}

/* ---- what always holds ---- */

struct watch {
    double low;
};

static void check_places(const struct gs_sched_dev *d)
{
    unsigned in_flight = 0, fills = 0;

    for (const struct gs_sched_session *x = d->sessions; x; x = x->next) {
        in_flight += ((x->flying || x->going_on) && !x->lapsed) + x->turn;
        fills += x->fill;
    }
    assert_int_equal(in_flight, d->in_flight);
    assert_int_equal(fills, d->fills);
}

/* Nobody waits for a place while there is one, and nobody in his way. */
static void check_conserving(const struct gs_sched_dev *d, uint64_t now)
{
    bool expected = false, waits = false;

    for (const struct gs_sched_session *x = d->sessions; x; x = x->next) {
        waits = waits || x->blocked;
        expected = expected || now < x->back_by;
    }
    assert_true(!waits || d->in_flight > 0 || expected);
}

static void check_flags(const struct gs_sched_dev *d)
{
    bool waits = false;

    for (const struct gs_sched_session *x = d->sessions; x; x = x->next)
        waits = waits || (x->blocked && !x->policed);
    for (const struct gs_sched_session *x = d->sessions; x; x = x->next)
        assert_true(!waits || x->policed || !(x->flags & GS_GRANT_FREE));
}

static void check_all(struct gs_model *model, void *user)
{
    const struct gs_sched_dev *d = &model->sched->dev[0];
    struct watch *watch = user;

    check_places(d);
    check_conserving(d, model->now);
    check_flags(d);
    assert_true(d->low >= watch->low);
    watch->low = d->low;
    for (const struct gs_sched_session *x = d->sessions; x; x = x->next) {
        assert_true(isfinite(x->v) && isfinite(x->queue->v) && x->open > -1);
        assert_true(!x->blocked || model->now <= gs_sched_starves_at(x));
    }
}

static void begin(uint32_t engines, uint64_t seed, struct watch *watch)
{
    *watch = (struct watch){0};
    gs_model_init(&m, GS_SCHED_SHARES, engines, 0, seed);
    m.step = check_all;
    m.user = watch;
}

/* ---- shares ---- */

static void add_saturating(uint32_t *weights, unsigned n, double engines)
{
    double sum = 0;

    for (unsigned i = 0; i < n; i++) {
        weights[i] = 100 * (1 + pick(8));
        sum += weights[i];
    }
    for (unsigned i = 0; i < n; i++) {
        /* Its turn comes before it counts as starved. */
        double most = 150 * engines * weights[i] / sum, cost = 0.3 + pick(200) / 10.0;

        gs_model_add(&m, weights[i],
                     &(struct gs_model_session){.cost_ms = fmin(cost, most), .spread = 0.4});
    }
}

static void check_shares(const uint32_t *weights, unsigned n, double most)
{
    double before[GS_MODEL_MAX], used = 0, sum = 0;

    for (unsigned i = 0; i < n; i++)
        before[i] = m.session[i].used;
    gs_model_run(&m, 10 * GS_NS_PER_S);
    for (unsigned i = 0; i < n; i++) {
        used += m.session[i].used - before[i];
        sum += weights[i];
    }
    for (unsigned i = 0; i < n; i++)
        assert_true(fabs((m.session[i].used - before[i]) / used - weights[i] / sum) <= most);
}

static void test_shares_follow_weights(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint32_t weights[6];
        struct watch watch;
        unsigned n;

        begin(1 + seed % 2, seed, &watch);
        n = 2 + pick(5);
        add_saturating(weights, n, m.engines);
        gs_model_run(&m, GS_NS_PER_S);
        m.idle = 0;
        check_shares(weights, n, 0.006);
        /* And nothing is left over. */
        assert_true(m.idle <= 0.01 * m.engines * 10 * GS_NS_PER_S);
        gs_model_finish(&m);
    }
}

static void test_changes_settle(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint32_t weights[3] = {100, 100, 100};
        struct watch watch;

        begin(1 + seed % 2, seed, &watch);
        for (unsigned i = 0; i < 3; i++)
            gs_model_add(&m, 100, &(struct gs_model_session){.cost_ms = 1 + pick(8)});
        gs_model_run(&m, 2 * GS_NS_PER_S);
        weights[pick(3)] = 100 * (2 + pick(4));
        for (unsigned i = 0; i < 3; i++) {
            struct gs_sched_settings set = {.weight = weights[i], .fps = 60};

            gs_sched_set(m.session[i].sched, &set, m.now);
        }
        gs_model_run(&m, GS_NS_PER_S / 2);
        check_shares(weights, 3, 0.006);
        gs_model_finish(&m);
    }
}

static void test_groups_weigh_together(void **state)
{
    struct gs_sched_settings set = {.weight = 100, .fps = 60};

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct gs_sched_group *g;
        struct watch watch;
        double group;

        begin(1 + seed % 2, seed, &watch);
        g = gs_sched_group_add(m.sched, 100);
        /* One of the group uses next to nothing: the other has what it leaves. */
        gs_model_add_full(&m, &set, g, &(struct gs_model_session){.cost_ms = 1, .period_ms = 50});
        gs_model_add_full(&m, &set, g, &(struct gs_model_session){.cost_ms = 1 + pick(8)});
        gs_model_add_full(&m, &set, NULL, &(struct gs_model_session){.cost_ms = 1 + pick(8)});
        gs_model_run(&m, 10 * GS_NS_PER_S);
        group = m.session[0].used + m.session[1].used;
        assert_true(fabs(group / (group + m.session[2].used) - 0.5) <= 0.01);
        gs_model_finish(&m);
    }
}

/* ---- nobody waits too long ---- */

static void test_light_ones_wait_for_one_frame(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        double heavy;
        struct watch watch;

        begin(1, seed, &watch);
        heavy = 5 + pick(20);
        for (unsigned i = 0; i < 3; i++)
            gs_model_add(&m, 100, &(struct gs_model_session){.cost_ms = heavy, .spread = 0.1});
        gs_model_add(&m, 100, &(struct gs_model_session){.cost_ms = 1, .period_ms = 17 + pick(80)});
        gs_model_run(&m, 20 * GS_NS_PER_S);
        assert_true(gs_model_wait_ms(&m.session[3], 0.99) <= 1.1 * heavy + 3);
        gs_model_finish(&m);
    }
}

static void test_nobody_starves(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct watch watch;

        begin(1, seed, &watch);
        for (unsigned i = 0; i < 12; i++)
            gs_model_add(&m, 1 + pick(1000), &(struct gs_model_session){.cost_ms = 1 + pick(60)});
        /* check_all looks. */
        gs_model_run(&m, 5 * GS_NS_PER_S);
        gs_model_finish(&m);
    }
}

static void test_who_waits_for_processors_is_no_obstacle(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct watch watch;

        begin(1, seed, &watch);
        gs_model_add(&m, 100, &(struct gs_model_session){.cost_ms = 1 + pick(12)});
        gs_model_add(&m, 800, &(struct gs_model_session){.cost_ms = 1, .cpu_ms = 9 + pick(20)});
        gs_model_run(&m, GS_NS_PER_S);
        m.idle = 0;
        gs_model_run(&m, 10 * GS_NS_PER_S);
        assert_true(m.idle <= 0.15 * 10 * GS_NS_PER_S);
        gs_model_finish(&m);
    }
}

/* ---- caps and floors ---- */

static void test_caps_hold_in_every_second(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct gs_sched_settings set = {.weight = 100, .fps = 60};
        double used[TENTHS + 1], cost;
        struct watch watch;

        begin(1 + seed % 2, seed, &watch);
        set.cap_permille = 50 + pick(600);
        cost = 1 + pick(15);
        gs_model_add_full(&m, &set, NULL,
                          &(struct gs_model_session){.cost_ms = cost, .spread = 0.5});
        if (pick(2))
            gs_model_add(&m, 100, &(struct gs_model_session){.cost_ms = 4});
        for (unsigned i = 0; i <= TENTHS; i++) {
            used[i] = m.session[0].used;
            gs_model_run(&m, GS_NS_PER_S / 10);
            if (i >= 10)
                assert_true(used[i] - used[i - 10] <=
                            set.cap_permille * m.engines * 1.02 * GS_NS_PER_MS +
                                1.5 * cost * GS_NS_PER_MS);
        }
        gs_model_finish(&m);
    }
}

/* As many floors as are admitted, beside heavy ones. */
static unsigned add_floors(double heaviest_ms)
{
    unsigned n = 0;

    while (n < 8) {
        static const uint32_t floors[] = {24, 30, 45, 60};
        uint32_t floor = floors[pick(4)];
        double cost = 1 + pick(40) / 10.0;
        struct gs_sched_settings set = {.weight = 100, .floor_fps = floor, .fps = 60};
        struct gs_sched_admission a;

        gs_sched_admit(m.sched, 0, floor, (uint64_t)(1.3 * cost * GS_NS_PER_MS), NULL, &a);
        if (!a.fits)
            break;
        gs_model_add_full(
            &m, &set, NULL,
            &(struct gs_model_session){.cost_ms = cost, .spread = 0.2, .period_ms = 1000.0 / 60});
        gs_model_run(&m, GS_NS_PER_S);
        n++;
    }
    for (unsigned i = 0; i < 2; i++)
        gs_model_add(&m, 1000,
                     &(struct gs_model_session){.cost_ms = heaviest_ms / (i + 1), .spread = 0.2});
    return n;
}

static void test_floors_are_kept(void **state)
{
    unsigned windows = 0, missed = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct watch watch;
        unsigned n;

        begin(1 + seed % 2, seed, &watch);
        n = add_floors(8);
        gs_model_run(&m, 2 * GS_NS_PER_S);
        for (unsigned k = 0; k < 10; k++) {
            uint64_t before[GS_MODEL_MAX];

            for (unsigned i = 0; i < n; i++)
                before[i] = m.session[i].frames;
            gs_model_run(&m, GS_NS_PER_S);
            for (unsigned i = 0; i < n; i++) {
                const struct gs_sched_session *x = m.session[i].sched;

                windows++;
                missed += m.session[i].frames - before[i] < 0.95 * x->set.floor_fps;
            }
        }
        gs_model_finish(&m);
    }
    assert_true(missed <= windows / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares_follow_weights),
        cmocka_unit_test(test_changes_settle),
        cmocka_unit_test(test_groups_weigh_together),
        cmocka_unit_test(test_light_ones_wait_for_one_frame),
        cmocka_unit_test(test_nobody_starves),
        cmocka_unit_test(test_who_waits_for_processors_is_no_obstacle),
        cmocka_unit_test(test_caps_hold_in_every_second),
        cmocka_unit_test(test_floors_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
