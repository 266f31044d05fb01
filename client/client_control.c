/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control connection: what comes on it, the comparison of clocks, and how it comes back after
 * it broke, while the pictures go on. */
#include <string.h>

#include "client/client_internal.h"
#include "common/bytes.h"
#include "common/log.h"

#define CONNECT_MS 10000
#define SILENCE_MS 5000 /* without an answer to a PING */
#define NOTE_MS 1000    /* shorter absences are not worth the user's attention */

static void lose(struct gs_client *c, const char *reason);

/* ---- the clock ---- */

/* Everything that has come was read before: a client that stood still is no silent host. */
static gboolean on_silence(void *user)
{
    struct gs_client *c = user;

    c->silence_timer = 0;
    lose(c, "the host has not answered for 5 s");
    return G_SOURCE_REMOVE;
}

static gboolean send_ping(void *user)
{
    struct gs_client *c = user;
    uint8_t payload[8];
    struct gs_writer w;
    uint64_t frames;
    bool idle;

    pthread_mutex_lock(&c->lock);
    frames = c->stats.frames_decoded;
    pthread_mutex_unlock(&c->lock);
    c->ping_idle = idle = frames == c->ping_frames;
    c->ping_frames = frames;
    c->ping_time = gs_now_ns();
    gs_writer_init(&w, payload, sizeof(payload));
    gs_write_u64(&w, c->ping_time);
    if (!c->conn || gs_connection_send(c->conn, GS_MSG_PING, payload, w.pos) != 0)
        return c->ping_timer = 0, G_SOURCE_REMOVE;
    if (!c->silence_timer)
        c->silence_timer = g_timeout_add_full(G_PRIORITY_LOW, SILENCE_MS, on_silence, c, NULL);
    c->ping_timer = g_timeout_add(
        (guint)(gs_clock_sync_interval(c->pings_sent++, idle) / GS_NS_PER_MS), send_ping, c);
    return G_SOURCE_REMOVE;
}

void gs_client_end_idle(struct gs_client *c)
{
    if (!c->ping_idle || !c->ping_timer || gs_now_ns() - c->ping_time < GS_NS_PER_S)
        return;
    g_clear_handle_id(&c->ping_timer, g_source_remove);
    send_ping(c);
}

static void on_pong(struct gs_client *c, const uint8_t *payload, size_t size)
{
    uint64_t t0, t1, t2, t3 = gs_now_ns();
    struct gs_reader r;

    gs_reader_init(&r, payload, size);
    t0 = gs_read_u64(&r);
    t1 = gs_read_u64(&r);
    t2 = gs_read_u64(&r);
    if (r.overrun || gs_clock_sync_add(&c->clock, t0, t1, t2, t3) != 0)
        return;
    g_clear_handle_id(&c->silence_timer, g_source_remove);
    if (gs_clock_sync_settled(&c->clock)) {
        pthread_mutex_lock(&c->lock);
        gs_stats_set_offset(&c->stats, gs_clock_sync_offset(&c->clock));
        pthread_mutex_unlock(&c->lock);
    }
    if (c->receiver)
        gs_receiver_set_rtt(c->receiver, gs_clock_sync_rtt(&c->clock));
    gs_client_update_overlay(c);
}

static void start_ping(struct gs_client *c)
{
    gs_clock_sync_renew(&c->clock);
    c->pings_sent = 0;
    g_clear_handle_id(&c->ping_timer, g_source_remove);
    send_ping(c);
}

/* ---- messages ---- */

static void on_cursor(struct gs_client *c, const uint8_t *payload, size_t size)
{
    struct gs_cursor_msg msg;

    if (gs_cursor_read(payload, size, &msg) == 0)
        c->presenter->impl->cursor(c->presenter, &msg);
    else
        gs_debug("a cursor that makes no sense");
}

static void set_video_size(struct gs_client *c, uint32_t width, uint32_t height)
{
    gs_video_size_announce(&c->video, width, height);
    if (c->presenting)
        c->presenter->impl->resize(c->presenter, width, height);
}

/* The host shows another size from its next keyframe on. */
static void on_video(struct gs_client *c, const uint8_t *payload, size_t size)
{
    struct gs_video video;

    if (gs_video_read(payload, size, &video) != 0) {
        gs_warn("the host announced a picture of a size that makes no sense");
        return;
    }
    gs_info("the picture is %ux%u from now on", video.width, video.height);
    set_video_size(c, video.width, video.height);
}

/* Who only watches keeps the pointer. */
static void on_pointer(struct gs_client *c, const uint8_t *payload, size_t size)
{
    if (size >= 1 && payload[0] <= GS_POINTER_RELATIVE && !c->watching)
        c->presenter->impl->pointer_mode(c->presenter, (enum gs_pointer_mode)payload[0]);
}

