/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/fake_sessions_state.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#define READY_MS 20

/* The real ones, where the host has them. */
__attribute__((weak)) const char *const gs_session_state_names[] = {
    "starting", "queued", "running", "away", "restarting", "ending", "ended", NULL};
__attribute__((weak)) const char *const gs_restart_names[] = {"never", "on-failure", NULL};

/* ---- sessions ---- */

bool gs_fake_may_see(const struct gs_caller *caller, uid_t uid)
{
    return caller->admin || caller->uid == uid;
}

static void session_free(void *data)
{
    struct fake_session *x = data;

    if (x->timer)
        g_source_remove(x->timer);
    if (x->done)
        x->done(x->done_user, x->name, -ECANCELED, "the session ended before it was ready");
    g_array_unref(x->tickets);
    g_strfreev(x->argv);
    g_free(x->name);
    g_free(x->user);
    g_free(x->app);
    g_free(x);
}

struct fake_session *gs_fake_find(struct gs_sessions *s, const struct gs_caller *caller,
                                  const char *name, char **why)
{
    struct fake_session *x = g_tree_lookup(s->sessions, name);

    if (x && gs_fake_may_see(caller, x->uid))
        return x;
    *why = g_strdup_printf("there is no session '%s'", name);
    return NULL;
}

static void call_done(struct fake_session *x, int err, const char *why)
{
    gs_sessions_done done = x->done;

    x->done = NULL;
    if (done)
        done(x->done_user, x->name, err, why);
}

static gboolean on_started(void *data)
{
    struct fake_session *x = data;
    struct gs_sessions *s = x->owner;

    x->timer = 0;
    if (g_strcmp0(x->argv[0], "fails") == 0) {
        gs_fake_sessions_event(s, "session-failed", x->name, "the application ended at once");
        s->info.failed++;
        call_done(x, -EIO, "the application ended at once");
        g_tree_remove(s->sessions, x->name);
        return G_SOURCE_REMOVE;
    }
    x->state = GS_SESSION_RUNNING;
    gs_fake_sessions_event(s, "session-running", x->name, "ready");
    call_done(x, 0, NULL);
    return G_SOURCE_REMOVE;
}

static bool set_share(struct gs_session_settings *settings, const char *key, const char *value)
{
    const struct {
        const char *key;
        uint32_t *at;
    } keys[] = {{"weight", &settings->weight},
                {"floor", &settings->floor_fps},
                {"cap", &settings->cap_percent}};
    guint64 n;

    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strcmp(key, keys[i].key) == 0 &&
            g_ascii_string_to_unsigned(value, 10, 0, 10000, &n, NULL)) {
            *keys[i].at = (uint32_t)n;
            return true;
        }
    }
    return strcmp(key, "cpu-weight") == 0;
}

/* A few of the keys, with the ranges of the real ones. */
static int set_one(struct gs_session_settings *settings, const char *text, bool running, char **why)
{
    g_auto(GStrv) pair = g_strsplit(text, "=", 2);
    unsigned w, h;
    guint64 n;

    if (strcmp(pair[0], "size") == 0 && sscanf(pair[1], "%ux%u", &w, &h) == 2 &&
        gs_video_valid(&(struct gs_video){w, h})) {
        settings->width = w;
        settings->height = h;
    } else if (strcmp(pair[0], "fps") == 0 &&
               g_ascii_string_to_unsigned(pair[1], 10, 1, 240, &n, NULL)) {
        settings->fps = (uint32_t)n;
    } else if (set_share(settings, pair[0], pair[1])) {
        return 0;
    } else if (strcmp(pair[0], "encoder") == 0 && !running) {
        g_strlcpy(settings->encoder, pair[1], sizeof(settings->encoder));
    } else {
        *why = g_strdup_printf("%s: this cannot be set", text);
        return -EINVAL;
    }
    return 0;
}

static int set_all(struct gs_session_settings *settings, char *const *list, bool running,
                   char **why)
{
    struct gs_session_settings fresh = *settings;
    int err = 0;

    for (; list && *list && !err; list++)
        err = set_one(&fresh, *list, running, why);
    if (!err)
        *settings = fresh;
    return err;
}

