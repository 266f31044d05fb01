/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "common/log.h"
#include "session/transport/udp.h"

static void test_open_any_port(void **state)
{
    struct gs_udp a, b;

    (void)state;
    assert_int_equal(gs_udp_open("", 0, 0, &a), 0);
    assert_int_equal(gs_udp_open("127.0.0.1", 0, 0, &b), 0);
    assert_true(a.port && b.port);
    gs_udp_close(&a);
    gs_udp_close(&b);
    assert_int_equal(b.fd, -1);
}

static void test_open_takes_next_free(void **state)
{
    struct gs_udp udp[3];

    (void)state;
    assert_int_equal(gs_udp_open("127.0.0.1", 0, 0, &udp[0]), 0);
    assert_int_equal(gs_udp_open("127.0.0.1", udp[0].port, UINT16_MAX, &udp[1]), 0);
    assert_true(udp[1].port > udp[0].port);
    /* Another address, but all of them are meant. */
    assert_int_equal(gs_udp_open(NULL, udp[0].port, udp[0].port, &udp[2]), -EADDRINUSE);
    gs_udp_close(&udp[0]);
    gs_udp_close(&udp[1]);
}

static void test_open_invalid(void **state)
{
    struct gs_udp udp;

    (void)state;
    assert_int_equal(gs_udp_open("localhost", 0, 0, &udp), -EINVAL);
    assert_int_equal(gs_udp_open("", 2, 1, &udp), -EINVAL);
    assert_int_equal(gs_udp_open("192.0.2.1", 0, 0, &udp), -EADDRNOTAVAIL);
}

static void check_received(int fd, unsigned n, const struct iovec *iov)
{
    uint8_t data[2048];

    for (unsigned i = 0; i < n; i++) {
        ssize_t size = recv(fd, data, sizeof(data), MSG_DONTWAIT);

        assert_int_equal(size, iov[i].iov_len);
        assert_memory_equal(data, iov[i].iov_base, iov[i].iov_len);
    }
    assert_int_equal(recv(fd, data, sizeof(data), MSG_DONTWAIT), -1);
}

static void send_all_sizes(bool segmentation)
{
    static uint8_t data[GS_UDP_BATCH][1216];
    struct iovec iov[GS_UDP_BATCH];
    struct gs_udp from, to;
    struct gs_udp_peer peer = {.size = sizeof(struct sockaddr_in)};
    struct sockaddr_in *addr = (struct sockaddr_in *)&peer.address;

    assert_int_equal(gs_udp_open("127.0.0.1", 0, 0, &from), 0);
    assert_int_equal(gs_udp_open("127.0.0.1", 0, 0, &to), 0);
    from.segmentation &= segmentation;
    addr->sin_family = AF_INET;
    addr->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    addr->sin_port = htons(to.port);
    for (unsigned i = 0; i < GS_UDP_BATCH; i++) {
        /* Runs of one size, a shorter end, a longer one after it. */
        size_t size = i < 60 ? 1204 : i == 61 ? 7 : 900 + i;

        memset(data[i], (int)i, sizeof(data[i]));
        iov[i] = (struct iovec){data[i], size};
    }
    assert_int_equal(gs_udp_send(&from, &peer, iov, GS_UDP_BATCH, 0), GS_UDP_BATCH);
    check_received(to.fd, GS_UDP_BATCH, iov);
    gs_udp_close(&from);
    gs_udp_close(&to);
}

static void test_send_segmented(void **state)
{
    (void)state;
    send_all_sizes(true);
}

static void test_send_plain(void **state)
{
    (void)state;
    send_all_sizes(false);
}

static void test_send_refused(void **state)
{
    static uint8_t data[1204];
    struct gs_udp udp;
    struct gs_udp_peer nobody = {.size = sizeof(struct sockaddr_in)};
    struct iovec iov = {data, sizeof(data)};

    (void)state;
    assert_int_equal(gs_udp_open("127.0.0.1", 0, 0, &udp), 0);
    /* Port 0 of no family: the kernel refuses it, which must not hang or fail hard. */
    assert_int_equal(gs_udp_send(&udp, &nobody, &iov, 1, 1), 0);
    gs_udp_close(&udp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_any_port), cmocka_unit_test(test_open_takes_next_free),
        cmocka_unit_test(test_open_invalid),  cmocka_unit_test(test_send_segmented),
        cmocka_unit_test(test_send_plain),    cmocka_unit_test(test_send_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
