/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/channel.h"
#include "common/log.h"
#include "common/macros.h"
#include "host/x11_lock.h"

#define LINK_FD 3
#define LINK_HEAD_SIZE 5 /* u32 client, u8 type */
#define LINK_MAX_PAYLOAD (GS_PROTO_MAX_FRAME + LINK_HEAD_SIZE)
#define EXIT_MS 1000 /* from the end of the link to the end of the process */
#define SWEEP_MS 5   /* between two looks at what is left */
#define SWEEPS 600   /* then something cannot be killed */

struct gs_worker {
    struct gs_worker_params params;
    pid_t pid; /* 0: reaped */
    struct gs_channel *link;
    bool ready, ended, stopping;
    int x11_display;
    char why[128];  /* "": it ended in order */
    unsigned sweep; /* how often was looked */
    guint child_watch, timer;
};

/* ---- finding and starting the program ---- */

/* Beside this program in the build tree; at the same distance wherever it is installed. */
static char *near_ourselves(char **ret_why)
{
    static const char *const places[] = {"gpushare-session", GS_LIBEXEC_FROM_BIN};
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self ? g_path_get_dirname(self) : NULL;

    for (size_t i = 0; folder && i < GS_ARRAY_SIZE(places); i++) {
        g_autofree char *path = g_build_filename(folder, places[i], NULL);

        if (access(path, X_OK) == 0)
            return g_steal_pointer(&path);
    }
    *ret_why = g_strdup_printf("%s has neither gpushare-session nor " GS_LIBEXEC_FROM_BIN,
                               folder ? folder : "the folder of this program");
    return NULL;
}

char *gs_worker_find_program(char **ret_why)
{
    const char *env = getenv("GPUSHARE_SESSION");

    if (!env)
        return near_ourselves(ret_why);
    if (access(env, X_OK) == 0)
        return g_strdup(env);
    *ret_why = g_strdup_printf("GPUSHARE_SESSION=%s cannot be run: %s", env, g_strerror(errno));
    return NULL;
}

/* In the child, between fork and exec. A session of its own keeps the terminal's Ctrl-C from it.
 * Applications that put themselves in the background stay below it as long as it lives. */
static void child_setup(gpointer host)
{
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (getppid() != GPOINTER_TO_INT(host))
        _exit(1);
}

static int spawn(struct gs_worker *w, int link)
{
    char arg[32];
    const char *argv[] = {w->params.program, arg, NULL};
    g_auto(GStrv) env = g_environ_unsetenv(g_get_environ(), "G_TLS_GNUTLS_PRIORITY");
    g_autoptr(GError) error = NULL;
    const int target = LINK_FD;
    int out = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10); /* our stdout has one line, of ours */
    gboolean ok;

    g_snprintf(arg, sizeof(arg), "--link-fd=%d", LINK_FD);
    ok = g_spawn_async_with_pipes_and_fds(NULL, argv, (const char *const *)env,
                                          G_SPAWN_DO_NOT_REAP_CHILD, child_setup,
                                          GINT_TO_POINTER(getpid()), -1, out, -1, &link, &target, 1,
                                          &w->pid, NULL, NULL, NULL, &error);
    if (out >= 0)
        close(out);
    if (ok)
        return 0;
    gs_error("cannot start %s: %s", w->params.program, error->message);
    return -ECHILD;
}

/* ---- the end ---- */

static void set_timer(struct gs_worker *w, unsigned ms, GSourceFunc fn)
{
    if (w->timer)
        g_source_remove(w->timer);
    w->timer = fn ? g_timeout_add(ms, fn, w) : 0;
}

void gs_worker_kill(struct gs_worker *w)
{
    if (w->pid > 0)
        kill(w->pid, SIGKILL);
}

static void fail(struct gs_worker *w, const char *why)
{
    if (!w->why[0] && !w->ended && !w->stopping)
        g_strlcpy(w->why, why, sizeof(w->why));
    gs_worker_kill(w);
}

