/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two receivers of the srtp transport, packet by packet: whatever is asked for, a sequence number
 * of a stream stands for one packet, for AES-GCM would betray the key otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/rtcp.h"
#include "common/rtp.h"
#include "common/srtp.h"
#include "session/transport/retransmit.h"
#include "session/transport/transport.h"
#include "tests/support/nals.h"

#define PATIENCE (10 * GS_NS_PER_S)

struct peer {
    struct gs_stream *stream;
    struct gs_welcome welcome;
    struct gs_srtp *rtcp;
    int fd;
    GHashTable *packets; /* by sequence number: GBytes, as they came first */
    unsigned copies;     /* of packets that it had; the newest is also sent again unasked */
    uint16_t newest;
    bool forgets; /* what it gets */
};

struct fixture {
    struct gs_transport *t;
    struct peer peers[2];
    uint32_t frame_id;
};

static void on_keyframe_wanted(void *user GS_UNUSED, struct gs_stream *stream GS_UNUSED)
{
}

static void on_receiver_changed(void *user GS_UNUSED, struct gs_stream *stream GS_UNUSED,
                                bool present GS_UNUSED)
{
}

static uint16_t seq_of(const uint8_t *packet)
{
    struct gs_reader r;

    gs_reader_init(&r, packet + 2, 2);
    return gs_read_u16(&r);
}

static void take(struct peer *p, const uint8_t *data, size_t size)
{
    gpointer key = GUINT_TO_POINTER(seq_of(data) + 1u);
    GBytes *packet = g_bytes_new(data, size);
    GBytes *before = g_hash_table_lookup(p->packets, key);

    if (!before) {
        if (g_hash_table_size(p->packets))
            assert_int_equal(seq_of(data), (uint16_t)(p->newest + 1));
        p->newest = seq_of(data);
        g_hash_table_insert(p->packets, key, packet);
        return;
    }
    assert_true(g_bytes_equal(before, packet));
    p->copies += seq_of(data) != p->newest;
    g_bytes_unref(packet);
}

static void receive(struct peer *p)
{
    uint8_t data[2048];
    ssize_t n;

    while ((n = recv(p->fd, data, sizeof(data), MSG_DONTWAIT)) >= 0)
        if (n >= 12 && !gs_rtcp_is_rtcp(data, (size_t)n) && !p->forgets)
            take(p, data, (size_t)n);
}

static void say(struct fixture *f, struct peer *p, const struct gs_rtcp *rtcp)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(f->t->udp_port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    _Alignas(8) uint8_t out[GS_RTCP_MAX_PACKET + GS_SRTCP_TRAILER_SIZE];
    struct gs_rtcp full = *rtcp;
    size_t size;

    full.sender_ssrc = p->welcome.client_ssrc;
    full.media_ssrc = p->welcome.ssrc;
    size = (size_t)gs_rtcp_write(&full, "test", out, GS_RTCP_MAX_PACKET);
    assert_int_equal(gs_srtp_protect_rtcp(p->rtcp, out, &size), 0);
    assert_int_equal(sendto(p->fd, out, size, 0, (struct sockaddr *)&to, sizeof(to)), size);
}

/* Until the transport heard it. */
static void appear(struct fixture *f, struct peer *p, bool present)
{
    uint64_t end = gs_now_ns() + PATIENCE;

    say(f, p, &(struct gs_rtcp){.bye = !present});
    while (p->stream->present != present && gs_now_ns() < end)
        g_main_context_iteration(NULL, FALSE);
    assert_int_equal(p->stream->present, present);
}

/* Asks for the packets, and gives the transport time to answer. */
static void ask(struct fixture *f, struct peer *p, uint16_t first, unsigned n)
{
    struct gs_rtcp rtcp = {.n_nacks = n};

    for (unsigned i = 0; i < n; i++)
        rtcp.nacks[i] = (uint16_t)(first + i);
    say(f, p, &rtcp);
    for (unsigned i = 0; i < 50; i++) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(100);
    }
    receive(p);
}

static void send_frame(struct fixture *f, bool keyframe, size_t size)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(f->frame_id);
    g_autoptr(GByteArray) au = gs_test_access_unit(rand, keyframe, size);
    const struct gs_packet packet = {au->data, au->len, keyframe, 0};
    struct gs_frame_trace trace = {.frame_id = ++f->frame_id, .commit = gs_now_ns()};

    assert_int_equal(gs_transport_send(f->t, &packet, &trace), 0);
    for (unsigned i = 0; i < 2; i++)
        receive(&f->peers[i]);
}

static void open_peer(struct fixture *f, unsigned i)
{
    struct peer *p = &f->peers[i];
    int buffer = 8 << 20;

    p->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    setsockopt(p->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
    p->packets =
        g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, (GDestroyNotify)g_bytes_unref);
    assert_int_equal(gs_transport_attach(f->t, i == 0, &p->welcome, &p->stream), 0);
    assert_int_equal(
        gs_srtp_create(p->welcome.client_key, p->welcome.client_ssrc, GS_SRTP_SEND, &p->rtcp), 0);
}

