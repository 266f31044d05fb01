/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/integration/keeper_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/process.h"

#define PATIENCE_MS 30000

static char *in(const struct keeper_rig *r, const char *name)
{
    return g_build_filename(r->dir, name, NULL);
}

static void copy_path(const struct keeper_rig *r, const char *name, char *out, size_t size)
{
    g_autofree char *path = in(r, name);

    assert_true(g_strlcpy(out, path, size) < size);
}

void keeper_rig_init(struct keeper_rig *r, const char *mode)
{
    g_autofree char *program = g_build_filename(g_getenv("GS_BIN_DIR"), "gs-fake-worker", NULL);

    *r = (struct keeper_rig){.dir = g_dir_make_tmp("gs-keeper-XXXXXX", NULL)};
    r->keeper = (struct gs_keeper_config){
        .session = "kept", .log_size = 1 << 20, .log_files = 3, .stop_ms = 2000};
    g_strlcpy(r->keeper.program, program, sizeof(r->keeper.program));
    copy_path(r, "run", r->keeper.runtime_dir, sizeof(r->keeper.runtime_dir));
    copy_path(r, "log", r->keeper.log_dir, sizeof(r->keeper.log_dir));
    copy_path(r, "exit", r->keeper.exit_path, sizeof(r->keeper.exit_path));
    r->argv[0] = g_strdup("true");
    r->argv[1] = g_strdup(mode);
    r->argv[2] = in(r, "pids");
    r->config = (struct gs_worker_config){.session = "kept",
                                          .width = 640,
                                          .height = 480,
                                          .fps = 30,
                                          .udp_first = 47810,
                                          .udp_last = 47999,
                                          .viewers = 1,
                                          .secret = "s3cret",
                                          .argv = r->argv};
    g_strlcpy(r->config.runtime_dir, r->keeper.runtime_dir, sizeof(r->config.runtime_dir));
}

/* ---- what the worker says ---- */

static void on_ready(void *user, const struct gs_worker_ready *ready)
{
    struct keeper_rig *r = user;

    if (!r->foreign)
        assert_string_equal(ready->encoder, "fake");
    r->ready = true;
}

static void on_client_data(void *user, uint32_t client, uint8_t type, const uint8_t *payload,
                           size_t size)
{
    struct keeper_rig *r = user;

    (void)client, (void)type, (void)payload, (void)size;
    r->n_data++;
}

static void on_client_close(void *user, uint32_t client, const struct gs_bye *bye)
{
    (void)user, (void)client, (void)bye;
}

static void on_ended(void *user, const struct gs_bye *bye)
{
    (void)user, (void)bye;
}

static void on_gone(void *user, const char *why, const struct gs_keeper_exit *e)
{
    struct keeper_rig *r = user;

    assert_false(r->gone);
    r->gone = true;
    r->why = g_strdup(why);
    r->has_exit = e != NULL;
    if (e)
        r->exit = *e;
}

static void on_stats(void *user, const struct gs_worker_stats *stats)
{
    struct keeper_rig *r = user;

    r->stats = *stats;
    r->n_stats++;
}

static void on_hung(void *user, unsigned silent_ms)
{
    struct keeper_rig *r = user;

    assert_true(silent_ms >= r->hang_ms);
    r->hung = true;
}

/* ---- life ---- */

void keeper_rig_fill_params(struct keeper_rig *r, struct gs_worker_params *ret)
{
    static const struct gs_worker_listener listener = {
        on_ready, on_client_data, on_client_close, on_ended, on_gone, on_stats, on_hung};

    *ret = (struct gs_worker_params){.keeper = &r->keeper,
                                     .config = &r->config,
                                     .ready_ms = PATIENCE_MS,
                                     .hang_ms = r->hang_ms,
                                     .listener = &listener,
                                     .user = r};
}

static bool ready_or_gone(struct keeper_rig *r)
{
    return r->ready || r->gone;
}

void keeper_rig_start(struct keeper_rig *r)
{
    g_autofree char *program = g_build_filename(g_getenv("GS_BIN_DIR"), "gpushare-keeper", NULL);
    struct gs_worker_params params;

    assert_int_equal(mkdir(r->keeper.runtime_dir, 0700), 0);
    keeper_rig_fill_params(r, &params);
    params.keeper_program = program;
    assert_int_equal(gs_worker_create(&params, &r->worker), 0);
    keeper_rig_wait_for(ready_or_gone, r);
}

static gboolean on_patience(gpointer data)
{
    *(bool *)data = true;
    return G_SOURCE_REMOVE;
}

void keeper_rig_wait_for(bool (*done)(struct keeper_rig *r), struct keeper_rig *r)
{
    bool late = false;
    guint timer = g_timeout_add(PATIENCE_MS, on_patience, &late);

    while (!done(r)) {
        assert_false(late);
        g_main_context_iteration(NULL, TRUE);
    }
    g_source_remove(timer);
}

void keeper_rig_wait(const bool *flag)
{
    bool late = false;
    guint timer = g_timeout_add(PATIENCE_MS, on_patience, &late);

    while (!*flag) {
        assert_false(late);
        g_main_context_iteration(NULL, TRUE);
    }
    g_source_remove(timer);
}

int keeper_rig_number(const struct keeper_rig *r, unsigned n)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) line = NULL;

    assert_true(g_file_get_contents(r->argv[2], &text, NULL, NULL));
    line = g_strsplit(text, "\n", -1);
    assert_true(n < g_strv_length(line));
    return atoi(line[n]);
}

char *keeper_rig_log(const struct keeper_rig *r, const char *name)
{
    g_autofree char *path = g_build_filename(r->keeper.log_dir, name, NULL);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

static void check_exit_file(struct keeper_rig *r)
{
    g_autofree char *json = NULL;
    struct gs_keeper_exit e = {0};
    gsize size;

    if (!r->has_exit) {
        assert_int_not_equal(access(r->keeper.exit_path, F_OK), 0);
        return;
    }
    assert_true(g_file_get_contents(r->keeper.exit_path, &json, &size, NULL));
    assert_int_equal(gs_keeper_exit_from_json(json, size, &e), 0);
    assert_memory_equal(&e, &r->exit, sizeof(e));
}

void keeper_rig_finish(struct keeper_rig *r)
{
    assert_true(r->gone);
    if (r->worker) {
        assert_int_equal(gs_worker_pid(r->worker), 0);
        assert_int_equal(gs_worker_keeper_pid(r->worker), 0);
    }
    gs_worker_destroy(r->worker);
    if (r->keeper.exit_path[0])
        check_exit_file(r);
    assert_int_not_equal(access(r->keeper.runtime_dir, F_OK), 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    gs_process_remove_dir(r->dir);
    for (int i = 0; i < 3; i++)
        g_free(r->argv[i]);
    g_free(r->why);
    g_free(r->dir);
}
