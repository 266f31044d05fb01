/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The registry: which sessions there are, who sees them, and what is said of them. */
#include "host/sessions.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "host/old_logs.h"
#include "host/sessions_internal.h"

const char *const gs_session_state_names[] = {"starting",   "queued", "running", "away",
                                              "restarting", "ending", "ended",   NULL};

uint64_t gs_wall_s(void)
{
    return (uint64_t)(g_get_real_time() / G_USEC_PER_SEC);
}

/* ---- one session ---- */

struct gs_session *gs_session_find(struct gs_sessions *s, const char *name)
{
    return g_tree_lookup(s->sessions, name);
}

bool gs_session_is_visible(const struct gs_session *session, const struct gs_caller *caller)
{
    return caller->admin || session->kept.uid == caller->uid;
}

int gs_session_lookup(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                      struct gs_session **ret, char **ret_why)
{
    struct gs_session *session = gs_session_find(s, name);

    if (session && gs_session_is_visible(session, caller)) {
        *ret = session;
        return 0;
    }
    *ret_why = g_strdup_printf("there is no session %s%s", name, caller->admin ? "" : " of yours");
    return -ENOENT;
}

struct gs_session *gs_session_new(struct gs_sessions *s, struct gs_kept_session *take)
{
    struct gs_session *session = g_new0(struct gs_session, 1);

    session->all = s;
    session->kept = *take;
    memset(take, 0, sizeof(*take));
    session->unwatched_ns = gs_now_ns();
    session->clients = g_array_new(FALSE, TRUE, sizeof(struct gs_session_client));
    session->closers = g_array_new(FALSE, TRUE, sizeof(struct gs_waiter));
    g_tree_insert(s->sessions, session->kept.name, session);
    gs_sessions_start_tick(s);
    return session;
}

void gs_session_free(struct gs_session *session)
{
    if (session->restart_timer)
        g_source_remove(session->restart_timer);
    gs_worker_destroy(session->worker);
    gs_session_remove_grants(session);
    gs_slots_remove(session->slot);
    gs_keeper_process_free(session->away);
    gs_runtime_dir_destroy(session->dir);
    gs_kept_session_finish(&session->kept);
    g_array_unref(session->clients);
    g_array_unref(session->closers);
    g_free(session->queue_why);
    g_free(session);
}

int gs_session_save(struct gs_session *session)
{
    struct gs_sessions *s = session->all;
    struct gs_kept_session k = session->kept;
    int err;

    if (session->state == GS_SESSION_QUEUED)
        return 0; /* the next daemon knows nothing of it */
    k.tickets = gs_tickets_list(s->tickets, k.name, &k.n_tickets);
    err = gs_state_save(s->state, &k);
    g_free(k.tickets);
    return err;
}

void gs_session_save_or_warn(struct gs_session *session)
{
    int err = gs_session_save(session);

    if (err)
        gs_session_log(GS_LOG_WARN, session, "what changed cannot be kept for the next daemon: %s",
                       g_strerror(-err));
}

/* ---- all of them ---- */

static gboolean add_to_list(gpointer name, gpointer session, gpointer list)
{
    (void)name;
    g_ptr_array_add(list, session);
    return FALSE;
}

GPtrArray *gs_sessions_list(struct gs_sessions *s)
{
    GPtrArray *list = g_ptr_array_new();

    g_tree_foreach(s->sessions, add_to_list, list);
    return list;
}

