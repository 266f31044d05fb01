/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "client/receive/assemble.h"
#include "common/clock.h"
#include "session/transport/packetize.h"
#include "tests/support/nals.h"

#define MS GS_NS_PER_MS

/* ---- a sender that keeps all it made ---- */

struct packet {
    struct gs_rtp_packet rtp;
    uint8_t payload[GS_PACKETIZER_MAX_PAYLOAD];
};

struct bench {
    GRand *rand;
    GPtrArray *packets; /* struct packet */
    GPtrArray *frames;  /* GByteArray; frame id - 1 is the index */
    uint16_t first_seq;

    struct gs_assembler *as;
    uint64_t now;
    struct gs_assembler_wish wish;
    uint32_t last_id; /* delivered */
    unsigned delivered, discontinuities;
    struct gs_picture_info info; /* of the last delivered */
};

static void take(void *user, const struct gs_access_unit *au)
{
    struct bench *b = user;
    const GByteArray *frame;

    assert_in_range(au->info.frame_id, b->last_id + 1, b->frames->len);
    frame = b->frames->pdata[au->info.frame_id - 1];
    assert_int_equal(au->size, frame->len);
    assert_memory_equal(au->data, frame->data, au->size);
    assert_int_equal(au->keyframe, (frame->data[4] & 0x1f) == 7);
    assert_int_equal(au->info.bytes, au->size);
    assert_true(au->info.first_packet <= au->info.complete && au->info.complete <= b->now);
    if (au->discontinuity) {
        assert_true(au->keyframe);
        b->discontinuities++;
    } else if (b->delivered) {
        assert_int_equal(au->info.frame_id, b->last_id + 1);
    }
    b->last_id = au->info.frame_id;
    b->info = au->info;
    b->delivered++;
}

static void bench_init(struct bench *b, uint32_t seed, uint16_t first_seq)
{
    const struct gs_receiver_listener listener = {.access_unit = take};

    *b = (struct bench){.first_seq = first_seq, .now = GS_NS_PER_S};
    b->rand = g_rand_new_with_seed(seed);
    b->packets = g_ptr_array_new_with_free_func(g_free);
    b->frames = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    b->as = gs_assembler_create(&listener, b, b->now);
    gs_assembler_set_rtt(b->as, 20 * MS);
}

static int setup(void **state)
{
    static struct bench b;

    bench_init(&b, 1, 0xfffe);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    gs_assembler_destroy(b->as);
    g_ptr_array_unref(b->packets);
    g_ptr_array_unref(b->frames);
    g_rand_free(b->rand);
    return 0;
}

/* Makes the next frame; returns the index of its first packet. */
static unsigned make_frame(struct bench *b, bool keyframe, size_t size)
{
    GByteArray *au = gs_test_access_unit(b->rand, keyframe, size);
    unsigned first = b->packets->len;
    struct gs_packetizer pk;

    g_ptr_array_add(b->frames, au);
    gs_packetizer_init(&pk, au->data, au->len);
    while (!pk.done) {
        struct packet *p = g_new0(struct packet, 1);

        p->rtp = (struct gs_rtp_packet){
            .marker = pk.last,
            .seq = (uint16_t)(b->first_seq + b->packets->len),
            .has_frame = true,
            .frame_id = b->frames->len,
            .input_id = 7,
            .capture_us = 1000 * b->frames->len,
            .has_stages = pk.last,
            .stages = {1, 2, 3, 4, 5, 6, 65535},
            .payload = p->payload,
        };
        p->rtp.payload_size = gs_packetizer_write(&pk, p->payload);
        g_ptr_array_add(b->packets, p);
    }
    return first;
}

static void push(struct bench *b, unsigned index)
{
    const struct packet *p = b->packets->pdata[index];

    gs_assembler_push(b->as, &p->rtp, b->now);
}

static void poll_wish(struct bench *b)
{
    gs_assembler_poll(b->as, b->now, &b->wish);
}

/* Makes a frame and pushes all of it but the packet at `hole` (-1: none); returns its first. */
static unsigned send_frame(struct bench *b, bool keyframe, size_t size, int hole)
{
    unsigned first = make_frame(b, keyframe, size);

    for (unsigned i = first; i < b->packets->len; i++)
        if ((int)(i - first) != hole)
            push(b, i);
    return first;
}

