/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/worker.h"

#include <errno.h>
#include <gio/gunixcredentialsmessage.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/channel.h"
#include "common/log.h"
#include "host/keeper_process.h"
#include "host/worker_internal.h"
#include "host/x11_lock.h"

#define LINK_MAX_PAYLOAD (GS_PROTO_MAX_FRAME + GS_WORKER_HEAD_SIZE)
#define EXIT_MS 1000 /* between the end of the link and that of the process, in either order */
#define PING_MS 1000

/* A line of the log about the session. */
#define say(level, w, ...) gs_log_session(level, (w)->session, (w)->os_user, __VA_ARGS__)

struct gs_worker {
    struct gs_worker_params params; /* without what is borrowed */
    char session[GS_PROTO_NAME_MAX], os_user[64];
    unsigned stop_ms;
    struct gs_keeper_process *keeper;
    struct gs_channel *link;
    bool ready, ended, stopping, link_closed;
    int x11_display;
    char why[128];         /* "": it ended in order */
    bool over, has_record; /* keeper and worker are gone; the record is the keeper's */
    struct gs_keeper_exit record;
    unsigned unanswered; /* PINGs since the last PONG */
    guint timer, ping_timer;
};

/* ---- the end ---- */

static void set_timer(struct gs_worker *w, unsigned ms, GSourceFunc fn)
{
    if (w->timer)
        g_source_remove(w->timer);
    w->timer = fn ? g_timeout_add(ms, fn, w) : 0;
}

static void stop_pings(struct gs_worker *w)
{
    if (w->ping_timer)
        g_source_remove(w->ping_timer);
    w->ping_timer = 0;
}

void gs_worker_kill(struct gs_worker *w)
{
    gs_keeper_process_signal(w->keeper, SIGUSR1);
}

static void note(struct gs_worker *w, const char *why)
{
    if (!w->why[0] && !w->ended && !w->stopping)
        g_strlcpy(w->why, why, sizeof(w->why));
}

static void fail(struct gs_worker *w, const char *why)
{
    note(w, why);
    gs_worker_kill(w);
}

static gboolean on_over(gpointer data)
{
    struct gs_worker *w = data;

    w->timer = 0;
    if (!w->has_record)
        note(w, "lost its keeper, and was ended");
    else
        note(w, w->record.why[0] ? w->record.why : "ended with status 0");
    if (w->x11_display >= 0)
        gs_x11_lock_remove_stale("/tmp", w->x11_display);
    w->params.listener->gone(w->params.user, w->why[0] ? w->why : NULL,
                             w->has_record ? &w->record : NULL);
    return G_SOURCE_REMOVE;
}

/* What the worker said last may still be in the link. */
static void on_gone(void *user, const struct gs_keeper_exit *e)
{
    struct gs_worker *w = user;

    w->over = true;
    w->has_record = e != NULL;
    if (e)
        w->record = *e;
    stop_pings(w);
    set_timer(w, w->link_closed ? 0 : EXIT_MS, on_over);
}

static gboolean on_late(gpointer data)
{
    struct gs_worker *w = data;

    w->timer = 0;
    if (w->stopping || w->ended)
        say(GS_LOG_WARN, w, "the worker did not end in time and is killed");
    fail(w, w->ready ? "closed its link" : "was not ready in time");
    return G_SOURCE_REMOVE;
}

/* ---- is it alive? ---- */

static unsigned ping_ms(const struct gs_worker *w)
{
    return GS_CLAMP(w->params.hang_ms / 4, 1u, (unsigned)PING_MS);
}

/* Counts what was not answered, not time: after a standstill of this process only one is missing,
 * and its answer may be waiting already. */