static const struct gs_app *app_of(const struct gs_sessions *s, const char *name)
{
    for (unsigned i = 0; i < s->config->n_apps; i++) {
        if (strcmp(s->config->apps[i].name, name) == 0)
            return &s->config->apps[i];
    }
    return NULL;
}

static unsigned count_of(struct gs_sessions *s, uid_t uid)
{
    unsigned n = 0;

    for (GTreeNode *node = g_tree_node_first(s->sessions); node; node = g_tree_node_next(node))
        n += ((struct fake_session *)g_tree_node_value(node))->uid == uid;
    return n;
}

/* What the request lets no session be made of. */
static int refuse(struct gs_sessions *s, const struct gs_caller *caller,
                  const struct gs_session_request *r, const char *name, char **why)
{
    if (r->app[0] && !app_of(s, r->app)) {
        *why = g_strdup_printf("there is no application '%s'", r->app);
        return -ENOENT;
    }
    if (r->user[0] && strcmp(r->user, caller->user) != 0 && !caller->admin) {
        *why = g_strdup("only administrators make sessions for others");
        return -EPERM;
    }
    if (g_tree_lookup(s->sessions, name)) {
        *why = g_strdup_printf("there is a session '%s' already", name);
        return -EEXIST;
    }
    if (count_of(s, caller->uid) >= s->config->sessions_per_user) {
        *why = g_strdup_printf("a user has at most %u sessions", s->config->sessions_per_user);
        return -EDQUOT;
    }
    if (strcmp(name, "disk-full") == 0) {
        *why = g_strdup("there is no space left on the disk");
        return -ENOSPC;
    }
    return 0;
}

static void write_log(struct gs_sessions *s, const char *name)
{
    g_autofree char *dir = g_build_filename(s->log_dir, name, NULL);
    g_autofree char *app = g_build_filename(dir, "app.log", NULL);
    g_autofree char *worker = g_build_filename(dir, "worker.log", NULL);

    g_mkdir(dir, 0700);
    if (!g_file_set_contents(app, "one\ntwo\nthree\n", -1, NULL) ||
        !g_file_set_contents(worker, "started\n", -1, NULL))
        g_error("no log could be written to %s", dir);
}

static struct fake_session *add(struct gs_sessions *s, const struct gs_caller *caller,
                                const struct gs_session_request *r, const char *name)
{
    const struct gs_app *app = app_of(s, r->app);
    struct fake_session *x = g_new0(struct fake_session, 1);

    x->owner = s;
    x->name = g_strdup(name);
    x->user = g_strdup(r->user[0] ? r->user : caller->user);
    x->app = g_strdup(r->app);
    x->uid = caller->uid;
    x->argv = g_strdupv(app ? app->command : r->argv);
    x->settings = app ? app->settings : s->config->session;
    x->ready = (struct gs_worker_ready){.udp_port = 47810, .x11_display = -1};
    g_strlcpy(x->ready.encoder, "x264", sizeof(x->ready.encoder));
    g_strlcpy(x->ready.converter, "cpu", sizeof(x->ready.converter));
    g_strlcpy(x->ready.renderer, "llvmpipe", sizeof(x->ready.renderer));
    x->tickets = g_array_new(FALSE, TRUE, sizeof(struct gs_ticket_info));
    g_tree_insert(s->sessions, x->name, x);
    write_log(s, name);
    s->info.created++;
    return x;
}

int gs_sessions_create(struct gs_sessions *s, const struct gs_caller *caller,
                       const struct gs_session_request *r, gs_sessions_done done, void *user,
                       char **ret_why)
{
    const char *name = r->name[0] ? r->name : r->app[0] ? r->app : "session";
    struct gs_session_settings settings = s->config->session;
    struct fake_session *x;
    int err = refuse(s, caller, r, name, ret_why);

    err = err ? err : set_all(&settings, r->settings, false, ret_why);
    if (err)
        return err;
    x = add(s, caller, r, name);
    x->settings = settings;
    x->done = done;
    x->done_user = user;
    gs_fake_sessions_event(s, "session-created", name, "");
    if (r->queue && g_strcmp0(x->argv[0], "never") == 0)
        x->state = GS_SESSION_QUEUED;
    else if (g_strcmp0(x->argv[0], "never") != 0)
        x->timer = g_timeout_add(READY_MS, on_started, x);
    return 0;
}