static int setup(void **state)
{
    static const struct gs_transport_listener listener = {on_keyframe_wanted, on_receiver_changed};
    static struct fixture f;
    const struct gs_transport_params params = {
        .fps = 60, .receivers = 2, .bind_address = "127.0.0.1", .listener = &listener, .user = &f};

    f = (struct fixture){.frame_id = 0};
    assert_int_equal(gs_transport_create("srtp", &params, &f.t), 0);
    for (unsigned i = 0; i < 2; i++)
        open_peer(&f, i);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    gs_transport_destroy(f->t);
    for (unsigned i = 0; i < 2; i++) {
        close(f->peers[i].fd);
        gs_srtp_destroy(f->peers[i].rtcp);
        g_hash_table_unref(f->peers[i].packets);
    }
    return 0;
}

static void test_sent_again_three_times_each(void **state)
{
    struct fixture *f = *state;
    struct peer *a = &f->peers[0], *b = &f->peers[1];

    appear(f, a, true);
    appear(f, b, true);
    send_frame(f, true, 20000);
    send_frame(f, false, 20000);
    assert_int_equal(g_hash_table_size(a->packets), g_hash_table_size(b->packets));
    /* What one asks for is not counted against the other. */
    for (unsigned i = 0; i < 5; i++)
        ask(f, b, (uint16_t)(b->newest - 1), 1);
    assert_int_equal(b->copies, 3); /* it is sent again so often at most */
    ask(f, a, (uint16_t)(a->newest - 1), 1);
    assert_int_equal(a->copies, 1);
    /* What was not sent yet does not come. */
    ask(f, a, (uint16_t)(a->newest + 1), 1);
    assert_int_equal(a->copies, 1);
}

static void test_frame_larger_than_the_ring(void **state)
{
    struct fixture *f = *state;
    struct peer *a = &f->peers[0], *b = &f->peers[1];
    socklen_t size = sizeof(int);
    int buffer;

    /* All of it waits in the sockets; so much needs a right. */
    assert_int_equal(getsockopt(b->fd, SOL_SOCKET, SO_RCVBUF, &buffer, &size), 0);
    if (buffer < 8 << 20)
        skip();
    appear(f, a, true);
    appear(f, b, true);
    send_frame(f, true, (size_t)GS_RETRANSMIT_PACKETS * GS_RTP_MAX_PACKET * 5 / 4);
    assert_true(g_hash_table_size(a->packets) > GS_RETRANSMIT_PACKETS);
    assert_int_equal(g_hash_table_size(a->packets), g_hash_table_size(b->packets));
    ask(f, b, (uint16_t)(b->newest - 101), 100);
    assert_int_equal(b->copies, 100);
    /* Too old. */
    ask(f, b, (uint16_t)(b->newest - GS_RETRANSMIT_PACKETS - 10), 5);
    assert_int_equal(b->copies, 100);
}

/* So many that the ring's numbers repeat themselves. */
static void send_many_to(struct fixture *f, struct peer *p, uint64_t n)
{
    struct gs_transport_counters begin, now;
    g_autoptr(GRand) rand = g_rand_new_with_seed(9);
    g_autoptr(GByteArray) au = gs_test_access_unit(rand, false, 20000);
    const struct gs_packet packet = {au->data, au->len, false, 0};

    p->forgets = true;
    gs_transport_counters(f->t, &begin);
    do {
        struct gs_frame_trace trace = {.frame_id = ++f->frame_id, .commit = gs_now_ns()};

        assert_int_equal(gs_transport_send(f->t, &packet, &trace), 0);
        receive(p);
        gs_transport_counters(f->t, &now);
    } while (now.packets < begin.packets + n);
}

/* One does not listen for a while: its numbers go on without a gap, and those that it had before
 * stand for packets that must not be made from what the other got meanwhile. */
static void test_numbers_after_a_pause(void **state)
{
    struct fixture *f = *state;
    struct peer *a = &f->peers[0], *b = &f->peers[1];
    uint16_t last;

    appear(f, a, true);
    appear(f, b, true);
    send_frame(f, true, 50000);
    last = b->newest;
    appear(f, b, false);
    send_many_to(f, a, 1 << 16);
    assert_int_equal(b->newest, last);
    ask(f, b, (uint16_t)(last - 20), 20);
    appear(f, b, true);
    /* It waits for an IDR. */
    send_frame(f, false, 5000);
    assert_int_equal(b->newest, last);
    ask(f, b, (uint16_t)(last - 20), 20);
    send_frame(f, true, 50000);
    assert_int_not_equal(b->newest, last);
    b->copies = 0;
    ask(f, b, (uint16_t)(last - 20), 20);
    assert_int_equal(b->copies, 0);
    ask(f, b, (uint16_t)(last + 1), 20);
    assert_int_equal(b->copies, 20);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sent_again_three_times_each),
        TEST(test_frame_larger_than_the_ring),
        TEST(test_numbers_after_a_pause),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