static void on_message(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    struct gs_client *c = user;

    if (!c->presenting)
        return;
    if (type == GS_MSG_PONG)
        on_pong(c, payload, size);
    else if (type == GS_MSG_VIDEO)
        on_video(c, payload, size);
    else if (type == GS_MSG_CURSOR)
        on_cursor(c, payload, size);
    else if (type == GS_MSG_POINTER)
        on_pointer(c, payload, size);
}

/* ---- a connection ---- */

/* Whether the stream that is received is the one that the host goes on with. */
static bool goes_on(const struct gs_client *c, const struct gs_welcome *w)
{
    const struct gs_welcome *before = &c->welcome;

    return w->resumed && c->receiver && w->ssrc == before->ssrc &&
           w->client_ssrc == before->client_ssrc && w->udp_port == before->udp_port &&
           memcmp(w->host_key, before->host_key, sizeof(w->host_key)) == 0 &&
           memcmp(w->client_key, before->client_key, sizeof(w->client_key)) == 0;
}

static void note(struct gs_client *c, const char *text)
{
    if (c->presenting && c->presenter->impl->note)
        c->presenter->impl->note(c->presenter, text);
}

static void come_back(struct gs_client *c, bool resumed)
{
    uint64_t away = gs_now_ns() - c->lost;

    g_clear_handle_id(&c->note_timer, g_source_remove);
    note(c, NULL);
    c->lost = 0;
    c->reconnects++;
    c->longest_away = GS_MAX(c->longest_away, away);
    gs_info("the host is back after %.1f s, %s", (double)away / GS_NS_PER_S,
            resumed ? "the pictures go on" : "the pictures begin anew");
}

static void say_session(struct gs_client *c)
{
    const struct gs_welcome *w = &c->welcome;

    gs_info("session %s, %ux%u, encoder %s, converter %s", w->session, w->width, w->height,
            w->encoder, w->converter);
    c->watching = w->view || c->options->view;
    if (w->view && !c->options->view)
        gs_info("this ticket lets watch only: keyboard and mouse are not sent");
}

/* The stream first: while it begins, the window opens. */
static int begin(struct gs_client *c, GInetAddress *address, bool first, bool resumed)
{
    int err = first ? gs_client_start_session(c) : 0;

    if (!err && !resumed) {
        gs_client_stop_receiver(c);
        err = gs_client_start_receiver(c, address);
    }
    if (!err && first)
        err = gs_client_open_presenter(c);
    return err;
}

static void on_welcome(void *user, const struct gs_welcome *welcome, GInetAddress *address)
{
    struct gs_client *c = user;
    bool first = !c->welcomed, resumed = !first && goes_on(c, welcome);

    c->welcome = *welcome;
    c->welcomed = c->connected = true;
    if (c->lost)
        come_back(c, resumed);
    if (!resumed)
        say_session(c);
    start_ping(c);
    set_video_size(c, welcome->width, welcome->height);
    if (begin(c, address, first, resumed) != 0) {
        gs_client_finish(c, GS_EXIT_FAILED);
        return;
    }
    gs_client_tell_input(c, !resumed);
    if (first && c->options->script)
        gs_client_start_script(c);
}

/* While a thread does the handshake: what takes long to open. */
static void on_hello(void *user, struct gs_hello *hello)
{
    struct gs_client *c = user;
    bool ok = c->decoder || (gs_decoder_create(c->options->decoder, &c->decoder) == 0 &&
                             gs_client_create_presenter(c, hello) == 0);

    if (!ok) {
        gs_client_finish(c, GS_EXIT_FAILED);
        return;
    }
    if (hello->display_width == 0) {
        hello->display_width = c->display_width;
        hello->display_height = c->display_height;
    }
    c->display_width = hello->display_width;
    c->display_height = hello->display_height;
    g_strlcpy(hello->decoder, gs_decoder_name(c->decoder), sizeof(hello->decoder));
}

static void drop_connection(struct gs_client *c)
{
    c->connected = false;
    g_clear_pointer(&c->conn, gs_connection_destroy);
    g_clear_handle_id(&c->ping_timer, g_source_remove);
    g_clear_handle_id(&c->silence_timer, g_source_remove);
}

/* ---- again ---- */

/* A host that lets clients come back keeps their streams meanwhile: one that it ended is over.
 * Who would connect again would take the session away from whoever took it over. */
static bool stream_ended(const struct gs_client *c)
{
    return c->lost && c->welcome.resume[0] && c->receiver && gs_receiver_ended(c->receiver);
}

