/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/session_run.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_PREFIX "connect: "

char *gs_program_path(const char *name)
{
    const char *dir = g_getenv("GS_BIN_DIR");

    return dir ? g_build_filename(dir, name, NULL) : g_strdup(name);
}

static bool has_option(const char *const *args, const char *name)
{
    for (; args && *args; args++)
        if (g_str_has_prefix(*args, name))
            return true;
    return false;
}

static void append_all(GPtrArray *to, const char *const *args)
{
    for (; args && *args; args++)
        g_ptr_array_add(to, (char *)*args);
}

/* The environment of everything in this session and `more`, NULL-terminated; its folders are made.
 */
static GPtrArray *session_env(const struct gs_session_run *run, const char *const *more)
{
    static const char *const folders[][2] = {{"XDG_RUNTIME_DIR", "run"},
                                             {"XDG_STATE_HOME", "state"},
                                             {"XDG_CONFIG_HOME", "config"},
                                             {"XDG_CACHE_HOME", "cache"},
                                             {"TMPDIR", "tmp"}};
    GPtrArray *env = g_ptr_array_new_with_free_func(g_free);

    for (size_t i = 0; i < GS_ARRAY_SIZE(folders); i++) {
        char *path = g_build_filename(run->dir, folders[i][1], NULL);

        g_mkdir_with_parents(path, 0700);
        g_ptr_array_add(env, g_strconcat(folders[i][0], "=", path, NULL));
        g_free(path);
    }
    g_ptr_array_add(env, g_strdup("WAYLAND_DISPLAY"));
    g_ptr_array_add(env, g_strdup("DISPLAY"));
    g_ptr_array_add(env, g_strdup(run->mark));
    for (; more && *more; more++)
        g_ptr_array_add(env, g_strdup(*more));
    g_ptr_array_add(env, NULL);
    return env;
}

/* Takes the URL from the line on stdout. */
static int read_url(struct gs_session_run *run)
{
    g_autofree char *line = gs_process_read_line(&run->host, GS_PROCESS_DEADLINE_MS);

    if (!line || !g_str_has_prefix(line, CONNECT_PREFIX)) {
        g_autofree char *said = gs_process_stderr(&run->host);

        fprintf(stderr, "gpushare-host gave no URL but '%s' and said:\n%s", line ? line : "", said);
        return -EPROTO;
    }
    run->url = g_strdup(line + strlen(CONNECT_PREFIX));
    return 0;
}

int gs_session_run_start(const char *const *host_args, const char *const *app_argv,
                         struct gs_session_run *ret)
{
    return gs_session_run_start_env(host_args, app_argv, NULL, ret);
}

int gs_session_run_start_env(const char *const *host_args, const char *const *app_argv,
                             const char *const *more, struct gs_session_run *ret)
{
    g_autofree char *program = gs_program_path("gpushare-host");
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GPtrArray) env = NULL;
    int r;

    *ret = (struct gs_session_run){.dir = g_dir_make_tmp("gs-test-XXXXXX", NULL)};
    if (!ret->dir)
        return -EIO;
    ret->mark = g_strconcat("GS_TEST_MARK=", ret->dir, NULL);
    env = session_env(ret, more);
    g_ptr_array_add(argv, program);
    g_ptr_array_add(argv, (char *)"run");
    if (!has_option(host_args, "--size")) {
        g_ptr_array_add(argv, (char *)"--size");
        g_ptr_array_add(argv, (char *)"640x360");
    }
    append_all(argv, host_args);
    g_ptr_array_add(argv, (char *)"--");
    append_all(argv, app_argv);
    g_ptr_array_add(argv, NULL);
    r = gs_process_start((const char *const *)argv->pdata, (const char *const *)env->pdata,
                         &ret->host);
    return r < 0 ? r : read_url(ret);
}

/* What is left of a session whose host has ended with `status`. */
static int check_gone(struct gs_session_run *run, int status)
{
    g_autofree char *runtime = g_build_filename(run->dir, "run", NULL);
    unsigned left = 0;

    if (!gs_process_wait_unmarked(run->mark, GS_PROCESS_DEADLINE_MS))
        left += gs_process_count_marked(run->mark, true);
    left += gs_process_count_files(runtime);
    return left ? -EBUSY : status;
}

int gs_session_run_wait(struct gs_session_run *run)
{
    int status = gs_process_wait(&run->host, GS_PROCESS_DEADLINE_MS);

    return status < 0 ? status : check_gone(run, status);
}

int gs_session_run_stop(struct gs_session_run *run)
{
    gs_process_signal(&run->host, SIGTERM);
    return gs_session_run_wait(run);
}

void gs_session_run_finish(struct gs_session_run *run)
{
    gs_process_finish(&run->host);
    if (run->mark)
        gs_process_count_marked(run->mark, true);
    if (run->dir)
        gs_process_remove_dir(run->dir);
    g_free(run->dir);
    g_free(run->mark);
    g_free(run->url);
    *run = (struct gs_session_run){0};
}

