/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scheduler's thread. It sleeps without any timeout while nothing is drawn. */
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/log.h"
#include "host/grants_internal.h"

#define EVENTS_MAX 64
/* Who draws is measured so often, if the loop wakes at all. */
#define AT_WORK_NS (3 * GS_NS_PER_MS)
#define NICE (-10)

/* ---- when to wake ---- */

static bool is_active(const struct gs_grants *g, uint64_t now)
{
    if (g->kicked_at && now - g->kicked_at < GS_GRANTS_QUIET_NS)
        return true;
    for (guint i = 0; i < g->sessions->len; i++) {
        const struct gs_grants_session *x = g->sessions->pdata[i];

        if (x->wants || (x->flags & GS_GRANT_HOLD))
            return true;
    }
    return false;
}

static uint64_t next_unmute(const struct gs_grants *g)
{
    uint64_t at = UINT64_MAX;

    for (guint i = 0; i < g->sessions->len; i++) {
        const struct gs_grants_session *x = g->sessions->pdata[i];

        if (x->muted_until)
            at = MIN(at, x->muted_until);
    }
    return at;
}

static uint64_t next_due(struct gs_grants *g, uint64_t now)
{
    uint64_t due = MIN(gs_sched_due(g->sched, now), next_unmute(g));

    if (!is_active(g, now))
        g->tick_at = 0;
    else if (!g->tick_at)
        g->tick_at = now + GS_GRANTS_TICK_NS;
    return g->tick_at ? MIN(due, g->tick_at) : due;
}

/* ---- what happens ---- */

/* Nobody was listened to for a while: what was used meanwhile was used before whatever comes now.
 */
static void begin_activity(struct gs_grants *g, uint64_t now)
{
    for (guint i = 0; i < g->sessions->len; i++)
        gs_grants_measure(g->sessions->pdata[i], now, GS_GRANTS_CHARGE_NS);
    gs_grants_obey(g, now);
}

/* Before what comes now is judged. */
static void measure(struct gs_grants *g, uint64_t now)
{
    for (guint i = 0; i < g->sessions->len; i++) {
        struct gs_grants_session *x = g->sessions->pdata[i];

        if (gs_sched_to_measure(x->sched, now) ||
            ((x->drawing || x->granted) && now - x->measured_at >= AT_WORK_NS))
            gs_grants_measure(x, now, GS_GRANTS_CHARGE_NS);
    }
}

static void on_event(struct gs_grants *g, uint64_t id, uint64_t now)
{
    struct gs_grants_session *x = id ? g_hash_table_lookup(g->pages, &id) : NULL;
    uint64_t value;

    if (!id && read(g->wake, &value, sizeof(value)) < 0)
        return;
    if (!x) /* our own, or its page went meanwhile */
        return;
    if (!is_active(g, now))
        begin_activity(g, now);
    g->kicked_at = now;
    gs_grants_kicked(x, now);
    gs_grants_obey(g, now);
}

static void on_time(struct gs_grants *g, uint64_t now)
{
    bool tick = g->tick_at && now >= g->tick_at;

    for (guint i = 0; i < g->sessions->len; i++) {
        struct gs_grants_session *x = g->sessions->pdata[i];

        if (x->muted_until && now >= x->muted_until)
            gs_grants_unmute(x, now);
        if (tick)
            gs_grants_tick_session(x, now);
    }
    if (tick) {
        gs_grants_others_tick(g, now);
        g->tick_at = now + GS_GRANTS_TICK_NS;
    }
    gs_grants_obey(g, now);
}

/* ---- the thread ---- */

static void prepare(void)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    prctl(PR_SET_NAME, "scheduler");
    prctl(PR_SET_TIMERSLACK, 1UL);
    /* Of this thread alone. It holds everybody up, and does little. */
    if (setpriority(PRIO_PROCESS, (id_t)gettid(), NICE) < 0)
        gs_debug("the scheduler's thread has no higher priority: %s", g_strerror(errno));
}

static int wait_until(const struct gs_grants *g, uint64_t due, struct epoll_event *events)
{
    uint64_t now = gs_now_ns(), ns = due > now ? due - now : 0;
    const struct timespec timeout = {.tv_sec = (time_t)(ns / GS_NS_PER_S),
                                     .tv_nsec = (long)(ns % GS_NS_PER_S)};

    return epoll_pwait2(g->epoll, events, EVENTS_MAX, due == UINT64_MAX ? NULL : &timeout, NULL);
}

void *gs_grants_run(void *data)
{
    struct gs_grants *g = data;
    struct epoll_event events[EVENTS_MAX];

    prepare();
    pthread_mutex_lock(&g->lock);
    while (!g->stop) {
        uint64_t due = next_due(g, gs_now_ns());
        int n;

        pthread_mutex_unlock(&g->lock);
        n = wait_until(g, due, events);
        pthread_mutex_lock(&g->lock);
        measure(g, gs_now_ns());
        for (int i = 0; i < n; i++)
            on_event(g, events[i].data.u64, gs_now_ns());
        on_time(g, gs_now_ns());
    }
    pthread_mutex_unlock(&g->lock);
    return NULL;
}

void gs_grants_wake(struct gs_grants *g)
{
    const uint64_t one = 1;

    if (write(g->wake, &one, sizeof(one)) < 0)
        gs_debug("the scheduler is awake already");
}
