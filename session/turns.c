/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/turns.h"

#include <glib.h>

#include "common/clock.h"
#include "common/grant_page.h"
#include "common/log.h"
#include "session/turns_link.h"
#include "session/turns_rule.h"

/* A frame that took longer drew nothing most of the time: its application had nothing to draw. */
#define DRAWING_MOST (100 * GS_NS_PER_MS)

struct source {
    GSource base;
    struct gs_turns *turns;
};

struct gs_turns {
    const struct gs_turns_listener *listener;
    void *user;
    struct gs_turns_link *link;
    struct gs_grant_channel channel; /* page NULL: none, and all is free */
    GSource *source;                 /* the host's kicks, and time */
    gpointer kicks;                  /* NULL: no page */
    uint64_t at;                     /* when to look without a kick; UINT64_MAX: never */
    uint32_t flags, max_fps;         /* that the listener knows of */
    bool lost;                       /* the page, and the listener does not know yet */

    bool waiting; /* for what was asked for last */
    bool told;    /* and the listener knows that it may go */
    uint64_t since;
    struct gs_turns_alone alone;
    struct gs_turns_hold hold;

    /* What our half of the page holds: nobody else's word for it. */
    uint32_t asked, started, fps;
    uint64_t own_ns, app_ns;
    uint64_t drawing_since; /* 0: no frame is in flight */
};

/* ---- the page ---- */

static uint32_t flags_now(const struct gs_turns *g)
{
    return g->channel.page ? atomic_load(&g->channel.page->down.flags) : GS_GRANT_FREE;
}

static uint32_t max_fps_now(const struct gs_turns *g)
{
    return g->channel.page ? atomic_load(&g->channel.page->down.max_fps) : 0;
}

/* One that is not over yet would never grow old. */
static uint64_t heartbeat(const struct gs_turns *g, uint64_t now)
{
    return g->channel.page ? GS_MIN(atomic_load(&g->channel.page->down.heartbeat), now) : 0;
}

static bool is_granted(const struct gs_turns *g)
{
    return g->waiting && atomic_load(&g->channel.page->down.granted) == g->asked;
}

static void kick(struct gs_turns *g)
{
    gs_grant_kick(g->channel.to_host);
}

static void withdraw(struct gs_turns *g)
{
    g->waiting = false;
    atomic_store(&g->channel.page->up.withdrawn, g->asked);
}

/* ---- time ---- */

static void set_time(struct gs_turns *g, uint64_t now)
{
    uint64_t at = UINT64_MAX;

    if (g->waiting && !g->told)
        at = gs_turns_alone_due(&g->alone, g->since, heartbeat(g, now));
    if (g->channel.page)
        at = GS_MIN(
            at, gs_turns_hold_due(&g->hold, flags_now(g) & GS_GRANT_HOLD, heartbeat(g, now), now));
    g->at = g->lost ? now : at;
}

static void look_at_hold(struct gs_turns *g, uint64_t now)
{
    bool before = g->hold.held;
    bool wanted = flags_now(g) & GS_GRANT_HOLD;

    if (gs_turns_hold_look(&g->hold, wanted, heartbeat(g, now), now) != before)
        g->listener->hold(g->user, g->hold.held);
}

static bool may_go(const struct gs_turns *g, uint64_t now)
{
    return g->waiting && (is_granted(g) || flags_now(g) & GS_GRANT_FREE ||
                          gs_turns_alone_due(&g->alone, g->since, heartbeat(g, now)) <= now);
}

static void look(struct gs_turns *g)
{
    const uint32_t told = GS_GRANT_FREE | GS_GRANT_CONTENDED;
    uint64_t now = gs_now_ns();
    uint32_t flags = flags_now(g), max_fps = max_fps_now(g);
    bool news = g->lost || ((flags ^ g->flags) & told) || max_fps != g->max_fps;

    if (!g->told && may_go(g, now))
        news = g->told = true;
    g->lost = false;
    g->flags = flags;
    g->max_fps = max_fps;
    look_at_hold(g, now);
    if (news)
        g->listener->changed(g->user);
    set_time(g, gs_now_ns());
}

static void drop_page(struct gs_turns *g)
{
    if (!g->channel.page)
        return;
    g_source_remove_unix_fd(g->source, g->kicks);
    g->kicks = NULL;
    gs_grant_channel_finish(&g->channel);
    g->waiting = false;
    g->lost = true;
    set_time(g, gs_now_ns());
}

/* Not by a ready time, which wakes the loop when it is set. */
static gboolean events_prepare(GSource *source, gint *timeout)
{
    uint64_t at = ((struct source *)source)->turns->at, now;

    *timeout = -1;
    if (at == UINT64_MAX)
        return FALSE;
    now = gs_now_ns();
    if (at > now)
        *timeout = (gint)GS_MIN((at - now + GS_NS_PER_MS - 1) / GS_NS_PER_MS, G_MAXINT);
    return at <= now;
}

static gboolean events_check(GSource *source)
{
    const struct gs_turns *g = ((struct source *)source)->turns;

    return (g->kicks && g_source_query_unix_fd(source, g->kicks)) ||
           (g->at != UINT64_MAX && g->at <= gs_now_ns());
}