static gboolean on_sweep(gpointer data)
{
    struct gs_worker *w = data;

    if (!gs_reaper_sweep(w->params.reaper) && ++w->sweep < SWEEPS)
        return G_SOURCE_CONTINUE;
    if (w->sweep >= SWEEPS)
        gs_warn("some processes of the session cannot be ended");
    if (w->x11_display >= 0)
        gs_x11_lock_remove_stale("/tmp", w->x11_display);
    w->timer = 0;
    w->params.listener->gone(w->params.user, w->why[0] ? w->why : NULL);
    return G_SOURCE_REMOVE;
}

static void on_exit_status(GPid pid, int status, gpointer data)
{
    struct gs_worker *w = data;
    const char *name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;
    char why[64];

    w->child_watch = 0;
    w->pid = 0;
    gs_reaper_disclaim(w->params.reaper, pid);
    if (WIFSIGNALED(status))
        g_snprintf(why, sizeof(why), "was killed by SIG%s", name ? name : "RT");
    else
        g_snprintf(why, sizeof(why), "ended with status %d", WEXITSTATUS(status));
    gs_debug("worker %d %s", (int)pid, why);
    fail(w, why);
    set_timer(w, SWEEP_MS, on_sweep);
}

static gboolean on_late(gpointer data)
{
    struct gs_worker *w = data;

    w->timer = 0;
    if (w->stopping || w->ended)
        gs_warn("the worker did not end in time and is killed");
    fail(w, w->ready ? "closed its link" : "was not ready in time");
    return G_SOURCE_REMOVE;
}

/* ---- what it says ---- */

static int read_ready(struct gs_worker *w, const uint8_t *payload, size_t size)
{
    struct gs_worker_ready ready;
    int err = gs_worker_ready_from_json((const char *)payload, size, &ready);

    if (err || w->ready)
        return -EBADMSG;
    w->ready = true;
    w->x11_display = ready.x11_display;
    if (w->stopping || w->ended)
        return 0;
    set_timer(w, 0, NULL);
    w->params.listener->ready(w->params.user, &ready);
    return 0;
}

static int read_client(struct gs_worker *w, uint8_t type, const uint8_t *payload, size_t size)
{
    struct gs_bye bye = {0};
    struct gs_reader r;
    uint32_t client;

    gs_reader_init(&r, payload, size);
    client = gs_read_u32(&r);
    if (type == GS_LINK_CLIENT_DATA) {
        uint8_t message = gs_read_u8(&r);

        if (r.overrun)
            return -EBADMSG;
        w->params.listener->client_data(w->params.user, client, message, payload + r.pos,
                                        gs_reader_left(&r));
        return 0;
    }
    if (r.overrun)
        return -EBADMSG;
    if (gs_reader_left(&r) > 0 &&
        gs_bye_from_json((const char *)payload + r.pos, gs_reader_left(&r), &bye) < 0)
        return -EBADMSG;
    w->params.listener->client_close(w->params.user, client, &bye);
    return 0;
}

static int read_ended(struct gs_worker *w, const uint8_t *payload, size_t size)
{
    struct gs_bye bye;

    if (gs_bye_from_json((const char *)payload, size, &bye) < 0 || w->ended)
        return -EBADMSG;
    w->ended = true;
    set_timer(w, w->params.stop_ms, on_late);
    w->params.listener->ended(w->params.user, &bye);
    return 0;
}

static void on_frame(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    struct gs_worker *w = user;
    int err = -EBADMSG;

    if (type == GS_LINK_READY)
        err = read_ready(w, payload, size);
    else if (type == GS_LINK_CLIENT_DATA || type == GS_LINK_CLIENT_CLOSE)
        err = read_client(w, type, payload, size);
    else if (type == GS_LINK_ENDED)
        err = read_ended(w, payload, size);
    else if (type == GS_LINK_STATS)
        err = 0; /* nobody here asks for them */
    if (err)
        fail(w, "broke the protocol of its link");
}

/* The end of the link comes just before that of the process, which tells more. */
static void on_closed(void *user, int err)
{
    struct gs_worker *w = user;

    if (err)
        gs_debug("link: %s", g_strerror(-err));
    if (w->pid > 0 && !w->ended && !w->stopping)
        set_timer(w, EXIT_MS, on_late);
}

