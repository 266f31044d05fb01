/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/channel.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/bytes.h"

#define HEADER_SIZE 5
#define MAX_QUEUED (8u << 20)
/* A TLS record is at most 16 KiB: reading that much leaves nothing decrypted behind in the TLS
 * layer, where no poll would find it. */
#define READ_SIZE 16384
/* After so many reads other sources of the loop get their turn. */
#define READS_PER_TURN 64

enum state {
    OPEN,
    FLUSHING,  /* close_after_flush: the queue is being sent, what comes in is thrown away */
    LINGERING, /* all is sent and our end is shut; waiting for the peer to close its end */
    CLOSED,    /* closed was called, or the owner destroyed the channel */
};

struct gs_channel {
    GIOStream *stream;
    GPollableInputStream *in;
    GPollableOutputStream *out;
    GMainContext *context;
    const struct gs_channel_handler *handler;
    void *user;
    size_t max_payload;
    enum state state;
    int refs; /* the owner's, and one while a callback of ours runs */
    GByteArray *received;
    GByteArray *queue;
    size_t queue_sent; /* bytes of the queue that are gone already */
    int failure;       /* error that finish_source will report */
    GSource *in_source, *out_source, *again_source, *timeout_source, *finish_source;
};

static void unref(struct gs_channel *ch)
{
    if (--ch->refs > 0)
        return;
    g_byte_array_unref(ch->received);
    g_byte_array_unref(ch->queue);
    g_main_context_unref(ch->context);
    g_object_unref(ch->stream);
    g_free(ch);
}

static void drop_source(GSource **source)
{
    if (!*source)
        return;
    g_source_destroy(*source);
    g_source_unref(*source);
    *source = NULL;
}

static void drop_sources(struct gs_channel *ch)
{
    drop_source(&ch->in_source);
    drop_source(&ch->out_source);
    drop_source(&ch->again_source);
    drop_source(&ch->timeout_source);
    drop_source(&ch->finish_source);
}

static GSource *attach(struct gs_channel *ch, GSource *source, GSourceFunc fn)
{
    g_source_set_callback(source, fn, ch, NULL);
    g_source_attach(source, ch->context);
    return source;
}

/* Borrowed; NULL for streams that have no socket below. */
static GSocket *socket_of(struct gs_channel *ch)
{
    g_autoptr(GIOStream) base = NULL;

    if (G_IS_TLS_CONNECTION(ch->stream))
        g_object_get(ch->stream, "base-io-stream", &base, NULL);
    else
        base = g_object_ref(ch->stream);
    /* The TLS connection keeps its base alive. */
    return G_IS_SOCKET_CONNECTION(base) ? g_socket_connection_get_socket(G_SOCKET_CONNECTION(base))
                                        : NULL;
}

/* Closing a TLS stream says goodbye to the peer and would wait until that fits; with the socket
 * closed first it fails at once instead. */
static void close_stream(struct gs_channel *ch)
{
    GSocket *sock = socket_of(ch);

    if (sock)
        g_socket_close(sock, NULL);
    g_io_stream_close(ch->stream, NULL, NULL);
}

static void finish(struct gs_channel *ch, int err)
{
    if (ch->state == CLOSED)
        return;
    ch->state = CLOSED;
    drop_sources(ch);
    close_stream(ch);
    if (ch->handler->closed)
        ch->handler->closed(ch->user, err);
}

static gboolean on_finish(gpointer data)
{
    struct gs_channel *ch = data;

    ch->refs++;
    finish(ch, ch->failure);
    unref(ch);
    return G_SOURCE_REMOVE;
}

/* Reports from the loop, so that no callback runs inside a call of the owner. */
static void finish_later(struct gs_channel *ch, int err)
{
    if (ch->finish_source || ch->state == CLOSED)
        return;
    ch->failure = err;
    drop_sources(ch);
    ch->finish_source = g_idle_source_new();
    g_source_set_priority(ch->finish_source, G_PRIORITY_DEFAULT);
    attach(ch, ch->finish_source, on_finish);
}

static int errno_of(const GError *error)
{
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED) ||
        g_error_matches(error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE))
        return -ECONNRESET;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        return -ETIMEDOUT;
    if (error->domain == G_TLS_ERROR)
        return -EPROTO;
    return -EIO;
}

/* ---- sending ---- */