static gboolean events_dispatch(GSource *source, GSourceFunc callback GS_UNUSED,
                                gpointer data GS_UNUSED)
{
    struct gs_turns *g = ((struct source *)source)->turns;
    GIOCondition said = g->kicks ? g_source_query_unix_fd(source, g->kicks) : 0;

    if (said & G_IO_IN)
        gs_grant_clear(g->channel.to_worker);
    if (said & (G_IO_HUP | G_IO_ERR)) {
        drop_page(g);
        gs_turns_link_again(g->link);
    }
    look(g);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {
    .prepare = events_prepare, .check = events_check, .dispatch = events_dispatch};

/* ---- the connection ---- */

static int on_opened(void *user, const int fds[GS_TURNS_LINK_FDS])
{
    struct gs_turns *g = user;
    int err;

    drop_page(g);
    err = gs_grant_channel_open(fds, &g->channel);
    if (err < 0)
        return err;
    gs_info("the host's scheduler says when frames begin");
    g->kicks = g_source_add_unix_fd(g->source, g->channel.to_worker, G_IO_IN);
    g->asked = g->started = 0;
    g->own_ns = g->app_ns = 0;
    atomic_store(&g->channel.page->up.fps, g->fps);
    kick(g);
    look(g);
    return 0;
}

static void on_closed(void *user)
{
    drop_page(user);
}

static const struct gs_turns_link_handler link_handler = {on_opened, on_closed};

void gs_turns_connect(struct gs_turns *g, const struct gs_worker_config *config)
{
    struct gs_worker_grants who;

    if (!config->adopt_path[0])
        return;
    g_strlcpy(who.session, config->session, sizeof(who.session));
    g_strlcpy(who.secret, config->secret, sizeof(who.secret));
    gs_turns_link_connect(g->link, config->adopt_path, &who);
}

void gs_turns_lost(struct gs_turns *g)
{
    gs_turns_link_close(g->link);
    drop_page(g);
}

/* ---- frames ---- */

static bool begin(struct gs_turns *g, uint64_t now)
{
    atomic_store(&g->channel.page->up.started, ++g->started);
    g->waiting = false;
    if (!g->drawing_since)
        g->drawing_since = now;
    return true;
}

static void ask(struct gs_turns *g, uint64_t now)
{
    g->waiting = true;
    g->told = false;
    g->since = now;
    atomic_store(&g->channel.page->up.asked, ++g->asked);
    kick(g);
    set_time(g, now);
}

/* Without a grant, and so the host is to look. */
static bool begin_unasked(struct gs_turns *g, uint64_t now)
{
    if (g->waiting)
        withdraw(g);
    begin(g, now);
    kick(g);
    return true;
}

bool gs_turns_start(struct gs_turns *g, uint64_t now)
{
    if (!g || !g->channel.page)
        return true;
    if (is_granted(g) || flags_now(g) & GS_GRANT_FREE) {
        gs_turns_alone_started(&g->alone, now);
        return is_granted(g) ? begin(g, now) : begin_unasked(g, now);
    }
    if (!g->waiting) {
        ask(g, now);
        return false;
    }
    if (gs_turns_alone_due(&g->alone, g->since, heartbeat(g, now)) > now) {
        g->told = false; /* the heartbeat came back after that */
        set_time(g, now);
        return false;
    }
    gs_turns_alone_go(&g->alone, g->since, heartbeat(g, now), now);
    return begin_unasked(g, now);
}

void gs_turns_finished(struct gs_turns *g, uint64_t now)
{
    if (!g || !g->channel.page)
        return;
    if (g->drawing_since && now > g->drawing_since)
        g->app_ns += GS_MIN(now - g->drawing_since, DRAWING_MOST);
    g->drawing_since = 0;
    atomic_store(&g->channel.page->up.app_ns, g->app_ns);
    atomic_store(&g->channel.page->up.finished, g->started);
    kick(g);
}

void gs_turns_withdraw(struct gs_turns *g)
{
    if (!g || !g->waiting)
        return;
    withdraw(g);
    kick(g);
    set_time(g, gs_now_ns());
}

bool gs_turns_asks(const struct gs_turns *g)
{
    return g && !(flags_now(g) & GS_GRANT_FREE);
}

bool gs_turns_contended(const struct gs_turns *g)
{
    return g && flags_now(g) & GS_GRANT_CONTENDED;
}

uint32_t gs_turns_max_fps(const struct gs_turns *g)
{
    return g ? max_fps_now(g) : 0;
}

void gs_turns_set_fps(struct gs_turns *g, uint32_t fps)
{
    if (!g || g->fps == fps)
        return;
    g->fps = fps;
    if (!g->channel.page)
        return;
    atomic_store(&g->channel.page->up.fps, fps);
    kick(g);
}

void gs_turns_own(struct gs_turns *g, uint64_t ns)
{
    if (!g || !g->channel.page)
        return;
    g->own_ns += ns;
    atomic_store(&g->channel.page->up.own_ns, g->own_ns);
}

/* ---- life ---- */

struct gs_turns *gs_turns_create(const struct gs_turns_listener *listener, void *user)
{
    struct gs_turns *g = g_new0(struct gs_turns, 1);

    g->listener = listener;
    g->user = user;
    g->channel = GS_GRANT_CHANNEL_NONE;
    g->at = UINT64_MAX;
    g->flags = GS_GRANT_FREE;
    g->link = gs_turns_link_create(&link_handler, g);
    g->source = g_source_new(&source_funcs, sizeof(struct source));
    ((struct source *)g->source)->turns = g;
    g_source_set_static_name(g->source, "turns");
    g_source_set_priority(g->source, G_PRIORITY_HIGH);
    /* As that of the alarm: nobody runs the loop inside of it. */
    g_source_set_can_recurse(g->source, TRUE);
    g_source_attach(g->source, g_main_context_get_thread_default());
    return g;
}

void gs_turns_destroy(struct gs_turns *g)
{
    if (!g)
        return;
    gs_turns_link_destroy(g->link);
    drop_page(g);
    g_source_destroy(g->source);
    g_source_unref(g->source);
    g_free(g);
}