/* ---- the face ---- */

static int send_config(struct gs_worker *w, const struct gs_worker_config *config)
{
    char *json = gs_worker_config_to_json(config);
    int err;

    if (!json) {
        gs_error("the command has text that is not UTF-8");
        return -EINVAL;
    }
    err = gs_channel_send(w->link, GS_LINK_CONFIG, json, strlen(json));
    free(json);
    return err;
}

static int open_link(struct gs_worker *w, int fd)
{
    static const struct gs_channel_handler handler = {on_frame, on_closed};
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) sock = g_socket_new_from_fd(fd, &error);
    g_autoptr(GSocketConnection) conn = NULL;

    if (!sock) {
        gs_error("link: %s", error->message);
        close(fd);
        return -EIO;
    }
    conn = g_socket_connection_factory_create_connection(sock);
    w->link = gs_channel_create(G_IO_STREAM(conn), LINK_MAX_PAYLOAD, &handler, w);
    return 0;
}

static int start(struct gs_worker *w)
{
    int fd[2];
    int err;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0) {
        gs_error("link: %s", g_strerror(errno));
        return -errno;
    }
    err = open_link(w, fd[0]);
    err = err ? err : send_config(w, w->params.config);
    err = err ? err : spawn(w, fd[1]);
    close(fd[1]);
    return err;
}

int gs_worker_create(const struct gs_worker_params *params, struct gs_worker **ret)
{
    struct gs_worker *w = g_new0(struct gs_worker, 1);
    int err;

    w->params = *params;
    w->x11_display = -1;
    err = start(w);
    if (err) {
        gs_worker_destroy(w);
        return err;
    }
    w->params.config = NULL;
    w->params.program = NULL;
    gs_reaper_claim(params->reaper, w->pid);
    w->child_watch = g_child_watch_add(w->pid, on_exit_status, w);
    set_timer(w, params->ready_ms, on_late);
    *ret = w;
    return 0;
}

void gs_worker_destroy(struct gs_worker *w)
{
    if (!w)
        return;
    if (w->child_watch)
        g_source_remove(w->child_watch);
    set_timer(w, 0, NULL);
    gs_channel_destroy(w->link);
    if (w->pid > 0) {
        gs_worker_kill(w);
        waitpid(w->pid, NULL, 0);
        gs_reaper_disclaim(w->params.reaper, w->pid);
    }
    g_free(w);
}

int gs_worker_open_client(struct gs_worker *w, uint32_t client, const struct gs_client_open *open)
{
    char *json = gs_client_open_to_json(open);
    uint8_t head[4];
    struct gs_writer out;
    int err;

    gs_writer_init(&out, head, sizeof(head));
    gs_write_u32(&out, client);
    err = gs_channel_send2(w->link, GS_LINK_CLIENT_OPEN, head, sizeof(head), json, strlen(json));
    free(json);
    return err;
}

int gs_worker_send(struct gs_worker *w, uint32_t client, uint8_t type, const void *payload,
                   size_t size)
{
    uint8_t head[LINK_HEAD_SIZE];
    struct gs_writer out;

    gs_writer_init(&out, head, sizeof(head));
    gs_write_u32(&out, client);
    gs_write_u8(&out, type);
    return gs_channel_send2(w->link, GS_LINK_CLIENT_DATA, head, sizeof(head), payload, size);
}

int gs_worker_close_client(struct gs_worker *w, uint32_t client)
{
    uint8_t head[4];
    struct gs_writer out;

    gs_writer_init(&out, head, sizeof(head));
    gs_write_u32(&out, client);
    return gs_channel_send(w->link, GS_LINK_CLIENT_CLOSE, head, sizeof(head));
}

void gs_worker_stop(struct gs_worker *w)
{
    if (w->stopping || w->ended || w->pid <= 0)
        return;
    w->stopping = true;
    set_timer(w, w->params.stop_ms, on_late);
    if (gs_channel_send(w->link, GS_LINK_STOP, NULL, 0) < 0)
        gs_worker_kill(w);
}
