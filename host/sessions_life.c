/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a session, or of its worker, which may be started again. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "host/crash.h"
#include "host/exit_status.h"
#include "host/sessions_internal.h"

/* ---- the end ---- */

static void tell_waiters(struct gs_session *session, int err, const char *why)
{
    const char *name = session->kept.name;

    if (session->creator.done)
        session->creator.done(session->creator.user, name, err ? err : -EAGAIN, why);
    for (guint i = 0; i < session->closers->len; i++) {
        const struct gs_waiter *w = &g_array_index(session->closers, struct gs_waiter, i);

        w->done(w->user, name, 0, "");
    }
}

static void quit_if_all_closed(struct gs_sessions *s)
{
    void (*done)(void *user) = s->all_closed;

    if (!s->closing_all || g_tree_nnodes(s->sessions) > 0 || !done)
        return;
    s->all_closed = NULL;
    done(s->all_closed_user);
}

/* failed: why it did, a sentence; NULL: it ended in order. */
static void finish(struct gs_session *session, const char *failed)
{
    struct gs_sessions *s = session->all;
    struct gs_bye bye = {.status = failed ? GS_EXIT_FAILED : session->status};

    session->state = GS_SESSION_ENDED;
    g_strlcpy(bye.reason, failed ? failed : session->why, sizeof(bye.reason));
    gs_session_dismiss(session, &bye);
    gs_tickets_forget(s->tickets, session->kept.name);
    gs_state_remove(s->state, session->kept.name);
    if (failed)
        s->info.failed++;
    s->info.ended++;
    gs_sessions_say(s, session, failed ? "session-failed" : "session-ended", "%s",
                    failed          ? failed
                    : *session->why ? session->why
                                    : "ended");
    g_tree_remove(s->sessions, session->kept.name);
    tell_waiters(session, failed ? -EIO : 0, failed ? failed : session->why);
    gs_session_free(session);
    gs_sessions_prune_logs(s);
    quit_if_all_closed(s);
    gs_sessions_maybe_open_door(s, false);
}

/* ---- what to do about a worker that died ---- */

/* Times of the last restarts; how many of them are not long ago. */
static unsigned recent_restarts(const struct gs_session *session, uint64_t now_ns)
{
    unsigned n = 0;

    for (unsigned i = 0; i < GS_RESTARTS_MAX; i++) {
        uint64_t at = session->restarted_ns[i];

        n += at && now_ns - at < GS_RESTARTS_WINDOW_S * GS_NS_PER_S;
    }
    return n;
}

static gboolean on_restart(gpointer data)
{
    struct gs_session *session = data;
    g_autofree char *why = NULL;

    session->restart_timer = 0;
    if (gs_session_start_worker(session, &why) < 0)
        finish(session, why);
    return G_SOURCE_REMOVE;
}

void gs_session_restart(struct gs_session *session, unsigned wait_s)
{
    session->state = GS_SESSION_RESTARTING;
    session->restart_timer = g_timeout_add(wait_s * 1000, on_restart, session);
}

static void restart(struct gs_session *session, unsigned recent)
{
    struct gs_kept_session *k = &session->kept;

    session->stats_ns = 0;
    session->restarted_ns[session->next_restart] = gs_now_ns();
    session->next_restart = (session->next_restart + 1) % GS_RESTARTS_MAX;
    k->restarts++;
    k->keeper = 0;
    memset(k->secret_hash, 0, sizeof(k->secret_hash));
    gs_session_restart(session, recent);
    gs_session_save_or_warn(session);
    gs_session_drop_clients(session, "its session is started again");
}

/* The last thing that the worker complained of says more than how it ended. */
static char *what_it_said(const struct gs_session *session)
{
    g_autofree char *said = gs_crash_last_error(session->kept.log_dir, session->log_from);

    return said ? g_strdup_printf("; it said: %s", said) : g_strdup("");
}

static void report(struct gs_session *session, const char *how)
{
    struct gs_kept_session *k = &session->kept;
    g_autofree char *path = NULL;
    int err = gs_crash_write(session->all->crashes, k->name, k->user, how, k->log_dir,
                             g_get_real_time(), &path);

    if (err)
        gs_session_log(GS_LOG_WARN, session, "no report of its crash could be written: %s",
                       g_strerror(-err));
    g_snprintf(k->last_error, sizeof(k->last_error), "the worker %s%s%s%s", how,
               path ? " (report: " : "", path ? path : "", path ? ")" : "");
}

