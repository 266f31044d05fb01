/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gs-fake-daemon SOCKET FOLDER: host/control.h over sessions that are none. Says "ready" on stdout,
 * and does what its standard input says, a line each, answered with "done":
 *   event KIND SESSION TEXT      as if it happened
 *   flood N                      so many events
 *   watch SESSION                gets a client, and statistics
 * Ends with its standard input.
 */
#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "host/control.h"
#include "host/metrics.h"
#include "tests/support/fake_sessions.h"

struct daemon {
    GMainLoop *loop;
    struct gs_sessions *sessions;
    GIOChannel *in;
};

static char *print_config(void *user)
{
    (void)user;
    return g_strdup("[server]\nadmin-group=gpushare-admin\n\n[app glxgears]\ncommand=glxgears\n");
}

static int reload(void *user, char **ret_text)
{
    const struct daemon *d = user;

    if (!g_getenv("GS_FAKE_BROKEN")) {
        gs_fake_sessions_event(d->sessions, "config-reloaded", "", "");
        *ret_text = g_strdup("port");
        return 0;
    }
    *ret_text = g_strdup("host.conf:3: there is no key 'prot'");
    return -EINVAL;
}

static char *metrics(void *user)
{
    return gs_metrics_collect(((struct daemon *)user)->sessions);
}

static void flood(struct daemon *d, unsigned n)
{
    char text[1000];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (unsigned i = 0; i < n; i++)
        gs_fake_sessions_event(d->sessions, "client-joined", "", text);
}

static void obey(struct daemon *d, char *line)
{
    g_auto(GStrv) words = g_strsplit(g_strstrip(line), " ", 4);
    guint n = g_strv_length(words);

    if (n == 4 && strcmp(words[0], "event") == 0)
        gs_fake_sessions_event(d->sessions, words[1], words[2], words[3]);
    else if (n == 2 && strcmp(words[0], "flood") == 0)
        flood(d, (unsigned)atoi(words[1]));
    else if (n == 2 && strcmp(words[0], "watch") == 0)
        gs_fake_sessions_watch(d->sessions, words[1]);
    else
        fprintf(stderr, "gs-fake-daemon: %s: what is that?\n", line);
    puts("done");
    fflush(stdout);
}

static gboolean on_input(GIOChannel *in, GIOCondition condition, void *data)
{
    g_autofree char *line = NULL;
    struct daemon *d = data;

    (void)condition;
    if (g_io_channel_read_line(in, &line, NULL, NULL, NULL) == G_IO_STATUS_NORMAL) {
        obey(d, line);
        return G_SOURCE_CONTINUE;
    }
    g_main_loop_quit(d->loop);
    return G_SOURCE_REMOVE;
}

static void run(struct daemon *d, GSocket *socket)
{
    const struct gs_control_params params = {.socket = socket,
                                             .sessions = d->sessions,
                                             .print_config = print_config,
                                             .reload = reload,
                                             .metrics = metrics,
                                             .user = d};
    struct gs_control *control;

    if (gs_control_create(&params, &control) < 0)
        return;
    d->loop = g_main_loop_new(NULL, FALSE);
    d->in = g_io_channel_unix_new(STDIN_FILENO);
    g_io_add_watch(d->in, G_IO_IN | G_IO_HUP, on_input, d);
    puts("ready");
    fflush(stdout);
    g_main_loop_run(d->loop);
    gs_control_destroy(control);
    g_io_channel_unref(d->in);
    g_main_loop_unref(d->loop);
}

int main(int argc, char **argv)
{
    static char *command[] = {"glxgears", "-fullscreen", NULL}, *nobody[] = {"nobody", NULL};
    struct gs_app apps[] = {{.name = "glxgears", .title = "Gears", .command = command},
                            {.name = "private", .command = command, .users = nobody}};
    struct gs_host_config config = {
        .sessions_per_user = 40, .apps = apps, .n_apps = GS_ARRAY_SIZE(apps)};
    struct daemon d = {0};
    GSocket *socket;

    if (argc != 3)
        return 2;
    gs_log_init("gs-fake-daemon", NULL);
    config.session = (struct gs_session_settings){
        .width = 1280, .height = 720, .fps = 60, .weight = 100, .viewers = 8, .ticket_ttl_s = 600};
    apps[0].settings = apps[1].settings = config.session;
    g_strlcpy(config.admin_group, "gpushare-admin", sizeof(config.admin_group));
    if (gs_control_listen(argv[1], &socket) < 0)
        return 1;
    d.sessions = gs_fake_sessions_create(&config, argv[2]);
    run(&d, socket);
    gs_fake_sessions_destroy(d.sessions);
    g_object_unref(socket);
    return 0;
}
