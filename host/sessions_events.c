/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What happened: the last thousand, and who listens. */
#include <stdarg.h>
#include <string.h>

#include "common/log.h"
#include "host/sessions_internal.h"

#define KEPT_MAX 1000

struct listener {
    unsigned id;   /* 0: removed while the list is walked */
    uint64_t told; /* seq of the last one that it heard */
    void (*fn)(void *user, const struct gs_event *e);
    void *user;
};

struct gs_events {
    GQueue kept; /* struct gs_event, oldest first */
    uint64_t seq;
    GArray *listeners; /* struct listener */
    unsigned last_id;
    bool walking;
    guint idle;
};

static void free_event(gpointer data)
{
    struct gs_event *e = data;

    g_free((char *)e->session);
    g_free((char *)e->user);
    g_free((char *)e->text);
    g_free(e);
}

struct gs_events *gs_events_create(void)
{
    struct gs_events *ev = g_new0(struct gs_events, 1);

    g_queue_init(&ev->kept);
    ev->listeners = g_array_new(FALSE, FALSE, sizeof(struct listener));
    return ev;
}

void gs_events_destroy(struct gs_events *ev)
{
    if (!ev)
        return;
    if (ev->idle)
        g_source_remove(ev->idle);
    g_queue_clear_full(&ev->kept, free_event);
    g_array_unref(ev->listeners);
    g_free(ev);
}

static struct listener *at(struct gs_events *ev, guint i)
{
    return &g_array_index(ev->listeners, struct listener, i);
}

static void drop_removed(struct gs_events *ev)
{
    for (guint i = ev->listeners->len; i > 0; i--) {
        if (at(ev, i - 1)->id == 0)
            g_array_remove_index(ev->listeners, i - 1);
    }
}

/* Listeners may come and go in what they do, which moves the array. */
static void tell(struct gs_events *ev, const struct gs_event *e)
{
    for (guint i = 0; i < ev->listeners->len; i++) {
        struct listener l = *at(ev, i);

        if (l.id == 0 || l.told >= e->seq)
            continue;
        at(ev, i)->told = e->seq;
        l.fn(l.user, e);
    }
}

static gboolean on_idle(gpointer data)
{
    struct gs_events *ev = data;
    uint64_t until = ev->seq;

    ev->idle = 0;
    ev->walking = true;
    for (GList *link = ev->kept.head; link; link = link->next) {
        const struct gs_event *e = link->data;

        if (e->seq <= until)
            tell(ev, e);
    }
    ev->walking = false;
    drop_removed(ev);
    return G_SOURCE_REMOVE;
}

void gs_sessions_say(struct gs_sessions *s, const struct gs_session *session, const char *kind,
                     const char *fmt, ...)
{
    struct gs_events *ev = s->events;
    struct gs_event *e = g_new0(struct gs_event, 1);
    va_list ap;

    va_start(ap, fmt);
    e->text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    e->seq = ++ev->seq;
    e->time = gs_wall_s();
    e->kind = kind;
    e->session = g_strdup(session ? session->kept.name : "");
    e->user = g_strdup(session ? session->kept.user : "");
    e->uid = session ? session->kept.uid : (uid_t)-1;
    gs_log_session(GS_LOG_INFO, e->session, e->user, "%s: %s", kind, e->text);
    g_queue_push_tail(&ev->kept, e);
    /* While they are told nothing is dropped under the hand of who walks. */
    while (!ev->walking && g_queue_get_length(&ev->kept) > KEPT_MAX)
        free_event(g_queue_pop_head(&ev->kept));
    if (!ev->idle)
        ev->idle = g_idle_add(on_idle, ev);
}

unsigned gs_sessions_listen(struct gs_sessions *s, void (*fn)(void *user, const struct gs_event *e),
                            void *user)
{
    struct gs_events *ev = s->events;
    struct listener l = {.id = ++ev->last_id, .told = ev->seq, .fn = fn, .user = user};

    g_array_append_val(ev->listeners, l);
    return l.id;
}

void gs_sessions_unlisten(struct gs_sessions *s, unsigned id)
{
    struct gs_events *ev = s->events;

    for (guint i = 0; i < ev->listeners->len; i++) {
        if (at(ev, i)->id == id)
            at(ev, i)->id = 0;
    }
    if (!ev->walking)
        drop_removed(ev);
}

void gs_sessions_events(struct gs_sessions *s, const struct gs_caller *caller, uint64_t seq,
                        void (*fn)(void *user, const struct gs_event *e), void *user)
{
    for (GList *link = s->events->kept.head; link; link = link->next) {
        const struct gs_event *e = link->data;

        if (e->seq > seq && (caller->admin || e->uid == caller->uid))
            fn(user, e);
    }
}
