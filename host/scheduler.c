/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Devices, groups and sessions, and what happens to them. */
#include "host/scheduler.h"

#include <glib.h>

#include "host/scheduler_internal.h"

const char *const gs_sched_policy_names[] = {
    "shares", "best-effort", "equal", "fixed", "frame-limit", "sleep", "off", NULL,
};

/* ---- the whole ---- */

static uint64_t at(struct gs_sched *s, uint64_t now)
{
    s->now = GS_MAX(s->now, now);
    return s->now;
}

static void take_params(struct gs_sched *s, const struct gs_sched_params *params)
{
    s->params.policy = params->policy;
    s->params.fixed_sessions = GS_CLAMP(params->fixed_sessions, 1, 10000);
    s->params.limit_fps = GS_CLAMP(params->limit_fps, 1, 1000);
}

struct gs_sched *gs_sched_create(const struct gs_sched_params *params)
{
    struct gs_sched *s = g_new0(struct gs_sched, 1);

    take_params(s, params);
    s->orders_end = &s->orders;
    s->params.n_devices = GS_CLAMP(params->n_devices, 1, GS_SCHED_DEVICES_MAX);
    for (unsigned i = 0; i < s->params.n_devices; i++) {
        struct gs_sched_dev *d = &s->dev[i];
        uint32_t engines = GS_MAX(params->device[i].engines, 1);

        d->index = i;
        d->engines = engines;
        d->depth = params->device[i].depth;
        if (d->depth == 0)
            d->depth = engines > 1 ? engines + 1 : 2;
        d->due = UINT64_MAX;
        d->floors_scale = 1;
    }
    return s;
}

void gs_sched_destroy(struct gs_sched *s)
{
    if (!s)
        return;
    for (unsigned i = 0; i < s->params.n_devices; i++) {
        while (s->dev[i].sessions)
            gs_sched_remove(s->dev[i].sessions, s->now);
    }
    while (s->groups)
        gs_sched_group_remove(s->groups, s->now);
    g_free(s);
}

void gs_sched_set_policy(struct gs_sched *s, const struct gs_sched_params *params, uint64_t now)
{
    now = at(s, now);
    take_params(s, params);
    for (unsigned i = 0; i < s->params.n_devices; i++) {
        for (struct gs_sched_session *x = s->dev[i].sessions; x; x = x->next) {
            gs_sched_requeue(x);
            x->tokens = 0;
            x->tokens_at = now;
        }
        s->dev[i].crowded = now;
        s->dev[i].floors_at = 0;
        s->dev[i].stale = true;
    }
}

/* ---- groups ---- */

static struct gs_sched_settings clamped(const struct gs_sched_settings *set)
{
    return (struct gs_sched_settings){
        .weight = GS_CLAMP(set->weight, 1, GS_SCHED_WEIGHT_MAX),
        .floor_fps = GS_MIN(set->floor_fps, 1000),
        .cap_permille = set->cap_permille >= 1000 ? 0 : set->cap_permille,
        .fps = GS_MIN(set->fps, 10000),
        .weighed = set->weighed,
    };
}

struct gs_sched_group *gs_sched_group_add(struct gs_sched *s, uint32_t weight)
{
    struct gs_sched_group *g = g_new0(struct gs_sched_group, 1);

    g->all = s;
    g->weight = GS_CLAMP(weight, 1, GS_SCHED_WEIGHT_MAX);
    for (unsigned i = 0; i < GS_SCHED_DEVICES_MAX; i++) {
        g->queue[i].weight = g->weight;
        g->queue[i].v = s->dev[i].low;
    }
    g->next = s->groups;
    s->groups = g;
    return g;
}

void gs_sched_group_set_weight(struct gs_sched_group *g, uint32_t weight, uint64_t now)
{
    at(g->all, now);
    g->weight = GS_CLAMP(weight, 1, GS_SCHED_WEIGHT_MAX);
    for (unsigned i = 0; i < GS_SCHED_DEVICES_MAX; i++) {
        gs_sched_queue_weigh(&g->queue[i], g->weight, g->all->dev[i].low);
        g->all->dev[i].stale = true;
    }
}

void gs_sched_group_remove(struct gs_sched_group *g, uint64_t now)
{
    if (!g)
        return;

    struct gs_sched *s = g->all;
    struct gs_sched_group **link = &s->groups;

    for (unsigned i = 0; i < s->params.n_devices; i++) {
        for (struct gs_sched_session *x = s->dev[i].sessions; x; x = x->next) {
            if (x->group == g)
                gs_sched_join(x, NULL, now);
        }
    }
    while (*link != g)
        link = &(*link)->next;
    *link = g->next;
    g_free(g);
}

/* ---- sessions ---- */

struct gs_sched_session *gs_sched_add(struct gs_sched *s, unsigned device, const char *name,
                                      const struct gs_sched_settings *set,
                                      struct gs_sched_group *group, void *user, uint64_t now)
{
    struct gs_sched_session *x = g_new0(struct gs_sched_session, 1);
    struct gs_sched_dev *d = &s->dev[GS_MIN(device, s->params.n_devices - 1)];

