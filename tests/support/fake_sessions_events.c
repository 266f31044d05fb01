/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events and tickets of sessions that are none. */
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "tests/support/fake_sessions_state.h"

#define HISTORY 1000

/* ---- events ---- */

void gs_fake_event_free(void *data)
{
    struct event *event = data;

    g_free(event->kind);
    g_free(event->session);
    g_free(event->user);
    g_free(event->text);
    g_free(event);
}

static bool still_listens(struct gs_sessions *s, unsigned id)
{
    for (guint i = 0; i < s->listeners->len; i++) {
        if (g_array_index(s->listeners, struct listener, i).id == id)
            return true;
    }
    return false;
}

static void tell(struct gs_sessions *s, const struct gs_event *e)
{
    g_autoptr(GArray) now = g_array_copy(s->listeners);

    for (guint i = 0; i < now->len; i++) {
        const struct listener *l = &g_array_index(now, struct listener, i);

        if (still_listens(s, l->id))
            l->fn(l->user, e);
    }
}

static gboolean tell_all(void *data)
{
    struct gs_sessions *s = data;

    s->telling = 0;
    while (s->told < s->history->len) {
        const struct event *event = g_ptr_array_index(s->history, s->told++);

        tell(s, &event->e);
    }
    for (; s->history->len > HISTORY; s->told--)
        g_ptr_array_remove_index(s->history, 0);
    return G_SOURCE_REMOVE;
}

void gs_fake_sessions_event(struct gs_sessions *s, const char *kind, const char *session,
                            const char *text)
{
    const struct fake_session *of = g_tree_lookup(s->sessions, session);
    struct event *event = g_new0(struct event, 1);

    event->kind = g_strdup(kind);
    event->session = g_strdup(session);
    event->user = g_strdup(of ? of->user : "");
    event->text = g_strdup(text);
    event->e = (struct gs_event){.seq = ++s->seq,
                                 .time = CREATED,
                                 .kind = event->kind,
                                 .session = event->session,
                                 .user = event->user,
                                 .text = event->text,
                                 .uid = of ? of->uid : 0};
    g_ptr_array_add(s->history, event);
    if (!s->telling)
        s->telling = g_idle_add(tell_all, s);
}

unsigned gs_sessions_listen(struct gs_sessions *s, void (*fn)(void *user, const struct gs_event *e),
                            void *user)
{
    const struct listener l = {++s->last_listener, fn, user};

    g_array_append_val(s->listeners, l);
    return l.id;
}

void gs_sessions_unlisten(struct gs_sessions *s, unsigned id)
{
    for (guint i = 0; i < s->listeners->len; i++) {
        if (g_array_index(s->listeners, struct listener, i).id == id) {
            g_array_remove_index(s->listeners, i);
            return;
        }
    }
}

void gs_sessions_events(struct gs_sessions *s, const struct gs_caller *caller, uint64_t seq,
                        void (*fn)(void *user, const struct gs_event *e), void *user)
{
    for (guint i = 0; i < s->history->len; i++) {
        const struct event *event = g_ptr_array_index(s->history, i);

        if (event->e.seq > seq && gs_fake_may_see(caller, event->e.uid))
            fn(user, &event->e);
    }
}

/* ---- tickets ---- */

int gs_sessions_ticket(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                       const struct gs_ticket_request *request, struct gs_ticket_info *ret_info,
                       char **ret_url, char **ret_why)
{
    struct fake_session *x = gs_fake_find(s, caller, name, ret_why);
    int64_t ttl = request->ttl_s;

    if (!x)
        return -ENOENT;
    if (ttl < 0)
        ttl = x->settings.ticket_ttl_s;
    *ret_info = (struct gs_ticket_info){.view = request->view,
                                        .uses_left = request->uses,
                                        .expires = ttl ? CREATED + (uint64_t)ttl : 0,
                                        .created = CREATED};
    g_snprintf(ret_info->id, sizeof(ret_info->id), "t%u", ++x->last_ticket);
    g_array_append_val(x->tickets, *ret_info);
    *ret_url = g_strdup_printf("gpushare://192.0.2.7:47800/%s?ticket=secret-%u&fp=00", name,
                               x->last_ticket);
    gs_fake_sessions_event(s, "ticket-issued", name, ret_info->id);
    return 0;
}

int gs_sessions_tickets(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                        struct gs_ticket_info **ret, unsigned *ret_n, char **ret_why)
{
    struct fake_session *x = gs_fake_find(s, caller, name, ret_why);

    if (!x)
        return -ENOENT;
    *ret = g_memdup2(x->tickets->data, x->tickets->len * sizeof(**ret));
    *ret_n = x->tickets->len;
    return 0;
}

int gs_sessions_revoke(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                       const char *id, char **ret_why)
{
    struct fake_session *x = gs_fake_find(s, caller, name, ret_why);

    if (!x)
        return -ENOENT;
    for (guint i = 0; i < x->tickets->len; i++) {
        if (strcmp(g_array_index(x->tickets, struct gs_ticket_info, i).id, id) == 0) {
            g_array_remove_index(x->tickets, i);
            return 0;
        }
    }
    if (strcmp(id, "all") == 0) {
        g_array_set_size(x->tickets, 0);
        return 0;
    }
    *ret_why = g_strdup_printf("the session '%s' has no ticket '%s'", name, id);
    return -ENOENT;
}
