/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host says to the client's control connection, behind TLS. First byte: in pieces of how
 * many bytes it comes (bit 7: the client leaves in the midst of it). */
#include <arpa/inet.h>
#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/connection.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/null_tls.h"

struct peer {
    struct gs_connection *conn;
    bool welcomed, closed;
};

static void on_welcome(void *user, const struct gs_welcome *welcome, GInetAddress *address)
{
    struct peer *p = user;

    assert(!p->welcomed && !p->closed && G_IS_INET_ADDRESS(address));
    assert(welcome->width && welcome->height && welcome->udp_port);
    p->welcomed = true;
    if (gs_connection_send(p->conn, GS_MSG_PING, "12345678", 8) < 0)
        assert(!p->closed);
}

static void on_hello(void *user, struct gs_hello *hello)
{
    struct peer *p = user;

    (void)hello;
    assert(!p->welcomed && !p->closed);
}

static void on_message(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    struct peer *p = user;
    struct gs_cursor_msg msg;

    assert(p->welcomed && !p->closed && size <= GS_PROTO_MAX_FRAME);
    if (type == GS_MSG_CURSOR && gs_cursor_read(payload, size, &msg) == 0)
        assert(!msg.visible || (msg.width && msg.height && msg.pixels));
}

static void on_closed(void *user, enum gs_exit status, enum gs_connection_end end,
                      const char *reason)
{
    struct peer *p = user;

    (void)end;
    assert(!p->closed && reason && status <= GS_EXIT_UNREACHABLE);
    p->closed = true;
}

static int listen_on(uint16_t *ret_port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    socklen_t size = sizeof(addr);

    assert(bind(fd, (struct sockaddr *)&addr, size) == 0 && listen(fd, 8) == 0);
    assert(getsockname(fd, (struct sockaddr *)&addr, &size) == 0);
    *ret_port = ntohs(addr.sin_port);
    return fd;
}

static void run_loop(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

/* Until the client has said hello. */
static bool await_hello(int fd, const struct peer *p)
{
    uint8_t hello[1024];

    while (!p->closed) {
        if (recv(fd, hello, sizeof(hello), MSG_DONTWAIT) > 0)
            return true;
        g_main_context_iteration(NULL, FALSE);
    }
    return false;
}

static void talk(struct peer *p, int fd, const uint8_t *data, size_t size)
{
    size_t piece = size ? (data[0] & 0x7fu) * 8 + 1 : 1;

    for (size_t i = 1; i < size; i += piece) {
        if (send(fd, data + i, GS_MIN(piece, size - i), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            break;
        run_loop();
        if (data[0] & 0x80 && i > size / 2)
            gs_connection_leave(p->conn, "enough");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct gs_connection_listener listener = {
        .hello = on_hello, .welcome = on_welcome, .message = on_message, .closed = on_closed};
    static struct gs_url url;
    static int server = -1;
    const struct gs_hello hello = {.session = "s", .client = "fuzz", .decoder = "null"};
    const struct linger at_once = {.l_onoff = 1}; /* no port waits for its last packets */
    struct peer p = {0};
    int fd;

    if (server < 0) {
        gsize n = sizeof(url.fingerprint);
        GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);

        gs_null_tls_install();
        g_checksum_update(sum, (const guchar *)GS_NULL_TLS_DER, strlen(GS_NULL_TLS_DER));
        g_checksum_get_digest(sum, url.fingerprint, &n);
        g_checksum_free(sum);
        strcpy(url.host, "127.0.0.1");
        server = listen_on(&url.port);
    }
    p.conn = gs_connection_create(&url, &hello, 10000, &listener, &p);
    while ((fd = accept4(server, NULL, NULL, SOCK_CLOEXEC)) < 0)
        g_main_context_iteration(NULL, FALSE);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    if (await_hello(fd, &p))
        talk(&p, fd, data, size);
    close(fd);
    run_loop();
    gs_connection_destroy(p.conn);
    run_loop();
    return 0;
}