static struct gs_receiver_stats stats_of(struct bench *b)
{
    struct gs_receiver_stats stats = {0};

    gs_assembler_get_stats(b->as, &stats);
    return stats;
}

static uint16_t seq_of(struct bench *b, unsigned index)
{
    return (uint16_t)(b->first_seq + index);
}

/* ---- */

static void test_push_in_order(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 50; i++) {
        b->now += 16 * MS;
        send_frame(b, i == 0, i * 300 + 1, -1);
        assert_int_equal(b->delivered, i + 1);
        poll_wish(b);
        assert_int_equal(b->wish.n_nacks, 0);
        assert_false(b->wish.pli);
        assert_true(b->wish.next == UINT64_MAX);
    }
    assert_int_equal(b->discontinuities, 0);
    assert_int_equal(b->info.input_id, 7);
    assert_true(b->info.host_capture == 50 * MS);
    assert_true(b->info.stages[1] == 20000 && b->info.stages[6] == 655350000);
}

static void test_push_reordered_is_no_loss(void **state)
{
    struct bench *b = *state;
    unsigned first;

    send_frame(b, true, 5000, -1);
    first = make_frame(b, false, 4000);
    push(b, first + 1);
    push(b, first + 2);
    poll_wish(b);
    assert_int_equal(b->wish.n_nacks, 0);
    push(b, first);
    for (unsigned i = first + 3; i < b->packets->len; i++)
        push(b, i);
    assert_int_equal(b->delivered, 2);
    assert_int_equal(stats_of(b).packets_lost, 0);
}

static void test_poll_nack_after_later_packets(void **state)
{
    struct bench *b = *state;
    unsigned first;

    send_frame(b, true, 5000, -1);
    first = send_frame(b, false, 10000, 1);
    assert_int_equal(b->delivered, 1);
    poll_wish(b);
    assert_int_equal(b->wish.n_nacks, 1);
    assert_int_equal(b->wish.nacks[0], seq_of(b, first + 1));
    assert_true(b->wish.next == b->now + 24 * MS);
    poll_wish(b);
    assert_int_equal(b->wish.n_nacks, 0);
    b->now += 20 * MS;
    push(b, first + 1);
    assert_int_equal(b->delivered, 2);
    assert_true(b->info.complete == b->now && b->info.first_packet == b->now - 20 * MS);
    assert_int_equal(stats_of(b).packets_lost, 1);
    assert_int_equal(stats_of(b).packets_repaired, 1);
    assert_int_equal(stats_of(b).frames_lost, 0);
}

static void test_poll_nack_after_reorder_time(void **state)
{
    struct bench *b = *state;

    send_frame(b, true, 100, -1);
    make_frame(b, false, 1);
    send_frame(b, false, 1, -1);
    poll_wish(b);
    assert_int_equal(b->wish.n_nacks, 0);
    assert_true(b->wish.next == b->now + 2 * MS);
    b->now = b->wish.next;
    poll_wish(b);
    assert_int_equal(b->wish.n_nacks, 1);
    push(b, 1);
    assert_int_equal(b->delivered, 3);
}

static void test_poll_gives_up(void **state)
{
    struct bench *b = *state;
    unsigned nacks = 0;
    uint64_t lost_at;

    send_frame(b, true, 100, -1);
    lost_at = b->now;
    send_frame(b, false, 10000, 2);
    do {
        poll_wish(b);
        nacks += b->wish.n_nacks;
        if (b->wish.pli)
            break;
        assert_true(b->wish.next > b->now);
        b->now = b->wish.next;
    } while (true);
    assert_true(b->now == lost_at + 80 * MS);
    assert_int_equal(nacks, 4);
    send_frame(b, false, 3000, -1);
    assert_int_equal(b->delivered, 1);
    /* The PLI is repeated until a key frame comes. */
    poll_wish(b);
    assert_false(b->wish.pli);
    assert_true(b->wish.next == b->now + 100 * MS);
    b->now = b->wish.next;
    poll_wish(b);
    assert_true(b->wish.pli);
    send_frame(b, true, 3000, -1);
    assert_int_equal(b->delivered, 2);
    assert_int_equal(b->discontinuities, 1);
    assert_int_equal(stats_of(b).frames_lost, 2);
    poll_wish(b);
    assert_true(b->wish.next == UINT64_MAX);
}