static gboolean on_ping(gpointer data)
{
    struct gs_worker *w = data;
    unsigned silent_ms = w->unanswered * ping_ms(w);
    uint8_t payload[8];
    struct gs_writer out;

    if (silent_ms >= w->params.hang_ms) {
        char why[64];

        w->ping_timer = 0;
        g_snprintf(why, sizeof(why), "did not answer for %.3g s and was killed",
                   (double)silent_ms / 1000);
        fail(w, why);
        if (w->params.listener->hung)
            w->params.listener->hung(w->params.user, silent_ms);
        return G_SOURCE_REMOVE;
    }
    gs_writer_init(&out, payload, sizeof(payload));
    gs_write_u64(&out, (uint64_t)g_get_monotonic_time());
    if (gs_channel_send(w->link, GS_LINK_PING, payload, sizeof(payload)) == 0)
        w->unanswered++;
    return G_SOURCE_CONTINUE;
}

static void start_pings(struct gs_worker *w)
{
    if (w->params.hang_ms > 0 && !w->ping_timer)
        w->ping_timer = g_timeout_add(ping_ms(w), on_ping, w);
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
    start_pings(w);
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
    stop_pings(w);
    if (!w->over)
        set_timer(w, w->stop_ms, on_late);
    w->params.listener->ended(w->params.user, &bye);
    return 0;
}

static int read_stats(struct gs_worker *w, const uint8_t *payload, size_t size)
{
    struct gs_worker_stats stats;
    int err = gs_worker_stats_from_json((const char *)payload, size, &stats);

    if (err || !w->ready)
        return -EBADMSG;
    if (w->params.listener->stats)
        w->params.listener->stats(w->params.user, &stats);
    return 0;
}

static int read_slot(struct gs_worker *w, uint8_t type, const uint8_t *payload, size_t size)
{
    const struct gs_worker_listener *l = w->params.listener;
    bool want = type == GS_LINK_SLOT_WANT;

    if (size != 1 || payload[0] > (want ? 1 : GS_SLOT_END_USELESS))
        return -EBADMSG;
    if (want && l->slot_want)
        l->slot_want(w->params.user, payload[0]);
    else if (!want && l->slot_free)
        l->slot_free(w->params.user, (enum gs_slot_end)payload[0]);
    return 0;
}

static int read_pong(struct gs_worker *w, size_t size)
{
    w->unanswered = 0;
    return size == sizeof(uint64_t) ? 0 : -EBADMSG;
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
        err = read_stats(w, payload, size);
    else if (type == GS_LINK_SLOT_WANT || type == GS_LINK_SLOT_FREE)
        err = read_slot(w, type, payload, size);
    else if (type == GS_LINK_PONG)
        err = read_pong(w, size);
    if (err)
        fail(w, "broke the protocol of its link");
}

/* The end of the link comes just before that of the process, which tells more. */
static void on_closed(void *user, int err)
{
    struct gs_worker *w = user;

    if (err)
        say(GS_LOG_DEBUG, w, "link: %s", g_strerror(-err));
    w->link_closed = true;
    stop_pings(w);
    if (w->over)
        set_timer(w, 0, on_over);
    else if (!w->ended && !w->stopping)
        set_timer(w, EXIT_MS, on_late);
}

/* ---- the beginning ---- */

static int send_config(struct gs_worker *w, const struct gs_worker_config *config)
{
    char *json = gs_worker_config_to_json(config);
    int err;

    if (!json) {
        say(GS_LOG_ERROR, w, "the command has text that is not UTF-8");
        return -EINVAL;
    }
    err = gs_channel_send(w->link, GS_LINK_CONFIG, json, strlen(json));
    free(json);
    return err;
}

static void open_link(struct gs_worker *w, GIOStream *stream)
{
    static const struct gs_channel_handler handler = {on_frame, on_closed};

    w->link = gs_channel_create(stream, LINK_MAX_PAYLOAD, &handler, w);
}

static int open_pair(struct gs_worker *w, int fd)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) sock = g_socket_new_from_fd(fd, &error);
    g_autoptr(GSocketConnection) conn = NULL;

    if (!sock) {
        say(GS_LOG_ERROR, w, "link: %s", error->message);
        close(fd);
        return -EIO;
    }
    conn = g_socket_connection_factory_create_connection(sock);
    open_link(w, G_IO_STREAM(conn));
    return 0;
}

