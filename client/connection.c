/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/channel.h"
#include "common/log.h"

#define LEAVE_TIMEOUT_MS 500

struct gs_connection {
    struct gs_url url;
    struct gs_hello hello;
    const struct gs_connection_listener *listener;
    void *user;
    GCancellable *cancellable; /* ends what is under way when we are destroyed */
    unsigned timeout_ms;
    GSource *timeout, *left;
    GInetAddress *address; /* of the host */
    GIOStream *tls;
    struct gs_channel *channel;
    bool wrong_certificate, welcomed, leaving, closed;
};

static void drop_source(GSource **source)
{
    if (!*source)
        return;
    g_source_destroy(*source);
    g_source_unref(*source);
    *source = NULL;
}

static void attach(GSource **slot, GSource *source, GSourceFunc fn, void *user)
{
    g_source_set_callback(source, fn, user, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
    *slot = source;
}

/* The last thing that happens: the listener may destroy us. */
static void close_with(struct gs_connection *conn, enum gs_exit status, enum gs_connection_end end,
                       const char *reason)
{
    g_autofree char *text = g_strdup(reason);

    if (conn->closed)
        return;
    conn->closed = true;
    drop_source(&conn->timeout);
    g_cancellable_cancel(conn->cancellable);
    conn->listener->closed(conn->user, status, end, text);
}

static void unreachable(struct gs_connection *conn, const char *reason)
{
    g_autofree char *text =
        g_strdup_printf("%s, port %u: %s", conn->url.host, conn->url.port, reason);

    close_with(conn, GS_EXIT_UNREACHABLE, GS_CONNECTION_BROKEN, text);
}

static gboolean on_timeout(void *user)
{
    struct gs_connection *conn = user;

    g_autofree char *text = g_strdup_printf("no answer within %g s", conn->timeout_ms / 1000.0);

    drop_source(&conn->timeout);
    unreachable(conn, text);
    return G_SOURCE_REMOVE;
}

/* ---- messages ---- */

static void on_welcome(struct gs_connection *conn, const uint8_t *payload, size_t size)
{
    struct gs_welcome welcome;

    if (conn->welcomed || gs_welcome_from_json((const char *)payload, size, &welcome) != 0) {
        close_with(conn, GS_EXIT_FAILED, GS_CONNECTION_ENDED, "the host's welcome makes no sense");
        return;
    }
    conn->welcomed = true;
    drop_source(&conn->timeout);
    gs_channel_set_max_payload(conn->channel, GS_PROTO_MAX_FRAME);
    conn->listener->welcome(conn->user, &welcome, conn->address);
    explicit_bzero(&welcome, sizeof(welcome)); /* the media keys */
}

/* What newer hosts may say is a failure like any other. */
static enum gs_exit exit_of(int status)
{
    return status <= GS_EXIT_UNREACHABLE ? (enum gs_exit)status : GS_EXIT_FAILED;
}

/* BYE and ERROR. */
static void on_end(struct gs_connection *conn, uint8_t type, const uint8_t *payload, size_t size)
{
    bool refused = type == GS_MSG_ERROR && !conn->welcomed;
    struct gs_bye bye;

    if (gs_bye_from_json((const char *)payload, size, &bye) != 0)
        close_with(conn, GS_EXIT_FAILED, GS_CONNECTION_ENDED,
                   "the host ended the connection without a reason");
    else
        close_with(conn, exit_of(bye.status), refused ? GS_CONNECTION_REFUSED : GS_CONNECTION_ENDED,
                   bye.reason);
}

static void on_frame(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    struct gs_connection *conn = user;

    if (conn->closed || conn->leaving)
        return;
    if (type == GS_MSG_WELCOME)
        on_welcome(conn, payload, size);
    else if (type == GS_MSG_BYE || type == GS_MSG_ERROR)
        on_end(conn, type, payload, size);
    else if (conn->welcomed)
        conn->listener->message(conn->user, type, payload, size);
}

static void on_channel_closed(void *user, int err)
{
    struct gs_connection *conn = user;

    if (conn->leaving)
        close_with(conn, GS_EXIT_DONE, GS_CONNECTION_ENDED, "left");
    else if (err == -EMSGSIZE)
        close_with(conn, GS_EXIT_FAILED, GS_CONNECTION_ENDED,
                   "the host does not keep to the protocol");
    else if (err == -EBADMSG)
        close_with(conn, GS_EXIT_FAILED, GS_CONNECTION_BROKEN,
                   "the connection ended in the midst of a message");
    else
        close_with(conn, conn->welcomed ? GS_EXIT_FAILED : GS_EXIT_UNREACHABLE,
                   GS_CONNECTION_BROKEN, err ? g_strerror(-err) : "the host closed the connection");
}

static const struct gs_channel_handler channel_handler = {
    .frame = on_frame,
    .closed = on_channel_closed,
};

static void say_hello(struct gs_connection *conn)
{
    char *json = gs_hello_to_json(&conn->hello);
    int err;

    conn->channel = gs_channel_create(conn->tls, GS_PROTO_MAX_HELLO, &channel_handler, conn);
    err = gs_channel_send(conn->channel, GS_MSG_HELLO, json, strlen(json));
    free(json);
    if (err)
        unreachable(conn, g_strerror(-err));
}

/* ---- TLS ---- */

static bool is_the_certificate(struct gs_connection *conn, GTlsCertificate *cert)
{
    g_autoptr(GByteArray) der = NULL;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    uint8_t digest[GS_FINGERPRINT_SIZE];
    gsize size = sizeof(digest);

    if (!cert)
        return false;
    g_object_get(cert, "certificate", &der, NULL);
    if (!der)
        return false;
    g_checksum_update(sum, der->data, der->len);
    g_checksum_get_digest(sum, digest, &size);
    return memcmp(digest, conn->url.fingerprint, sizeof(digest)) == 0;
}

static gboolean on_accept_certificate(GTlsConnection *tls GS_UNUSED, GTlsCertificate *cert,
                                      GTlsCertificateFlags errors GS_UNUSED, void *user)
{
    struct gs_connection *conn = user;

    conn->wrong_certificate = !is_the_certificate(conn, cert);
    return !conn->wrong_certificate;
}

static void report_wrong_certificate(struct gs_connection *conn)
{
    g_autofree char *text = g_strdup_printf(
        "%s, port %u has another certificate than the one that the URL names: the URL is of "
        "another host or an old one, or somebody in between intercepts the connection",
        conn->url.host, conn->url.port);

    close_with(conn, GS_EXIT_UNREACHABLE, GS_CONNECTION_ENDED, text);
}

static void on_handshake(GObject *source, GAsyncResult *result, void *user)
{
    GTlsConnection *tls = G_TLS_CONNECTION(source);
    g_autoptr(GError) error = NULL;
    bool ok = g_tls_connection_handshake_finish(tls, result, &error);
    struct gs_connection *conn = user;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* conn is gone */
    if (conn->wrong_certificate ||
        (ok && !is_the_certificate(conn, g_tls_connection_get_peer_certificate(tls))))
        report_wrong_certificate(conn);
    else if (!ok)
        unreachable(conn, error->message);
    else if (g_tls_connection_get_protocol_version(tls) < G_TLS_PROTOCOL_VERSION_TLS_1_3)
        unreachable(conn, "the host speaks no TLS 1.3");
    else if (g_strcmp0(g_tls_connection_get_negotiated_protocol(tls), GS_PROTO_ALPN) != 0)
        unreachable(conn, "no gpushare host answers there");
    else
        say_hello(conn);
}

static void start_tls(struct gs_connection *conn, GSocketConnection *tcp)
{
    static const char *const protocols[] = {GS_PROTO_ALPN, NULL};
    g_autoptr(GError) error = NULL;

    /* Without a database nothing is trusted, so that every certificate comes to
     * on_accept_certificate. It must be so from the beginning: the default one is loaded at
     * creation, which takes longer than everything else until the first picture. */
    conn->tls =
        g_initable_new(g_tls_backend_get_client_connection_type(g_tls_backend_get_default()), NULL,
                       &error, "base-io-stream", tcp, "database", NULL, NULL);
    if (!conn->tls) {
        close_with(conn, GS_EXIT_FAILED, GS_CONNECTION_ENDED, error->message);
        return;
    }
    g_tls_connection_set_advertised_protocols(G_TLS_CONNECTION(conn->tls), protocols);
    g_signal_connect(conn->tls, "accept-certificate", G_CALLBACK(on_accept_certificate), conn);
    g_tls_connection_handshake_async(G_TLS_CONNECTION(conn->tls), G_PRIORITY_DEFAULT,
                                     conn->cancellable, on_handshake, conn);
    conn->listener->hello(conn->user, &conn->hello);
}

/* ---- TCP ---- */

static void on_connected(GObject *source, GAsyncResult *result, void *user)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocketConnection) tcp =
        g_socket_client_connect_finish(G_SOCKET_CLIENT(source), result, &error);
    g_autoptr(GSocketAddress) remote = NULL;
    struct gs_connection *conn = user;

    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return; /* conn is gone */
    if (!tcp) {
        unreachable(conn, error->message);
        return;
    }
    remote = g_socket_connection_get_remote_address(tcp, &error);
    if (!remote) {
        unreachable(conn, error->message);
        return;
    }
    conn->address = g_object_ref(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(remote)));
    g_tcp_connection_set_graceful_disconnect(G_TCP_CONNECTION(tcp), FALSE);
    g_socket_set_option(g_socket_connection_get_socket(tcp), IPPROTO_TCP, TCP_NODELAY, 1, NULL);
    start_tls(conn, tcp);
}

