/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/daemon.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/log.h"
#include "host/cgroup_session.h"
#include "host/config.h"
#include "host/control.h"
#include "host/door.h"
#include "host/exit_status.h"
#include "host/metrics.h"
#include "host/metrics_server.h"
#include "host/service.h"
#include "host/sessions.h"

struct options {
    char *config;
    gboolean print_config, close_sessions;
};

struct daemon {
    struct options options;
    struct gs_host_config config;
    GMainLoop *loop;
    struct gs_service *service;
    struct gs_sessions *sessions;
    struct gs_control *control;
    struct gs_metrics_server *metrics;
    bool level_by_environment;
    bool closing; /* the sessions are ending */
    guint signal_source[3];
    unsigned status_listener;
};

#define AT(field) offsetof(struct options, field)
static const struct gs_option options[] = {
    {NULL, "config", 0, GS_OPTION_TEXT, AT(config), "FILE",
     "Configuration to read, with the files in conf.d beside it", NULL,
     "/etc/gpushare/host.conf, of an ordinary user $XDG_CONFIG_HOME/gpushare/host.conf", "@file",
     false},
    {NULL, "print-config", 0, GS_OPTION_FLAG, AT(print_config), NULL,
     "Print the configuration as it would be taken, and end", NULL, NULL, NULL, false},
    {NULL, "close-sessions", 0, GS_OPTION_FLAG, AT(close_sessions), NULL,
     "End all sessions when the daemon is stopped by SIGTERM, too", NULL,
     "they run on, and the next daemon takes them back", NULL, false},
    {.name = NULL},
};

const struct gs_command gs_serve_command = {
    .program = "gpushare-host",
    .verb = "serve",
    .summary = "Runs many sessions side by side for many users, until it is stopped",
    .notes = "“gpushare-host session” makes and manages sessions while it runs. What it does is\n"
             "said on stderr.\n"
             "\n"
             "SIGTERM stops it and leaves the sessions running; the next one takes them back, and\n"
             "so it does after a crash. SIGINT (Ctrl-C) ends the sessions, too; a second signal\n"
             "kills what is left of them. SIGHUP reads the configuration again; where that is\n"
             "wrong, the one before stays.\n"
             "\n"
             "Exit status: 0 stopped, 1 it failed, 2 wrong usage.\n",
    .options = options,
};

/* ---- configuration ---- */

/* One line of the log for each. */
static void complain(const char *lines)
{
    g_auto(GStrv) each = g_strsplit(lines, "\n", -1);

    for (char **line = each; *line; line++) {
        if (**line)
            gs_error("%s", *line);
    }
}

/* GPUSHARE_LOG counts more, for who looks for something; workers inherit what holds. */
static void apply_log_level(const struct daemon *d)
{
    enum gs_log_level level;

    if (d->level_by_environment || !gs_log_parse_level(d->config.log_level, &level))
        return;
    gs_log_set_level(level);
    g_setenv("GPUSHARE_LOG", d->config.log_level, TRUE);
}

/* 0, with the keys that need a restart in *ret_text; or -errno with what is wrong, a line each.
 * Said in the log as well. */
static int reload(void *user, char **ret_text)
{
    struct daemon *d = user;
    struct gs_host_config fresh;
    int err;

    *ret_text = NULL;
    gs_service_reloading(d->service);
    gs_host_config_init(&fresh);
    err = gs_host_config_load(d->options.config, &fresh, ret_text);
    if (err) {
        complain(*ret_text);
        gs_error("the configuration was not read again; the one before stays");
    } else {
        *ret_text = gs_host_config_reload(&d->config, &fresh);
        apply_log_level(d);
        gs_sessions_reloaded(d->sessions);
        if (*ret_text)
            gs_warn("these keys change when the daemon is started again: %s", *ret_text);
    }
    gs_host_config_finish(&fresh);
    gs_service_ready(d->service);
    return err;
}

static char *print_config(void *user)
{
    const struct daemon *d = user;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    gs_host_config_print(&d->config, out);
    fclose(out);
    return text; /* malloc's, which is g_malloc's */
}

static gboolean on_hangup(gpointer data)
{
    g_autofree char *text = NULL;

    if (reload(data, &text) == 0)
        gs_info("the configuration was read again");
    return G_SOURCE_CONTINUE;
}

static char *metrics(void *user)
{
    return gs_metrics_collect(((struct daemon *)user)->sessions);
}

/* ---- the end ---- */

static void on_all_closed(void *user)
{
    g_main_loop_quit(((struct daemon *)user)->loop);
}

static void stop(struct daemon *d, bool close_sessions)
{
    gs_service_stopping(d->service);
    if (d->closing) {
        gs_sessions_kill_all(d->sessions);
    } else if (close_sessions) {
        gs_info("stopping, and ending all sessions");
        d->closing = true;
        gs_sessions_close_all(d->sessions, on_all_closed, d);
    } else {
        gs_info("stopping; the sessions go on");
        g_main_loop_quit(d->loop);
    }
}

