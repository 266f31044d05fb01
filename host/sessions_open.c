/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The beginning and the end of the registry, and its clock. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "host/certificate.h"
#include "host/files.h"
#include "host/sessions_internal.h"

#define ADOPTION_MS 1000      /* how long clients wait for workers to come back */
#define FILES_OF_A_SESSION 14 /* descriptors that we need for one */
#define FILES_BESIDE 64

/* ---- the clock ---- */

static void end_if_idle(struct gs_session *session, uint64_t now_ns)
{
    uint32_t limit_s = session->kept.settings.idle_timeout_s;
    g_autofree char *why = NULL;

    if (!limit_s || session->state != GS_SESSION_RUNNING || session->clients->len > 0 ||
        (session->stats_ns && session->stats.viewers > 0) ||
        now_ns - session->unwatched_ns < limit_s * GS_NS_PER_S)
        return;
    why = g_strdup_printf("nobody looked at it for %u s", limit_s);
    gs_session_begin_end(session, why);
}

static gboolean on_tick(gpointer data)
{
    struct gs_sessions *s = data;
    g_autoptr(GPtrArray) list = gs_sessions_list(s);
    uint64_t now_ns = gs_now_ns();

    gs_tickets_sweep(s->tickets, gs_wall_s());
    for (guint i = 0; i < list->len; i++)
        end_if_idle(g_ptr_array_index(list, i), now_ns);
    gs_sessions_check_away(s, now_ns);
    gs_sessions_tell_slots(s);
    gs_sessions_try_queue(s);
    gs_sessions_tick_grants(s);
    if (g_tree_nnodes(s->sessions) > 0)
        return G_SOURCE_CONTINUE;
    s->tick = 0;
    return G_SOURCE_REMOVE;
}

void gs_sessions_start_tick(struct gs_sessions *s)
{
    if (!s->tick)
        s->tick = g_timeout_add_seconds(1, on_tick, s);
}

static gboolean on_door_time(gpointer data)
{
    struct gs_sessions *s = data;

    s->door_timer = 0;
    gs_sessions_maybe_open_door(s, true);
    return G_SOURCE_REMOVE;
}

/* ---- opening ---- */

/* As many as the limits of the configuration need; an administrator's higher one stays. */
static void raise_file_limit(const struct gs_host_config *c)
{
    rlim_t wanted = c->connections + c->waiting_connections +
                    (rlim_t)c->sessions * FILES_OF_A_SESSION + FILES_BESIDE;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = MIN(wanted, limit.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < wanted)
        gs_warn("%lu files may be open, where the limits of the configuration need %lu",
                (unsigned long)limit.rlim_cur, (unsigned long)wanted);
}

static int find_programs(struct gs_sessions *s, char **ret_why)
{
    s->program = gs_worker_find_program(ret_why);
    s->keeper_program = s->program ? gs_worker_find_keeper(ret_why) : NULL;
    return s->keeper_program ? 0 : -ENOENT;
}

static int make_folder(const char *path, const char *key, mode_t mode, char **ret_why)
{
    int err = gs_folder_make(path, mode);

    if (err)
        *ret_why =
            g_strdup_printf("cannot use the folder %s (%s): %s", path, key,
                            err == -EPERM ? "it belongs to somebody else" : g_strerror(-err));
    return err;
}

/* Other users pass through the runtime folder on their way to what is theirs. */
static int make_folders(struct gs_sessions *s, char **ret_why)
{
    const struct gs_host_config *c = s->config;
    int err = gs_state_create(c->state_dir, &s->state, ret_why);

    err = err ? err
              : make_folder(c->runtime_dir, "runtime-dir", geteuid() == 0 ? 0755 : 0700, ret_why);
    err = err ? err : make_folder(c->log_dir, "log-dir", 0700, ret_why);
    s->base = g_build_filename(c->runtime_dir, "sessions", NULL);
    s->crashes = g_build_filename(c->state_dir, "crashes", NULL);
    return err;
}

static int open_certificate(struct gs_sessions *s, char **ret_why)
{
    const struct gs_host_config *c = s->config;
    g_autofree char *path = g_build_filename(c->state_dir, "certificate.pem", NULL);
    int err;

    if (*c->certificate)
        return gs_certificate_load(c->certificate, c->key, &s->certificate, ret_why);
    err = gs_certificate_keep(path, &s->certificate);
    if (err)
        *ret_why = g_strdup_printf("there is no certificate: %s", g_strerror(-err));
    return err;
}

static struct gs_door_limits door_limits(const struct gs_host_config *c)
{
    return (struct gs_door_limits){.connections = c->connections + c->waiting_connections,
                                   .per_address = c->connections_per_address,
                                   .waiting = c->waiting_connections};
}