/* The end of our direction: a TLS goodbye where it fits without waiting, then FIN. */
static void shut_output(struct gs_channel *ch)
{
    GSocket *sock = socket_of(ch);

    if (sock && g_socket_condition_check(sock, G_IO_OUT) & G_IO_OUT)
        g_output_stream_close(g_io_stream_get_output_stream(ch->stream), NULL, NULL);
    if (sock)
        g_socket_shutdown(sock, FALSE, TRUE, NULL);
}

static void flushed(struct gs_channel *ch)
{
    drop_source(&ch->out_source);
    g_byte_array_set_size(ch->queue, 0);
    ch->queue_sent = 0;
    if (ch->state != FLUSHING)
        return;
    /* Closing now, with bytes unread, would make the kernel reset the connection and the peer lose
     * the last message. */
    ch->state = LINGERING;
    shut_output(ch);
    if (!socket_of(ch))
        finish_later(ch, 0);
}

static void flush(struct gs_channel *ch);

static gboolean on_writable(GObject *stream, gpointer data)
{
    struct gs_channel *ch = data;

    (void)stream;
    ch->refs++;
    flush(ch);
    unref(ch);
    return G_SOURCE_CONTINUE;
}

static void wait_writable(struct gs_channel *ch)
{
    if (ch->out_source)
        return;
    ch->out_source = g_pollable_output_stream_create_source(ch->out, NULL);
    attach(ch, ch->out_source, (GSourceFunc)(void (*)(void))on_writable);
}

static void compact(struct gs_channel *ch)
{
    if (ch->queue_sent > ch->queue->len / 2) {
        g_byte_array_remove_range(ch->queue, 0, (guint)ch->queue_sent);
        ch->queue_sent = 0;
    }
}

static void flush(struct gs_channel *ch)
{
    while (ch->queue_sent < ch->queue->len) {
        g_autoptr(GError) error = NULL;
        gssize n = g_pollable_output_stream_write_nonblocking(
            ch->out, ch->queue->data + ch->queue_sent, ch->queue->len - ch->queue_sent, NULL,
            &error);

        if (n > 0) {
            ch->queue_sent += (size_t)n;
        } else if (n == 0 || g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
            compact(ch);
            wait_writable(ch);
            return;
        } else {
            finish_later(ch, errno_of(error));
            return;
        }
    }
    flushed(ch);
}

int gs_channel_send2(struct gs_channel *ch, uint8_t type, const void *head, size_t head_size,
                     const void *body, size_t body_size)
{
    size_t size = head_size + body_size;
    size_t queued = ch->queue->len - ch->queue_sent;
    struct gs_writer w;
    uint8_t header[HEADER_SIZE];

    if (ch->state != OPEN || ch->finish_source)
        return -EPIPE;
    if (size > MAX_QUEUED - HEADER_SIZE || queued > MAX_QUEUED - HEADER_SIZE - size) {
        finish_later(ch, -ENOBUFS);
        return -ENOBUFS;
    }
    gs_writer_init(&w, header, sizeof(header));
    gs_write_u32(&w, (uint32_t)size);
    gs_write_u8(&w, type);
    g_byte_array_append(ch->queue, header, sizeof(header));
    if (head_size)
        g_byte_array_append(ch->queue, head, (guint)head_size);
    if (body_size)
        g_byte_array_append(ch->queue, body, (guint)body_size);
    if (!ch->out_source)
        flush(ch);
    return 0;
}

int gs_channel_send(struct gs_channel *ch, uint8_t type, const void *payload, size_t size)
{
    return gs_channel_send2(ch, type, NULL, 0, payload, size);
}

/* ---- receiving ---- */

/* Gives every whole frame to the owner, who may end the channel in any of them. */
static void deliver(struct gs_channel *ch)
{
    size_t used = 0;

    while (ch->state == OPEN && !ch->finish_source) {
        const uint8_t *frame = ch->received->data + used;
        size_t left = ch->received->len - used;
        struct gs_reader r;
        uint32_t size;
        uint8_t type;

        if (left < HEADER_SIZE)
            break;
        gs_reader_init(&r, frame, left);
        size = gs_read_u32(&r);
        type = gs_read_u8(&r);
        if (size > ch->max_payload) {
            finish(ch, -EMSGSIZE);
            return;
        }
        if (left - HEADER_SIZE < size)
            break;
        used += HEADER_SIZE + size;
        ch->handler->frame(ch->user, type, frame + HEADER_SIZE, size);
    }
    if (used)
        g_byte_array_remove_range(ch->received, 0, (guint)used);
}

