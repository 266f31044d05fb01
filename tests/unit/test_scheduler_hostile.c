/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scheduler under calls in any order and any number, of all policies. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/scheduler_internal.h"

#define SEEDS 30
#define STEPS 4000
#define MANY 10
#define DEVICES 2

struct session {
    struct gs_sched_session *sched;
    uint64_t starved;
    bool counts; /* its frame has a place that was granted in turn */
    uint32_t flags;
};

struct world {
    struct gs_sched *sched;
    struct gs_sched_params params;
    struct session s[MANY];
    struct gs_sched_group *group[3];
    uint64_t now;
    uint32_t random;
    double low[DEVICES];
};

static uint32_t pick(struct world *w, uint32_t below)
{
    w->random = w->random * 1664525 + 1013904223;
    return (w->random >> 8) % below;
}

/* ---- what must hold ---- */

static void check_device(struct world *w, unsigned i)
{
    const struct gs_sched_dev *d = &w->sched->dev[i];
    unsigned in_flight = 0, fills = 0, n = 0, granted = 0;

    for (const struct gs_sched_session *x = d->sessions; x; x = x->next) {
        const struct session *s = x->user;

        n++;
        in_flight += ((x->flying || x->going_on) && !x->lapsed) + x->turn;
        granted += s->counts && x->flying && !x->lapsed;
        fills += x->fill;
        assert_true(isfinite(x->v) && isfinite(x->queue->v) && isfinite(x->tokens));
        assert_true(x->open > -1 && x->queue->open > -MANY);
        if (gs_sched_ordered(w->sched))
            assert_true(!x->blocked || w->now <= gs_sched_starves_at(x));
    }
    assert_int_equal(n, d->n);
    assert_int_equal(in_flight, d->in_flight);
    assert_int_equal(fills, d->fills);
    assert_true(!gs_sched_ordered(w->sched) || granted <= d->depth);
    assert_true(d->low >= w->low[i]);
    w->low[i] = d->low;
}

static void obey(struct world *w)
{
    struct gs_sched_order order;
    unsigned n = 0;

    while (gs_sched_next(w->sched, w->now, &order)) {
        struct session *s = order.user;
        struct gs_sched_info info;

        gs_sched_info(s->sched, w->now, &info);
        if (order.grant)
            s->counts = info.starved == s->starved && !info.policed;
        s->starved = info.starved;
        s->flags = order.flags;
        assert_true(++n <= 4 * MANY);
    }
    assert_true(gs_sched_due(w->sched, w->now) > w->now);
    for (unsigned i = 0; i < DEVICES; i++)
        check_device(w, i);
}

/* Until then, all that is due on the way. */
static void pass(struct world *w, uint64_t ns)
{
    uint64_t until = w->now + ns;

    obey(w);
    while (gs_sched_due(w->sched, w->now) < until) {
        w->now = gs_sched_due(w->sched, w->now);
        obey(w);
    }
    w->now = until;
    obey(w);
}

/* ---- what is done ---- */

static uint32_t any_number(struct world *w)
{
    static const uint32_t odd[] = {0, 1, 99, 100, 1000, 10000, 10001, UINT32_MAX};

    return odd[pick(w, GS_ARRAY_SIZE(odd))];
}

static struct gs_sched_settings any_settings(struct world *w)
{
    return (struct gs_sched_settings){.weight = any_number(w),
                                      .floor_fps = pick(w, 3) ? 0 : any_number(w),
                                      .cap_permille = pick(w, 3) ? 0 : any_number(w),
                                      .fps = any_number(w)};
}

static void come(struct world *w, struct session *s)
{
    struct gs_sched_settings set = any_settings(w);
    char name[100];

    memset(name, 'a' + (int)pick(w, 20), sizeof(name));
    name[pick(w, sizeof(name))] = 0;
    name[sizeof(name) - 1] = 0;
    *s = (struct session){0};
    s->sched = gs_sched_add(w->sched, pick(w, 4), name, &set, w->group[pick(w, 3)], s, w->now);
}

static void go(struct world *w, struct session *s)
{
    gs_sched_remove(s->sched, w->now);
    *s = (struct session){0};
}

