/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's end of the link, over sockets of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/link.h"
#include "common/proto.h"
#include "session/link.h"

#define DEADLINE_S 30

struct fixture {
    char *dir, *path;
    struct gs_link *link;
    unsigned frames, lost, back, closed;
    int err; /* of closed */
    uint8_t last_frame;

    GSocketService *service; /* the host */
    struct gs_channel *host;
    unsigned hosts;  /* connections */
    GByteArray *got; /* types that the host got */
    uint8_t answer;  /* to ADOPT; 0: goes */
    bool gone;       /* the worker closed */
};

/* ---- the worker's side ---- */

static void on_frame(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    struct fixture *f = user;

    (void)payload;
    (void)size;
    f->frames++;
    f->last_frame = type;
}

static void on_lost(void *user, int err)
{
    (void)err;
    ((struct fixture *)user)->lost++;
}

static char *introduce(void *user)
{
    (void)user;
    return strdup("{}");
}

static void on_back(void *user)
{
    ((struct fixture *)user)->back++;
}

static void on_closed(void *user, int err)
{
    struct fixture *f = user;

    f->closed++;
    f->err = err;
}

static const struct gs_link_handler handler = {on_frame, on_lost, introduce, on_back, on_closed};

/* ---- the host's side ---- */

static void host_frame(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    struct fixture *f = user;

    (void)payload;
    (void)size;
    g_byte_array_append(f->got, &type, 1);
    if (type != GS_LINK_ADOPT)
        return;
    if (f->answer)
        assert_int_equal(gs_channel_send(f->host, f->answer, NULL, 0), 0);
    else
        gs_channel_destroy(g_steal_pointer(&f->host));
}

static void host_closed(void *user, int err)
{
    (void)err;
    ((struct fixture *)user)->gone = true;
}

static const struct gs_channel_handler host_handler = {host_frame, host_closed};

static void use_connection(struct fixture *f, GSocketConnection *conn)
{
    gs_channel_destroy(f->host);
    f->gone = false;
    f->hosts++;
    f->host = gs_channel_create(G_IO_STREAM(conn), GS_PROTO_MAX_FRAME, &host_handler, f);
}

static gboolean on_incoming(GSocketService *service, GSocketConnection *conn, GObject *source,
                            gpointer user)
{
    (void)service;
    (void)source;
    use_connection(user, conn);
    return TRUE;
}

static void listen_again(struct fixture *f)
{
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(f->path);

    f->service = g_socket_service_new();
    g_signal_connect(f->service, "incoming", G_CALLBACK(on_incoming), f);
    assert_true(g_socket_listener_add_address(G_SOCKET_LISTENER(f->service), address,
                                              G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, NULL,
                                              NULL, NULL));
}

static GSocketConnection *connection_of(int fd)
{
    g_autoptr(GSocket) sock = g_socket_new_from_fd(fd, NULL);

    return g_socket_connection_factory_create_connection(sock);
}

/* ---- */