static void peer_closed(struct gs_channel *ch)
{
    finish(ch, ch->state == OPEN && ch->received->len > 0 ? -EBADMSG : 0);
}

/* One read. False: nothing more for now, or the channel is closed. */
static bool receive(struct gs_channel *ch)
{
    g_autoptr(GError) error = NULL;
    uint8_t buf[READ_SIZE];
    gssize n = g_pollable_input_stream_read_nonblocking(ch->in, buf, sizeof(buf), NULL, &error);

    if (n > 0) {
        if (ch->state == OPEN) {
            g_byte_array_append(ch->received, buf, (guint)n);
            deliver(ch);
        }
        return ch->state != CLOSED && !ch->finish_source;
    }
    if (n < 0 && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return false;
    /* A TLS peer that goes without a goodbye: our frames tell a cut message by themselves. */
    if (n == 0 || g_error_matches(error, G_TLS_ERROR, G_TLS_ERROR_EOF))
        peer_closed(ch);
    else
        finish(ch, ch->state == OPEN ? errno_of(error) : 0);
    return false;
}

static gboolean on_again(gpointer data);

static void receive_turn(struct gs_channel *ch)
{
    ch->refs++;
    for (unsigned i = 0; i < READS_PER_TURN; i++) {
        if (!receive(ch)) {
            unref(ch);
            return;
        }
    }
    if (!ch->again_source) {
        ch->again_source = g_idle_source_new();
        g_source_set_priority(ch->again_source, G_PRIORITY_DEFAULT);
        attach(ch, ch->again_source, on_again);
    }
    unref(ch);
}

static gboolean on_again(gpointer data)
{
    struct gs_channel *ch = data;

    drop_source(&ch->again_source);
    receive_turn(ch);
    return G_SOURCE_REMOVE;
}

static gboolean on_readable(GObject *stream, gpointer data)
{
    (void)stream;
    receive_turn(data);
    return G_SOURCE_CONTINUE;
}

/* ---- life ---- */

struct gs_channel *gs_channel_create(GIOStream *stream, size_t max_payload,
                                     const struct gs_channel_handler *handler, void *user)
{
    struct gs_channel *ch = g_new0(struct gs_channel, 1);

    ch->refs = 1;
    ch->stream = g_object_ref(stream);
    ch->in = G_POLLABLE_INPUT_STREAM(g_io_stream_get_input_stream(stream));
    ch->out = G_POLLABLE_OUTPUT_STREAM(g_io_stream_get_output_stream(stream));
    assert(g_pollable_input_stream_can_poll(ch->in));
    assert(g_pollable_output_stream_can_poll(ch->out));
    ch->context = g_main_context_ref_thread_default();
    ch->handler = handler;
    ch->user = user;
    ch->max_payload = max_payload;
    ch->received = g_byte_array_new();
    ch->queue = g_byte_array_new();
    ch->in_source = g_pollable_input_stream_create_source(ch->in, NULL);
    attach(ch, ch->in_source, (GSourceFunc)(void (*)(void))on_readable);
    return ch;
}

void gs_channel_destroy(struct gs_channel *ch)
{
    if (!ch)
        return;
    drop_sources(ch);
    if (ch->state != CLOSED)
        close_stream(ch);
    ch->state = CLOSED;
    unref(ch);
}

GIOStream *gs_channel_steal(struct gs_channel *ch)
{
    GIOStream *stream = g_object_ref(ch->stream);

    drop_sources(ch);
    ch->state = CLOSED; /* and the stream is not */
    unref(ch);
    return stream;
}

void gs_channel_set_max_payload(struct gs_channel *ch, size_t max_payload)
{
    ch->max_payload = max_payload;
}

void gs_channel_close_after_flush(struct gs_channel *ch, unsigned timeout_ms)
{
    if (ch->state != OPEN || ch->finish_source)
        return;
    ch->state = FLUSHING;
    ch->timeout_source = attach(ch, g_timeout_source_new(timeout_ms), on_finish);
    if (!ch->out_source)
        flush(ch);
}
