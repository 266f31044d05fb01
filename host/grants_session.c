/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One session and its page: what its worker says there is told to the policy, and what that decides
 * goes back. The worker's half is hostile. Counters may jump anywhere: what no frames can explain
 * counts as one step, and what is told to the policy stays in order, whatever the page says.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "common/proto_fields.h"
#include "host/grants_internal.h"

#define KICKS_MAX 4   /* in a millisecond; a frame has three */
#define FRAMES_MAX 16 /* between two looks, beside one for each millisecond */
#define FRAMES_TOLD 4 /* of those; the others are as good as one */

/* ---- measuring ---- */

/* What can't be measured is charged the time that passed while it drew. */
static uint64_t read_meter(const struct gs_grants_session *x, uint64_t now)
{
    if (x->meter)
        return gs_meter_read(x->meter, now);
    if (!x->drawing && !x->granted)
        return x->measured_ns;
    return x->measured_ns + now - MAX(x->begun_at, x->measured_at);
}

void gs_grants_measure(struct gs_grants_session *x, uint64_t now, uint64_t most_ns)
{
    uint64_t ns, most = most_ns * x->g->params.device[x->device].engines;
    uint64_t used;

    if (now <= x->measured_at)
        return;
    ns = read_meter(x, now);
    used = ns > x->measured_ns ? ns - x->measured_ns : 0;
    x->measured_ns += used;
    x->g->used_ns[x->device] += used;
    x->measured_at = now;
    gs_sched_charge(x->sched, MIN(used, most), now);
}

static void measure(struct gs_grants_session *x, uint64_t now)
{
    gs_grants_measure(x, now, GS_GRANTS_CHARGE_NS);
}

/* ---- what the worker says ---- */

static uint32_t load(const _Atomic uint32_t *field)
{
    return atomic_load_explicit(field, memory_order_acquire);
}

/* Since the look before. */
static uint32_t steps(struct gs_grants_session *x, uint32_t from, uint32_t to, uint64_t now)
{
    uint64_t most = FRAMES_MAX + (now - x->seen.at) / GS_NS_PER_MS;

    if (to - from <= most)
        return to - from;
    x->nonsense++;
    return 1;
}

static void finish_frame(struct gs_grants_session *x, uint64_t now)
{
    if (x->drawing)
        gs_sched_finished(x->sched, now);
    x->drawing = false;
}

static void start_frame(struct gs_grants_session *x, uint64_t now)
{
    if (!x->granted) {
        gs_sched_started(x->sched, now);
        x->begun_at = now;
        x->wants = false;
    }
    x->granted = false;
    x->drawing = true;
}

static void look_at_frames(struct gs_grants_session *x, uint32_t started, uint32_t finished,
                           uint64_t now)
{
    uint32_t began = steps(x, x->seen.started, started, now);
    bool ended = finished != x->seen.finished;

    if ((int32_t)(started - finished) < 0) {
        x->nonsense++;
        finished = started;
    }
    x->seen.started = started;
    x->seen.finished = finished;
    if (began > 0 || ended)
        measure(x, now);
    if (ended)
        finish_frame(x, now);
    for (began = MIN(began, FRAMES_TOLD); began > 0; began--) {
        start_frame(x, now);
        if (began > 1 || finished == started)
            finish_frame(x, now);
    }
}

static void unwant(struct gs_grants_session *x, uint64_t now)
{
    if (x->wants || x->granted)
        gs_sched_unwant(x->sched, now);
    x->wants = x->granted = false;
}

static void look_at_wishes(struct gs_grants_session *x, uint32_t asked, uint32_t withdrawn,
                           uint64_t now)
{
    uint32_t more = steps(x, x->seen.asked, asked, now);

    x->seen.asked = asked;
    if (asked == withdrawn) {
        unwant(x, now);
    } else if (more > 0) {
        if (x->granted) /* that was for a wish before */
            unwant(x, now);
        gs_sched_want(x->sched, now);
        x->wants = true;
    }
}

/* In the reverse of the order in which a worker writes: what came of it is never newer than what
 * it came from. */
static void look(struct gs_grants_session *x, uint64_t now)
{
    const struct gs_grant_up *up = &x->channel.page->up;
    uint32_t withdrawn = load(&up->withdrawn);
    uint32_t asked = load(&up->asked);
    uint32_t finished = load(&up->finished);
    uint32_t started = load(&up->started);

    look_at_frames(x, started, finished, now);
    look_at_wishes(x, asked, withdrawn, now);
    x->seen.at = now;
}

/* ---- listening ---- */

static void listen_to(struct gs_grants_session *x, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.u64 = x->id};

    if (epoll_ctl(x->g->epoll, EPOLL_CTL_MOD, x->channel.to_host, &e) < 0)
        x->nonsense++;
}

