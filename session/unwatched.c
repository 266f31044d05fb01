/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/unwatched.h"

#include <glib.h>

#include "common/log.h"
#include "session/unwatched_rule.h"

struct gs_unwatched_guard {
    struct gs_parts *parts;
    const struct gs_worker_config *config;
    struct gs_unwatched_rule rule;
    guint timer;
};

static gboolean on_due(gpointer data);

static void set_timer(struct gs_unwatched_guard *u, uint64_t now)
{
    uint64_t due = gs_unwatched_rule_due(&u->rule);

    if (u->timer)
        g_source_remove(u->timer);
    u->timer = 0;
    if (due != UINT64_MAX && due > now)
        u->timer = g_timeout_add((guint)((due - now + GS_NS_PER_MS - 1) / GS_NS_PER_MS), on_due, u);
}

static void apply(struct gs_unwatched_guard *u)
{
    uint64_t now = gs_now_ns();
    bool frozen = gs_unwatched_rule_frozen(&u->rule, now);

    if (frozen != gs_unwatched_frozen(u))
        gs_info(frozen ? "nobody looks: the application stands still" : "the application goes on");
    gs_freeze_set(u->parts->freeze, GS_FREEZE_UNWATCHED, frozen);
    gs_pipeline_set_rates(u->parts->pipeline, u->config->fps,
                          gs_unwatched_rule_fps(&u->rule, u->config->fps));
    gs_pipeline_set_watched(u->parts->pipeline, u->rule.watched);
    set_timer(u, now);
}

static gboolean on_due(gpointer data)
{
    struct gs_unwatched_guard *u = data;

    u->timer = 0;
    apply(u);
    return G_SOURCE_REMOVE;
}

struct gs_unwatched_guard *gs_unwatched_create(struct gs_parts *parts,
                                               const struct gs_worker_config *config)
{
    struct gs_unwatched_guard *u = g_new0(struct gs_unwatched_guard, 1);

    u->parts = parts;
    u->config = config;
    gs_unwatched_rule_init(&u->rule, config->unwatched, gs_now_ns());
    apply(u);
    return u;
}

void gs_unwatched_destroy(struct gs_unwatched_guard *u)
{
    if (!u)
        return;
    if (u->timer)
        g_source_remove(u->timer);
    gs_freeze_set(u->parts->freeze, GS_FREEZE_UNWATCHED, false);
    g_free(u);
}

void gs_unwatched_set_watched(struct gs_unwatched_guard *u, bool watched)
{
    gs_unwatched_rule_set_watched(&u->rule, watched, gs_now_ns());
    apply(u);
}

void gs_unwatched_follow(struct gs_unwatched_guard *u)
{
    u->rule.policy = u->config->unwatched;
    apply(u);
}

bool gs_unwatched_frozen(const struct gs_unwatched_guard *u)
{
    return gs_freeze_is(u->parts->freeze, GS_FREEZE_UNWATCHED);
}

uint32_t gs_unwatched_seconds(const struct gs_unwatched_guard *u)
{
    return gs_unwatched_rule_seconds(&u->rule, gs_now_ns());
}
