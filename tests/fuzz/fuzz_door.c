/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client says to the host, behind TLS, before and after its ticket was accepted. First byte:
 * in pieces of how many bytes it comes (bit 7: the host has something to say, too). */
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/client.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/null_tls.h"

struct door {
    struct gs_client *client;
    bool let_in, gone, talkative;
};

/* The ticket "open" opens. */
static bool on_hello(void *user, uint32_t id, const struct gs_hello *hello, struct gs_refusal *ret)
{
    struct door *d = user;

    assert(id == 7 && !d->let_in && !d->gone);
    assert(gs_session_name_valid(hello->session));
    d->let_in = strcmp(hello->ticket, "open") == 0;
    ret->reason = "the ticket is wrong";
    return d->let_in;
}

static void on_message(void *user, uint32_t id, uint8_t type, const uint8_t *payload, size_t size)
{
    struct door *d = user;

    assert(id == 7 && d->let_in && !d->gone && size <= GS_PROTO_MAX_FRAME);
    assert(type == GS_MSG_PING || type == GS_MSG_INPUT || type == GS_MSG_KEYMAP ||
           type == GS_MSG_BYE || type == GS_MSG_REPORT);
    if (d->talkative)
        gs_client_send(d->client, GS_MSG_PONG, payload, size);
    if (type == GS_MSG_BYE)
        gs_client_bye(d->client, &(struct gs_bye){.reason = "left"});
}

static void on_gone(void *user, uint32_t id, bool was_let_in)
{
    struct door *d = user;

    assert(id == 7 && !d->gone && was_let_in == d->let_in);
    d->gone = true;
}

static void run_loop(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct gs_client_listener listener = {on_hello, on_message, on_gone};
    static gsize installed;
    struct door d = {0};
    size_t piece = size ? (data[0] & 0x7fu) * 8 + 1 : 1;
    int fd[2];

    if (g_once_init_enter(&installed)) {
        gs_null_tls_install();
        g_once_init_leave(&installed, 1);
    }
    d.talkative = size && data[0] & 0x80;
    assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) == 0);
    {
        g_autoptr(GSocket) sock = g_socket_new_from_fd(fd[0], NULL);
        g_autoptr(GSocketConnection) conn = g_socket_connection_factory_create_connection(sock);

        d.client = gs_client_create(conn, NULL, 7, 60000, &listener, &d);
    }
    assert(d.client);
    for (size_t i = 1; i < size; i += piece) {
        if (send(fd[1], data + i, GS_MIN(piece, size - i), MSG_NOSIGNAL) < 0)
            break;
        run_loop();
    }
    assert(!gs_client_is_let_in(d.client) || d.let_in);
    close(fd[1]);
    run_loop();
    gs_client_destroy(d.client);
    run_loop();
    return 0;
}
