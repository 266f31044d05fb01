/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/channel.h"
#include "common/clock.h"
#include "common/log.h"
#include "host/budget.h"
#include "host/exit_status.h"

#define GOODBYE_MS 1000
/* Far above what input devices make (8000 reports a second are 2.3 MiB), far below what would keep
 * the loop busy. The burst takes the largest message there is. */
#define RATE (4u << 20)
#define BURST (8u << 20)
#define MESSAGE_COST 256 /* of one message, in bytes, beside its size */
#define TLS_HEAD_SIZE 5  /* RFC 8446, 5.1 */
#define TLS_RECORD_MAX 16384
#define TLS_HANDSHAKE 22

enum state {
    SILENT,    /* no whole message came yet: no TLS is begun, so that it costs no thread */
    HANDSHAKE, /* runs in a thread of GIO; holds a reference */
    HELLO,
    HELD, /* refused, but is told later */
    LET_IN,
    LEAVING, /* the last message is on its way */
    GONE,
};

struct gs_client {
    int refs; /* the owner's, and the handshake's */
    uint32_t id;
    enum state state;
    bool was_let_in;
    char peer[64]; /* address with the port, for the log */
    char address[64];
    GSocketConnection *conn;
    GTlsConnection *tls;
    GCancellable *cancel;
    GSource *first_byte;
    int low_water; /* bytes without which the kernel does not wake us; 0: one */
    guint deadline;
    struct gs_channel *channel;
    struct gs_budget budget;
    struct gs_refusal refusal;
    const struct gs_client_listener *listener;
    void *user;
};

static void unref(struct gs_client *c)
{
    if (--c->refs > 0)
        return;
    g_clear_object(&c->tls);
    g_object_unref(c->conn);
    g_object_unref(c->cancel);
    g_free(c);
}

static void drop_sources(struct gs_client *c)
{
    if (c->first_byte) {
        g_source_destroy(c->first_byte);
        g_source_unref(c->first_byte);
        c->first_byte = NULL;
    }
    if (c->deadline)
        g_source_remove(c->deadline);
    c->deadline = 0;
}

static void shut(struct gs_client *c)
{
    drop_sources(c);
    c->state = GONE;
    g_cancellable_cancel(c->cancel);
    gs_channel_destroy(c->channel);
    c->channel = NULL;
    g_socket_close(g_socket_connection_get_socket(c->conn), NULL);
}

static void finish(struct gs_client *c, const char *why)
{
    if (c->state == GONE)
        return;
    gs_debug("client %u from %s: %s", c->id, c->peer, why);
    shut(c);
    c->listener->gone(c->user, c->id, c->was_let_in);
}

static void leave(struct gs_client *c, enum gs_msg_type type, const struct gs_bye *bye)
{
    char *json = gs_bye_to_json(bye);

    drop_sources(c);
    c->state = LEAVING;
    /* A failure to send comes back through closed. */
    if (gs_channel_send(c->channel, (uint8_t)type, json, strlen(json)) == 0)
        gs_channel_close_after_flush(c->channel, GOODBYE_MS);
    free(json);
}

static void tell_refusal(struct gs_client *c)
{
    struct gs_bye bye = {.status = c->refusal.status};

    /* One line for each guess of somebody who guesses would fill the log. */
    gs_log(c->refusal.delay_ms ? GS_LOG_DEBUG : GS_LOG_INFO, "client %u from %s refused: %s", c->id,
           c->peer, c->refusal.reason);
    g_strlcpy(bye.reason, c->refusal.reason, sizeof(bye.reason));
    leave(c, GS_MSG_ERROR, &bye);
}

static void refuse(struct gs_client *c, const char *reason)
{
    c->refusal = (struct gs_refusal){.reason = reason, .status = GS_EXIT_REFUSED};
    tell_refusal(c);
}

static gboolean on_held_long_enough(gpointer data)
{
    struct gs_client *c = data;

    c->deadline = 0;
    tell_refusal(c);
    return G_SOURCE_REMOVE;
}

static void hold(struct gs_client *c)
{
    drop_sources(c);
    c->state = HELD;
    c->deadline = g_timeout_add(c->refusal.delay_ms, on_held_long_enough, c);
}

/* ---- messages ---- */