static void test_poll_is_patient_on_short_path(void **state)
{
    struct bench *b = *state;
    uint64_t lost_at;
    unsigned nacks = 0;

    gs_assembler_set_rtt(b->as, MS);
    send_frame(b, true, 100, -1);
    lost_at = b->now;
    send_frame(b, false, 10000, 2);
    for (poll_wish(b); !b->wish.pli; poll_wish(b)) {
        nacks += b->wish.n_nacks;
        b->now = b->wish.next;
    }
    assert_int_equal(nacks, 4);
    assert_true(b->now == lost_at + 60 * MS);
}

static void test_push_keyframe_ends_the_gap(void **state)
{
    struct bench *b = *state;

    send_frame(b, true, 100, -1);
    send_frame(b, false, 10000, 2);
    gs_assembler_request_keyframe(b->as, b->now);
    poll_wish(b);
    assert_true(b->wish.pli);
    make_frame(b, false, 5000);
    /* Nothing before it is needed any more. */
    send_frame(b, true, 10000, -1);
    assert_int_equal(b->delivered, 2);
    assert_int_equal(b->last_id, 4);
    assert_int_equal(b->discontinuities, 1);
    poll_wish(b);
    assert_int_equal(b->wish.n_nacks, 0);
    assert_int_equal(stats_of(b).frames_lost, 2);
}

static void test_push_first_packets_lost(void **state)
{
    struct bench *b = *state;
    unsigned n;

    make_frame(b, true, 8000);
    n = b->packets->len;
    for (unsigned i = 2; i < n; i++)
        push(b, i);
    assert_int_equal(b->delivered, 0);
    b->now += 2 * MS;
    poll_wish(b);
    assert_int_equal(b->wish.n_nacks, 1);
    assert_int_equal(b->wish.nacks[0], seq_of(b, 1));
    push(b, 1);
    b->now += 2 * MS;
    poll_wish(b);
    assert_int_equal(b->wish.n_nacks, 1);
    push(b, 0);
    assert_int_equal(b->delivered, 1);
    assert_int_equal(b->discontinuities, 0);
}

static void test_push_begins_without_keyframe(void **state)
{
    struct bench *b = *state;

    while (b->now < GS_NS_PER_S + 200 * MS) {
        b->now += 10 * MS;
        send_frame(b, false, 100, -1);
        poll_wish(b);
        if (b->wish.pli)
            break;
    }
    assert_true(b->wish.pli);
    assert_int_equal(b->delivered, 0);
    send_frame(b, true, 100, -1);
    send_frame(b, false, 100, -1);
    assert_int_equal(b->delivered, 2);
}

static void test_poll_nothing_came(void **state)
{
    struct bench *b = *state;
    struct gs_assembler_report report;

    poll_wish(b);
    assert_false(b->wish.pli);
    assert_true(b->wish.next == b->now + 250 * MS);
    b->now = b->wish.next;
    poll_wish(b);
    assert_true(b->wish.pli);
    assert_false(gs_assembler_report(b->as, &report));
}

static void test_push_twice(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 10; i++) {
        unsigned first = send_frame(b, i == 0, 5000, 3);

        push(b, first);
        push(b, first + 3);
        push(b, first + 3);
        push(b, 0);
        assert_int_equal(b->delivered, i + 1);
    }
}

static void test_push_malformed_frame(void **state)
{
    static const uint8_t bad[] = {0x7c, 0xc5, 1};
    struct bench *b = *state;
    struct packet *p;

    send_frame(b, true, 100, -1);
    p = b->packets->pdata[make_frame(b, false, 1)];
    p->rtp.payload_size = sizeof(bad);
    memcpy(p->payload, bad, sizeof(bad));
    push(b, b->packets->len - 1);
    poll_wish(b);
    assert_true(b->wish.pli);
    send_frame(b, false, 100, -1);
    send_frame(b, true, 100, -1);
    assert_int_equal(b->delivered, 2);
    assert_int_equal(stats_of(b).frames_lost, 2);
}