static int open_door(struct gs_sessions *s, char **ret_why)
{
    const struct gs_host_config *c = s->config;
    const struct gs_door_params params = {.address = *c->listen ? c->listen : NULL,
                                          .port = c->port,
                                          .last_port = c->port,
                                          .deadline_ms = c->handshake_ms,
                                          .certificate = s->certificate,
                                          .limits = door_limits(c),
                                          .shut_at_first = true,
                                          .listener = &gs_sessions_door_listener,
                                          .user = s};
    int err = gs_door_create(&params, &s->door);

    if (err)
        *ret_why = g_strdup_printf("clients cannot come in at port %u", c->port);
    return err;
}

static int open_adoption(struct gs_sessions *s, char **ret_why)
{
    static const struct gs_adoption_listener listener = {gs_sessions_on_adopt,
                                                         gs_sessions_on_grants};
    g_autofree char *path = g_build_filename(s->config->runtime_dir, "workers.sock", NULL);
    int err = gs_adoption_create(path, geteuid() == 0 ? 0666 : 0600, &listener, s, &s->adoption);

    if (err)
        *ret_why = g_strdup_printf("workers cannot come back at %s", path);
    return err;
}

int gs_sessions_open(struct gs_host_config *config, struct gs_sessions **ret, char **ret_why)
{
    struct gs_sessions *s = g_new0(struct gs_sessions, 1);
    int err;

    s->config = config;
    s->info.started = gs_wall_s();
    s->tickets = gs_tickets_create();
    s->events = gs_events_create();
    s->slots = gs_slots_create(config->encoder_slots);
    s->sessions = g_tree_new((GCompareFunc)strcmp);
    s->visitors = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    s->orphans = g_array_new(FALSE, FALSE, 1);
    raise_file_limit(config);
    err = find_programs(s, ret_why);
    err = err ? err : make_folders(s, ret_why);
    err = err ? err : open_certificate(s, ret_why);
    err = err ? err : gs_sessions_open_grants(s, ret_why);
    err = err ? err : open_door(s, ret_why);
    err = err ? err : open_adoption(s, ret_why);
    if (err) {
        gs_sessions_detach(s);
        return err;
    }
    gs_sessions_restore(s);
    s->door_timer = g_timeout_add(ADOPTION_MS, on_door_time, s);
    *ret = s;
    return 0;
}

void gs_sessions_reloaded(struct gs_sessions *s)
{
    const struct gs_door_limits limits = door_limits(s->config);

    raise_file_limit(s->config);
    gs_slots_set_limit(s->slots, s->config->encoder_slots);
    gs_sessions_tell_slots(s);
    gs_sessions_reload_grants(s);
    gs_door_set_limits(s->door, &limits, s->config->handshake_ms);
    gs_sessions_say(s, NULL, "config-reloaded", "the configuration was read again");
}

/* ---- the end ---- */

static void let_go(struct gs_session *session)
{
    static const char why[] = "the daemon is stopping; the session goes on";
    const char *name = session->kept.name;

    if (session->state == GS_SESSION_QUEUED) {
        gs_session_leave_queue(session, "gave up its place in the queue: the daemon is stopping");
        return;
    }
    if (session->worker)
        gs_worker_detach(g_steal_pointer(&session->worker));
    gs_runtime_dir_release(g_steal_pointer(&session->dir));
    if (session->creator.done)
        session->creator.done(session->creator.user, name, -EAGAIN, why);
    for (guint i = 0; i < session->closers->len; i++) {
        const struct gs_waiter *w = &g_array_index(session->closers, struct gs_waiter, i);

        w->done(w->user, name, -EAGAIN, why);
    }
    gs_session_free(session);
}

static void remove_sources(struct gs_sessions *s)
{
    guint sources[] = {s->tick, s->door_timer, s->closed_idle};

    for (size_t i = 0; i < G_N_ELEMENTS(sources); i++) {
        if (sources[i])
            g_source_remove(sources[i]);
    }
}

void gs_sessions_detach(struct gs_sessions *s)
{
    g_autoptr(GPtrArray) list = NULL;

    if (!s)
        return;
    list = gs_sessions_list(s);
    remove_sources(s);
    gs_adoption_destroy(s->adoption);
    gs_door_destroy(s->door);
    for (guint i = 0; i < list->len; i++)
        let_go(g_ptr_array_index(list, i));
    g_tree_unref(s->sessions);
    g_hash_table_unref(s->visitors);
    g_array_unref(s->orphans);
    gs_slots_destroy(s->slots);
    gs_sessions_close_grants(s);
    gs_events_destroy(s->events);
    gs_tickets_destroy(s->tickets);
    g_clear_object(&s->certificate);
    gs_state_destroy(s->state);
    g_free(s->program);
    g_free(s->keeper_program);
    g_free(s->base);
    g_free(s->crashes);
    g_free(s);
}