    now = at(s, now);
    x->all = s;
    x->dev = d;
    x->user = user;
    x->group = group;
    x->set = clamped(set);
    g_strlcpy(x->name, name, sizeof(x->name));
    x->charge_at = x->tokens_at = x->budget_at = now;
    x->own.v = d->low;
    x->queue = &x->own;
    gs_sched_requeue(x);
    x->next = d->sessions;
    if (d->sessions)
        d->sessions->prev = x;
    d->sessions = x;
    d->n++;
    d->floors_at = 0;
    d->stale = true;
    gs_sched_tell(x);
    return x;
}

static void forget_order(struct gs_sched_session *x)
{
    struct gs_sched *s = x->all;
    struct gs_sched_session **link = &s->orders;

    if (!x->ordered)
        return;
    while (*link != x)
        link = &(*link)->order_next;
    *link = x->order_next;
    if (s->orders_end == &x->order_next)
        s->orders_end = link;
}

void gs_sched_remove(struct gs_sched_session *x, uint64_t now)
{
    if (!x)
        return;

    struct gs_sched_dev *d = x->dev;

    now = at(x->all, now);
    if (x->flying)
        gs_sched_end(x, now);
    if (x->going_on)
        gs_sched_over(x, now);
    if (x->turn)
        gs_sched_turn_end(x, now);
    gs_sched_settle(x, 0);
    forget_order(x);
    if (x->prev)
        x->prev->next = x->next;
    else
        d->sessions = x->next;
    if (x->next)
        x->next->prev = x->prev;
    d->n--;
    d->floors_at = 0;
    d->stale = true;
    g_free(x);
}

void gs_sched_set(struct gs_sched_session *x, const struct gs_sched_settings *set, uint64_t now)
{
    now = at(x->all, now);
    x->set = clamped(set);
    gs_sched_requeue(x);
    x->tokens = GS_MIN(x->tokens, 0);
    x->tokens_at = now;
    x->cpu_weight = 0;
    x->dev->floors_at = 0;
    x->dev->stale = true;
}

void gs_sched_join(struct gs_sched_session *x, struct gs_sched_group *group, uint64_t now)
{
    at(x->all, now);
    if (x->group == group)
        return;
    x->group = group;
    gs_sched_requeue(x);
    x->dev->stale = true;
}

/* ---- what happened ---- */

/* How long it takes from one frame to the next: those who come back soon are waited for. */
static void note_think(struct gs_sched_session *x, uint64_t now)
{
    if (x->finished_at == 0)
        return;

    double ns = GS_MIN(now - x->finished_at, 100 * GS_NS_PER_MS);

    x->think += (ns - x->think) / 4;
}

void gs_sched_want(struct gs_sched_session *x, uint64_t now)
{
    now = at(x->all, now);
    x->dev->stale = true;
    x->active_at = now;
    if (x->wanting)
        return;
    if (!x->flying) {
        note_think(x, now);
        if (!x->going_on && gs_sched_is_measured(x, now))
            gs_sched_settle(x, 0);
        if (!gs_sched_awake(x, now))
            gs_sched_wake(x);
    }
    x->wanting = true;
    x->was_blocked = false;
    x->want_at = x->wait_from = now;
    gs_sched_floor_wanted(x, now);
}

void gs_sched_unwant(struct gs_sched_session *x, uint64_t now)
{
    now = at(x->all, now);
    x->dev->stale = true;
    if (x->wanting)
        x->wanting = false;
    else if (x->flying && x->granted)
        gs_sched_end(x, now);
}

void gs_sched_started(struct gs_sched_session *x, uint64_t now)
{
    now = at(x->all, now);
    x->dev->stale = true;
    if (x->flying)
        gs_sched_end(x, now);
    if (!x->wanting)
        gs_sched_want(x, now);
    gs_sched_begin(x, false, now);
}

void gs_sched_finished(struct gs_sched_session *x, uint64_t now)
{
    now = at(x->all, now);
    x->dev->stale = true;
    if (x->flying)
        gs_sched_end(x, now);
}

/* ---- what is to be done ---- */

bool gs_sched_next(struct gs_sched *s, uint64_t now, struct gs_sched_order *ret)
{
    struct gs_sched_session *x;

    now = at(s, now);
    for (unsigned i = 0; i < s->params.n_devices; i++) {
        if (s->dev[i].stale || now >= s->dev[i].due)
            gs_sched_run(&s->dev[i], now);
    }
    x = s->orders;
    if (!x)
        return false;
    s->orders = x->order_next;
    if (!s->orders)
        s->orders_end = &s->orders;
    x->ordered = false;
    *ret = (struct gs_sched_order){
        .user = x->user,
        .grant = x->say_grant,
        .flags = x->flags,
        .max_fps = x->max_fps,
        .cpu_weight = x->cpu_weight,
    };
    x->say_grant = false;
    return true;
}

uint64_t gs_sched_due(const struct gs_sched *s, uint64_t now)
{
    uint64_t due = UINT64_MAX;

    if (s->orders)
        return now;
    for (unsigned i = 0; i < s->params.n_devices; i++)
        due = GS_MIN(due, s->dev[i].stale ? now : s->dev[i].due);
    return due;
}

/* Tells it to who is responsible, after what else is to be told. */
void gs_sched_tell(struct gs_sched_session *x)
{
    struct gs_sched *s = x->all;

    if (x->ordered)
        return;
    x->ordered = true;
    x->order_next = NULL;
    *s->orders_end = x;
    s->orders_end = &x->order_next;
}