bool gs_sessions_abandon(struct gs_sessions *s, void *user)
{
    for (GTreeNode *node = g_tree_node_first(s->sessions); node; node = g_tree_node_next(node)) {
        struct fake_session *x = g_tree_node_value(node);

        if (x->state == GS_SESSION_QUEUED && x->done && x->done_user == user) {
            x->done = NULL;
            gs_fake_sessions_event(s, "session-ended", x->name, "who made it waits no more");
            g_tree_remove(s->sessions, x->name);
            return true;
        }
    }
    return false;
}

static gboolean on_ended(void *data)
{
    struct fake_session *x = data;
    struct gs_sessions *s = x->owner;

    x->timer = 0;
    gs_fake_sessions_event(s, "session-ended", x->name, "closed");
    s->info.ended++;
    call_done(x, 0, NULL);
    g_tree_remove(s->sessions, x->name);
    return G_SOURCE_REMOVE;
}

int gs_sessions_close(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                      gs_sessions_done done, void *user, char **ret_why)
{
    struct fake_session *x = gs_fake_find(s, caller, name, ret_why);

    if (!x)
        return -ENOENT;
    if (x->state == GS_SESSION_ENDING) {
        *ret_why = g_strdup_printf("the session '%s' is ending already", name);
        return -EAGAIN;
    }
    call_done(x, -ECANCELED, "the session was closed before it was ready");
    x->state = GS_SESSION_ENDING;
    x->done = done;
    x->done_user = user;
    if (x->timer)
        g_source_remove(x->timer);
    x->timer = g_timeout_add(1, on_ended, x);
    return 0;
}

static void fill(const struct fake_session *x, struct gs_session_info *ret)
{
    *ret = (struct gs_session_info){.name = x->name,
                                    .user = x->user,
                                    .app = x->app,
                                    .uid = x->uid,
                                    .argv = x->argv,
                                    .settings = &x->settings,
                                    .state = x->state,
                                    .created = CREATED,
                                    .unwatched_since = x->watched ? 0 : CREATED,
                                    .worker = 4711,
                                    .keeper = 4710,
                                    .ready = x->state == GS_SESSION_STARTING ? NULL : &x->ready,
                                    .stats = x->watched ? &x->stats : NULL,
                                    .stats_age_ms = 250,
                                    .n_clients = x->watched,
                                    .clients = &x->client,
                                    .scheduled = x->watched,
                                    .grants = x->grants,
                                    .share = x->watched ? "user anna" : "",
                                    .last_error = ""};
    if (x->state == GS_SESSION_QUEUED) {
        ret->queue_place = 1;
        ret->queued_s = 5;
        ret->queue_why = "floor 30 fps does not fit";
    }
}

int gs_sessions_find(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                     struct gs_session_info *ret, char **ret_why)
{
    struct fake_session *x = gs_fake_find(s, caller, name, ret_why);

    if (x)
        fill(x, ret);
    return x ? 0 : -ENOENT;
}

void gs_sessions_each(struct gs_sessions *s, const struct gs_caller *caller,
                      bool (*fn)(void *user, const struct gs_session_info *info), void *user)
{
    for (GTreeNode *node = g_tree_node_first(s->sessions); node; node = g_tree_node_next(node)) {
        const struct fake_session *x = g_tree_node_value(node);
        struct gs_session_info info;

        fill(x, &info);
        if (gs_fake_may_see(caller, x->uid) && !fn(user, &info))
            return;
    }
}

int gs_sessions_set(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                    char *const *settings, char **ret_why)
{
    struct fake_session *x = gs_fake_find(s, caller, name, ret_why);

    return x ? set_all(&x->settings, settings, true, ret_why) : -ENOENT;
}

