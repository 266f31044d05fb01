/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Channels over a Unix socket pair; TLS is covered by the host's integration tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <gio/gio.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/channel.h"

struct end {
    struct gs_channel *ch;
    int raw; /* the other end, where it is no channel */
    unsigned frames, closed;
    int err;
    uint8_t type;
    GByteArray *payload; /* of the last frame */
    void (*on_frame)(struct end *e);
};

static void frame(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    struct end *e = user;

    e->frames++;
    e->type = type;
    g_byte_array_set_size(e->payload, 0);
    g_byte_array_append(e->payload, payload, (guint)size);
    if (e->on_frame)
        e->on_frame(e);
}

static void closed(void *user, int err)
{
    struct end *e = user;

    e->closed++;
    e->err = err;
}

static const struct gs_channel_handler handler = {frame, closed};

static void open_end(struct end *e, int fd, size_t max)
{
    g_autoptr(GSocket) sock = g_socket_new_from_fd(fd, NULL);
    g_autoptr(GSocketConnection) conn = g_socket_connection_factory_create_connection(sock);

    *e = (struct end){.raw = -1, .payload = g_byte_array_new()};
    e->ch = gs_channel_create(G_IO_STREAM(conn), max, &handler, e);
}

static void close_end(struct end *e)
{
    gs_channel_destroy(e->ch);
    g_byte_array_unref(e->payload);
    if (e->raw >= 0)
        close(e->raw);
}

