/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/client.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>

#include "client/client_internal.h"
#include "common/bytes.h"
#include "common/log.h"
#include "common/schedule.h"
#include "common/srtp.h"

#define RECONNECT_NS (10 * GS_NS_PER_S)
#define RECONNECT_INTERVAL_MS 500

static void connect_to_host(struct gs_client *c);

/* Says goodbye where there is somebody to hear it; the loop ends when that is done. */
void gs_client_finish(struct gs_client *c, enum gs_exit status)
{
    if (c->finishing)
        return;
    c->finishing = true;
    c->status = status;
    g_clear_handle_id(&c->reconnect_timer, g_source_remove);
    g_clear_handle_id(&c->duration_timer, g_source_remove);
    if (c->conn)
        gs_connection_leave(c->conn, "the client ended");
    else
        g_main_loop_quit(c->loop);
}

/* ---- the clock ---- */

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
    gs_writer_init(&w, payload, sizeof(payload));
    gs_write_u64(&w, gs_now_ns());
    if (!c->conn || gs_connection_send(c->conn, GS_MSG_PING, payload, w.pos) != 0)
        return c->ping_timer = 0, G_SOURCE_REMOVE;
    c->ping_timer = g_timeout_add(
        (guint)(gs_clock_sync_interval(c->pings_sent++, idle) / GS_NS_PER_MS), send_ping, c);
    return G_SOURCE_REMOVE;
}

void gs_client_end_idle(struct gs_client *c)
{
    if (!c->ping_idle || !c->ping_timer)
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
    if (gs_clock_sync_settled(&c->clock)) {
        pthread_mutex_lock(&c->lock);
        gs_stats_set_offset(&c->stats, gs_clock_sync_offset(&c->clock));
        pthread_mutex_unlock(&c->lock);
    }
    if (c->receiver)
        gs_receiver_set_rtt(c->receiver, gs_clock_sync_rtt(&c->clock));
    gs_client_update_overlay(c);
}

/* ---- the connection ---- */

static gboolean on_duration(void *user)
{
    struct gs_client *c = user;

    c->duration_timer = 0;
    gs_client_finish(c, GS_EXIT_DONE);
    return G_SOURCE_REMOVE;
}

static int start_session(struct gs_client *c)
{
    if (c->options->duration_s > 0)
        c->duration_timer = g_timeout_add((guint)(c->options->duration_s * 1000), on_duration, c);
    return gs_client_start_pipeline(c);
}

static void start_ping(struct gs_client *c)
{
    gs_clock_sync_init(&c->clock);
    c->pings_sent = 0;
    g_clear_handle_id(&c->ping_timer, g_source_remove);
    send_ping(c);
}

/* The stream first: while it begins, the window opens. */
static void on_welcome(void *user, const struct gs_welcome *welcome, GInetAddress *address)
{
    struct gs_client *c = user;
    bool first = !c->welcomed;

    c->welcome = *welcome;
    c->welcomed = true;
    c->reconnect_until = 0;
    gs_info("session %s, %ux%u, encoder %s, converter %s", welcome->session, welcome->width,
            welcome->height, welcome->encoder, welcome->converter);
    start_ping(c);
    if ((first && start_session(c) != 0) || gs_client_start_receiver(c, address) != 0 ||
        (first && gs_client_start_presenter(c) != 0)) {
        gs_client_finish(c, GS_EXIT_FAILED);
        return;
    }
    if (c->presenter->impl->note)
        c->presenter->impl->note(c->presenter, NULL);
    if (c->keymap_text && (c->options->keymap || !first))
        gs_client_send_keymap(c, c->keymap_text);
    if (first && c->options->script)
        gs_client_start_script(c);
}

static void on_cursor(struct gs_client *c, const uint8_t *payload, size_t size)
{
    struct gs_cursor_msg msg;

    if (gs_cursor_read(payload, size, &msg) == 0)
        c->presenter->impl->cursor(c->presenter, &msg);
    else
        gs_debug("a cursor that makes no sense");
}

static void on_message(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    struct gs_client *c = user;

    if (!c->presenter)
        return;
    if (type == GS_MSG_PONG)
        on_pong(c, payload, size);
    else if (type == GS_MSG_CURSOR)
        on_cursor(c, payload, size);
    else if (type == GS_MSG_POINTER && size >= 1 && payload[0] <= GS_POINTER_RELATIVE)
        c->presenter->impl->pointer_mode(c->presenter, (enum gs_pointer_mode)payload[0]);
}

static gboolean on_reconnect(void *user)
{
    struct gs_client *c = user;

    c->reconnect_timer = 0;
    connect_to_host(c);
    return G_SOURCE_REMOVE;
}

