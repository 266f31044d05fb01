/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpushare-session: the worker process of one session. Started by gpushare-host, never by hand. */
#include <gio/gio.h>
#include <glib-unix.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>

#include "common/log.h"
#include "common/schedule.h"
#include "common/srtp.h"
#include "session/app_output.h"
#include "session/doctor.h"
#include "session/options.h"
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

/* Buffers of pictures are given back to the system when they are freed. glibc would move its limit
 * above them with the first one, and then keep holes of their size: 14 MB after a few changes of
 * the picture's size. */
#define LARGE (128 * 1024)

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
    mallopt(M_MMAP_THRESHOLD, LARGE);
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

static int usage(const char *why)
{
    fprintf(stderr, "gpushare-session: %s\n", why);
    return 2;
}

int main(int argc, char **argv)
{
    struct gs_session_arguments a = {.link_fd = -1, .app_fd = -1};
    g_autofree char *why = NULL;
    g_auto(GStrv) rest = NULL;

    gs_log_init("gpushare-session", NULL);
    if (gs_command_parse(&gs_session_command, argc, argv, &a, &rest, &why) < 0)
        return usage(why);
    if (rest)
        return usage("too many arguments");
    if (a.version) {
        printf("gpushare-session %s\n", GS_VERSION);
        return 0;
    }
    if (a.doctor)
        return gs_session_doctor();
    if (a.link_fd < 0)
        return usage("--link-fd is missing; use “gpushare-host run”");
    if (a.app_fd >= 0)
        gs_app_output_set(a.app_fd);
    return run(a.link_fd);
}
