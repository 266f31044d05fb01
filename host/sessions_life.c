/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of a session: its worker starts, is ready, ends or dies, is started again. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/log.h"
#include "host/cgroup_session.h"
#include "host/crash.h"
#include "host/exit_status.h"
#include "host/files.h"
#include "host/sessions_internal.h"

/* ---- starting a worker ---- */

static int make_secret(struct gs_session *session, char ret[GS_PROTO_TICKET_MAX])
{
    uint8_t random[24];
    g_autofree char *text = NULL;

    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return -EIO;
    text = g_base64_encode(random, sizeof(random));
    g_strlcpy(ret, text, GS_PROTO_TICKET_MAX);
    gs_ticket_hash(session->kept.name, ret, session->kept.secret_hash);
    return 0;
}

/* Another daemon in the same control group may have a session of that name. */
static void name_cgroup(const struct gs_session *session, char out[256])
{
    g_snprintf(out, 256, "%s-%08x", session->kept.name,
               g_str_hash(session->all->config->state_dir));
}

void gs_session_fill_keeper(struct gs_session *session, struct gs_keeper_config *c)
{
    const struct gs_kept_session *k = &session->kept;
    const struct gs_host_config *config = session->all->config;
    g_autofree char *exit_path = gs_state_exit_path(session->all->state, k->name);

    *c = (struct gs_keeper_config){.log_size = config->log_size,
                                   .log_files = config->log_files,
                                   .memory_max = k->settings.memory_max,
                                   .tasks_max = k->settings.tasks_max,
                                   .cpu_percent = k->settings.cpu_percent,
                                   .cpu_weight = gs_session_cpu_weight(&k->settings),
                                   .stop_ms = config->stop_ms};
    g_strlcpy(c->session, k->name, sizeof(c->session));
    g_strlcpy(c->program, session->all->program, sizeof(c->program));
    g_strlcpy(c->runtime_dir, k->runtime_dir, sizeof(c->runtime_dir));
    g_strlcpy(c->log_dir, k->log_dir, sizeof(c->log_dir));
    g_strlcpy(c->exit_path, exit_path, sizeof(c->exit_path));
    name_cgroup(session, c->cgroup);
    if (k->uid != geteuid())
        g_strlcpy(c->user, k->user, sizeof(c->user));
}

static void fill_config(const struct gs_session *session, const char *secret,
                        struct gs_worker_config *c)
{
    const struct gs_kept_session *k = &session->kept;
    const struct gs_session_settings *set = &k->settings;
    const struct gs_host_config *config = session->all->config;
    char group[256];
    g_autofree char *groups = NULL;

    *c = (struct gs_worker_config){.width = set->width,
                                   .height = set->height,
                                   .fps = set->fps,
                                   .max_kbps = set->max_kbps,
                                   .quality = set->quality,
                                   .udp_first = config->udp_first,
                                   .udp_last = config->udp_last,
                                   .viewers = set->viewers,
                                   .unwatched = set->unwatched,
                                   .sandbox = set->sandbox,
                                   .env = k->env,
                                   .argv = k->argv};
    name_cgroup(session, group);
    groups = gs_cgroup_session_app_paths("/", group);
    g_strlcpy(c->session, k->name, sizeof(c->session));
    g_strlcpy(c->encoder, set->encoder, sizeof(c->encoder));
    g_strlcpy(c->converter, set->converter, sizeof(c->converter));
    g_strlcpy(c->effort, set->effort, sizeof(c->effort));
    g_strlcpy(c->bind_address, config->listen, sizeof(c->bind_address));
    g_strlcpy(c->runtime_dir, k->runtime_dir, sizeof(c->runtime_dir));
    g_strlcpy(c->app_cgroup, groups, sizeof(c->app_cgroup));
    g_snprintf(c->adopt_path, sizeof(c->adopt_path), "%s/workers.sock", config->runtime_dir);
    g_snprintf(c->hide, sizeof(c->hide), "%s:%s:%s", config->state_dir, config->log_dir,
               config->runtime_dir);
    g_strlcpy(c->secret, secret, sizeof(c->secret));
}

static void on_ready(void *user, const struct gs_worker_ready *ready)
{
    struct gs_session *session = user;
    struct gs_waiter creator = session->creator;
    bool again = session->was_ready;

    session->state = GS_SESSION_RUNNING;
    session->was_ready = true;
    session->ready = *ready;
    session->unwatched_ns = gs_now_ns();
    gs_runtime_dir_release(g_steal_pointer(&session->dir));
    gs_sessions_say(session->all, session, again ? "session-restarted" : "session-running",
                    "%s: encoder %s, converter %s, renderer %s", again ? "runs again" : "runs",
                    ready->encoder, ready->converter, ready->renderer);
    session->creator.done = NULL;
    if (creator.done)
        creator.done(creator.user, session->kept.name, 0, "");
}

