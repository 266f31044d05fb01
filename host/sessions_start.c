/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the worker of a session, and what it says from then on. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/log.h"
#include "host/cgroup_session.h"
#include "host/crash.h"
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

void gs_session_name_cgroup(const struct gs_session *session, char out[256])
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
    gs_session_name_cgroup(session, c->cgroup);
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
    gs_session_name_cgroup(session, group);
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
    gs_session_choose_gpu(session, c->gpu);
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
    gs_session_add_grants(session);
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