static gboolean on_reconnect(void *user)
{
    struct gs_client *c = user;

    c->reconnect_timer = 0;
    if (stream_ended(c)) {
        gs_info("the session ended, or another client took it over, while the host was away");
        gs_client_finish(c, GS_EXIT_DONE);
    } else {
        gs_client_connect(c);
    }
    return G_SOURCE_REMOVE;
}

static void give_up(struct gs_client *c, enum gs_exit status, const char *reason)
{
    if (c->lost)
        gs_error("the host %s is not reachable any more: %s", c->options->url.host, reason);
    else
        gs_error("%s", reason);
    gs_client_finish(c, c->lost ? GS_EXIT_UNREACHABLE : status);
}

/* There is no connection, and this is why. */
static void try_again(struct gs_client *c, enum gs_reconnect_failure failure, enum gs_exit status,
                      const char *reason)
{
    uint64_t delay;

    switch (gs_reconnect_failed(&c->reconnect, failure, gs_now_ns(), &delay)) {
    case GS_RECONNECT_AGAIN:
        gs_debug("%s; the next attempt in %.1f s", reason, (double)delay / GS_NS_PER_S);
        c->reconnect_timer = g_timeout_add((guint)(delay / GS_NS_PER_MS), on_reconnect, c);
        break;
    case GS_RECONNECT_TOO_LATE:
        give_up(c, status, reason);
        break;
    case GS_RECONNECT_BELIEVED:
        gs_error("%s", reason);
        gs_client_finish(c, status);
        break;
    }
}

static gboolean on_note_due(void *user)
{
    struct gs_client *c = user;

    c->note_timer = 0;
    note(c, "reconnecting...");
    return G_SOURCE_REMOVE;
}

/* Receiver, decoder and picture stay as they are. */
static void lose(struct gs_client *c, const char *reason)
{
    double limit = c->options->reconnect_s;

    drop_connection(c);
    c->lost = gs_now_ns();
    gs_reconnect_begin(&c->reconnect, (uint64_t)(limit * GS_NS_PER_S), GS_RECONNECT_PATIENCE,
                       c->lost);
    if (limit > 0) {
        gs_warn("connection lost: %s; trying to reconnect for %g s", reason, limit);
        c->note_timer = g_timeout_add(NOTE_MS, on_note_due, c);
    }
    try_again(c, GS_RECONNECT_UNREACHABLE, GS_EXIT_UNREACHABLE, reason);
}

static void on_closed(void *user, enum gs_exit status, enum gs_connection_end end,
                      const char *reason)
{
    struct gs_client *c = user;
    bool was_connected = c->connected;

    drop_connection(c);
    if (c->finishing) {
        g_main_loop_quit(c->loop);
    } else if (end == GS_CONNECTION_ENDED) {
        if (status == GS_EXIT_DONE)
            gs_info("the session ended: %s", reason);
        else
            gs_error("%s", reason);
        gs_client_finish(c, status);
    } else if (was_connected) {
        lose(c, reason);
    } else {
        bool refused = end == GS_CONNECTION_REFUSED && status != GS_EXIT_UNREACHABLE;

        try_again(c, refused ? GS_RECONNECT_REFUSED : GS_RECONNECT_UNREACHABLE, status, reason);
    }
}

static const struct gs_connection_listener connection_listener = {
    .hello = on_hello,
    .welcome = on_welcome,
    .message = on_message,
    .closed = on_closed,
};

void gs_client_connect(struct gs_client *c)
{
    struct gs_hello hello = {.client = "gpushare-client " GS_VERSION, .view = c->options->view};
    const char *ticket = c->welcome.resume[0] ? c->welcome.resume : c->options->url.ticket;
    bool again = c->lost || c->options->wait_s > 0;
    unsigned timeout =
        again ? (unsigned)(gs_reconnect_attempt(&c->reconnect, gs_now_ns()) / GS_NS_PER_MS)
              : CONNECT_MS;

    g_strlcpy(hello.session, c->options->url.session, sizeof(hello.session));
    g_strlcpy(hello.ticket, ticket, sizeof(hello.ticket));
    c->conn = gs_connection_create(&c->options->url, &hello, timeout, &connection_listener, c);
}

void gs_client_start_connecting(struct gs_client *c)
{
    gs_clock_sync_init(&c->clock);
    gs_reconnect_begin(&c->reconnect, (uint64_t)(c->options->wait_s * GS_NS_PER_S), 0, gs_now_ns());
    gs_client_connect(c);
}

void gs_client_stop_control(struct gs_client *c)
{
    drop_connection(c);
    g_clear_handle_id(&c->reconnect_timer, g_source_remove);
    g_clear_handle_id(&c->note_timer, g_source_remove);
}