static void open_pair(struct end *a, struct end *b, size_t max)
{
    int fd[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    open_end(a, fd[0], max);
    open_end(b, fd[1], max);
}

static void open_raw(struct end *a, size_t max)
{
    int fd[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
    open_end(a, fd[0], max);
    a->raw = fd[1];
}

static void spin(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

static void raw_write(struct end *e, const void *data, size_t size)
{
    assert_int_equal(write(e->raw, data, size), size);
    spin();
}

static void test_send_arrives(void **state)
{
    struct end a, b;

    (void)state;
    open_pair(&a, &b, 100);
    assert_int_equal(gs_channel_send(a.ch, 7, "hello", 5), 0);
    spin();
    assert_int_equal(b.frames, 1);
    assert_int_equal(b.type, 7);
    assert_int_equal(b.payload->len, 5);
    assert_memory_equal(b.payload->data, "hello", 5);
    assert_int_equal(gs_channel_send2(b.ch, 8, "ab", 2, "cd", 2), 0);
    assert_int_equal(gs_channel_send(b.ch, 9, NULL, 0), 0);
    spin();
    assert_int_equal(a.frames, 2);
    assert_int_equal(a.type, 9);
    assert_int_equal(a.payload->len, 0);
    close_end(&a);
    spin();
    assert_int_equal(b.closed, 1);
    assert_int_equal(b.err, 0);
    assert_int_equal(gs_channel_send(b.ch, 1, NULL, 0), -EPIPE);
    close_end(&b);
}

static void test_send_large_in_order(void **state)
{
    static uint8_t big[3 << 20];
    struct end a, b;

    (void)state;
    open_pair(&a, &b, sizeof(big));
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (uint8_t)(i * 31 >> 3);
    assert_int_equal(gs_channel_send(a.ch, 1, "x", 1), 0);
    assert_int_equal(gs_channel_send(a.ch, 2, big, sizeof(big)), 0);
    while (b.frames < 2)
        g_main_context_iteration(NULL, TRUE);
    assert_int_equal(b.type, 2);
    assert_int_equal(b.payload->len, sizeof(big));
    assert_memory_equal(b.payload->data, big, sizeof(big));
    close_end(&a);
    close_end(&b);
}

static void test_send_bounded_queue(void **state)
{
    static uint8_t big[4 << 20];
    struct end a;
    int err = 0;

    (void)state;
    open_raw(&a, 10); /* nobody reads the other end */
    for (int i = 0; i < 4 && !err; i++)
        err = gs_channel_send(a.ch, 1, big, sizeof(big));
    assert_int_equal(err, -ENOBUFS);
    assert_int_equal(a.closed, 0); /* never inside a call */
    assert_int_equal(gs_channel_send(a.ch, 1, NULL, 0), -EPIPE);
    spin();
    assert_int_equal(a.closed, 1);
    assert_int_equal(a.err, -ENOBUFS);
    close_end(&a);
}

static void test_frame_byte_by_byte(void **state)
{
    const uint8_t wire[] = {0, 0, 0, 2, 5, 'o', 'k'};
    struct end a;

    (void)state;
    open_raw(&a, 2);
    for (size_t i = 0; i < sizeof(wire); i++) {
        assert_int_equal(a.frames, 0);
        raw_write(&a, wire + i, 1);
    }
    assert_int_equal(a.frames, 1);
    assert_memory_equal(a.payload->data, "ok", 2);
    close_end(&a);
}

static void test_frame_too_large(void **state)
{
    struct end a;

    (void)state;
    open_raw(&a, 65536);
    raw_write(&a, "\x40\0\0\0\x01", 5);
    assert_int_equal(a.closed, 1);
    assert_int_equal(a.err, -EMSGSIZE);
    assert_int_equal(a.frames, 0);
    close_end(&a);
}

static void test_frame_cut_by_close(void **state)
{
    struct end a;

    (void)state;
    open_raw(&a, 65536);
    raw_write(&a, "\0\0\0\x09\x01half", 9);
    shutdown(a.raw, SHUT_WR);
    spin();
    assert_int_equal(a.closed, 1);
    assert_int_equal(a.err, -EBADMSG);
    close_end(&a);
}

static void destroy_on_frame(struct end *e)
{
    gs_channel_destroy(e->ch);
    e->ch = NULL;
}

static void test_destroy_inside_frame(void **state)
{
    struct end a;

    (void)state;
    open_raw(&a, 10);
    a.on_frame = destroy_on_frame;
    raw_write(&a, "\0\0\0\0\x01\0\0\0\0\x02", 10);
    assert_int_equal(a.frames, 1);
    assert_int_equal(a.closed, 0);
    close_end(&a);
}

static void widen_on_frame(struct end *e)
{
    gs_channel_set_max_payload(e->ch, 100);
}

static void test_set_max_payload_inside_frame(void **state)
{
    struct end a;

    (void)state;
    open_raw(&a, 0);
    a.on_frame = widen_on_frame;
    raw_write(&a, "\0\0\0\0\x01\0\0\0\x01\x02z", 11);
    assert_int_equal(a.frames, 2);
    assert_int_equal(a.closed, 0);
    close_end(&a);
}

static void test_close_after_flush_delivers(void **state)
{
    static uint8_t big[1 << 20];
    struct end a, b;

    (void)state;
    open_pair(&a, &b, sizeof(big));
    assert_int_equal(gs_channel_send(b.ch, 1, big, 1000), 0); /* stays unread at a */
    assert_int_equal(gs_channel_send(a.ch, 1, big, sizeof(big)), 0);
    assert_int_equal(gs_channel_send(a.ch, 4, "bye", 3), 0);
    gs_channel_close_after_flush(a.ch, 60000);
    assert_int_equal(gs_channel_send(a.ch, 1, NULL, 0), -EPIPE);
    while (!b.closed)
        g_main_context_iteration(NULL, TRUE);
    assert_int_equal(b.err, 0);
    assert_int_equal(b.frames, 2);
    assert_memory_equal(b.payload->data, "bye", 3);
    assert_int_equal(a.closed, 0); /* b is still open */
    close_end(&b);
    while (!a.closed)
        g_main_context_iteration(NULL, TRUE);
    assert_int_equal(a.err, 0);
    assert_int_equal(a.frames, 0);
    close_end(&a);
}

static void test_close_after_flush_gives_up(void **state)
{
    static uint8_t big[1 << 20];
    struct end a;

    (void)state;
    open_raw(&a, 10);
    assert_int_equal(gs_channel_send(a.ch, 1, big, sizeof(big)), 0);
    gs_channel_close_after_flush(a.ch, 10);
    while (!a.closed)
        g_main_context_iteration(NULL, TRUE);
    assert_int_equal(a.err, 0);
    close_end(&a);
}

static void test_destroy_null(void **state)
{
    (void)state;
    gs_channel_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_send_arrives),
        cmocka_unit_test(test_send_large_in_order),
        cmocka_unit_test(test_send_bounded_queue),
        cmocka_unit_test(test_frame_byte_by_byte),
        cmocka_unit_test(test_frame_too_large),
        cmocka_unit_test(test_frame_cut_by_close),
        cmocka_unit_test(test_destroy_inside_frame),
        cmocka_unit_test(test_set_max_payload_inside_frame),
        cmocka_unit_test(test_close_after_flush_delivers),
        cmocka_unit_test(test_close_after_flush_gives_up),
        cmocka_unit_test(test_destroy_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
