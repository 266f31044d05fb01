/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/control_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 10000

static void on_frame(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    struct control_client *c = user;
    GByteArray *frame = g_byte_array_new();

    g_byte_array_append(frame, &type, 1);
    g_byte_array_append(frame, payload, (guint)size);
    g_queue_push_tail(&c->frames, frame);
}

static void on_closed(void *user, int err)
{
    struct control_client *c = user;

    c->closed = true;
    c->err = err;
}

static gboolean accept_fingerprint(GTlsConnection *tls, GTlsCertificate *certificate,
                                   GTlsCertificateFlags errors, gpointer data)
{
    const struct gs_url *url = data;
    g_autoptr(GByteArray) der = NULL;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    uint8_t digest[GS_FINGERPRINT_SIZE];
    gsize size = sizeof(digest);

    (void)tls;
    (void)errors;
    g_object_get(certificate, "certificate", &der, NULL);
    g_checksum_update(sum, der->data, der->len);
    g_checksum_get_digest(sum, digest, &size);
    return memcmp(digest, url->fingerprint, sizeof(digest)) == 0;
}

static GSocketConnection *open_tcp(const struct gs_url *url)
{
    g_autoptr(GSocketClient) client = g_socket_client_new();
    GSocketConnection *conn;

    g_socket_client_set_enable_proxy(client, FALSE);
    conn = g_socket_client_connect_to_host(client, url->host, url->port, NULL, NULL);
    /* Or the hello waits 40 ms for the acknowledgement of the handshake's last message. */
    if (conn)
        g_socket_set_option(g_socket_connection_get_socket(conn), IPPROTO_TCP, TCP_NODELAY, 1,
                            NULL);
    return conn;
}

static GIOStream *open_tls(const struct gs_url *url)
{
    static const char *const protocols[] = {GS_PROTO_ALPN, NULL};
    g_autoptr(GSocketConnection) tcp = open_tcp(url);
    /* The fingerprint is what counts: GIO need not load the system's authorities, which is slow. */
    g_autoptr(GIOStream) tls =
        tcp ? g_initable_new(g_tls_backend_get_client_connection_type(g_tls_backend_get_default()),
                             NULL, NULL, "base-io-stream", tcp, "database", NULL, NULL)
            : NULL;

    if (!tls)
        return NULL;
    g_tls_connection_set_advertised_protocols(G_TLS_CONNECTION(tls), protocols);
    g_signal_connect(tls, "accept-certificate", G_CALLBACK(accept_fingerprint), (void *)url);
    if (!g_tls_connection_handshake(G_TLS_CONNECTION(tls), NULL, NULL))
        return NULL;
    return g_steal_pointer(&tls);
}

/* Takes the stream; NULL makes NULL. */
static struct control_client *control_client_on(GIOStream *tls)
{
    static const struct gs_channel_handler handler = {on_frame, on_closed};
    struct control_client *c;

    if (!tls)
        return NULL;
    c = g_new0(struct control_client, 1);
    c->tls = tls;
    g_queue_init(&c->frames);
    c->channel = gs_channel_create(tls, GS_PROTO_MAX_FRAME, &handler, c);
    return c;
}

struct control_client *control_client_open(const struct gs_url *url)
{
    return control_client_on(open_tls(url));
}

/* Of a thread that shakes hands while the loop turns. */
struct handshake {
    const struct gs_url *url;
    GIOStream *tls;
    gint done;
};

static gpointer shake_hands(gpointer data)
{
    struct handshake *h = data;

    h->tls = open_tls(h->url);
    g_atomic_int_set(&h->done, 1);
    g_main_context_wakeup(NULL);
    return NULL;
}

struct control_client *control_client_open_in_loop(const struct gs_url *url)
{
    struct handshake h = {.url = url};
    GThread *thread = g_thread_new("handshake", shake_hands, &h);

    while (!g_atomic_int_get(&h.done))
        g_main_context_iteration(NULL, TRUE);
    g_thread_join(thread);
    return control_client_on(h.tls);
}

void control_client_close(struct control_client *c)
{
    if (!c)
        return;
    gs_channel_destroy(c->channel);
    g_queue_clear_full(&c->frames, (GDestroyNotify)g_byte_array_unref);
    g_object_unref(c->tls);
    g_free(c);
}

void control_client_hello(struct control_client *c, const char *session, const char *ticket)
{
    struct gs_hello hello = {.client = "test", .decoder = "null"};
    char *json;

    g_strlcpy(hello.session, session, sizeof(hello.session));
    g_strlcpy(hello.ticket, ticket ? ticket : "", sizeof(hello.ticket));
    json = gs_hello_to_json(&hello);
    if (gs_channel_send(c->channel, GS_MSG_HELLO, json, strlen(json)) < 0)
        g_printerr("hello was not sent\n");
    free(json);
}

static gboolean on_timeout(gpointer data)
{
    *(bool *)data = true;
    return G_SOURCE_REMOVE;
}

bool control_client_run_until(const bool *flag)
{
    bool late = false;
    guint timer = g_timeout_add(PATIENCE_MS, on_timeout, &late);

    while (!*flag && !late)
        g_main_context_iteration(NULL, TRUE);
    if (!late)
        g_source_remove(timer);
    return *flag;
}

uint8_t control_client_next(struct control_client *c, GByteArray **ret)
{
    bool late = false;
    guint timer = g_timeout_add(PATIENCE_MS, on_timeout, &late);
    GByteArray *frame;
    uint8_t type;

    while (!c->closed && !late && g_queue_is_empty(&c->frames))
        g_main_context_iteration(NULL, TRUE);
    if (!late)
        g_source_remove(timer);
    frame = g_queue_pop_head(&c->frames);
    if (!frame)
        return 0;
    type = frame->data[0];
    g_byte_array_remove_index(frame, 0);
    g_byte_array_append(frame, (const guint8 *)"", 1);
    g_byte_array_set_size(frame, frame->len - 1);
    if (ret)
        *ret = frame;
    else
        g_byte_array_unref(frame);
    return type;
}

bool control_client_next_bye(struct control_client *c, uint8_t type, struct gs_bye *ret)
{
    GByteArray *payload = NULL;
    bool ok = control_client_next(c, &payload) == type &&
              gs_bye_from_json((const char *)payload->data, payload->len, ret) == 0;

    if (payload)
        g_byte_array_unref(payload);
    return ok;
}

bool control_client_wait_closed(struct control_client *c)
{
    return control_client_run_until(&c->closed);
}