struct gs_connection *gs_connection_create(const struct gs_url *url, const struct gs_hello *hello,
                                           unsigned timeout_ms,
                                           const struct gs_connection_listener *listener,
                                           void *user)
{
    struct gs_connection *conn = g_new0(struct gs_connection, 1);
    g_autoptr(GSocketConnectable) target = g_network_address_new(url->host, url->port);
    g_autoptr(GSocketClient) client = g_socket_client_new();

    conn->url = *url;
    conn->hello = *hello;
    conn->timeout_ms = timeout_ms;
    conn->listener = listener;
    conn->user = user;
    conn->cancellable = g_cancellable_new();
    attach(&conn->timeout, g_timeout_source_new(timeout_ms), on_timeout, conn);
    g_socket_client_set_enable_proxy(client, FALSE); /* the media go by UDP, past any proxy */
    g_socket_client_connect_async(client, target, conn->cancellable, on_connected, conn);
    return conn;
}

int gs_connection_send(struct gs_connection *conn, uint8_t type, const void *payload, size_t size)
{
    if (!conn->welcomed || conn->closed || conn->leaving)
        return -ENOTCONN;
    return gs_channel_send(conn->channel, type, payload, size);
}

static gboolean on_left(void *user)
{
    close_with(user, GS_EXIT_DONE, GS_CONNECTION_ENDED, "left");
    return G_SOURCE_REMOVE;
}

