/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/door.h"

#include <errno.h>

#include "common/clock.h"
#include "common/log.h"

#define BACKLOG 128

struct gs_door {
    struct gs_door_params params;
    GSocketService *service;
    uint16_t port;
    uint32_t last_id;
    GHashTable *clients; /* id → struct guest */
    struct gs_door_wrong *wrong;
    uint64_t turned_away;
};

struct guest {
    struct gs_client *client;
    uint64_t address;
};

void gs_door_prepare_tls(void)
{
    g_setenv("G_TLS_GNUTLS_PRIORITY", "NORMAL:-VERS-ALL:+VERS-TLS1.3", TRUE);
}

/* ---- clients ---- */

static struct guest *find(const struct gs_door *door, uint32_t id)
{
    return g_hash_table_lookup(door->clients, GUINT_TO_POINTER(id));
}

static void free_guest(gpointer data)
{
    struct guest *g = data;

    gs_client_destroy(g->client);
    g_free(g);
}

static bool on_hello(void *user, uint32_t id, const struct gs_hello *hello, struct gs_refusal *ret)
{
    struct gs_door *door = user;

    if (door->params.listener->hello(door->params.user, id, hello, ret))
        return true;
    if (ret->wrong_ticket && gs_door_wrong_note(door->wrong, find(door, id)->address, gs_now_ns()))
        ret->delay_ms = door->params.penalty_ms;
    return false;
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

static uint64_t address_of(GSocketConnection *conn)
{
    g_autoptr(GSocketAddress) address = g_socket_connection_get_remote_address(conn, NULL);

    if (!G_IS_INET_SOCKET_ADDRESS(address))
        return 0;
    return gs_door_address_key(g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address)));
}

/* Makes room for one more where there is none; false: there is none to be had. */
static bool make_room(struct gs_door *door, uint64_t address)
{
    unsigned n = 0, size = g_hash_table_size(door->clients);
    g_autofree struct gs_door_guest *guests = g_new(struct gs_door_guest, size + 1);
    GHashTableIter iter;
    gpointer id, value;
    uint32_t leaves;
    bool ok;

    g_hash_table_iter_init(&iter, door->clients);
    while (g_hash_table_iter_next(&iter, &id, &value)) {
        const struct guest *g = value;

        guests[n++] =
            (struct gs_door_guest){GPOINTER_TO_UINT(id), g->address, gs_client_is_let_in(g->client),
                                   gs_client_is_silent(g->client)};
    }
    ok = gs_door_limits_admit(&door->params.limits, guests, n, address, &leaves);
    door->turned_away += !ok || leaves;
    gs_door_drop(door, leaves, "gives way to another one");
    return ok;
}

static gboolean on_incoming(GSocketService *service, GSocketConnection *conn, GObject *source,
                            gpointer data)
{
    static const struct gs_client_listener listener = {on_hello, on_message, on_gone};
    struct gs_door *door = data;
    uint64_t address = address_of(conn);
    struct gs_client *client;
    struct guest *g;

    (void)service;
    (void)source;
    if (!make_room(door, address)) {
        gs_debug("a connection was closed: there are too many");
        g_io_stream_close(G_IO_STREAM(conn), NULL, NULL);
        return TRUE;
    }
    client = gs_client_create(conn, door->params.certificate, ++door->last_id,
                              door->params.deadline_ms, &listener, door);
    if (!client)
        return TRUE;
    g = g_new(struct guest, 1);
    *g = (struct guest){client, address};
    g_hash_table_insert(door->clients, GUINT_TO_POINTER(door->last_id), g);
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
    if (params->shut_at_first)
        g_socket_service_stop(door->service);
    door->clients = g_hash_table_new_full(NULL, NULL, NULL, free_guest);
    door->wrong = gs_door_wrong_create();
    if (!params->penalty_ms)
        door->params.penalty_ms = GS_DOOR_PENALTY_MS;
    gs_door_set_limits(door, &params->limits, params->deadline_ms);
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

void gs_door_set_limits(struct gs_door *door, const struct gs_door_limits *limits,
                        unsigned deadline_ms)
{
    struct gs_door_limits *l = &door->params.limits;

    *l = *limits;
    if (!l->connections)
        l->connections = GS_DOOR_MAX_CONNECTIONS;
    if (!l->per_address)
        l->per_address = l->connections;
    if (!l->waiting)
        l->waiting = GS_DOOR_MAX_WAITING;
    door->params.deadline_ms = deadline_ms;
}

void gs_door_open(struct gs_door *door)
{
    g_socket_service_start(door->service);
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
    gs_door_wrong_destroy(door->wrong);
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

unsigned gs_door_waiting(const struct gs_door *door)
{
    unsigned n = 0;
    GHashTableIter iter;
    gpointer g;

    g_hash_table_iter_init(&iter, door->clients);
    while (g_hash_table_iter_next(&iter, NULL, &g))
        n += !gs_client_is_let_in(((struct guest *)g)->client);
    return n;
}

uint64_t gs_door_turned_away(const struct gs_door *door)
{
    return door->turned_away;
}

const char *gs_door_address(const struct gs_door *door, uint32_t client)
{
    const struct guest *g = find(door, client);

    return g ? gs_client_address(g->client) : "";
}

void gs_door_send(struct gs_door *door, uint32_t client, uint8_t type, const void *payload,
                  size_t size)
{
    struct guest *g = find(door, client);

    if (g)
        gs_client_send(g->client, type, payload, size);
}

void gs_door_bye(struct gs_door *door, uint32_t client, const struct gs_bye *bye)
{
    struct guest *g = find(door, client);

    if (g)
        gs_client_bye(g->client, bye);
}

void gs_door_drop(struct gs_door *door, uint32_t client, const char *why)
{
    struct guest *g = find(door, client);

    if (g)
        gs_client_drop(g->client, why);
}

/* Saying goodbye to one that is not that far removes it from the table: walk over a copy. */
void gs_door_bye_all(struct gs_door *door, const struct gs_bye *bye)
{
    g_autoptr(GList) ids = g_hash_table_get_keys(door->clients);

    for (GList *id = ids; id; id = id->next)
        gs_door_bye(door, GPOINTER_TO_UINT(id->data), bye);
}
