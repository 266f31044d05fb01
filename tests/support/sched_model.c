/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/sched_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MS 1e6

uint32_t gs_model_random(struct gs_model *m, uint32_t below)
{
    m->random = m->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((m->random >> 33) % below);
}

void gs_model_init(struct gs_model *m, enum gs_sched_policy policy, uint32_t engines,
                   uint32_t depth, uint64_t seed)
{
    memset(m, 0, sizeof(*m));
    m->params = (struct gs_sched_params){
        .policy = policy,
        .fixed_sessions = 4,
        .limit_fps = 60,
        .n_devices = 1,
        .device = {{engines, depth}},
    };
    m->engines = engines;
    m->meter = 5 * GS_NS_PER_MS;
    m->random = seed * 2654435761u + 1;
    m->now = m->read_at = GS_NS_PER_S;
    m->sched = gs_sched_create(&m->params);
}

void gs_model_finish(struct gs_model *m)
{
    gs_sched_destroy(m->sched);
    for (unsigned i = 0; i < m->n; i++)
        free(m->session[i].waits_us);
    m->n = 0;
    m->sched = NULL;
}

struct gs_model_session *gs_model_add_full(struct gs_model *m, const struct gs_sched_settings *set,
                                           struct gs_sched_group *group,
                                           const struct gs_model_session *what)
{
    struct gs_model_session *x = &m->session[m->n];
    char name[8] = {'s', (char)('a' + m->n), 0};

    *x = *what;
    x->waits_us = calloc(GS_MODEL_WAITS, sizeof(*x->waits_us));
    x->until = m->now;
    x->sched = gs_sched_add(m->sched, 0, name, set, group, x, m->now);
    m->n++;
    return x;
}

struct gs_model_session *gs_model_add(struct gs_model *m, uint32_t weight,
                                      const struct gs_model_session *what)
{
    struct gs_sched_settings set = {.weight = weight, .fps = 60};

    return gs_model_add_full(m, &set, NULL, what);
}

void gs_model_leave(struct gs_model *m, struct gs_model_session *x)
{
    gs_sched_remove(x->sched, m->now);
    x->sched = NULL;
    x->gone = true;
    x->phase = GS_MODEL_RESTS;
}

/* ---- the device ---- */

/* Engines that it uses now by drawing. */
static double rate(const struct gs_model *m, const struct gs_model_session *x)
{
    double wanted = 0, mine = x->parallel > 0 ? x->parallel : m->engines;

    if (x->phase != GS_MODEL_DRAWS || x->flags & GS_GRANT_HOLD)
        return 0;
    for (unsigned i = 0; i < m->n; i++) {
        const struct gs_model_session *y = &m->session[i];

        if (y->sched && y->hog > 0 && !(y->flags & GS_GRANT_HOLD))
            wanted += y->hog;
        if (!y->sched || y->phase != GS_MODEL_DRAWS || y->flags & GS_GRANT_HOLD)
            continue;
        if (m->engines <= 1 &&
            (y->queued_at < x->queued_at || (y->queued_at == x->queued_at && y < x)))
            return 0;
        if (m->engines > 1 || y == x)
            wanted += y->parallel > 0 ? y->parallel : m->engines;
    }
    return mine * GS_MIN(1, m->engines / wanted);
}

static double hog_rate(const struct gs_model *m, const struct gs_model_session *x)
{
    double wanted = 0;

    if (x->hog <= 0 || x->flags & GS_GRANT_HOLD)
        return 0;
    for (unsigned i = 0; i < m->n; i++) {
        const struct gs_model_session *y = &m->session[i];

        if (!y->sched || y->flags & GS_GRANT_HOLD)
            continue;
        wanted += y->hog;
        if (y->phase == GS_MODEL_DRAWS && (m->engines > 1 || rate(m, y) > 0))
            wanted += y->parallel > 0 ? y->parallel : m->engines;
    }
    return x->hog * GS_MIN(1, m->engines / wanted);
}

static void advance(struct gs_model *m, uint64_t to)
{
    double rates[GS_MODEL_MAX], hogs[GS_MODEL_MAX], passed = to - m->now, sum = 0;

    for (unsigned i = 0; i < m->n; i++) {
        rates[i] = m->session[i].sched ? rate(m, &m->session[i]) : 0;
        hogs[i] = m->session[i].sched ? hog_rate(m, &m->session[i]) : 0;
    }
    for (unsigned i = 0; i < m->n; i++) {
        struct gs_model_session *x = &m->session[i];
        double ns = (rates[i] + hogs[i]) * passed;

        x->left -= rates[i] * passed;
        x->used += ns;
        x->unsaid += ns;
        sum += rates[i] + hogs[i];
    }
    m->idle += (m->engines - sum) * passed;
    m->now = to;
}