static void started(struct world *w, struct session *s)
{
    s->counts = false;
    gs_sched_started(s->sched, w->now);
}

static void change_group(struct world *w)
{
    unsigned i = pick(w, 3);

    if (!w->group[i]) {
        w->group[i] = gs_sched_group_add(w->sched, any_number(w));
    } else if (pick(w, 2)) {
        gs_sched_group_set_weight(w->group[i], any_number(w), w->now);
    } else {
        gs_sched_group_remove(w->group[i], w->now);
        w->group[i] = NULL;
    }
}

static void change_policy(struct world *w)
{
    w->params.policy = (enum gs_sched_policy)pick(w, GS_SCHED_OFF + 1);
    w->params.limit_fps = any_number(w);
    w->params.fixed_sessions = any_number(w);
    gs_sched_set_policy(w->sched, &w->params, w->now);
    for (unsigned i = 0; i < MANY; i++)
        w->s[i].counts = false;
}

static void ask(struct world *w)
{
    struct gs_sched_admission a;

    gs_sched_admit(w->sched, (int)pick(w, 5) - 1, any_number(w), any_number(w),
                   w->s[pick(w, MANY)].sched, &a);
    assert_true(a.device < DEVICES && a.left_permille <= GS_SCHED_FLOORS_PERMILLE);
    assert_true(a.fits == (a.needed_permille <= a.left_permille));
    assert_true(gs_sched_place(w->sched, w->now) < DEVICES);
    assert_true(gs_sched_used_permille(w->sched, pick(w, 4), w->now) <= 1000000);
}

static void rare(struct world *w, struct session *s)
{
    struct gs_sched_settings set = any_settings(w);

    switch (pick(w, 6)) {
    case 0:
        go(w, s);
        break;
    case 1:
        gs_sched_set(s->sched, &set, w->now);
        break;
    case 2:
        gs_sched_join(s->sched, w->group[pick(w, 3)], w->now);
        break;
    case 3:
        change_group(w);
        break;
    case 4:
        if (pick(w, 4) == 0)
            change_policy(w);
        break;
    default:
        ask(w);
        break;
    }
}

static void act(struct world *w, struct session *s)
{
    switch (pick(w, 12)) {
    case 0:
    case 1:
    case 2:
        gs_sched_want(s->sched, w->now);
        break;
    case 3:
        gs_sched_unwant(s->sched, w->now);
        break;
    case 4:
        started(w, s);
        break;
    case 5:
    case 6:
        gs_sched_finished(s->sched, w->now);
        break;
    case 7:
        gs_sched_charge(s->sched, UINT64_C(1) << pick(w, 36), w->now);
        break;
    case 8:
        gs_sched_charge_others(w->sched, pick(w, 4), pick(w, 10000000), w->now);
        break;
    case 9:
        rare(w, s);
        break;
    default:
        gs_sched_charge(s->sched, pick(w, 10000000), w->now);
        break;
    }
}

static void step(struct world *w)
{
    struct session *s = &w->s[pick(w, MANY)];

    if (s->sched)
        act(w, s);
    else
        come(w, s);
    if (pick(w, 3))
        pass(w, UINT64_C(1) << pick(w, pick(w, 20) ? 25 : 31));
    /* A clock that goes back is one that stands still. */
    if (pick(w, 50) == 0 && s->sched)
        gs_sched_want(s->sched, w->now - 1);
}

static void live(struct world *w, uint32_t seed)
{
    *w = (struct world){.random = seed, .now = 1};
    w->params = (struct gs_sched_params){
        .policy = seed % 3 ? GS_SCHED_SHARES : (enum gs_sched_policy)(seed % (GS_SCHED_OFF + 1)),
        .n_devices = DEVICES,
        .device = {{4, 0}, {1, seed % 4}},
    };
    w->sched = gs_sched_create(&w->params);
    for (unsigned i = 0; i < STEPS; i++)
        step(w);
    gs_sched_destroy(w->sched);
}

static void test_any_calls(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        struct world w;

        live(&w, seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_calls)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