static void on_hello(struct gs_client *c, uint8_t type, const uint8_t *payload, size_t size)
{
    struct gs_hello hello;
    int err;

    if (type != GS_MSG_HELLO) {
        refuse(c, "the first message must be hello");
        return;
    }
    err = gs_hello_from_json((const char *)payload, size, &hello);
    if (err) {
        refuse(c, err == -EPROTO ? "host and client speak different versions of the protocol"
                                 : "the hello message is malformed");
        return;
    }
    c->refusal = (struct gs_refusal){.status = GS_EXIT_REFUSED};
    if (!c->listener->hello(c->user, c->id, &hello, &c->refusal)) {
        if (c->refusal.delay_ms)
            hold(c);
        else
            tell_refusal(c);
        return;
    }
    gs_log_session(GS_LOG_INFO, hello.session, NULL, "client %u from %s let in (%s)", c->id,
                   c->peer, hello.client);
    drop_sources(c);
    c->state = LET_IN;
    c->was_let_in = true;
    gs_channel_set_max_payload(c->channel, GS_PROTO_MAX_FRAME);
    gs_budget_init(&c->budget, RATE, BURST, gs_now_ns());
}

static bool sent_by_clients(uint8_t type)
{
    return type == GS_MSG_PING || type == GS_MSG_INPUT || type == GS_MSG_KEYMAP ||
           type == GS_MSG_BYE || type == GS_MSG_REPORT;
}

static void on_frame(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    struct gs_client *c = user;

    if (c->state == HELLO)
        on_hello(c, type, payload, size);
    else if (c->state != LET_IN)
        return;
    else if (!sent_by_clients(type))
        refuse(c, "a message came that clients do not send");
    else if (!gs_budget_take(&c->budget, size + MESSAGE_COST, gs_now_ns()))
        refuse(c, "more was sent than a session takes");
    else
        c->listener->message(c->user, c->id, type, payload, size);
}

static void on_closed(void *user, int err)
{
    finish(user, err ? g_strerror(-err) : "closed");
}

/* ---- before ---- */

static gboolean on_deadline(gpointer data)
{
    struct gs_client *c = data;

    c->deadline = 0;
    if (c->state == HELLO)
        refuse(c, "no hello came in time");
    else
        finish(c, "no handshake in time");
    return G_SOURCE_REMOVE;
}

/* The priority string should have seen to both already. */
static const char *handshake_flaw(GTlsConnection *tls)
{
    const char *protocol = g_tls_connection_get_negotiated_protocol(tls);

    if (g_tls_connection_get_protocol_version(tls) < G_TLS_PROTOCOL_VERSION_TLS_1_3)
        return "TLS older than 1.3";
    if (!protocol || strcmp(protocol, GS_PROTO_ALPN) != 0)
        return "does not speak " GS_PROTO_ALPN;
    return NULL;
}

static void on_handshake(GObject *tls, GAsyncResult *result, gpointer data)
{
    static const struct gs_channel_handler handler = {on_frame, on_closed};
    struct gs_client *c = data;
    g_autoptr(GError) error = NULL;
    bool ok = g_tls_connection_handshake_finish(G_TLS_CONNECTION(tls), result, &error);
    const char *why = ok ? handshake_flaw(c->tls) : error->message;

    if (c->state != GONE && why) {
        finish(c, why);
    } else if (c->state != GONE) {
        c->state = HELLO;
        c->channel = gs_channel_create(G_IO_STREAM(c->tls), GS_PROTO_MAX_HELLO, &handler, c);
    }
    unref(c);
}

static void begin_handshake(struct gs_client *c)
{
    static const char *const protocols[] = {GS_PROTO_ALPN, NULL};

    g_source_unref(c->first_byte);
    c->first_byte = NULL;
    c->state = HANDSHAKE;
    c->refs++;
    g_tls_connection_set_advertised_protocols(c->tls, protocols);
    g_tls_connection_handshake_async(c->tls, G_PRIORITY_DEFAULT, c->cancel, on_handshake, c);
}

/* Bytes that must have come: the header of a TLS record, then all of it. 0: this is no TLS. */
static int wanted_bytes(const uint8_t *head, ssize_t n)
{
    int size;

    if (n < TLS_HEAD_SIZE)
        return TLS_HEAD_SIZE;
    size = head[3] << 8 | head[4];
    return head[0] == TLS_HANDSHAKE && size <= TLS_RECORD_MAX ? TLS_HEAD_SIZE + size : 0;
}

/* A handshake waits in one of few threads: whoever lets its first message trickle in does so
 * outside of them. The kernel wakes us when enough is there, or when no more will come. */
