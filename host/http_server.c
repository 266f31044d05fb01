/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server of the module "http". libsoup parses and writes; connections are accepted, counted,
 * timed and cut off here, because it does none of that.
 *
 * An exchange belongs to the address that libsoup keeps with its connection, and goes with it.
 */
#include <errno.h>
#include <libsoup/soup.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "host/http_module.h"

#define KEY "gs-http-exchange"
#define ACCEPTS_A_TURN 64
#define ACCEPT_PAUSE_MS 100

struct gs_http_server {
    struct gs_http_params params;
    SoupServer *soup;
    GSource *listening;
    GQueue exchanges; /* the oldest first */
    bool starved;     /* of descriptors, as was said */
    bool ending;
};

enum state {
    READING,   /* the request */
    ASKED,     /* who listens owes an answer */
    ANSWERED,  /* it is being written */
    STREAMING, /* and more will follow */
};

struct gs_http_exchange {
    struct gs_http_server *server;
    GList link;
    GSocket *socket;
    GSocketConnection *connection;
    struct gs_http_peer peer;
    SoupServerMessage *msg; /* borrowed; NULL before its first byte */
    GByteArray *body;
    enum state state;
    bool cut;
    size_t queued;
    GSource *deadline, *hangup;
    void (*gone)(void *user);
    void *user;
};

/* ---- the end of exchanges ---- */