static struct gs_worker *new_worker(const struct gs_worker_params *params)
{
    struct gs_worker *w = g_new0(struct gs_worker, 1);

    w->params = *params;
    w->params.keeper = NULL;
    w->params.keeper_program = NULL;
    w->params.config = NULL;
    g_strlcpy(w->session, params->keeper->session, sizeof(w->session));
    g_strlcpy(w->os_user, gs_keeper_process_user(params->keeper), sizeof(w->os_user));
    w->stop_ms = params->keeper->stop_ms;
    w->x11_display = -1;
    return w;
}

static int start(struct gs_worker *w, const struct gs_worker_params *params)
{
    int fd[2];
    int err;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0) {
        say(GS_LOG_ERROR, w, "link: %s", g_strerror(errno));
        return -errno;
    }
    err = open_pair(w, fd[0]);
    err = err ? err : send_config(w, params->config);
    err = err ? err
              : gs_keeper_process_start(params->keeper_program, params->keeper, fd[1], on_gone, w,
                                        &w->keeper);
    close(fd[1]);
    return err;
}

int gs_worker_create(const struct gs_worker_params *params, struct gs_worker **ret)
{
    struct gs_worker *w = new_worker(params);
    int err = start(w, params);

    if (err) {
        gs_worker_destroy(w);
        return err;
    }
    set_timer(w, params->ready_ms, on_late);
    *ret = w;
    return 0;
}

/* Who is at the other end; 0: not known. */
static pid_t peer_of(GIOStream *link)
{
    GSocket *sock = G_IS_SOCKET_CONNECTION(link)
                        ? g_socket_connection_get_socket(G_SOCKET_CONNECTION(link))
                        : NULL;
    g_autoptr(GCredentials) peer = sock ? g_socket_get_credentials(sock, NULL) : NULL;

    return peer ? GS_MAX(g_credentials_get_unix_pid(peer, NULL), 0) : 0;
}

int gs_worker_adopt(const struct gs_worker_params *params, GIOStream *link, pid_t keeper,
                    uint64_t keeper_start, const struct gs_worker_ready *ready,
                    struct gs_worker **ret)
{
    struct gs_worker *w = new_worker(params);
    int err = gs_keeper_process_adopt(params->keeper, keeper, keeper_start, peer_of(link), on_gone,
                                      w, &w->keeper);

    if (!err) {
        open_link(w, link);
        err = gs_channel_send(w->link, GS_LINK_ADOPTED, NULL, 0);
    }
    if (err) {
        gs_worker_detach(w);
        return err;
    }
    w->ready = true;
    w->x11_display = ready->x11_display;
    start_pings(w);
    *ret = w;
    return 0;
}

/* ---- the face ---- */

void gs_worker_detach(struct gs_worker *w)
{
    set_timer(w, 0, NULL);
    stop_pings(w);
    gs_channel_destroy(w->link);
    gs_keeper_process_free(w->keeper);
    g_free(w);
}

void gs_worker_destroy(struct gs_worker *w)
{
    if (!w)
        return;
    if (w->keeper && !w->over)
        gs_keeper_process_end(w->keeper);
    gs_worker_detach(w);
}

struct gs_channel *gs_worker_link(const struct gs_worker *w)
{
    return w->link;
}

/* Without a link it is asked by a signal. */
void gs_worker_stop(struct gs_worker *w)
{
    if (w->stopping || w->ended || w->over)
        return;
    w->stopping = true;
    stop_pings(w);
    set_timer(w, w->stop_ms, on_late);
    if (gs_channel_send(w->link, GS_LINK_STOP, NULL, 0) < 0)
        gs_keeper_process_signal(w->keeper, SIGTERM);
}

pid_t gs_worker_pid(const struct gs_worker *w)
{
    return w->over ? 0 : gs_keeper_process_worker(w->keeper);
}

pid_t gs_worker_keeper_pid(const struct gs_worker *w)
{
    return gs_keeper_process_pid(w->keeper);
}

uint64_t gs_worker_keeper_start_time(const struct gs_worker *w)
{
    return gs_keeper_process_start_time(w->keeper);
}
