/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a connection brings, held back until the head of the request is whole and was checked. */
#include <gio/gio.h>
#include <string.h>

#include "host/http_head.h"
#include "host/http_module.h"

#define GS_TYPE_HTTP_STREAM (gs_http_stream_get_type())
G_DECLARE_FINAL_TYPE(GsHttpStream, gs_http_stream, GS, HTTP_STREAM, GInputStream)

struct _GsHttpStream {
    GInputStream parent;
    GPollableInputStream *base;
    GByteArray *held;
    guint at;    /* of what is held, so much was handed out */
    bool passed; /* the head was good */
    void (*refuse)(void *user, unsigned status);
    void *user;
};

static void pollable_init(GPollableInputStreamInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE(GsHttpStream, gs_http_stream, G_TYPE_INPUT_STREAM,
                              G_IMPLEMENT_INTERFACE(G_TYPE_POLLABLE_INPUT_STREAM, pollable_init))

/* 1: the head is there and good; 0: the end; -1: an error, or it would block. */
static int hold_head(GsHttpStream *s, GError **error)
{
    char chunk[4096];
    gssize n = g_pollable_input_stream_read_nonblocking(s->base, chunk, sizeof(chunk), NULL, error);
    unsigned status = 0;
    size_t size;

    if (n <= 0)
        return n < 0 ? -1 : 0;
    g_byte_array_append(s->held, (const guint8 *)chunk, (guint)n);
    size = gs_http_head_size((const char *)s->held->data, s->held->len);
    if (size > GS_HTTP_HEAD_MAX || (size == 0 && s->held->len > GS_HTTP_HEAD_MAX))
        status = 431;
    else if (size)
        status = gs_http_head_check((const char *)s->held->data, size);
    else
        return hold_head(s, error);
    if (status)
        s->refuse(s->user, status);
    s->passed = !status;
    return s->passed;
}

static gssize read_nonblocking(GPollableInputStream *stream, void *buffer, gsize count,
                               GError **error)
{
    GsHttpStream *s = GS_HTTP_STREAM(stream);
    gsize n;

    if (!s->passed) {
        int err = hold_head(s, error);

        if (err <= 0)
            return err;
    }
    n = MIN(count, s->held->len - s->at);
    if (n == 0)
        return g_pollable_input_stream_read_nonblocking(s->base, buffer, count, NULL, error);
    memcpy(buffer, s->held->data + s->at, n);
    s->at += (guint)n;
    return (gssize)n;
}

static gboolean is_readable(GPollableInputStream *stream)
{
    GsHttpStream *s = GS_HTTP_STREAM(stream);

    return (s->passed && s->at < s->held->len) || g_pollable_input_stream_is_readable(s->base);
}

static GSource *create_source(GPollableInputStream *stream, GCancellable *cancellable)
{
    GsHttpStream *s = GS_HTTP_STREAM(stream);
    g_autoptr(GSource) child = s->passed && s->at < s->held->len
                                   ? g_timeout_source_new(0)
                                   : g_pollable_input_stream_create_source(s->base, NULL);

    return g_pollable_source_new_full(stream, child, cancellable);
}

static void pollable_init(GPollableInputStreamInterface *iface)
{
    iface->read_nonblocking = read_nonblocking;
    iface->is_readable = is_readable;
    iface->create_source = create_source;
}

static gssize read_blocking(GInputStream *stream, void *buffer, gsize count,
                            GCancellable *cancellable, GError **error)
{
    (void)cancellable;
    return read_nonblocking(G_POLLABLE_INPUT_STREAM(stream), buffer, count, error);
}

static void finalize(GObject *object)
{
    GsHttpStream *s = GS_HTTP_STREAM(object);

    g_object_unref(s->base);
    g_byte_array_unref(s->held);
    G_OBJECT_CLASS(gs_http_stream_parent_class)->finalize(object);
}

static void gs_http_stream_class_init(GsHttpStreamClass *class)
{
    G_OBJECT_CLASS(class)->finalize = finalize;
    G_INPUT_STREAM_CLASS(class)->read_fn = read_blocking;
}

static void gs_http_stream_init(GsHttpStream *s)
{
    s->held = g_byte_array_new();
}

GIOStream *gs_http_stream_new(GIOStream *connection, void (*refuse)(void *user, unsigned status),
                              void *user)
{
    g_autoptr(GsHttpStream) s = g_object_new(GS_TYPE_HTTP_STREAM, NULL);
    GInputStream *base = g_io_stream_get_input_stream(connection);

    s->base = g_object_ref(G_POLLABLE_INPUT_STREAM(base));
    s->refuse = refuse;
    s->user = user;
    return g_simple_io_stream_new(G_INPUT_STREAM(s), g_io_stream_get_output_stream(connection));
}