static bool may_restart(const struct gs_session *session, unsigned recent)
{
    return session->was_ready && session->kept.settings.restart == GS_RESTART_ON_FAILURE &&
           recent < GS_RESTARTS_MAX && !session->all->closing_all;
}

void gs_session_worker_gone(struct gs_session *session, const char *how)
{
    unsigned recent = recent_restarts(session, gs_now_ns());
    g_autofree char *said = NULL;
    g_autofree char *why = NULL;

    gs_worker_destroy(g_steal_pointer(&session->worker));
    gs_keeper_process_free(g_steal_pointer(&session->away));
    gs_runtime_dir_destroy(g_steal_pointer(&session->dir));
    gs_session_remove_slot(session);
    gs_session_remove_grants(session);
    if (!how || session->closing) {
        bool never_ran = session->app_ended && !session->was_ready;

        finish(session, never_ran ? session->why : NULL);
        return;
    }
    report(session, how);
    said = what_it_said(session);
    why = g_strdup_printf("the session's worker %s%s", how, said);
    if (!may_restart(session, recent)) {
        finish(session, why);
        return;
    }
    gs_session_log(GS_LOG_WARN, session, "%s; it is started again", why);
    restart(session, recent);
}

/* ---- closing ---- */

static gboolean on_nothing_left(gpointer data)
{
    struct gs_session *session = data;

    session->restart_timer = 0;
    finish(session, NULL);
    return G_SOURCE_REMOVE;
}

void gs_session_begin_end(struct gs_session *session, const char *why)
{
    struct gs_bye bye = {.status = GS_EXIT_DONE};

    if (session->closing || session->app_ended)
        return;
    session->closing = true;
    session->state = GS_SESSION_ENDING;
    session->status = GS_EXIT_DONE;
    g_strlcpy(session->why, why, sizeof(session->why));
    g_strlcpy(bye.reason, why, sizeof(bye.reason));
    gs_tickets_forget(session->all->tickets, session->kept.name);
    gs_session_dismiss(session, &bye);
    if (session->worker) {
        gs_worker_stop(session->worker);
    } else if (session->away) {
        gs_keeper_process_signal(session->away, SIGTERM);
    } else {
        if (session->restart_timer)
            g_source_remove(session->restart_timer);
        session->restart_timer = g_idle_add(on_nothing_left, session);
    }
}

int gs_sessions_close(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                      gs_sessions_done done, void *user, char **ret_why)
{
    const struct gs_waiter waiter = {done, user};
    struct gs_session *session;
    g_autofree char *why = NULL;
    int err = gs_session_lookup(s, caller, name, &session, ret_why);

    if (err)
        return err;
    g_array_append_val(session->closers, waiter);
    why = g_strdup_printf("the session was closed by %s",
                          *caller->user ? caller->user : "its administrator");
    gs_session_begin_end(session, why);
    return 0;
}

static gboolean on_nothing_to_close(gpointer data)
{
    struct gs_sessions *s = data;

    s->closed_idle = 0;
    quit_if_all_closed(s);
    return G_SOURCE_REMOVE;
}

void gs_sessions_close_all(struct gs_sessions *s, void (*done)(void *user), void *user)
{
    g_autoptr(GPtrArray) list = gs_sessions_list(s);

    s->closing_all = true;
    s->all_closed = done;
    s->all_closed_user = user;
    gs_door_shut(s->door);
    for (guint i = 0; i < list->len; i++)
        gs_session_begin_end(g_ptr_array_index(list, i), "the host is shut down");
    s->closed_idle = g_idle_add(on_nothing_to_close, s);
}

void gs_sessions_kill_all(struct gs_sessions *s)
{
    g_autoptr(GPtrArray) list = gs_sessions_list(s);

    for (guint i = 0; i < list->len; i++) {
        struct gs_session *session = g_ptr_array_index(list, i);

        if (session->worker)
            gs_worker_kill(session->worker);
        else if (session->away)
            gs_keeper_process_signal(session->away, SIGUSR1);
    }
}