static void test_push_beyond_window(void **state)
{
    struct bench *b = *state;

    send_frame(b, true, 100, -1);
    make_frame(b, false, GS_ASSEMBLER_WINDOW * GS_PACKETIZER_MAX_PAYLOAD);
    send_frame(b, false, 100, -1);
    poll_wish(b);
    assert_true(b->wish.pli);
    send_frame(b, true, 100, -1);
    assert_int_equal(b->delivered, 2);
    assert_int_equal(stats_of(b).frames_lost, 2);
}

static void test_push_after_outage(void **state)
{
    struct bench *b = *state;

    send_frame(b, true, 100, -1);
    for (unsigned i = 0; i < 16; i++)
        make_frame(b, false, 1000);
    send_frame(b, false, 100, -1);
    /* Too many to ask for. */
    poll_wish(b);
    assert_true(b->wish.pli);
    assert_int_equal(b->wish.n_nacks, 0);
    send_frame(b, true, 100, -1);
    assert_int_equal(b->delivered, 2);
    assert_int_equal(stats_of(b).frames_lost, 17);
}

static void test_push_frame_never_sent(void **state)
{
    struct bench *b = *state;

    send_frame(b, true, 100, -1);
    for (unsigned round = 0; round < 2; round++) {
        /* A frame without packets: the sequence numbers go on, the ids do not. */
        g_ptr_array_add(b->frames, gs_test_access_unit(b->rand, false, 1));
        send_frame(b, round == 0, 100, -1);
    }
    assert_int_equal(b->delivered, 2);
    assert_int_equal(b->discontinuities, 1);
    poll_wish(b);
    assert_true(b->wish.pli);
    send_frame(b, true, 100, -1);
    assert_int_equal(b->delivered, 3);
    assert_int_equal(stats_of(b).frames_lost, 3);
}

static void test_push_oversized_payload(void **state)
{
    static uint8_t big[GS_ASSEMBLER_MAX_PAYLOAD + 1];
    const struct gs_rtp_packet p = {.payload = big, .payload_size = sizeof(big)};
    struct bench *b = *state;

    gs_assembler_push(b->as, &p, b->now);
    send_frame(b, true, 100, -1);
    assert_int_equal(b->delivered, 1);
}

static void test_poll_keyframe_tail_lost(void **state)
{
    struct bench *b = *state;
    unsigned first = make_frame(b, true, 5000);

    for (unsigned i = first; i + 1 < b->packets->len; i++)
        push(b, i);
    b->now += 60 * MS;
    poll_wish(b);
    assert_false(b->wish.pli);
    /* Nothing more of it comes: ask for another one after all. */
    while (!b->wish.pli) {
        assert_true(b->wish.next != UINT64_MAX);
        b->now = b->wish.next;
        poll_wish(b);
    }
    assert_true(b->now <= GS_NS_PER_S + 250 * MS);
    send_frame(b, true, 5000, -1);
    poll_wish(b);
    b->now += 80 * MS;
    poll_wish(b);
    assert_int_equal(b->delivered, 1);
    assert_int_equal(b->last_id, 2);
}

static void test_report_counts(void **state)
{
    struct gs_assembler_report report;
    struct bench *b = *state;

    make_frame(b, true, 11000);
    for (unsigned i = 0; i < 8; i++)
        if (i != 3 && i != 5)
            push(b, i);
    assert_true(gs_assembler_report(b->as, &report));
    assert_int_equal(report.highest_seq, 0xfffe + 7);
    assert_int_equal(report.cumulative_lost, 2);
    assert_int_equal(report.fraction_lost, 2 * 256 / 8);
    push(b, 3);
    push(b, 8);
    assert_true(gs_assembler_report(b->as, &report));
    assert_int_equal(report.cumulative_lost, 1);
    assert_int_equal(report.fraction_lost, 0);
}

/* ---- against a bad network ---- */

struct event {
    uint64_t due;
    unsigned index;
};

static gint by_due(gconstpointer a, gconstpointer b, gpointer user)
{
    const struct event *x = a, *y = b;

    (void)user;
    /* After those that are due at the same time. */
    return x->due <= y->due ? -1 : 1;
}

struct network {
    double loss, reorder, duplicate;
    uint64_t delay;
    GQueue queue; /* struct event */
};