uint16_t gs_session_run_tcp_port(const struct gs_session_run *run)
{
    const char *host = strstr(run->url, "://");
    const char *colon;
    g_autofree char *authority = NULL;

    if (!host)
        return 0;
    authority = g_strndup(host + 3, strcspn(host + 3, "/"));
    colon = strrchr(authority, ':');
    return colon ? (uint16_t)g_ascii_strtoull(colon + 1, NULL, 10) : 0;
}

/* Whether a descriptor of the process is the socket with this inode. */
static bool owns_socket(pid_t pid, const char *inode)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/fd", (int)pid);
    g_autofree char *wanted = g_strdup_printf("socket:[%s]", inode);
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;
    bool found = false;

    while (dir && !found && (name = g_dir_read_name(dir))) {
        g_autofree char *link = g_build_filename(path, name, NULL);
        g_autofree char *target = g_file_read_link(link, NULL);

        found = target && !strcmp(target, wanted);
    }
    if (dir)
        g_dir_close(dir);
    return found;
}

/* The local port of the first socket in a /proc/net/udp table that the process owns. */
static uint16_t find_udp_port(pid_t pid, const char *table)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(table, &text, NULL, NULL))
        return 0;
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines + 1; *line && **line; line++) {
        unsigned port;
        char inode[32];

        /* sl local remote st queues timer retransmits uid timeout inode */
        if (sscanf(*line, "%*s %*[^:]:%x %*s %*s %*s %*s %*s %*s %*s %31s", &port, inode) == 2 &&
            owns_socket(pid, inode))
            return (uint16_t)port;
    }
    return 0;
}

uint16_t gs_session_run_udp_port(const struct gs_session_run *run)
{
    pid_t pid = gs_process_find_marked(run->mark, "gpushare-session");
    uint16_t port = pid ? find_udp_port(pid, "/proc/net/udp") : 0;

    return port || !pid ? port : find_udp_port(pid, "/proc/net/udp6");
}

int gs_client_start(struct gs_session_run *run, const char *url, double seconds, const char *script,
                    const char *const *more, struct gs_client_run *ret)
{
    g_autofree char *program = gs_program_path("gpushare-client");
    g_autofree char *base = g_strdup_printf("%s/client-%u", run->dir, run->clients++);
    g_autofree char *duration = g_strdup_printf("%g", seconds);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    g_autoptr(GPtrArray) env = session_env(run, NULL);

    *ret = (struct gs_client_run){.stats_path = g_strconcat(base, ".json", NULL),
                                  .snapshot_path = g_strconcat(base, ".png", NULL)};
    append_all(argv, (const char *const[]){program, url ? url : run->url, "--headless", "--stats",
                                           ret->stats_path, "--snapshot", ret->snapshot_path,
                                           "--duration", duration, NULL});
    if (script) {
        ret->script_path = g_strconcat(base, ".script", NULL);
        if (!g_file_set_contents(ret->script_path, script, -1, NULL))
            return -EIO;
        append_all(argv, (const char *const[]){"--script", ret->script_path, NULL});
    }
    append_all(argv, more);
    g_ptr_array_add(argv, NULL);
    return gs_process_start((const char *const *)argv->pdata, (const char *const *)env->pdata,
                            &ret->process);
}

int gs_client_wait(struct gs_client_run *client)
{
    json_error_t error;

    client->status = gs_process_wait(&client->process, 2 * GS_PROCESS_DEADLINE_MS);
    if (client->status != 0) {
        g_autofree char *said = gs_process_stderr(&client->process);

        fprintf(stderr, "gpushare-client ended with %d and said:\n%s", client->status, said);
    }
    if (g_file_test(client->stats_path, G_FILE_TEST_EXISTS)) {
        client->stats = json_load_file(client->stats_path, 0, &error);
        if (!client->stats)
            fprintf(stderr, "%s: %s\n", client->stats_path, error.text);
    }
    if (g_file_test(client->snapshot_path, G_FILE_TEST_EXISTS) &&
        gs_image_load(client->snapshot_path, &client->picture) < 0)
        return -EIO;
    return client->status;
}

int gs_client_run(struct gs_session_run *run, double seconds, const char *script,
                  struct gs_client_run *ret)
{
    int r = gs_client_start(run, NULL, seconds, script, NULL, ret);

    return r < 0 ? r : gs_client_wait(ret);
}

void gs_client_finish(struct gs_client_run *client)
{
    gs_process_finish(&client->process);
    json_decref(client->stats);
    gs_image_finish(&client->picture);
    g_free(client->stats_path);
    g_free(client->snapshot_path);
    g_free(client->script_path);
    *client = (struct gs_client_run){0};
}

double gs_client_stat(const struct gs_client_run *client, const char *path)
{
    g_auto(GStrv) keys = g_strsplit(path, ".", -1);
    json_t *value = client->stats;

    for (char **key = keys; *key; key++)
        value = json_object_get(value, *key);
    return json_is_number(value) ? json_number_value(value) : -1;
}