static void on_ended(void *user, const struct gs_bye *bye)
{
    struct gs_session *session = user;

    session->app_ended = true;
    session->status = bye->status;
    g_strlcpy(session->why, bye->reason, sizeof(session->why));
    session->state = GS_SESSION_ENDING;
    gs_tickets_forget(session->all->tickets, session->kept.name);
    gs_session_dismiss(session, bye);
}

static void on_gone(void *user, const char *why, const struct gs_keeper_exit *e)
{
    g_autofree char *how = why ? g_strdup(why) : NULL;

    if (how && e && e->out_of_memory) {
        g_free(how);
        how = g_strdup("was killed: it took more than its memory-max");
    }
    gs_session_worker_gone(user, how);
}

static void on_stats(void *user, const struct gs_worker_stats *stats)
{
    struct gs_session *session = user;

    gs_session_slot_stats(session, stats);
    session->stats = *stats;
    session->stats_ns = gs_now_ns();
}

static void on_hung(void *user, unsigned silent_ms)
{
    struct gs_session *session = user;

    session->all->info.hung++;
    gs_sessions_say(session->all, session, "session-hung", "its worker did not answer for %u ms",
                    silent_ms);
}

void gs_session_fill_params(struct gs_session *session, const struct gs_keeper_config *keeper,
                            struct gs_worker_params *ret)
{
    static const struct gs_worker_listener listener = {.ready = on_ready,
                                                       .client_data = gs_session_client_data,
                                                       .client_close = gs_session_client_close,
                                                       .ended = on_ended,
                                                       .gone = on_gone,
                                                       .stats = on_stats,
                                                       .slot_want = gs_session_slot_wanted,
                                                       .slot_free = gs_session_slot_free,
                                                       .hung = on_hung};
    const struct gs_host_config *config = session->all->config;

    *ret = (struct gs_worker_params){.keeper = keeper,
                                     .ready_ms = config->ready_ms,
                                     .hang_ms = config->hang_ms,
                                     .listener = &listener,
                                     .user = session};
}

static int make_folders(struct gs_session *session, char **ret_why)
{
    struct gs_kept_session *k = &session->kept;
    int err = gs_folder_make(k->log_dir, 0700);

    if (err) {
        *ret_why = g_strdup_printf("cannot make %s: %s", k->log_dir, g_strerror(-err));
        return err;
    }
    err = gs_runtime_dir_create_below(session->all->base, k->name, &session->dir);
    if (err) {
        *ret_why = g_strdup_printf("cannot make a folder below %s: %s", session->all->base,
                                   g_strerror(-err));
        return err;
    }
    g_strlcpy(k->runtime_dir, gs_runtime_dir_path(session->dir), sizeof(k->runtime_dir));
    return 0;
}

static int start_processes(struct gs_session *session, const char *secret)
{
    struct gs_keeper_config keeper;
    struct gs_worker_config config;
    struct gs_worker_params params;

    gs_session_fill_keeper(session, &keeper);
    fill_config(session, secret, &config);
    gs_session_fill_params(session, &keeper, &params);
    params.config = &config;
    params.keeper_program = session->all->keeper_program;
    return gs_worker_create(&params, &session->worker);
}

/* Kept before and after: were we killed in between, the worker's secret would let it in. */
int gs_session_start_worker(struct gs_session *session, char **ret_why)
{
    struct gs_kept_session *k = &session->kept;
    char secret[GS_PROTO_TICKET_MAX];
    int err = make_folders(session, ret_why);

    if (!err && make_secret(session, secret) < 0)
        err = -EIO;
    k->keeper = 0;
    session->log_from = gs_crash_log_size(k->log_dir);
    gs_state_forget_exit(session->all->state, k->name);
    err = err ? err : gs_session_save(session);
    err = err ? err : start_processes(session, secret);
    if (!err) {
        gs_session_add_slot(session);
        k->keeper = gs_worker_keeper_pid(session->worker);
        k->keeper_start = gs_worker_keeper_start_time(session->worker);
        gs_session_save_or_warn(session);
        return 0;
    }
    gs_runtime_dir_destroy(g_steal_pointer(&session->dir));
    if (err == -ENOSPC || err == -EDQUOT)
        err = -ENOSPC;
    if (!*ret_why)
        *ret_why = g_strdup_printf("the session's worker cannot be started: %s", g_strerror(-err));
    return err;
}

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