static void count_kick(struct gs_grants_session *x, uint64_t now)
{
    if (now - x->window_at >= GS_NS_PER_MS) {
        x->window_at = now;
        x->kicks = 0;
    }
    if (++x->kicks <= KICKS_MAX)
        return;
    x->floods++;
    x->muted_until = x->window_at + GS_NS_PER_MS;
    listen_to(x, 0);
}

void gs_grants_kicked(struct gs_grants_session *x, uint64_t now)
{
    look(x, now);
    count_kick(x, now);
}

/* The counter of the eventfd is never read: listening again says that there was a kick, once. Who
 * goes on as before is stopped at the next. */
void gs_grants_unmute(struct gs_grants_session *x, uint64_t now)
{
    x->muted_until = 0;
    x->window_at = now;
    x->kicks = KICKS_MAX - 1;
    listen_to(x, EPOLLIN | EPOLLET);
}

/* ---- what is due anyway ---- */

static uint32_t wished_fps(struct gs_grants_session *x)
{
    uint32_t fps = load(&x->channel.page->up.fps);

    if (fps > GS_FPS_LIMIT)
        x->nonsense++;
    return fps > 0 && fps < x->settings.fps ? fps : x->settings.fps;
}

static void tell_fps(struct gs_grants_session *x, uint64_t now)
{
    struct gs_sched_settings set = x->settings;
    uint32_t fps = wished_fps(x);

    if (fps == x->fps)
        return;
    x->fps = set.fps = fps;
    gs_sched_set(x->sched, &set, now);
}

void gs_grants_tick_session(struct gs_grants_session *x, uint64_t now)
{
    if (x->meter && now - x->looked_at >= GS_GRANTS_LOOK_NS) {
        gs_meter_look_around(x->meter, now);
        x->looked_at = now;
    }
    measure(x, now);
    gs_grants_stand_check(x, now);
    if (!x->channel.page)
        return;
    atomic_store_explicit(&x->channel.page->down.heartbeat, now, memory_order_relaxed);
    tell_fps(x, now);
    look(x, now);
}

/* ---- what the policy says ---- */

static void write_page(struct gs_grants_session *x, bool grant, uint64_t now)
{
    struct gs_grant_down *down = &x->channel.page->down;

    atomic_store_explicit(&down->heartbeat, now, memory_order_relaxed);
    atomic_store_explicit(&down->max_fps, x->max_fps, memory_order_relaxed);
    atomic_store_explicit(&down->flags, x->flags, memory_order_release);
    if (grant)
        atomic_store_explicit(&down->granted, x->seen.asked, memory_order_release);
}

static void carry_out(struct gs_grants_session *x, const struct gs_sched_order *o, uint64_t now)
{
    bool changed = o->flags != x->flags || o->max_fps != x->max_fps;
    bool grant = o->grant && x->wants;

    if (grant || ((o->flags ^ x->flags) & GS_GRANT_HOLD))
        measure(x, now);
    x->flags = o->flags;
    x->max_fps = o->max_fps;
    if (grant) {
        x->wants = false;
        x->granted = true;
        x->begun_at = now;
    }
    if (x->channel.page && (grant || changed)) {
        write_page(x, grant, now);
        gs_grant_kick(x->channel.to_worker);
    }
    gs_grants_stand_tell(x, x->flags & GS_GRANT_HOLD, now);
    gs_grants_weigh(x, o->cpu_weight);
}

void gs_grants_obey(struct gs_grants *g, uint64_t now)
{
    struct gs_sched_order o;

    while (gs_sched_next(g->sched, now, &o))
        carry_out(o.user, &o, now);
}

/* ---- a page comes, and goes ---- */

void gs_grants_drop_page(struct gs_grants_session *x, uint64_t now)
{
    if (!x->id)
        return;
    finish_frame(x, now);
    unwant(x, now);
    if (x->meter)
        gs_meter_set_claims(x->meter, NULL);
    if (epoll_ctl(x->g->epoll, EPOLL_CTL_DEL, x->channel.to_host, NULL) < 0)
        x->nonsense++;
    g_hash_table_remove(x->g->pages, &x->id);
    x->id = 0;
    x->muted_until = 0;
    gs_grant_channel_finish(&x->channel);
}

int gs_grants_take_page(struct gs_grants_session *x, const struct gs_grant_channel *channel,
                        uint64_t now)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.u64 = x->g->last_id + 1};

    gs_grants_drop_page(x, now);
    if (epoll_ctl(x->g->epoll, EPOLL_CTL_ADD, channel->to_host, &e) < 0)
        return -errno;
    x->channel = *channel;
    x->id = ++x->g->last_id;
    x->seen = (struct gs_grants_seen){.at = now};
    x->kicks = 0;
    g_hash_table_insert(x->g->pages, &x->id, x);
    if (x->meter)
        gs_meter_set_claims(x->meter, &x->channel.page->up);
    write_page(x, false, now);
    return 0;
}
