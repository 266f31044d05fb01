/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/turns_rule.h"

#include "common/grant_page.h"

/* ---- alone ---- */

/* Of the second before `since`. One that drew nothing then has no rate. */
static unsigned rate_before(const struct gs_turns_alone *a, uint64_t since)
{
    unsigned known = GS_MIN(a->n, GS_TURNS_ALONE_FPS), rate = 0;

    for (unsigned i = 0; i < known; i++)
        rate += a->starts[i] <= since && since - a->starts[i] < GS_NS_PER_S;
    return rate ? GS_MAX(rate, GS_TURNS_ALONE_LEAST) : GS_TURNS_ALONE_FPS;
}

static bool is_alone(const struct gs_turns_alone *a, uint64_t heartbeat)
{
    return a->interval && a->heartbeat == heartbeat;
}

void gs_turns_alone_started(struct gs_turns_alone *a, uint64_t now)
{
    a->starts[a->n++ % GS_TURNS_ALONE_FPS] = now;
}

uint64_t gs_turns_alone_due(const struct gs_turns_alone *a, uint64_t since, uint64_t heartbeat)
{
    if (is_alone(a, heartbeat))
        return GS_MAX(a->next, since);
    return GS_MAX(since, heartbeat) + GS_GRANT_SILENCE;
}

void gs_turns_alone_go(struct gs_turns_alone *a, uint64_t since, uint64_t heartbeat, uint64_t now)
{
    if (!is_alone(a, heartbeat)) {
        a->interval = GS_NS_PER_S / rate_before(a, since);
        a->heartbeat = heartbeat;
    }
    /* A little late does not make it slower for good, much does not make it faster. */
    a->next = GS_MAX(a->next + a->interval, now + a->interval / 2);
    gs_turns_alone_started(a, now);
}

/* ---- held ---- */

bool gs_turns_hold_look(struct gs_turns_hold *h, bool wanted, uint64_t heartbeat, uint64_t now)
{
    bool spoken = now < heartbeat + GS_GRANT_SILENCE;

    if (h->held && now >= h->since + GS_TURNS_HOLD_MOST)
        h->pause_until = now + GS_TURNS_HOLD_PAUSE;
    if (!wanted || !spoken || now < h->pause_until) {
        h->held = false;
    } else if (!h->held) {
        h->held = true;
        h->since = now;
    }
    return h->held;
}

uint64_t gs_turns_hold_due(const struct gs_turns_hold *h, bool wanted, uint64_t heartbeat,
                           uint64_t now)
{
    if (h->held)
        return GS_MIN(h->since + GS_TURNS_HOLD_MOST, heartbeat + GS_GRANT_SILENCE);
    return wanted && now < h->pause_until ? h->pause_until : UINT64_MAX;
}