static gboolean on_first_bytes(GSocket *sock, GIOCondition condition, gpointer data)
{
    static uint8_t bytes[TLS_HEAD_SIZE + TLS_RECORD_MAX];
    struct gs_client *c = data;
    int fd = g_socket_get_fd(sock), one = 1;
    ssize_t n = recv(fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
    int wanted = wanted_bytes(bytes, n);
    const char *flaw = NULL;

    (void)condition;
    if (n < 0 && errno == EAGAIN)
        return G_SOURCE_CONTINUE;
    if (g_socket_get_family(sock) == G_SOCKET_FAMILY_UNIX || (wanted && n >= wanted)) {
        setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof(one));
        begin_handshake(c);
        return G_SOURCE_REMOVE;
    }
    if (!wanted)
        flaw = "does not speak TLS";
    else if (n <= 0 || c->low_water == wanted)
        flaw = "went before its handshake";
    else if (setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &wanted, sizeof(wanted)) < 0)
        flaw = "cannot be waited for";
    c->low_water = wanted;
    if (!flaw)
        return G_SOURCE_CONTINUE;
    finish(c, flaw);
    return G_SOURCE_REMOVE;
}

/* As g_tls_server_connection_new, but without a database of authorities: GIO would read and parse
 * the system's for every connection, 6 ms of this thread. */
static GTlsConnection *new_tls(GSocketConnection *conn, GTlsCertificate *certificate)
{
    GType type = g_tls_backend_get_server_connection_type(g_tls_backend_get_default());

    return g_initable_new(type, NULL, NULL, "base-io-stream", conn, "certificate", certificate,
                          "database", NULL, NULL);
}

static void note_peer(struct gs_client *c)
{
    g_autoptr(GSocketAddress) address = g_socket_connection_get_remote_address(c->conn, NULL);
    g_autofree char *text =
        address ? g_socket_connectable_to_string(G_SOCKET_CONNECTABLE(address)) : NULL;

    g_strlcpy(c->peer, text ? text : "an address unknown", sizeof(c->peer));
    if (G_IS_INET_SOCKET_ADDRESS(address)) {
        g_autofree char *numeric = g_inet_address_to_string(
            g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address)));

        g_strlcpy(c->address, numeric, sizeof(c->address));
    }
}

struct gs_client *gs_client_create(GSocketConnection *conn, GTlsCertificate *certificate,
                                   uint32_t id, unsigned deadline_ms,
                                   const struct gs_client_listener *listener, void *user)
{
    GTlsConnection *tls = new_tls(conn, certificate);
    GSocket *sock = g_socket_connection_get_socket(conn);
    struct gs_client *c;

    if (!tls)
        return NULL;
    c = g_new0(struct gs_client, 1);
    c->refs = 1;
    c->id = id;
    c->conn = g_object_ref(conn);
    c->tls = tls;
    c->cancel = g_cancellable_new();
    c->listener = listener;
    c->user = user;
    note_peer(c);
    g_socket_set_option(sock, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
    c->first_byte = g_socket_create_source(sock, G_IO_IN, NULL);
    g_source_set_callback(c->first_byte, (GSourceFunc)(void (*)(void))on_first_bytes, c, NULL);
    g_source_attach(c->first_byte, NULL);
    c->deadline = g_timeout_add(deadline_ms, on_deadline, c);
    return c;
}

void gs_client_destroy(struct gs_client *c)
{
    if (!c)
        return;
    if (c->state != GONE)
        shut(c);
    unref(c);
}

bool gs_client_is_let_in(const struct gs_client *c)
{
    return c->state == LET_IN;
}

bool gs_client_is_silent(const struct gs_client *c)
{
    return c->state == SILENT;
}

const char *gs_client_address(const struct gs_client *c)
{
    return c->address;
}

void gs_client_send(struct gs_client *c, uint8_t type, const void *payload, size_t size)
{
    if (c->state == LET_IN && gs_channel_send(c->channel, type, payload, size) < 0)
        gs_debug("client %u does not take what it is sent", c->id);
}

void gs_client_bye(struct gs_client *c, const struct gs_bye *bye)
{
    if (c->state == LET_IN || c->state == HELLO || c->state == HELD)
        leave(c, GS_MSG_BYE, bye);
    else if (c->state < HELLO)
        finish(c, "sent away before its hello");
}

void gs_client_drop(struct gs_client *c, const char *why)
{
    finish(c, why);
}