static int setup(void **state)
{
    struct fixture *f = g_new0(struct fixture, 1);
    g_autoptr(GSocketConnection) worker = NULL, host = NULL;
    int fd[2];

    f->dir = g_dir_make_tmp("gs-test-XXXXXX", NULL);
    f->path = g_build_filename(f->dir, "sock", NULL);
    f->got = g_byte_array_new();
    f->answer = GS_LINK_ADOPTED;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
        return -1;
    worker = connection_of(fd[0]);
    host = connection_of(fd[1]);
    use_connection(f, host);
    f->link = gs_link_create(G_IO_STREAM(worker), &handler, f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    gs_link_destroy(f->link);
    gs_channel_destroy(f->host);
    if (f->service)
        g_socket_service_stop(f->service);
    g_clear_object(&f->service);
    unlink(f->path);
    g_rmdir(f->dir);
    g_byte_array_unref(f->got);
    g_free(f->path);
    g_free(f->dir);
    g_free(f);
    return 0;
}

static gboolean set_flag(gpointer flag)
{
    *(bool *)flag = true;
    return G_SOURCE_CONTINUE;
}

/* Turns the loop until *n is at least `least`. */
static void wait_for(const unsigned *n, unsigned least)
{
    bool over = false;
    guint timer = g_timeout_add_seconds(DEADLINE_S, set_flag, &over);

    while (*n < least && !over)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
    assert_true(*n >= least);
}

static void host_leaves(struct fixture *f)
{
    gs_channel_destroy(g_steal_pointer(&f->host));
}

static void test_no_path(void **state)
{
    struct fixture *f = *state;

    assert_true(gs_link_up(f->link));
    host_leaves(f);
    wait_for(&f->closed, 1);
    assert_int_equal(f->lost, 0);
    assert_int_equal(f->err, 0);
    assert_false(gs_link_up(f->link));
}

static void test_again(void **state)
{
    struct fixture *f = *state;

    gs_link_set_path(f->link, f->path);
    host_leaves(f);
    wait_for(&f->lost, 1);
    assert_false(gs_link_up(f->link));
    assert_int_equal(gs_link_send(f->link, GS_LINK_READY, NULL, 0), -ENOTCONN);
    listen_again(f);
    wait_for(&f->back, 1);
    assert_true(gs_link_up(f->link));
    assert_int_equal(f->got->data[0], GS_LINK_ADOPT);
    assert_int_equal(gs_link_send(f->link, GS_LINK_READY, NULL, 0), 0);
    wait_for(&f->got->len, 2);
    assert_int_equal(f->got->data[1], GS_LINK_READY);
    assert_int_equal(gs_channel_send(f->host, GS_LINK_PING, NULL, 0), 0);
    wait_for(&f->frames, 1);
    host_leaves(f);
    wait_for(&f->back, 2);
    assert_int_equal(f->lost, 2);
    assert_int_equal(f->closed, 0);
}

/* Nothing that comes from it reaches the session. */
static void test_foreign(void **state)
{
    struct fixture *f = *state;

    gs_link_set_path(f->link, f->path);
    f->answer = GS_LINK_STOP;
    listen_again(f);
    host_leaves(f);
    wait_for(&f->hosts, 4);
    assert_int_equal(f->frames, 0);
    assert_int_equal(f->lost, 1);
    f->answer = 0;
    wait_for(&f->hosts, 6);
    f->answer = GS_LINK_ADOPTED;
    wait_for(&f->back, 1);
    assert_int_equal(f->lost, 1);
}

static void test_end(void **state)
{
    struct fixture *f = *state;

    gs_link_set_path(f->link, f->path);
    gs_link_end(f->link, GS_LINK_ENDED, "x", 1, 1000 * DEADLINE_S);
    gs_link_end(f->link, GS_LINK_ENDED, "y", 1, 1);
    wait_for(&f->got->len, 1);
    assert_int_equal(f->got->data[0], GS_LINK_ENDED);
    wait_for(&f->closed, 1);
    assert_int_equal(f->err, 0);
    assert_int_equal(f->lost, 0);
}

static void test_end_while_away(void **state)
{
    struct fixture *f = *state;

    gs_link_set_path(f->link, f->path);
    host_leaves(f);
    wait_for(&f->lost, 1);
    gs_link_end(f->link, GS_LINK_ENDED, "x", 1, 1000 * DEADLINE_S);
    assert_int_equal(f->closed, 0);
    listen_again(f);
    wait_for(&f->closed, 1);
    assert_int_equal(f->err, 0);
    assert_int_equal(f->back, 0);
    assert_int_equal(f->got->len, 2);
    assert_int_equal(f->got->data[0], GS_LINK_ADOPT);
    assert_int_equal(f->got->data[1], GS_LINK_ENDED);
}

/* The connection is broken already, but nobody has noticed. */
static void test_end_meets_a_broken_connection(void **state)
{
    struct fixture *f = *state;

    gs_link_set_path(f->link, f->path);
    listen_again(f);
    host_leaves(f);
    gs_link_end(f->link, GS_LINK_ENDED, "x", 1, 1000 * DEADLINE_S);
    wait_for(&f->closed, 1);
    assert_int_equal(f->err, 0);
    assert_int_equal(f->got->len, 2);
    assert_int_equal(f->got->data[1], GS_LINK_ENDED);
}

static void test_end_with_nobody(void **state)
{
    struct fixture *f = *state;

    gs_link_set_path(f->link, f->path);
    host_leaves(f);
    wait_for(&f->lost, 1);
    gs_link_end(f->link, GS_LINK_ENDED, "x", 1, 10);
    wait_for(&f->closed, 1);
    assert_int_equal(f->err, -ETIMEDOUT);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_no_path),         TEST(test_again),
        TEST(test_foreign),         TEST(test_end),
        TEST(test_end_while_away),  TEST(test_end_meets_a_broken_connection),
        TEST(test_end_with_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
