/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/slots.h"

#include <glib.h>

enum place {
    NONE,
    WAITS,
    HOLDS,
    LEAVES, /* holds, and was told to give it back */
    AWAY,
};

struct gs_slot_session {
    struct gs_slots *all;
    void *user;
    uint32_t weight;
    enum place place;
    uint64_t since; /* in this place */
    bool fixed;
    bool answered;       /* WAITS: it knows that it does */
    uint64_t not_before; /* WAITS: it is given none sooner */
    bool watched;
    uint64_t commits, moved; /* moved: when there was a new picture last */
};

struct gs_slots {
    GPtrArray *sessions;
    uint32_t configured; /* GS_SLOTS_AUTO: as many as there are */
    uint32_t learned;    /* GS_SLOTS_AUTO: nothing yet */
    /* One more than `learned` was given to this one, to see whether it can be had. */
    struct gs_slot_session *trial;
    uint64_t retry_at, retry; /* retry: wait before the next */
};

/* ---- what holds ---- */

static struct gs_slot_session *at(const struct gs_slots *s, guint i)
{
    return g_ptr_array_index(s->sessions, i);
}

static uint32_t count(const struct gs_slots *s, enum place place)
{
    uint32_t n = 0;

    for (guint i = 0; i < s->sessions->len; i++)
        n += at(s, i)->place == place;
    return n;
}

static uint32_t held(const struct gs_slots *s)
{
    return count(s, HOLDS) + count(s, LEAVES);
}

static uint32_t limit(const struct gs_slots *s)
{
    return MIN(s->configured, s->learned);
}

static bool moves(const struct gs_slot_session *x, uint64_t now)
{
    return x->watched && now - x->moved < GS_SLOTS_REST;
}

static void put(struct gs_slot_session *x, enum place place, uint64_t now)
{
    if (x->all->trial == x && place != HOLDS)
        x->all->trial = NULL;
    x->place = place;
    x->since = now;
    x->answered = false;
}

/* ---- the limit ---- */

/* What was tried has lasted: it can be had, and perhaps still one more. */
static void settle_trial(struct gs_slots *s, uint64_t now)
{
    if (!s->trial || now - s->trial->since < GS_SLOTS_KEEP)
        return;
    s->trial = NULL;
    if (s->learned != GS_SLOTS_AUTO && held(s) > s->learned)
        s->learned = held(s);
    s->retry = GS_SLOTS_RETRY;
    s->retry_at = now;
}

static void learn(struct gs_slots *s, bool was_trial, uint64_t now)
{
    s->retry = was_trial ? MIN(s->retry * 2, GS_SLOTS_RETRY_MOST) : MAX(s->retry, GS_SLOTS_RETRY);
    s->retry_at = now + s->retry;
    /* Those that are away may be the ones in the way. */
    if (count(s, AWAY) == 0)
        s->learned = MIN(s->learned, held(s));
}

static bool may_try_more(const struct gs_slots *s, uint64_t now)
{
    return s->learned != GS_SLOTS_AUTO && s->learned < s->configured && !s->trial &&
           count(s, AWAY) == 0 && held(s) == s->learned && now >= s->retry_at;
}

/* ---- who is next ---- */

/* Whether a is to be given one before b. */
static bool comes_before(const struct gs_slot_session *a, const struct gs_slot_session *b,
                         uint64_t now)
{
    bool a_aged = now - a->since >= GS_SLOTS_AGED, b_aged = now - b->since >= GS_SLOTS_AGED;

    if (moves(a, now) != moves(b, now))
        return moves(a, now);
    if (a_aged != b_aged)
        return a_aged;
    if (!a_aged && a->weight != b->weight)
        return a->weight > b->weight;
    return a->since < b->since;
}

static struct gs_slot_session *next_to_get(const struct gs_slots *s, uint64_t now,
                                           uint32_t *ret_moving)
{
    struct gs_slot_session *best = NULL;

    *ret_moving = 0;
    for (guint i = 0; i < s->sessions->len; i++) {
        struct gs_slot_session *x = at(s, i);

        if (x->place != WAITS || now < x->not_before)
            continue;
        *ret_moving += moves(x, now);
        if (!best || comes_before(x, best, now))
            best = x;
    }
    return best;
}

/* Whether a can spare its slot more than b. */
static bool spares_more(const struct gs_slot_session *a, const struct gs_slot_session *b,
                        uint64_t now)
{
    if (moves(a, now) != moves(b, now))
        return !moves(a, now);
    if (a->watched != b->watched)
        return !a->watched;
    if (!moves(a, now) && a->moved != b->moved)
        return a->moved < b->moved;
    if (a->weight != b->weight)
        return a->weight < b->weight;
    return a->since > b->since;
}

static struct gs_slot_session *next_to_give(const struct gs_slots *s, bool even_moving,
                                            uint64_t now)
{
    struct gs_slot_session *best = NULL;

    for (guint i = 0; i < s->sessions->len; i++) {
        struct gs_slot_session *x = at(s, i);

        if (x->place != HOLDS || x->fixed || x == s->trial || now - x->since < GS_SLOTS_KEEP ||
            (!even_moving && moves(x, now)))
            continue;
        if (!best || spares_more(x, best, now))
            best = x;
    }
    return best;
}

