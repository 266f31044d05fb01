/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/worker_host.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <stdio.h>
#include <stdlib.h>
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

static gboolean on_incoming(GSocketService *service GS_UNUSED, GSocketConnection *conn,
                            GObject *source GS_UNUSED, gpointer user)
{
    worker_rig_use_link(user, G_IO_STREAM(conn));
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
