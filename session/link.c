/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/link.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <stdlib.h>
#include <string.h>

#include "common/channel.h"
#include "common/link.h"
#include "common/log.h"
#include "common/proto.h"

#define RETRY_FIRST_MS 50
#define RETRY_MOST_MS 1000

enum state {
    UP,
    AWAY,        /* a timer runs to the next attempt */
    INTRODUCING, /* ADOPT was said */
    CLOSED,
};

struct gs_link {
    const struct gs_link_handler *handler;
    void *user;
    enum state state;
    struct gs_channel *channel; /* NULL while AWAY, and where it had none */
    char *path;
    unsigned wait_ms; /* before the next attempt */
    guint retry, deadline;

    bool ending;
    uint8_t last_type;
    GBytes *last; /* to be said, and if need be to a host that comes back */
};

static void lose(struct gs_link *l, int err);

static void remove_source(guint *source)
{
    if (*source)
        g_source_remove(*source);
    *source = 0;
}

static void drop_channel(struct gs_link *l)
{
    gs_channel_destroy(g_steal_pointer(&l->channel));
}

static void finish(struct gs_link *l, int err)
{
    if (l->state == CLOSED)
        return;
    l->state = CLOSED;
    remove_source(&l->retry);
    remove_source(&l->deadline);
    l->handler->closed(l->user, err);
}

/* ---- a connection ---- */

static void say_last(struct gs_link *l)
{
    gsize size;
    const void *payload = g_bytes_get_data(l->last, &size);

    if (gs_channel_send(l->channel, l->last_type, payload, size) < 0)
        return; /* the connection is about to be lost */
    /* The timer of gs_link_end is the limit. */
    gs_channel_close_after_flush(l->channel, 2 * RETRY_MOST_MS);
}

static void adopted(struct gs_link *l)
{
    l->state = UP;
    l->wait_ms = RETRY_FIRST_MS;
    gs_info("the host is there again");
    if (l->ending)
        say_last(l);
    else
        l->handler->back(l->user);
}

static void on_frame(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    struct gs_link *l = user;

    if (l->state == UP) {
        l->handler->frame(l->user, type, payload, size);
    } else if (type == GS_LINK_ADOPTED) {
        adopted(l);
    } else {
        gs_warn("what answers at %s is no host: it says %u before it has adopted the session",
                l->path, type);
        lose(l, -EPROTO);
    }
}

static void on_closed(void *user, int err)
{
    lose(user, err);
}

static const struct gs_channel_handler channel_handler = {on_frame, on_closed};

static void use_stream(struct gs_link *l, GIOStream *stream)
{
    l->channel = gs_channel_create(stream, GS_PROTO_MAX_FRAME, &channel_handler, l);
}

/* ---- again ---- */

/* To a Unix socket that is done or refused at once. */
static GSocketConnection *connect_to(const char *path, GError **error)
{
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_autoptr(GSocket) sock =
        g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);

    if (!sock)
        return NULL;
    g_socket_set_blocking(sock, FALSE);
    if (!g_socket_connect(sock, address, NULL, error))
        return NULL;
    return g_socket_connection_factory_create_connection(sock);
}

static int introduce(struct gs_link *l)
{
    char *json = l->handler->introduce(l->user);
    int err = json ? gs_channel_send(l->channel, GS_LINK_ADOPT, json, strlen(json)) : -ENOMEM;

    free(json);
    return err;
}

static gboolean on_retry(gpointer data)
{
    struct gs_link *l = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocketConnection) conn = connect_to(l->path, &error);
    int err;

    l->retry = 0;
    if (!conn) {
        gs_debug("%s: %s", l->path, error->message);
        lose(l, -ECONNREFUSED);
        return G_SOURCE_REMOVE;
    }
    l->state = INTRODUCING;
    use_stream(l, G_IO_STREAM(conn));
    err = introduce(l);
    if (err < 0)
        lose(l, err);
    return G_SOURCE_REMOVE;
}

static void try_later(struct gs_link *l)
{
    l->state = AWAY;
    l->retry = g_timeout_add(l->wait_ms, on_retry, l);
    l->wait_ms = MIN(2 * l->wait_ms, RETRY_MOST_MS);
}

static void lose(struct gs_link *l, int err)
{
    bool was_up = l->state == UP;

    drop_channel(l);
    /* A connection that broke did not take the last words along. */
    if (!l->path || (l->ending && was_up && !err)) {
        finish(l, err);
        return;
    }
    if (was_up && !l->ending)
        l->handler->lost(l->user, err);
    if (l->state != CLOSED)
        try_later(l);
}

/* ---- the end ---- */

static gboolean on_deadline(gpointer data)
{
    struct gs_link *l = data;

    l->deadline = 0;
    drop_channel(l);
    finish(l, -ETIMEDOUT);
    return G_SOURCE_REMOVE;
}

void gs_link_end(struct gs_link *l, uint8_t type, const void *payload, size_t size,
                 unsigned timeout_ms)
{
    if (l->ending || l->state == CLOSED)
        return;
    l->ending = true;
    l->last_type = type;
    l->last = g_bytes_new(payload, size);
    l->deadline = g_timeout_add(timeout_ms, on_deadline, l);
    if (l->state == UP && l->channel)
        say_last(l);
}

/* ---- life ---- */

struct gs_link *gs_link_create(GIOStream *stream, const struct gs_link_handler *handler, void *user)
{
    struct gs_link *l = g_new0(struct gs_link, 1);

    l->handler = handler;
    l->user = user;
    l->wait_ms = RETRY_FIRST_MS;
    use_stream(l, stream);
    return l;
}

void gs_link_destroy(struct gs_link *l)
{
    if (!l)
        return;
    l->state = CLOSED;
    remove_source(&l->retry);
    remove_source(&l->deadline);
    drop_channel(l);
    g_clear_pointer(&l->last, g_bytes_unref);
    g_free(l->path);
    g_free(l);
}

void gs_link_set_path(struct gs_link *l, const char *path)
{
    g_free(l->path);
    l->path = *path ? g_strdup(path) : NULL;
}

bool gs_link_up(const struct gs_link *l)
{
    return l->state == UP;
}

int gs_link_send2(struct gs_link *l, uint8_t type, const void *head, size_t head_size,
                  const void *body, size_t body_size)
{
    if (l->state != UP || l->ending)
        return -ENOTCONN;
    return gs_channel_send2(l->channel, type, head, head_size, body, body_size);
}

int gs_link_send(struct gs_link *l, uint8_t type, const void *payload, size_t size)
{
    return gs_link_send2(l, type, NULL, 0, payload, size);
}
