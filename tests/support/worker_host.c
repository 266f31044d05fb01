/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/worker_host.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/worker_rig.h"

void worker_host_path(const struct worker_rig *rig, char *ret, size_t size)
{
    g_snprintf(ret, size, "%s/host.sock", rig->dir);
}

/* As the kernel does it for a host that was killed. */
static void stop_listening(struct worker_rig *rig)
{
    char path[108];

    if (!rig->host.service)
        return;
    g_socket_service_stop(rig->host.service);
    g_socket_listener_close(G_SOCKET_LISTENER(rig->host.service));
    g_clear_object(&rig->host.service);
    worker_host_path(rig, path, sizeof(path));
    unlink(path);
}

void worker_host_leave(struct worker_rig *rig)
{
    stop_listening(rig);
    gs_channel_destroy(g_steal_pointer(&rig->link));
    rig->closed = true;
    rig->host.adopted = false;
}

/* One that the worker says ADOPT on becomes its link. There is no scheduler. */
static gboolean on_first_word(GSocket *sock, GIOCondition condition GS_UNUSED, gpointer conn)
{
    struct worker_rig *rig = g_object_get_data(G_OBJECT(conn), "rig");
    uint8_t head[5];

    if (recv(g_socket_get_fd(sock), head, sizeof(head), MSG_PEEK | MSG_DONTWAIT) != sizeof(head) ||
        head[4] == GS_LINK_GRANTS)
        g_io_stream_close(conn, NULL, NULL);
    else
        worker_rig_use_link(rig, conn);
    return G_SOURCE_REMOVE;
}

static gboolean on_incoming(GSocketService *service GS_UNUSED, GSocketConnection *conn,
                            GObject *source GS_UNUSED, gpointer user)
{
    g_autoptr(GSource) watch =
        g_socket_create_source(g_socket_connection_get_socket(conn), G_IO_IN, NULL);

    g_object_set_data(G_OBJECT(conn), "rig", user);
    g_source_set_callback(watch, G_SOURCE_FUNC(on_first_word), g_object_ref(conn), g_object_unref);
    g_source_attach(watch, NULL);
    return TRUE;
}

int worker_host_return(struct worker_rig *rig)
{
    g_autoptr(GSocketAddress) address = NULL;
    g_autoptr(GError) error = NULL;
    char path[108];

    worker_host_path(rig, path, sizeof(path));
    address = g_unix_socket_address_new(path);
    rig->host.service = g_socket_service_new();
    g_signal_connect(rig->host.service, "incoming", G_CALLBACK(on_incoming), rig);
    if (g_socket_listener_add_address(G_SOCKET_LISTENER(rig->host.service), address,
                                      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL,
                                      &error))
        return 0;
    fprintf(stderr, "worker host: %s\n", error->message);
    return -EADDRINUSE;
}

void worker_host_introduced(struct worker_rig *rig, const char *json, size_t size)
{
    struct worker_host *host = &rig->host;

    if (gs_worker_adopt_from_json(json, size, &host->adopt) < 0) {
        fprintf(stderr, "worker host: it says nothing that can be: %.*s\n", (int)size, json);
        abort();
    }
    host->said_who++;
    if (host->foreign) {
        host->foreign = false;
        worker_rig_send(rig, GS_LINK_STOP, NULL, 0);
    } else if (host->refuse) {
        host->refuse--;
        gs_channel_close_after_flush(rig->link, 1000);
    } else {
        host->adopted = true;
        worker_rig_send(rig, GS_LINK_ADOPTED, NULL, 0);
    }
}

static bool is_adopted(struct worker_rig *rig, void *user GS_UNUSED)
{
    return rig->host.adopted;
}

bool worker_host_wait(struct worker_rig *rig)
{
    return worker_rig_wait(rig, is_adopted, NULL);
}

void worker_host_finish(struct worker_rig *rig)
{
    stop_listening(rig);
}
