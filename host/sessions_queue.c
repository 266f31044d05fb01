/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sessions that wait for their floor: the one that came first is tried first, and no other before
 * it. Nothing of them is kept on disk, as who made them waits: with the daemon they are gone. */
#include <errno.h>

#include "common/clock.h"
#include "host/sessions_internal.h"

void gs_session_enqueue(struct gs_session *session, const char *why)
{
    session->state = GS_SESSION_QUEUED;
    session->queued_ns = gs_now_ns();
    session->queue_number = ++session->all->last_queue_number;
    session->queue_why = g_strdup(why);
    gs_sessions_say(session->all, session, "session-queued", "waits: %s", why);
}

unsigned gs_session_queue_place(const struct gs_session *session)
{
    g_autoptr(GPtrArray) list = gs_sessions_list(session->all);
    unsigned place = 1;

    for (guint i = 0; i < list->len; i++) {
        const struct gs_session *o = g_ptr_array_index(list, i);

        place += o->state == GS_SESSION_QUEUED && o->queue_number < session->queue_number;
    }
    return place;
}

/* ---- out of it ---- */

static void drop(struct gs_session *session)
{
    gs_state_remove(session->all->state, session->kept.name);
    g_tree_remove(session->all->sessions, session->kept.name);
    gs_session_free(session);
}

/* It is refused after all; err for who made it. */
static void refuse(struct gs_session *session, int err, const char *why)
{
    struct gs_waiter creator = session->creator;
    g_autofree char *name = g_strdup(session->kept.name);

    gs_sessions_say(session->all, session, "session-refused", "%s", why);
    session->all->info.ended++;
    drop(session);
    if (creator.done)
        creator.done(creator.user, name, err, why);
}

bool gs_sessions_abandon(struct gs_sessions *s, void *user)
{
    g_autoptr(GPtrArray) list = gs_sessions_list(s);

    for (guint i = 0; i < list->len; i++) {
        struct gs_session *session = g_ptr_array_index(list, i);

        if (session->state == GS_SESSION_QUEUED && session->creator.done &&
            session->creator.user == user) {
            session->creator.done = NULL;
            refuse(session, -EAGAIN, "gave up its place in the queue: nobody waits for it");
            return true;
        }
    }
    return false;
}

void gs_session_leave_queue(struct gs_session *session, const char *why)
{
    refuse(session, -EAGAIN, why);
}

/* ---- the clock ---- */

static struct gs_session *first(struct gs_sessions *s)
{
    g_autoptr(GPtrArray) list = gs_sessions_list(s);
    struct gs_session *best = NULL;

    for (guint i = 0; i < list->len; i++) {
        struct gs_session *session = g_ptr_array_index(list, i);

        if (session->state == GS_SESSION_QUEUED &&
            (!best || session->queue_number < best->queue_number))
            best = session;
    }
    return best;
}

static void end_overdue(struct gs_sessions *s, uint64_t now_ns)
{
    g_autoptr(GPtrArray) list = gs_sessions_list(s);

    for (guint i = 0; i < list->len; i++) {
        struct gs_session *session = g_ptr_array_index(list, i);
        g_autofree char *why = NULL;

        if (session->state != GS_SESSION_QUEUED ||
            now_ns - session->queued_ns < s->config->queue_ms * GS_NS_PER_MS)
            continue;
        why = g_strdup_printf("%s; it waited in the queue for %u s, as long as may be",
                              session->queue_why, s->config->queue_ms / 1000);
        refuse(session, -EDQUOT, why);
    }
}

void gs_sessions_try_queue(struct gs_sessions *s)
{
    struct gs_session *session;

    end_overdue(s, gs_now_ns());
    while (!s->closing_all && (session = first(s))) {
        g_autofree char *why = NULL, *brief = NULL;
        int err = gs_session_admit(session, &session->kept.settings, NULL, &why, &brief);

        if (err == -EDQUOT) {
            g_free(session->queue_why);
            session->queue_why = g_steal_pointer(&brief);
            return;
        }
        g_clear_pointer(&session->queue_why, g_free);
        session->state = GS_SESSION_STARTING;
        err = gs_session_begin(session, &why);
        if (err)
            refuse(session, err, why);
    }
}