static struct gs_slot_session *next_unanswered(const struct gs_slots *s)
{
    for (guint i = 0; i < s->sessions->len; i++) {
        if (at(s, i)->place == WAITS && !at(s, i)->answered)
            return at(s, i);
    }
    return NULL;
}

static struct gs_slot_session *give(struct gs_slots *s, uint64_t now, uint32_t *ret_moving)
{
    struct gs_slot_session *x = next_to_get(s, now, ret_moving);
    bool room = held(s) + count(s, AWAY) < limit(s);

    if (!x || (!room && !(moves(x, now) && may_try_more(s, now))))
        return NULL;
    if (!room)
        s->trial = x;
    put(x, HOLDS, now);
    return x;
}

static struct gs_slot_session *take_back(struct gs_slots *s, uint32_t moving, uint64_t now)
{
    bool too_many = limit(s) != GS_SLOTS_AUTO && !s->trial && count(s, HOLDS) > limit(s);
    struct gs_slot_session *x = NULL;

    if (too_many || moving > count(s, LEAVES))
        x = next_to_give(s, too_many, now);
    if (x)
        put(x, LEAVES, now);
    return x;
}

bool gs_slots_next(struct gs_slots *s, uint64_t now, struct gs_slot_order *ret)
{
    struct gs_slot_session *x;
    uint32_t moving = 0;

    settle_trial(s, now);
    ret->kind = GS_SLOT_ORDER_GIVE;
    x = give(s, now, &moving);
    if (!x) {
        ret->kind = GS_SLOT_ORDER_TAKE_BACK;
        x = take_back(s, moving, now);
    }
    if (!x) {
        ret->kind = GS_SLOT_ORDER_REFUSE;
        x = next_unanswered(s);
        if (x)
            x->answered = true;
    }
    if (!x)
        return false;
    /* Only what is away is in the way where no limit is known. */
    ret->slots = limit(s) == GS_SLOTS_AUTO ? held(s) : limit(s);
    ret->user = x->user;
    return true;
}

/* ---- what is said ---- */

void gs_slots_want(struct gs_slot_session *x, bool fixed, uint64_t now)
{
    x->fixed = fixed;
    if (x->place != WAITS)
        put(x, WAITS, now);
    x->answered = false;
}

void gs_slots_free(struct gs_slot_session *x, enum gs_slot_end how, uint64_t now)
{
    struct gs_slots *s = x->all;
    bool had = x->place == HOLDS || x->place == LEAVES, was_trial = s->trial == x;

    put(x, NONE, now);
    if (!had)
        return;
    x->not_before = now + GS_SLOTS_KEEP;
    if (how == GS_SLOT_END_FULL)
        learn(s, was_trial, now);
}

void gs_slots_stats(struct gs_slot_session *x, uint32_t viewers, uint64_t commits, uint64_t now)
{
    x->watched = viewers > 0;
    if (commits != x->commits)
        x->moved = now;
    x->commits = commits;
}

void gs_slots_away(struct gs_slot_session *x)
{
    put(x, AWAY, x->since);
}

void gs_slots_adopted(struct gs_slot_session *x, enum gs_slot_state state, bool fixed, uint64_t now)
{
    static const enum place places[] = {
        [GS_SLOT_NONE] = NONE, [GS_SLOT_WANTED] = WAITS, [GS_SLOT_HELD] = HOLDS};

    put(x, places[state], now);
    x->fixed = fixed;
    x->moved = now;
}

/* ---- life ---- */

struct gs_slots *gs_slots_create(uint32_t limit)
{
    struct gs_slots *s = g_new0(struct gs_slots, 1);

    s->sessions = g_ptr_array_new();
    s->configured = limit;
    s->learned = GS_SLOTS_AUTO;
    s->retry = GS_SLOTS_RETRY;
    return s;
}

void gs_slots_destroy(struct gs_slots *s)
{
    if (!s)
        return;
    while (s->sessions->len > 0)
        gs_slots_remove(at(s, 0));
    g_ptr_array_unref(s->sessions);
    g_free(s);
}

void gs_slots_set_limit(struct gs_slots *s, uint32_t limit)
{
    s->configured = limit;
}

/* Somebody who began a session is about to look at it. */
struct gs_slot_session *gs_slots_add(struct gs_slots *s, uint32_t weight, void *user, uint64_t now)
{
    struct gs_slot_session *x = g_new0(struct gs_slot_session, 1);

    *x = (struct gs_slot_session){
        .all = s, .user = user, .weight = weight, .since = now, .watched = true, .moved = now};
    g_ptr_array_add(s->sessions, x);
    return x;
}

void gs_slots_remove(struct gs_slot_session *x)
{
    if (!x)
        return;
    if (x->all->trial == x)
        x->all->trial = NULL;
    g_ptr_array_remove(x->all->sessions, x);
    g_free(x);
}

void gs_slots_set_weight(struct gs_slot_session *x, uint32_t weight)
{
    x->weight = weight;
}

void gs_slots_count(const struct gs_slots *s, struct gs_slots_count *ret)
{
    ret->limit = limit(s);
    ret->used = held(s);
    ret->wanted = count(s, WAITS);
}

enum gs_slot_state gs_slots_state(const struct gs_slot_session *x)
{
    if (x->place == WAITS)
        return GS_SLOT_WANTED;
    return x->place == HOLDS || x->place == LEAVES ? GS_SLOT_HELD : GS_SLOT_NONE;
}