void gs_fake_sessions_watch(struct gs_sessions *s, const char *session)
{
    struct fake_session *x = g_tree_lookup(s->sessions, session);

    if (!x)
        return;
    x->watched = true;
    x->client = (struct gs_session_client){.id = 7, .since = CREATED};
    g_strlcpy(x->client.address, "192.0.2.33", sizeof(x->client.address));
    g_strlcpy(x->client.program, "gpushare-client 0.1.0", sizeof(x->client.program));
    g_strlcpy(x->client.decoder, "software", sizeof(x->client.decoder));
    x->stats = (struct gs_worker_stats){.frames = 3600,
                                        .dropped = 3,
                                        .viewers = 1,
                                        .fps_milli = 59940,
                                        .kbps = 8200,
                                        .latency_p50_us = 5100,
                                        .latency_p99_us = 8300,
                                        .client_p50_us = 6200,
                                        .client_p99_us = 9900,
                                        .cpu_us = 12000000,
                                        .app_cpu_us = 30000000,
                                        .gpu_us = 1000000,
                                        .rss_kb = 61440,
                                        .app_rss_kb = 204800,
                                        .rtt_us = 900};
    g_strlcpy(x->stats.encoder, "x264", sizeof(x->stats.encoder));
    x->grants = (struct gs_grants_info){.meter = "cpu",
                                        .connected = true,
                                        .sched = {.used_ns = 12340 * GS_NS_PER_MS,
                                                  .frames = 3600,
                                                  .waits = 1800,
                                                  .waited_ns = 3600 * GS_NS_PER_MS,
                                                  .misses = 12,
                                                  .n_culprits = 2,
                                                  .culprits = {{"render-farm", 9}, {"one", 3}},
                                                  .cost_ns = 5000000,
                                                  .cost_p90_ns = 5200000,
                                                  .share_permille = 330,
                                                  .asked_permille = 450,
                                                  .got_permille = 310,
                                                  .floor_fps = 30,
                                                  .active = true}};
    for (unsigned i = 0; i < GS_WORKER_STAGES; i++)
        x->stats.stages[i] = (struct gs_stage_histogram){.sum_us = 5400000, .bucket = {3000, 600}};
}

/* ---- the whole ---- */

int gs_sessions_log_dir(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                        char **ret, char **ret_why)
{
    if (!gs_fake_find(s, caller, name, ret_why))
        return -ENOENT;
    *ret = g_build_filename(s->log_dir, name, NULL);
    return 0;
}

void gs_sessions_daemon_info(struct gs_sessions *s, struct gs_daemon_info *ret)
{
    *ret = s->info;
    ret->sessions = (unsigned)g_tree_nnodes(s->sessions);
}

unsigned gs_sessions_devices(struct gs_sessions *s, struct gs_grants_device *ret, unsigned most)
{
    if (most > 0)
        ret[0] = (struct gs_grants_device){.engines = 2,
                                           .depth = 3,
                                           .used_permille = 620,
                                           .promised_permille = 400,
                                           .sessions = (unsigned)g_tree_nnodes(s->sessions)};
    return 1;
}

const struct gs_host_config *gs_sessions_config(struct gs_sessions *s)
{
    return s->config;
}

static gint compare(const void *a, const void *b, void *user)
{
    (void)user;
    return strcmp(a, b);
}

struct gs_sessions *gs_fake_sessions_create(const struct gs_host_config *config,
                                            const char *log_dir)
{
    struct gs_sessions *s = g_new0(struct gs_sessions, 1);

    s->config = config;
    s->log_dir = g_strdup(log_dir);
    s->sessions = g_tree_new_full(compare, NULL, NULL, session_free);
    s->history = g_ptr_array_new_with_free_func(gs_fake_event_free);
    s->listeners = g_array_new(FALSE, FALSE, sizeof(struct listener));
    s->info.started = CREATED;
    return s;
}

void gs_fake_sessions_destroy(struct gs_sessions *s)
{
    g_tree_unref(s->sessions);
    if (s->telling)
        g_source_remove(s->telling);
    g_ptr_array_unref(s->history);
    g_array_unref(s->listeners);
    g_free(s->log_dir);
    g_free(s);
}