/* ---- sessions ---- */

static void charge(struct gs_model *m, struct gs_model_session *x)
{
    uint64_t ns = (uint64_t)x->unsaid;

    x->unsaid -= ns;
    gs_sched_charge(x->sched, ns, m->now);
}

static void begin(struct gs_model *m, struct gs_model_session *x)
{
    double part = 1 + x->spread * (gs_model_random(m, 2001) / 1000.0 - 1);

    x->waits_us[x->n_waits++ % GS_MODEL_WAITS] = (uint32_t)((m->now - x->asked_at) / 1000);
    x->left = x->cost_ms * MS * part;
    x->began_at = m->now;
    x->phase = GS_MODEL_PREPARES;
    x->until = m->now + (uint64_t)(x->cpu_ms * MS);
    x->frames++;
}

static void want(struct gs_model *m, struct gs_model_session *x)
{
    x->asked_at = m->now;
    if (x->liberties || x->flags & GS_GRANT_FREE) {
        gs_sched_started(x->sched, m->now);
        begin(m, x);
    } else {
        x->phase = GS_MODEL_WAITING;
        gs_sched_want(x->sched, m->now);
    }
}

static void end(struct gs_model *m, struct gs_model_session *x)
{
    double period = x->period_ms * MS;
    uint64_t next;

    if (x->max_fps > 0)
        period = GS_MAX(period, 1e9 / x->max_fps);
    next = x->asked_at + (uint64_t)period;
    x->until = GS_MAX(next, m->now + (uint64_t)(x->think_ms * MS));
    x->phase = GS_MODEL_RESTS;
    charge(m, x);
    gs_sched_finished(x->sched, m->now);
}

static void live(struct gs_model *m, struct gs_model_session *x)
{
    if (x->flags & GS_GRANT_HOLD)
        return;
    if (x->phase == GS_MODEL_DRAWS && x->left < 1)
        end(m, x);
    if (x->phase == GS_MODEL_RESTS && m->now >= x->until && !x->gone)
        want(m, x);
    if (x->phase == GS_MODEL_PREPARES && m->now >= x->until) {
        x->phase = GS_MODEL_DRAWS;
        x->queued_at = m->now;
    }
}

static void obey(struct gs_model *m)
{
    struct gs_sched_order order;
    unsigned n = 0;

    while (gs_sched_next(m->sched, m->now, &order)) {
        struct gs_model_session *x = order.user;

        n++;
        x->flags = order.flags;
        x->max_fps = order.max_fps;
        if (order.grant && x->phase == GS_MODEL_WAITING)
            begin(m, x);
    }
    m->orders_at_once = GS_MAX(m->orders_at_once, n);
}

static uint64_t next_event(const struct gs_model *m)
{
    uint64_t next = gs_sched_due(m->sched, m->now);

    if (m->meter)
        next = GS_MIN(next, m->read_at + m->meter);
    for (unsigned i = 0; i < m->n; i++) {
        const struct gs_model_session *x = &m->session[i];
        double speed;

        if (!x->sched || x->flags & GS_GRANT_HOLD)
            continue;
        if (x->phase == GS_MODEL_PREPARES || (x->phase == GS_MODEL_RESTS && !x->gone))
            next = GS_MIN(next, x->until);
        speed = rate(m, x);
        if (speed > 0)
            next = GS_MIN(next, m->now + (uint64_t)ceil(GS_MAX(x->left, 0) / speed));
    }
    return GS_MAX(next, m->now + 1);
}

static void look(struct gs_model *m)
{
    if (m->meter && m->now - m->read_at >= m->meter) {
        m->read_at = m->now;
        for (unsigned i = 0; i < m->n; i++) {
            if (m->session[i].sched)
                charge(m, &m->session[i]);
        }
    }
    for (unsigned i = 0; i < m->n; i++) {
        if (m->session[i].sched)
            live(m, &m->session[i]);
    }
    obey(m);
    if (m->step)
        m->step(m, m->user);
}

void gs_model_run(struct gs_model *m, uint64_t ns)
{
    uint64_t end_at = m->now + ns;

    look(m);
    while (m->now < end_at) {
        advance(m, GS_MIN(next_event(m), end_at));
        look(m);
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

double gs_model_wait_ms(const struct gs_model_session *x, double quantile)
{
    uint64_t n = GS_MIN(x->n_waits, GS_MODEL_WAITS);
    uint32_t *sorted;
    double ms;

    if (n == 0)
        return 0;
    sorted = malloc(n * sizeof(*sorted));
    memcpy(sorted, x->waits_us, n * sizeof(*sorted));
    qsort(sorted, n, sizeof(*sorted), by_size);
    ms = sorted[(uint64_t)((n - 1) * quantile)] / 1000.0;
    free(sorted);
    return ms;
}
