/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a session that is told to stand still does: its worker freezes the application. Where the
 * session goes on using the device all the same, its whole control group is frozen in the same
 * turns from here, as long as it is held again and again.
 */
#include "host/grants_internal.h"

#define WINDOW_NS (500 * GS_NS_PER_MS) /* of time held */
#define USED_MOST 0.25                 /* of that, on one processor: the worker encodes */
#define LEFT_LEAST 0.2
#define FORGIVEN_NS (10 * GS_NS_PER_S) /* not held for that long, it is taken at its word again */

/* ---- freezing ---- */

static void freeze(struct gs_grants_stand *s, bool still)
{
    if (s->freezer.fd >= 0 && !gs_freezer_set(&s->freezer, still))
        s->frozen = still;
}

void gs_grants_stand_init(struct gs_grants_stand *s, const char *cgroups)
{
    g_auto(GStrv) dirs = g_strsplit(cgroups, ":", -1);
    bool found = false;

    *s = (struct gs_grants_stand){.freezer.fd = -1};
    for (char **dir = dirs; *dir && !found; dir++)
        found = **dir && gs_freezer_open(&s->freezer, *dir) == 0;
}

void gs_grants_stand_finish(struct gs_grants_stand *s)
{
    if (s->frozen)
        freeze(s, false);
    gs_freezer_close(&s->freezer);
}

/* ---- judging ---- */

/* Beside programs that are no sessions nobody gets as much. */
static double left_by_others(const struct gs_grants_session *x)
{
    const struct gs_grants *g = x->g;

    if (x->device != 0)
        return 1;
    return MAX(1 - g->others.rate / g->params.device[0].engines, LEFT_LEAST);
}

static void judge(struct gs_grants_session *x)
{
    struct gs_grants_stand *s = &x->stand;
    double most = (double)s->held_ns * USED_MOST * left_by_others(x);
    bool obeys = (double)s->used_ns <= most;

    s->held_ns = s->used_ns = 0;
    if (!obeys)
        s->state = s->freezer.fd >= 0 ? GS_GRANTS_HELD_FORCED : GS_GRANTS_HELD_FREE;
}

void gs_grants_stand_check(struct gs_grants_session *x, uint64_t now)
{
    struct gs_grants_stand *s = &x->stand;

    if (!s->since) {
        if (s->state != GS_GRANTS_HELD_OBEYS && now - s->last > FORGIVEN_NS)
            s->state = GS_GRANTS_HELD_OBEYS;
        return;
    }
    s->held_ns += now - s->since;
    s->used_ns += x->measured_ns - s->used_then;
    s->since = s->last = now;
    s->used_then = x->measured_ns;
    if (s->held_ns >= WINDOW_NS)
        judge(x);
    if (s->state == GS_GRANTS_HELD_FORCED && !s->frozen)
        freeze(s, true);
}

void gs_grants_stand_tell(struct gs_grants_session *x, bool still, uint64_t now)
{
    struct gs_grants_stand *s = &x->stand;

    if (still == (s->since != 0))
        return;
    if (!still) {
        gs_grants_stand_check(x, now);
        s->since = 0;
        if (s->frozen)
            freeze(s, false);
        return;
    }
    s->since = s->last = now;
    s->used_then = x->measured_ns;
    if (s->state == GS_GRANTS_HELD_FORCED)
        freeze(s, true);
}