static void fill_info(const struct gs_session *session, struct gs_session_info *ret)
{
    const struct gs_kept_session *k = &session->kept;
    uint64_t now_ns = gs_now_ns();
    uint64_t age_ns = session->stats_ns ? now_ns - session->stats_ns : 0;
    uint64_t unwatched_s = (now_ns - session->unwatched_ns) / GS_NS_PER_S;

    *ret = (struct gs_session_info){
        .name = k->name,
        .user = k->user,
        .app = k->app,
        .uid = k->uid,
        .argv = k->argv,
        .settings = &k->settings,
        .state = session->state,
        .created = k->created,
        .unwatched_since = session->clients->len ? 0 : gs_wall_s() - unwatched_s,
        .worker = session->worker ? gs_worker_pid(session->worker) : 0,
        .keeper = k->keeper,
        .restarts = k->restarts,
        .ready = *session->ready.encoder ? &session->ready : NULL,
        .stats = session->stats_ns ? &session->stats : NULL,
        .stats_age_ms = age_ns / GS_NS_PER_MS,
        .n_clients = session->clients->len,
        .clients = (const struct gs_session_client *)session->clients->data,
        .last_error = k->last_error,
    };
    if (session->state == GS_SESSION_QUEUED) {
        ret->queue_place = gs_session_queue_place(session);
        ret->queued_s = (now_ns - session->queued_ns) / GS_NS_PER_S;
        ret->queue_why = session->queue_why;
    }
    gs_session_fill_grants(session, ret);
}

int gs_sessions_find(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                     struct gs_session_info *ret, char **ret_why)
{
    struct gs_session *session;
    int err = gs_session_lookup(s, caller, name, &session, ret_why);

    if (!err)
        fill_info(session, ret);
    return err;
}

void gs_sessions_each(struct gs_sessions *s, const struct gs_caller *caller,
                      bool (*fn)(void *user, const struct gs_session_info *info), void *user)
{
    g_autoptr(GPtrArray) list = gs_sessions_list(s);

    for (guint i = 0; i < list->len; i++) {
        const struct gs_session *session = g_ptr_array_index(list, i);
        struct gs_session_info info;

        if (!gs_session_is_visible(session, caller))
            continue;
        fill_info(session, &info);
        if (!fn(user, &info))
            return;
    }
}

void gs_sessions_daemon_info(struct gs_sessions *s, struct gs_daemon_info *ret)
{
    *ret = s->info;
    ret->sessions = (unsigned)g_tree_nnodes(s->sessions);
    ret->clients = g_hash_table_size(s->visitors);
    ret->waiting = gs_door_waiting(s->door);
    ret->refused += gs_door_turned_away(s->door);
    gs_slots_count(s->slots, &ret->encoder_slots);
}

const struct gs_host_config *gs_sessions_config(struct gs_sessions *s)
{
    return s->config;
}

uint16_t gs_sessions_port(struct gs_sessions *s)
{
    return gs_door_port(s->door);
}

/* ---- logs ---- */

/* Of sessions that ended; those of another user are in another folder. */
static char *find_old_logs(struct gs_sessions *s, const struct gs_caller *caller, const char *name)
{
    g_autoptr(GDir) users = g_dir_open(s->config->log_dir, 0, NULL);
    const char *user = caller->user;

    do {
        g_autofree char *path = g_build_filename(s->config->log_dir, user, name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_DIR))
            return g_steal_pointer(&path);
    } while (caller->admin && users && (user = g_dir_read_name(users)));
    return NULL;
}

int gs_sessions_log_dir(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                        char **ret, char **ret_why)
{
    struct gs_session *session = NULL;
    int err = gs_session_lookup(s, caller, name, &session, ret_why);

    if (!err) {
        *ret = g_strdup(session->kept.log_dir);
        return 0;
    }
    *ret = gs_session_name_valid(name) && *caller->user ? find_old_logs(s, caller, name) : NULL;
    if (!*ret)
        return err;
    g_clear_pointer(ret_why, g_free);
    return 0;
}

/* Whether a session that is there has its logs in this folder. */
static bool has_logs_in(void *user, const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    const struct gs_session *session = gs_session_find(user, name);

    return session && strcmp(session->kept.log_dir, path) == 0;
}

void gs_sessions_prune_logs(struct gs_sessions *s)
{
    gs_old_logs_prune(s->config->log_dir, GS_OLD_LOGS_MAX, has_logs_in, s);
}