void gs_connection_leave(struct gs_connection *conn, const char *reason)
{
    struct gs_bye bye = {.status = 0};
    char *json;
    int err;

    if (conn->leaving || conn->closed)
        return;
    conn->leaving = true;
    if (!conn->channel) {
        attach(&conn->left, g_idle_source_new(), on_left, conn);
        return;
    }
    g_strlcpy(bye.reason, reason, sizeof(bye.reason));
    json = gs_bye_to_json(&bye);
    err = gs_channel_send(conn->channel, GS_MSG_BYE, json, strlen(json));
    free(json);
    if (err)
        attach(&conn->left, g_idle_source_new(), on_left, conn);
    else
        gs_channel_close_after_flush(conn->channel, LEAVE_TIMEOUT_MS);
}

void gs_connection_destroy(struct gs_connection *conn)
{
    if (!conn)
        return;
    conn->closed = true;
    g_cancellable_cancel(conn->cancellable);
    drop_source(&conn->timeout);
    drop_source(&conn->left);
    if (conn->tls)
        g_signal_handlers_disconnect_by_data(conn->tls, conn);
    gs_channel_destroy(conn->channel);
    g_clear_object(&conn->tls);
    g_clear_object(&conn->address);
    g_clear_object(&conn->cancellable);
    explicit_bzero(conn, sizeof(*conn)); /* the ticket */
    g_free(conn);
}