static void drop_source(GSource **source)
{
    if (!*source)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

/* Nobody may use the exchange from now on. */
static void tell_gone(struct gs_http_exchange *x)
{
    void (*gone)(void *user) = x->gone;

    x->gone = NULL;
    if (gone && !x->server->ending)
        gone(x->user);
}

static void exchange_free(void *data)
{
    struct gs_http_exchange *x = data;

    tell_gone(x);
    g_queue_unlink(&x->server->exchanges, &x->link);
    drop_source(&x->deadline);
    drop_source(&x->hangup);
    gs_http_peer_finish(&x->peer);
    g_byte_array_unref(x->body);
    g_io_stream_close(G_IO_STREAM(x->connection), NULL, NULL);
    g_object_unref(x->connection);
    g_object_unref(x->socket);
    g_free(x);
}

/* libsoup notices when it reads or writes next. */
static void cut(void *user, unsigned status)
{
    struct gs_http_exchange *x = user;

    if (x->cut)
        return;
    x->cut = true;
    if (status)
        gs_http_refuse(x->socket, status);
    else
        g_socket_shutdown(x->socket, TRUE, TRUE, NULL);
}

/* An answer that was waited for is not needed any more. */
static void abandon(struct gs_http_exchange *x)
{
    enum state state = x->state;

    drop_source(&x->hangup);
    x->state = ANSWERED;
    tell_gone(x);
    cut(x, 0);
    if (state == ASKED)
        soup_server_message_set_status(x->msg, SOUP_STATUS_SERVICE_UNAVAILABLE, NULL);
    else
        soup_message_body_complete(soup_server_message_get_response_body(x->msg));
    soup_server_message_unpause(x->msg);
}

static gboolean on_deadline(void *data)
{
    struct gs_http_exchange *x = data;

    drop_source(&x->deadline);
    cut(x, x->state == READING ? SOUP_STATUS_REQUEST_TIMEOUT : 0);
    return G_SOURCE_REMOVE;
}

static void set_deadline(struct gs_http_exchange *x, unsigned ms)
{
    drop_source(&x->deadline);
    x->deadline = g_timeout_source_new(ms);
    g_source_set_callback(x->deadline, on_deadline, x, NULL);
    g_source_attach(x->deadline, NULL);
}

static gboolean on_hangup(GSocket *socket, GIOCondition condition, void *data)
{
    (void)socket;
    (void)condition;
    abandon(data);
    return G_SOURCE_REMOVE;
}

/* While nothing is read or written, nobody else would see it. */
static void watch_hangup(struct gs_http_exchange *x)
{
    x->hangup = g_socket_create_source(x->socket, G_IO_HUP, NULL);
    g_source_set_callback(x->hangup, G_SOURCE_FUNC(on_hangup), x, NULL);
    g_source_attach(x->hangup, NULL);
}

/* ---- answers ---- */

static void set_body(SoupServerMessage *msg, const char *type, const char *body, size_t size)
{
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(msg);

    soup_message_body_truncate(soup_server_message_get_response_body(msg));
    soup_message_headers_replace(headers, "Connection", "close");
    soup_message_headers_replace(headers, "Cache-Control", "no-store");
    soup_server_message_set_response(msg, type, SOUP_MEMORY_COPY, body, size);
}

void gs_http_set_header(struct gs_http_exchange *x, const char *name, const char *value)
{
    soup_message_headers_replace(soup_server_message_get_response_headers(x->msg), name, value);
}

void gs_http_respond(struct gs_http_exchange *x, unsigned status, const char *type,
                     const char *body, size_t size)
{
    drop_source(&x->hangup);
    x->state = ANSWERED;
    x->gone = NULL;
    soup_server_message_set_status(x->msg, status, NULL);
    set_body(x->msg, type, body, size);
    set_deadline(x, x->server->params.limits.answer_ms);
    soup_server_message_unpause(x->msg);
}

void gs_http_on_gone(struct gs_http_exchange *x, void (*gone)(void *user), void *user)
{
    x->gone = gone;
    x->user = user;
}

static void on_wrote_data(SoupServerMessage *msg, guint size, void *data)
{
    struct gs_http_exchange *x = data;

    (void)msg;
    x->queued -= GS_MIN(x->queued, size);
}

void gs_http_stream_begin(struct gs_http_exchange *x, const char *type)
{
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(x->msg);
    bool old = soup_server_message_get_http_version(x->msg) == SOUP_HTTP_1_0;

    x->state = STREAMING;
    soup_server_message_set_status(x->msg, SOUP_STATUS_OK, NULL);
    set_body(x->msg, type, "", 0);
    soup_message_headers_set_encoding(headers, old ? SOUP_ENCODING_EOF : SOUP_ENCODING_CHUNKED);
    soup_message_body_set_accumulate(soup_server_message_get_response_body(x->msg), FALSE);
    g_signal_connect(x->msg, "wrote-body-data", G_CALLBACK(on_wrote_data), x);
    soup_server_message_unpause(x->msg);
}

int gs_http_stream_write(struct gs_http_exchange *x, const char *data, size_t size)
{
    x->queued += size;
    if (x->queued > x->server->params.limits.queue) {
        gs_info("a reader of the control socket (uid %d) is too slow, and was cut off",
                x->peer.known ? (int)x->peer.uid : -1);
        x->gone = NULL;
        abandon(x);
        return -ENOBUFS;
    }
    soup_message_body_append(soup_server_message_get_response_body(x->msg), SOUP_MEMORY_COPY, data,
                             size);
    soup_server_message_unpause(x->msg);
    return 0;
}

void gs_http_stream_end(struct gs_http_exchange *x)
{
    drop_source(&x->hangup);
    x->state = ANSWERED;
    x->gone = NULL;
    set_deadline(x, x->server->params.limits.answer_ms);
    soup_message_body_complete(soup_server_message_get_response_body(x->msg));
    soup_server_message_unpause(x->msg);
}

/* ---- requests ---- */

static void on_headers(SoupServerMessage *msg, void *data)
{
    struct gs_http_exchange *x = data;
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(msg);

    /* libsoup would answer parts of any answer. */
    soup_message_headers_remove(headers, "Range");
    soup_message_body_set_accumulate(soup_server_message_get_request_body(msg), FALSE);
    if (soup_message_headers_get_content_length(headers) > (goffset)x->server->params.limits.body)
        cut(x, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE);
}

static void on_chunk(SoupServerMessage *msg, GBytes *chunk, void *data)
{
    struct gs_http_exchange *x = data;
    size_t size;
    const void *bytes = g_bytes_get_data(chunk, &size);

    (void)msg;
    if (x->body->len + size > x->server->params.limits.body)
        cut(x, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE);
    else if (!x->cut)
        g_byte_array_append(x->body, bytes, (guint)size);
}

static struct gs_http_exchange *exchange_of(SoupServerMessage *msg)
{
    GSocketAddress *address = soup_server_message_get_remote_address(msg);

    return g_object_get_data(G_OBJECT(address), KEY);
}

static void on_started(SoupServer *soup, SoupServerMessage *msg, void *data)
{
    struct gs_http_exchange *x = exchange_of(msg);
    g_autofree char *error = gs_http_error_body(SOUP_STATUS_BAD_REQUEST);

    (void)soup;
    (void)data;
    x->msg = msg;
    /* What libsoup itself refuses, it refuses with the body that is there already. */
    set_body(msg, "application/json", error, strlen(error));
    g_signal_connect(msg, "got-headers", G_CALLBACK(on_headers), x);
    g_signal_connect(msg, "got-chunk", G_CALLBACK(on_chunk), x);
}

static void on_request(SoupServer *soup, SoupServerMessage *msg, const char *path, GHashTable *form,
                       void *data)
{
    struct gs_http_exchange *x = exchange_of(msg);
    SoupMessageHeaders *headers = soup_server_message_get_request_headers(msg);
    const char *type = soup_message_headers_get_content_type(headers, NULL);
    const char *query = g_uri_get_query(soup_server_message_get_uri(msg));
    /* Without a host (HTTP/1.0), libsoup leaves them together. */
    g_auto(GStrv) target = g_strsplit(path, "?", 2);
    const struct gs_http_request request = {
        .method = soup_server_message_get_method(msg),
        .path = target[0] ? target[0] : "",
        .query = target[0] && target[1] ? target[1] : query,
        .content_type = type ? type : "",
        .body = (const char *)x->body->data,
        .body_size = x->body->len,
        .peer = &x->peer,
    };

    (void)soup;
    (void)form;
    (void)data;
    drop_source(&x->deadline);
    soup_server_message_pause(msg);
    x->state = ASKED;
    watch_hangup(x);
    x->server->params.request(x->server->params.user, x, &request);
}

/* ---- connections ---- */

static bool same_owner(const struct gs_http_peer *a, const struct gs_http_peer *b)
{
    return a->known == b->known && (!a->known || a->uid == b->uid);
}

static bool trusted(const struct gs_http_peer *peer)
{
    return peer->known && (peer->uid == 0 || peer->uid == geteuid());
}

/* Makes room by closing the oldest of the same owner that has not asked yet. */
static bool has_room(struct gs_http_server *s, const struct gs_http_peer *peer)
{
    struct gs_http_exchange *oldest = NULL;
    unsigned all = 0, own = 0;

    for (GList *l = s->exchanges.head; l; l = l->next) {
        struct gs_http_exchange *x = l->data;

        if (x->cut)
            continue;
        all += !trusted(&x->peer);
        if (!same_owner(&x->peer, peer))
            continue;
        own++;
        if (!oldest && x->state == READING)
            oldest = x;
    }
    if (own < s->params.limits.connections_a_uid &&
        (all < s->params.limits.connections || trusted(peer)))
        return true;
    if (!oldest)
        return false;
    cut(oldest, SOUP_STATUS_REQUEST_TIMEOUT);
    return true;
}

static void serve(struct gs_http_server *s, GSocket *socket, const struct gs_http_peer *peer)
{
    struct gs_http_exchange *x = g_new0(struct gs_http_exchange, 1);
    g_autoptr(GIOStream) stream = NULL;
    /* libsoup wants addresses of the Internet for requests without a host. */
    g_autoptr(GSocketAddress) local = g_inet_socket_address_new_from_string("127.0.0.1", 1);
    g_autoptr(GSocketAddress) remote = g_inet_socket_address_new_from_string("127.0.0.1", 1);

    x->server = s;
    x->socket = g_object_ref(socket);
    x->connection = g_socket_connection_factory_create_connection(socket);
    x->peer = *peer;
    x->body = g_byte_array_new();
    x->link.data = x;
    g_queue_push_tail_link(&s->exchanges, &x->link);
    set_deadline(x, s->params.limits.request_ms);
    g_object_set_data_full(G_OBJECT(remote), KEY, x, exchange_free);
    stream = gs_http_stream_new(G_IO_STREAM(x->connection), cut, x);
    soup_server_accept_iostream(s->soup, stream, local, remote, NULL);
}

/* 0, -EAGAIN: there is none, or what is lacking. */
static int accept_one(struct gs_http_server *s)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) socket = g_socket_accept(s->params.socket, NULL, &error);
    struct gs_http_peer peer;

    if (!socket)
        return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK) ? -EAGAIN : -EMFILE;
    g_socket_set_blocking(socket, FALSE);
    gs_http_peer_init(&peer, socket);
    if (has_room(s, &peer)) {
        serve(s, socket, &peer);
    } else {
        gs_http_refuse(socket, 429);
        gs_http_peer_finish(&peer);
    }
    return 0;
}

