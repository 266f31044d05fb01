/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of a peer into a channel. First byte: in pieces of how many bytes they come. */
#include <gio/gio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/channel.h"

#define MAX_PAYLOAD 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct peer {
    struct gs_channel *ch;
    unsigned closed;
};

/* Answers, and ends the channel from within for two types. */
static void frame(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    struct peer *p = user;

    if (p->closed || size > MAX_PAYLOAD)
        abort();
    if (gs_channel_send(p->ch, type, payload, size) < 0)
        return;
    if (type == 1)
        gs_channel_close_after_flush(p->ch, 1000);
    if (type == 2) {
        gs_channel_destroy(p->ch);
        p->ch = NULL;
    }
}

static void closed(void *user, int err)
{
    struct peer *p = user;

    (void)err;
    if (p->closed++)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct gs_channel_handler handler = {frame, closed};
    struct peer p = {0};
    size_t piece = size ? data[0] + 1u : 1;
    int fd[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) < 0)
        return 0;
    {
        g_autoptr(GSocket) sock = g_socket_new_from_fd(fd[0], NULL);
        g_autoptr(GSocketConnection) conn = g_socket_connection_factory_create_connection(sock);

        p.ch = gs_channel_create(G_IO_STREAM(conn), MAX_PAYLOAD, &handler, &p);
    }
    for (size_t i = 1; i < size; i += piece) {
        if (send(fd[1], data + i, GS_MIN(piece, size - i), MSG_NOSIGNAL) < 0)
            break;
        while (g_main_context_iteration(NULL, FALSE))
            ;
    }
    close(fd[1]);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    gs_channel_destroy(p.ch);
    return 0;
}
