/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/door.h"

#include <errno.h>

#include "common/log.h"

#define BACKLOG 128

struct gs_door {
    struct gs_door_params params;
    GSocketService *service;
    uint16_t port;
    uint32_t last_id;
    GHashTable *clients; /* id → struct gs_client */
};

void gs_door_prepare_tls(void)
{
    g_setenv("G_TLS_GNUTLS_PRIORITY", "NORMAL:-VERS-ALL:+VERS-TLS1.3", TRUE);
}

/* ---- clients ---- */

static const char *on_hello(void *user, uint32_t id, const struct gs_hello *hello)
{
    struct gs_door *door = user;

    return door->params.listener->hello(door->params.user, id, hello);
}

static void on_message(void *user, uint32_t id, uint8_t type, const uint8_t *payload, size_t size)
{
    struct gs_door *door = user;

    door->params.listener->message(door->params.user, id, type, payload, size);
}

static void on_gone(void *user, uint32_t id, bool was_let_in)
{
    struct gs_door *door = user;

    g_hash_table_remove(door->clients, GUINT_TO_POINTER(id));
    door->params.listener->gone(door->params.user, id, was_let_in);
}

static bool is_full(struct gs_door *door)
{
    unsigned let_in = 0, waiting = 0;
    GHashTableIter iter;
    gpointer client;

    g_hash_table_iter_init(&iter, door->clients);
    while (g_hash_table_iter_next(&iter, NULL, &client)) {
        if (gs_client_is_let_in(client))
            let_in++;
        else
            waiting++;
    }
    return waiting >= GS_DOOR_MAX_WAITING || let_in >= GS_DOOR_MAX_LET_IN;
}

static gboolean on_incoming(GSocketService *service, GSocketConnection *conn, GObject *source,
                            gpointer data)
{
    static const struct gs_client_listener listener = {on_hello, on_message, on_gone};
    struct gs_door *door = data;
    struct gs_client *client;

    (void)service;
    (void)source;
    if (is_full(door)) {
        gs_debug("a connection was closed: too many are waiting");
        g_io_stream_close(G_IO_STREAM(conn), NULL, NULL);
        return TRUE;
    }
    client = gs_client_create(conn, door->params.certificate, ++door->last_id,
                              door->params.deadline_ms, &listener, door);
    if (client)
        g_hash_table_insert(door->clients, GUINT_TO_POINTER(door->last_id), client);
    return TRUE;
}

/* ---- the port ---- */

static int errno_of(const GError *error)
{
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
        return -EADDRINUSE;
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
        return -EACCES;
    return -EADDRNOTAVAIL;
}

/* Returns the port, or -errno with *error set. */
static int bind_port(struct gs_door *door, uint16_t port, GError **error)
{
    GSocketListener *listener = G_SOCKET_LISTENER(door->service);
    g_autoptr(GSocketAddress) wanted = NULL;
    g_autoptr(GSocketAddress) got = NULL;

    if (!door->params.address && port == 0) {
        port = g_socket_listener_add_any_inet_port(listener, NULL, error);
        return port ? port : -EADDRINUSE;
    }
    if (!door->params.address)
        return g_socket_listener_add_inet_port(listener, port, NULL, error) ? port : -1;
    wanted = g_inet_socket_address_new_from_string(door->params.address, port);
    if (!g_socket_listener_add_address(listener, wanted, G_SOCKET_TYPE_STREAM,
                                       G_SOCKET_PROTOCOL_TCP, NULL, &got, error))
        return -1;
    return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(got));
}

static int listen_on_port(struct gs_door *door)
{
    int err = -EADDRINUSE;

    for (unsigned port = door->params.port; port <= door->params.last_port && err == -EADDRINUSE;
         port++) {
        g_autoptr(GError) error = NULL;
        int got = bind_port(door, (uint16_t)port, &error);

        if (got > 0) {
            door->port = (uint16_t)got;
            return 0;
        }
        err = errno_of(error);
        if (err != -EADDRINUSE)
            gs_error("cannot listen on %s port %u: %s",
                     door->params.address ? door->params.address : "any address", port,
                     error->message);
    }
    if (err == -EADDRINUSE && door->params.port == door->params.last_port)
        gs_error("port %u is in use; stop who has it, or give another one with --port",
                 door->params.port);
    else if (err == -EADDRINUSE)
        gs_error("the ports %u to %u are all in use; give another one with --port",
                 door->params.port, door->params.last_port);
    return err;
}

int gs_door_create(const struct gs_door_params *params, struct gs_door **ret)
{
    struct gs_door *door = g_new0(struct gs_door, 1);
    int err;

    door->params = *params;
    door->service = g_socket_service_new();
    door->clients = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)gs_client_destroy);
    g_object_ref(params->certificate);
    g_socket_listener_set_backlog(G_SOCKET_LISTENER(door->service), BACKLOG);
    g_signal_connect(door->service, "incoming", G_CALLBACK(on_incoming), door);
    err = listen_on_port(door);
    if (err) {
        gs_door_destroy(door);
        return err;
    }
    *ret = door;
    return 0;
}

void gs_door_shut(struct gs_door *door)
{
    g_socket_service_stop(door->service);
    g_socket_listener_close(G_SOCKET_LISTENER(door->service));
}

void gs_door_destroy(struct gs_door *door)
{
    if (!door)
        return;
    g_signal_handlers_disconnect_by_data(door->service, door);
    gs_door_shut(door);
    g_hash_table_unref(door->clients);
    g_object_unref(door->service);
    g_object_unref(door->params.certificate);
    g_free(door);
}

uint16_t gs_door_port(const struct gs_door *door)
{
    return door->port;
}

bool gs_door_is_empty(const struct gs_door *door)
{
    return g_hash_table_size(door->clients) == 0;
}

static struct gs_client *find(struct gs_door *door, uint32_t id)
{
    return g_hash_table_lookup(door->clients, GUINT_TO_POINTER(id));
}

void gs_door_send(struct gs_door *door, uint32_t client, uint8_t type, const void *payload,
                  size_t size)
{
    struct gs_client *c = find(door, client);

    if (c)
        gs_client_send(c, type, payload, size);
}

void gs_door_bye(struct gs_door *door, uint32_t client, const struct gs_bye *bye)
{
    struct gs_client *c = find(door, client);

    if (c)
        gs_client_bye(c, bye);
}

/* Saying goodbye to one that is not that far removes it from the table: walk over a copy. */
void gs_door_bye_all(struct gs_door *door, const struct gs_bye *bye)
{
    g_autoptr(GList) ids = g_hash_table_get_keys(door->clients);

    for (GList *id = ids; id; id = id->next)
        gs_door_bye(door, GPOINTER_TO_UINT(id->data), bye);
}