static void transmit(struct bench *b, struct network *net, unsigned index)
{
    unsigned copies = g_rand_double(b->rand) < net->duplicate ? 2 : 1;

    for (unsigned i = 0; i < copies; i++) {
        struct event *e = g_new(struct event, 1);

        *e = (struct event){b->now + net->delay, index};
        if (g_rand_double(b->rand) < net->reorder)
            e->due += (uint64_t)g_rand_int_range(b->rand, 1, 10) * MS;
        if (g_rand_double(b->rand) < net->loss)
            g_free(e);
        else
            g_queue_insert_sorted(&net->queue, e, by_due, NULL);
    }
}

static void arrive(struct bench *b, struct network *net)
{
    struct event *e;

    while ((e = g_queue_peek_head(&net->queue)) && e->due <= b->now) {
        push(b, e->index);
        g_free(g_queue_pop_head(&net->queue));
    }
}

/* One tick is a millisecond; a frame each 10; the way back takes no time and loses nothing. */
static void run_network(struct bench *b, struct network *net, unsigned ticks, bool *keyframe)
{
    for (unsigned t = 0; t < ticks; t++, b->now += MS) {
        if (t % 10 == 0) {
            size_t size = 1u << g_rand_int_range(b->rand, 1, 15);

            for (unsigned i = make_frame(b, *keyframe, size); i < b->packets->len; i++)
                transmit(b, net, i);
            *keyframe = false;
        }
        arrive(b, net);
        poll_wish(b);
        for (unsigned i = 0; i < b->wish.n_nacks; i++) {
            /* The nearest packet that was sent with that number. */
            unsigned index = (uint16_t)(b->wish.nacks[i] - b->first_seq);

            while (index + 65536 < b->packets->len)
                index += 65536;
            if (index < b->packets->len)
                transmit(b, net, index);
        }
        *keyframe |= b->wish.pli;
    }
}

static void check_network(uint32_t seed, double loss)
{
    struct network net = {.loss = loss, .reorder = 0.1, .duplicate = 0.05, .delay = 10 * MS};
    struct gs_receiver_stats stats;
    bool keyframe = true;
    struct bench b;

    bench_init(&b, seed, (uint16_t)(seed * 12345));
    g_queue_init(&net.queue);
    run_network(&b, &net, 3000, &keyframe);
    /* Then all is well again, and so everything comes to rest. */
    net.loss = 0;
    run_network(&b, &net, 500, &keyframe);
    for (unsigned t = 0; t < 300; t++, b.now += MS) {
        arrive(&b, &net);
        poll_wish(&b);
    }
    stats = stats_of(&b);
    assert_int_equal(b.last_id, b.frames->len);
    assert_int_equal(stats.frames, b.delivered);
    assert_int_equal(stats.frames + stats.frames_lost, b.frames->len);
    assert_true(stats.packets_repaired <= stats.packets_lost);
    if (loss > 0 && loss <= 0.05) {
        assert_true(stats.packets_repaired > 0);
        assert_in_range(stats.keyframes, 1, 3);
    }
    g_queue_clear_full(&net.queue, g_free);
    teardown((void **)&(struct bench *){&b});
}

static void test_network_every_frame_accounted(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= 8; seed++) {
        check_network(seed, 0);
        check_network(seed, 0.01);
        check_network(seed, 0.05);
        check_network(seed, 0.4);
    }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_push_in_order),
        TEST(test_push_reordered_is_no_loss),
        TEST(test_poll_nack_after_later_packets),
        TEST(test_poll_nack_after_reorder_time),
        TEST(test_poll_gives_up),
        TEST(test_poll_is_patient_on_short_path),
        TEST(test_push_keyframe_ends_the_gap),
        TEST(test_push_first_packets_lost),
        TEST(test_push_begins_without_keyframe),
        TEST(test_poll_nothing_came),
        TEST(test_push_twice),
        TEST(test_push_malformed_frame),
        TEST(test_push_beyond_window),
        TEST(test_push_after_outage),
        TEST(test_push_frame_never_sent),
        TEST(test_push_oversized_payload),
        TEST(test_poll_keyframe_tail_lost),
        TEST(test_report_counts),
        cmocka_unit_test(test_network_every_frame_accounted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
