/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpushare-session: the worker process of one session. Started by gpushare-host, never by hand. */
#include <gio/gio.h>
#include <glib-unix.h>
#include <signal.h>
#include <stdio.h>

#include "common/log.h"
#include "common/schedule.h"
#include "common/srtp.h"
#include "session/session.h"

static gboolean on_term(gpointer data)
{
    gs_session_stop(data);
    return G_SOURCE_CONTINUE;
}

static GIOStream *open_link(int fd, GError **error)
{
    g_autoptr(GSocket) socket = g_socket_new_from_fd(fd, error);

    if (!socket)
        return NULL;
    return G_IO_STREAM(g_socket_connection_factory_create_connection(socket));
}

static int run(int fd)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GError) error = NULL;
    g_autoptr(GIOStream) link = open_link(fd, &error);
    struct gs_session *session;
    int status;

    if (!link) {
        gs_error("the link to the host (fd %d): %s", fd, error->message);
        return 2;
    }
    /* Ctrl-C in the host's terminal reaches the whole process group; the host decides. */
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    gs_schedule_prompt();
    gs_srtp_prepare();
    session = gs_session_create(link, loop);
    g_unix_signal_add(SIGTERM, on_term, session);
    g_main_loop_run(loop);
    status = gs_session_exit_status(session);
    gs_session_destroy(session);
    gs_srtp_finish_prepare();
    return status;
}

int main(int argc, char **argv)
{
    int fd = -1;
    gboolean version = FALSE;
    const GOptionEntry entries[] = {
        {"link-fd", 0, 0, G_OPTION_ARG_INT, &fd, "Connected socket to gpushare-host", "FD"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("— worker of one gpushare session");
    g_autoptr(GError) error = NULL;

    gs_log_init("gpushare-session", NULL);
    g_option_context_set_summary(context, "Started by gpushare-host; not meant to be run by hand.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1) {
        fprintf(stderr, "gpushare-session: %s\n", error ? error->message : "too many arguments");
        return 2;
    }
    if (version) {
        printf("gpushare-session %s\n", GS_VERSION);
        return 0;
    }
    if (fd < 0) {
        fprintf(stderr, "gpushare-session: --link-fd is missing; use `gpushare-host run`\n");
        return 2;
    }
    return run(fd);
}