/* Returns whether another attempt was arranged for. */
static bool try_again(struct gs_client *c)
{
    uint64_t now = gs_now_ns();

    if (!c->welcomed || c->options->headless || c->finishing || !c->presenter)
        return false;
    if (c->reconnect_until == 0)
        c->reconnect_until = now + RECONNECT_NS;
    if (now >= c->reconnect_until)
        return false;
    if (c->presenter->impl->note)
        c->presenter->impl->note(c->presenter, "connection lost, trying again");
    c->reconnect_timer = g_timeout_add(RECONNECT_INTERVAL_MS, on_reconnect, c);
    return true;
}

static void on_closed(void *user, enum gs_exit status, bool orderly, const char *reason)
{
    struct gs_client *c = user;

    g_clear_pointer(&c->conn, gs_connection_destroy);
    g_clear_handle_id(&c->ping_timer, g_source_remove);
    gs_client_stop_receiver(c);
    if (c->finishing) {
        g_main_loop_quit(c->loop);
        return;
    }
    if (!orderly && try_again(c))
        return;
    if (status == GS_EXIT_DONE)
        gs_info("the session ended: %s", reason);
    else if (c->welcomed && !orderly)
        gs_error("connection lost: %s", reason);
    else
        gs_error("%s", reason);
    gs_client_finish(c, c->welcomed && !orderly ? GS_EXIT_FAILED : status);
}

static const struct gs_connection_listener connection_listener = {
    .welcome = on_welcome,
    .message = on_message,
    .closed = on_closed,
};

static void connect_to_host(struct gs_client *c)
{
    struct gs_hello hello = {.client = "gpushare-client " GS_VERSION};

    g_strlcpy(hello.session, c->options->url.session, sizeof(hello.session));
    g_strlcpy(hello.ticket, c->options->url.ticket, sizeof(hello.ticket));
    g_strlcpy(hello.decoder, c->decoder->impl->name, sizeof(hello.decoder));
    c->conn = gs_connection_create(&c->options->url, &hello, &connection_listener, c);
}

/* ---- life ---- */

/* A second signal does not wait for the host. */
static gboolean on_signal(void *user)
{
    struct gs_client *c = user;

    if (c->finishing)
        g_main_loop_quit(c->loop);
    gs_client_finish(c, GS_EXIT_DONE);
    return G_SOURCE_CONTINUE;
}

static void stop(struct gs_client *c)
{
    g_clear_pointer(&c->player, gs_player_destroy);
    g_clear_pointer(&c->conn, gs_connection_destroy);
    g_clear_handle_id(&c->ping_timer, g_source_remove);
    if (c->receiver)
        gs_client_stop_receiver(c);
    if (c->pipeline)
        gs_client_show(c); /* the last one, for the snapshot */
}

static int open_decoder(struct gs_client *c)
{
    int err = gs_decoder_create(c->options->decoder, &c->decoder);

    if (err)
        gs_error("decoder %s: %s", c->options->decoder ? c->options->decoder : "",
                 err == -ENOENT ? "there is none of that name" : g_strerror(-err));
    return err;
}

static void free_all(struct gs_client *c)
{
    if (c->presenter)
        c->presenter->impl->close(c->presenter);
    gs_decoder_destroy(c->decoder);
    if (c->motion_timer) {
        g_source_destroy(c->motion_timer);
        g_source_unref(c->motion_timer);
    }
    g_main_loop_unref(c->loop);
    pthread_mutex_destroy(&c->lock);
    g_free(c->keymap_text);
    explicit_bzero(&c->welcome, sizeof(c->welcome));
    g_free(c);
}

enum gs_exit gs_client_run(const struct gs_client_options *options)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    guint signal_sources[GS_ARRAY_SIZE(signals)];
    struct gs_client *c = g_new0(struct gs_client, 1);
    enum gs_exit status;

    gs_schedule_prompt();
    gs_srtp_prepare();
    c->options = options;
    c->loop = g_main_loop_new(NULL, FALSE);
    pthread_mutex_init(&c->lock, NULL);
    gs_stats_init(&c->stats, options->start);
    gs_client_start_input(c);
    if (options->keymap) {
        char *text = gs_keymap_text(options->keymap);

        c->keymap_text = g_strdup(text);
        free(text);
    }
    for (size_t i = 0; i < GS_ARRAY_SIZE(signals); i++)
        signal_sources[i] = g_unix_signal_add(signals[i], on_signal, c);
    if (open_decoder(c) == 0) {
        connect_to_host(c);
        g_main_loop_run(c->loop);
        stop(c);
        gs_client_report(c);
    } else {
        c->status = GS_EXIT_FAILED;
    }
    for (size_t i = 0; i < GS_ARRAY_SIZE(signals); i++)
        g_source_remove(signal_sources[i]);
    status = c->status;
    free_all(c);
    gs_srtp_finish_prepare();
    return status;
}
