/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/adoption.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/log.h"

#define HEAD_SIZE 5 /* u32 size, u8 type */
#define PATIENCE_MS 5000
#define WAITING_MAX 1024 /* more than there may be sessions */
#define WAITING_OF_USER_MAX 256

struct gs_adoption {
    GSocketService *service;
    char *path;
    const struct gs_adoption_listener *listener;
    void *user;
    GList *waiting; /* struct visit */
};

struct visit {
    struct gs_adoption *owner; /* NULL: given up; freed when GIO lets go of it */
    GSocketConnection *conn;
    GCancellable *cancel;
    struct gs_adoption_peer peer;
    uint8_t head[HEAD_SIZE];
    enum gs_link_type type;
    uint8_t *body;
    size_t size;
    guint timer;
};

/* ---- one that came ---- */

static void forget(struct visit *v)
{
    if (!v->owner)
        return;
    v->owner->waiting = g_list_remove(v->owner->waiting, v);
    v->owner = NULL;
    if (v->timer)
        g_source_remove(v->timer);
    v->timer = 0;
    g_cancellable_cancel(v->cancel);
}

/* Called from the end of a read alone: before it, GIO still writes to our memory. */
static void free_visit(struct visit *v)
{
    forget(v);
    g_object_unref(v->conn);
    g_object_unref(v->cancel);
    g_free(v->body);
    g_free(v);
}

static gboolean on_late(gpointer data)
{
    struct visit *v = data;

    v->timer = 0;
    gs_warn("process %d (user %u) came to the workers' socket and said nothing", (int)v->peer.pid,
            (unsigned)v->peer.uid);
    forget(v);
    return G_SOURCE_REMOVE;
}

static bool read_all(struct visit *v, GObject *source, GAsyncResult *result, size_t wanted)
{
    gsize got = 0;

    return g_input_stream_read_all_finish(G_INPUT_STREAM(source), result, &got, NULL) &&
           got == wanted && v->owner;
}

static int tell_adopt(struct visit *v, const struct gs_adoption *owner)
{
    struct gs_worker_adopt adopt;
    int err = gs_worker_adopt_from_json((const char *)v->body, v->size, &adopt);

    if (!err)
        owner->listener->adopt(owner->user, v->conn, &v->peer, &adopt);
    return err;
}

static int tell_grants(struct visit *v, const struct gs_adoption *owner)
{
    struct gs_worker_grants grants;
    int err = gs_worker_grants_from_json((const char *)v->body, v->size, &grants);

    if (!err)
        owner->listener->grants(owner->user, v->conn, &v->peer, &grants);
    return err;
}

static void on_body(GObject *source, GAsyncResult *result, gpointer data)
{
    struct visit *v = data;
    struct gs_adoption *owner = v->owner;

    if (read_all(v, source, result, v->size)) {
        forget(v);
        if ((v->type == GS_LINK_ADOPT ? tell_adopt : tell_grants)(v, owner) < 0)
            gs_warn("process %d (user %u) said something wrong on the workers' socket",
                    (int)v->peer.pid, (unsigned)v->peer.uid);
    }
    free_visit(v);
}

static void read_some(struct visit *v, void *to, size_t size, GAsyncReadyCallback done)
{
    g_input_stream_read_all_async(g_io_stream_get_input_stream(G_IO_STREAM(v->conn)), to, size,
                                  G_PRIORITY_DEFAULT, v->cancel, done, v);
}

static void on_head(GObject *source, GAsyncResult *result, gpointer data)
{
    struct visit *v = data;
    struct gs_reader r;

    gs_reader_init(&r, v->head, sizeof(v->head));
    v->size = gs_read_u32(&r);
    v->type = gs_read_u8(&r);
    if (!read_all(v, source, result, sizeof(v->head)) ||
        (v->type != GS_LINK_ADOPT && v->type != GS_LINK_GRANTS) || v->size > GS_PROTO_MAX_HELLO) {
        free_visit(v);
        return;
    }
    v->body = g_malloc(v->size + 1);
    read_some(v, v->body, v->size, on_body);
}

/* ---- all that come ---- */

static int get_peer(GSocketConnection *conn, struct gs_adoption_peer *ret)
{
    int fd = g_socket_get_fd(g_socket_connection_get_socket(conn));
    struct ucred cred;
    socklen_t size = sizeof(cred);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
        return -errno;
    *ret = (struct gs_adoption_peer){cred.pid, cred.uid};
    return 0;
}

static bool is_full(const struct gs_adoption *a, uid_t uid)
{
    unsigned of_user = 0;

    for (GList *link = a->waiting; link; link = link->next)
        of_user += ((struct visit *)link->data)->peer.uid == uid;
    return of_user >= WAITING_OF_USER_MAX || g_list_length(a->waiting) >= WAITING_MAX;
}

static gboolean on_incoming(GSocketService *service, GSocketConnection *conn, GObject *source,
                            gpointer data)
{
    struct gs_adoption *a = data;
    struct gs_adoption_peer peer;
    struct visit *v;

    (void)service;
    (void)source;
    if (get_peer(conn, &peer) < 0 || is_full(a, peer.uid))
        return TRUE;
    v = g_new0(struct visit, 1);
    v->owner = a;
    v->conn = g_object_ref(conn);
    v->cancel = g_cancellable_new();
    v->peer = peer;
    v->timer = g_timeout_add(PATIENCE_MS, on_late, v);
    a->waiting = g_list_prepend(a->waiting, v);
    read_some(v, v->head, sizeof(v->head), on_head);
    return TRUE;
}

static int open_socket(struct gs_adoption *a, mode_t mode)
{
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(a->path);
    g_autoptr(GError) error = NULL;

    if (unlink(a->path) < 0 && errno != ENOENT) {
        gs_error("cannot remove %s: %s", a->path, g_strerror(errno));
        return -errno;
    }
    if (!g_socket_listener_add_address(G_SOCKET_LISTENER(a->service), address, G_SOCKET_TYPE_STREAM,
                                       G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, &error)) {
        gs_error("cannot listen on %s: %s", a->path, error->message);
        return -EIO;
    }
    if (chmod(a->path, mode) == 0)
        return 0;
    gs_error("cannot change %s: %s", a->path, g_strerror(errno));
    return -errno;
}

int gs_adoption_create(const char *path, mode_t mode, const struct gs_adoption_listener *listener,
                       void *user, struct gs_adoption **ret)
{
    struct gs_adoption *a = g_new0(struct gs_adoption, 1);
    int err;

    a->service = g_socket_service_new();
    a->path = g_strdup(path);
    a->listener = listener;
    a->user = user;
    g_signal_connect(a->service, "incoming", G_CALLBACK(on_incoming), a);
    err = open_socket(a, mode);
    if (err)
        gs_adoption_destroy(a);
    else
        *ret = a;
    return err;
}

void gs_adoption_destroy(struct gs_adoption *a)
{
    if (!a)
        return;
    g_signal_handlers_disconnect_by_data(a->service, a);
    g_socket_service_stop(a->service);
    g_socket_listener_close(G_SOCKET_LISTENER(a->service));
    while (a->waiting)
        forget(a->waiting->data);
    unlink(a->path);
    g_object_unref(a->service);
    g_free(a->path);
    g_free(a);
}