static gboolean on_terminate(gpointer data)
{
    struct daemon *d = data;

    stop(d, d->options.close_sessions);
    return G_SOURCE_CONTINUE;
}

static gboolean on_interrupt(gpointer data)
{
    stop(data, true);
    return G_SOURCE_CONTINUE;
}

/* ---- the beginning ---- */

static void catch_signals(struct daemon *d)
{
    signal(SIGPIPE, SIG_IGN);
    d->signal_source[0] = g_unix_signal_add(SIGTERM, on_terminate, d);
    d->signal_source[1] = g_unix_signal_add(SIGINT, on_interrupt, d);
    d->signal_source[2] = g_unix_signal_add(SIGHUP, on_hangup, d);
}

static int open_control(struct daemon *d)
{
    g_autofree char *path = g_build_filename(d->config.runtime_dir, "control.sock", NULL);
    struct gs_control_params params = {.sessions = d->sessions,
                                       .print_config = print_config,
                                       .reload = reload,
                                       .metrics = metrics,
                                       .user = d};
    int err = gs_service_take_socket(d->service, path, &params.socket);

    if (!err && !params.socket)
        err = gs_control_listen(path, &params.socket);
    err = err ? err : gs_control_create(&params, &d->control);
    g_clear_object(&params.socket);
    return err;
}

static void tell_status(struct daemon *d)
{
    struct gs_daemon_info info;
    g_autofree char *text = NULL;

    gs_sessions_daemon_info(d->sessions, &info);
    text = g_strdup_printf("%u sessions, %u clients, port %u", info.sessions, info.clients,
                           gs_sessions_port(d->sessions));
    gs_service_status(d->service, text);
}

static void on_event(void *user, const struct gs_event *e GS_UNUSED)
{
    tell_status(user);
}

static void tell_ready(struct daemon *d)
{
    gs_info("ready: clients come in at port %u", gs_sessions_port(d->sessions));
    d->status_listener = gs_sessions_listen(d->sessions, on_event, d);
    gs_service_ready(d->service);
    tell_status(d);
}

static int open_metrics(struct daemon *d)
{
    if (!*d->config.metrics_listen)
        return 0;
    return gs_metrics_server_create(d->config.metrics_listen, metrics, d, &d->metrics);
}

static int serve(struct daemon *d)
{
    g_autofree char *why = NULL;

    gs_log_init("gpushare-host", NULL);
    d->service = gs_service_open();
    gs_door_prepare_tls();
    d->level_by_environment = g_getenv("GPUSHARE_LOG") != NULL;
    apply_log_level(d);
    umask(022); /* files say their modes themselves */
    gs_cgroup_session_prepare("/");
    d->loop = g_main_loop_new(NULL, FALSE);
    catch_signals(d);
    if (gs_sessions_open(&d->config, &d->sessions, &why) < 0) {
        gs_error("%s", why);
        return GS_EXIT_FAILED;
    }
    if (open_control(d) < 0 || open_metrics(d) < 0)
        return GS_EXIT_FAILED;
    tell_ready(d);
    g_main_loop_run(d->loop);
    return GS_EXIT_DONE;
}

static void finish(struct daemon *d)
{
    for (size_t i = 0; i < GS_ARRAY_SIZE(d->signal_source); i++) {
        if (d->signal_source[i])
            g_source_remove(d->signal_source[i]);
    }
    gs_metrics_server_destroy(d->metrics);
    gs_control_destroy(d->control);
    if (d->status_listener)
        gs_sessions_unlisten(d->sessions, d->status_listener);
    gs_sessions_detach(d->sessions);
    if (d->loop)
        g_main_loop_unref(d->loop);
    gs_service_close(d->service);
    gs_host_config_finish(&d->config);
    g_free(d->options.config);
}

static int parse(int argc, char **argv, struct options *ret)
{
    g_auto(GStrv) rest = NULL;
    g_autofree char *why = NULL;

    if (gs_command_parse(&gs_serve_command, argc, argv, ret, &rest, &why) == 0 && rest && rest[0])
        why = g_strdup_printf("%s: serve takes options alone", rest[0]);
    if (!why)
        return 0;
    fprintf(stderr, "gpushare-host serve: %s\n", why);
    return -EINVAL;
}

int gs_serve(int argc, char **argv)
{
    struct daemon d = {0};
    g_autofree char *why = NULL;
    int status = GS_EXIT_DONE;

    gs_host_config_init(&d.config);
    if (parse(argc, argv, &d.options) < 0) {
        status = GS_EXIT_USAGE;
    } else if (gs_host_config_load(d.options.config, &d.config, &why) < 0) {
        fprintf(stderr, "gpushare-host serve: the configuration is wrong:\n%s\n", why);
        status = GS_EXIT_FAILED;
    } else if (d.options.print_config) {
        gs_host_config_print(&d.config, stdout);
    } else {
        status = serve(&d);
    }
    finish(&d);
    return status;
}