static void listen_again(struct gs_http_server *s);

static gboolean on_pause_over(void *data)
{
    listen_again(data);
    return G_SOURCE_REMOVE;
}

static gboolean on_connection(GSocket *socket, GIOCondition condition, void *data)
{
    struct gs_http_server *s = data;
    int err = 0;

    (void)socket;
    (void)condition;
    for (int i = 0; i < ACCEPTS_A_TURN && !err; i++)
        err = accept_one(s);
    if (!err || err == -EAGAIN) {
        s->starved = false;
        return G_SOURCE_CONTINUE;
    }
    /* The connection stays in the queue, and would be offered at once again. */
    if (!s->starved)
        gs_warn("HTTP connections cannot be accepted: out of descriptors");
    s->starved = true;
    drop_source(&s->listening);
    s->listening = g_timeout_source_new(ACCEPT_PAUSE_MS);
    g_source_set_callback(s->listening, on_pause_over, s, NULL);
    g_source_attach(s->listening, NULL);
    return G_SOURCE_REMOVE;
}

static void listen_again(struct gs_http_server *s)
{
    drop_source(&s->listening);
    s->listening = g_socket_create_source(s->params.socket, G_IO_IN, NULL);
    g_source_set_callback(s->listening, G_SOURCE_FUNC(on_connection), s, NULL);
    g_source_attach(s->listening, NULL);
}

/* ---- the whole ---- */

struct gs_http_server *gs_http_server_create(const struct gs_http_params *params)
{
    struct gs_http_server *s = g_new0(struct gs_http_server, 1);

    s->params = *params;
    g_object_ref(s->params.socket);
    g_queue_init(&s->exchanges);
    s->soup = soup_server_new("raw-paths", TRUE, "server-header", "gpushare", NULL);
    g_signal_connect(s->soup, "request-started", G_CALLBACK(on_started), s);
    soup_server_add_handler(s->soup, NULL, on_request, s, NULL);
    soup_server_add_handler(s->soup, "*", on_request, s, NULL);
    g_socket_set_blocking(s->params.socket, FALSE);
    listen_again(s);
    return s;
}

void gs_http_server_destroy(struct gs_http_server *s)
{
    if (!s)
        return;
    s->ending = true;
    drop_source(&s->listening);
    soup_server_disconnect(s->soup);
    g_object_unref(s->soup);
    g_object_unref(s->params.socket);
    g_free(s);
}
