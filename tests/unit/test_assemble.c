/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "tests/support/assemble_bench.h"
#include "tests/support/nals.h"

static int setup(void **state)
{
    static struct bench b;

    bench_init(&b, 1, 0xfffe);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    bench_clear(*state);
    return 0;
}

static uint16_t seq_of(struct bench *b, unsigned index)
{
    return (uint16_t)(b->first_seq + index);
}

static void test_push_in_order(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 50; i++) {
        b->now += 16 * MS;
        bench_send_frame(b, i == 0, i * 300 + 1, -1);
        assert_int_equal(b->delivered, i + 1);
        bench_poll(b);
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

    bench_send_frame(b, true, 5000, -1);
    first = bench_make_frame(b, false, 4000);
    bench_push(b, first + 1);
    bench_push(b, first + 2);
    bench_poll(b);
    assert_int_equal(b->wish.n_nacks, 0);
    bench_push(b, first);
    for (unsigned i = first + 3; i < b->packets->len; i++)
        bench_push(b, i);
    assert_int_equal(b->delivered, 2);
    assert_int_equal(bench_stats(b).packets_lost, 0);
}

static void test_poll_nack_after_later_packets(void **state)
{
    struct bench *b = *state;
    unsigned first;

    bench_send_frame(b, true, 5000, -1);
    first = bench_send_frame(b, false, 10000, 1);
    assert_int_equal(b->delivered, 1);
    bench_poll(b);
    assert_int_equal(b->wish.n_nacks, 1);
    assert_int_equal(b->wish.nacks[0], seq_of(b, first + 1));
    assert_true(b->wish.next == b->now + 24 * MS);
    bench_poll(b);
    assert_int_equal(b->wish.n_nacks, 0);
    b->now += 20 * MS;
    bench_push(b, first + 1);
    assert_int_equal(b->delivered, 2);
    assert_true(b->info.complete == b->now && b->info.first_packet == b->now - 20 * MS);
    assert_int_equal(bench_stats(b).packets_lost, 1);
    assert_int_equal(bench_stats(b).packets_repaired, 1);
    assert_int_equal(bench_stats(b).frames_lost, 0);
}

static void test_poll_nack_after_reorder_time(void **state)
{
    struct bench *b = *state;

    bench_send_frame(b, true, 100, -1);
    bench_make_frame(b, false, 1);
    bench_send_frame(b, false, 1, -1);
    bench_poll(b);
    assert_int_equal(b->wish.n_nacks, 0);
    assert_true(b->wish.next == b->now + 2 * MS);
    b->now = b->wish.next;
    bench_poll(b);
    assert_int_equal(b->wish.n_nacks, 1);
    bench_push(b, 1);
    assert_int_equal(b->delivered, 3);
}

static void test_poll_gives_up(void **state)
{
    struct bench *b = *state;
    unsigned nacks = 0;
    uint64_t lost_at;

    bench_send_frame(b, true, 100, -1);
    lost_at = b->now;
    bench_send_frame(b, false, 10000, 2);
    do {
        bench_poll(b);
        nacks += b->wish.n_nacks;
        if (b->wish.pli)
            break;
        assert_true(b->wish.next > b->now);
        b->now = b->wish.next;
    } while (true);
    assert_true(b->now == lost_at + 80 * MS);
    assert_int_equal(nacks, 4);
    bench_send_frame(b, false, 3000, -1);
    assert_int_equal(b->delivered, 1);
    /* The PLI is repeated until a key frame comes. */
    bench_poll(b);
    assert_false(b->wish.pli);
    assert_true(b->wish.next == b->now + 100 * MS);
    b->now = b->wish.next;
    bench_poll(b);
    assert_true(b->wish.pli);
    bench_send_frame(b, true, 3000, -1);
    assert_int_equal(b->delivered, 2);
    assert_int_equal(b->discontinuities, 1);
    assert_int_equal(bench_stats(b).frames_lost, 2);
    bench_poll(b);
    assert_true(b->wish.next == UINT64_MAX);
}

static void test_poll_is_patient_on_short_path(void **state)
{
    struct bench *b = *state;
    uint64_t lost_at;
    unsigned nacks = 0;

    gs_assembler_set_rtt(b->as, MS);
    bench_send_frame(b, true, 100, -1);
    lost_at = b->now;
    bench_send_frame(b, false, 10000, 2);
    for (bench_poll(b); !b->wish.pli; bench_poll(b)) {
        nacks += b->wish.n_nacks;
        b->now = b->wish.next;
    }
    assert_int_equal(nacks, 4);
    assert_true(b->now == lost_at + 60 * MS);
}

static void test_push_keyframe_ends_the_gap(void **state)
{
    struct bench *b = *state;

    bench_send_frame(b, true, 100, -1);
    bench_send_frame(b, false, 10000, 2);
    gs_assembler_request_keyframe(b->as, b->now);
    bench_poll(b);
    assert_true(b->wish.pli);
    bench_make_frame(b, false, 5000);
    /* Nothing before it is needed any more. */
    bench_send_frame(b, true, 10000, -1);
    assert_int_equal(b->delivered, 2);
    assert_int_equal(b->last_id, 4);
    assert_int_equal(b->discontinuities, 1);
    bench_poll(b);
    assert_int_equal(b->wish.n_nacks, 0);
    assert_int_equal(bench_stats(b).frames_lost, 2);
}

static void test_push_first_packets_lost(void **state)
{
    struct bench *b = *state;
    unsigned n;

    bench_make_frame(b, true, 8000);
    n = b->packets->len;
    for (unsigned i = 2; i < n; i++)
        bench_push(b, i);
    assert_int_equal(b->delivered, 0);
    b->now += 2 * MS;
    bench_poll(b);
    assert_int_equal(b->wish.n_nacks, 1);
    assert_int_equal(b->wish.nacks[0], seq_of(b, 1));
    bench_push(b, 1);
    b->now += 2 * MS;
    bench_poll(b);
    assert_int_equal(b->wish.n_nacks, 1);
    bench_push(b, 0);
    assert_int_equal(b->delivered, 1);
    assert_int_equal(b->discontinuities, 0);
}

static void test_push_begins_without_keyframe(void **state)
{
    struct bench *b = *state;

    while (b->now < GS_NS_PER_S + 200 * MS) {
        b->now += 10 * MS;
        bench_send_frame(b, false, 100, -1);
        bench_poll(b);
        if (b->wish.pli)
            break;
    }
    assert_true(b->wish.pli);
    assert_int_equal(b->delivered, 0);
    bench_send_frame(b, true, 100, -1);
    bench_send_frame(b, false, 100, -1);
    assert_int_equal(b->delivered, 2);
}

static void test_poll_nothing_came(void **state)
{
    struct bench *b = *state;
    struct gs_assembler_report report;

    bench_poll(b);
    assert_false(b->wish.pli);
    assert_true(b->wish.next == b->now + 250 * MS);
    b->now = b->wish.next;
    bench_poll(b);
    assert_true(b->wish.pli);
    assert_false(gs_assembler_report(b->as, &report));
}

static void test_push_twice(void **state)
{
    struct bench *b = *state;

    for (unsigned i = 0; i < 10; i++) {
        unsigned first = bench_send_frame(b, i == 0, 5000, 3);

        bench_push(b, first);
        bench_push(b, first + 3);
        bench_push(b, first + 3);
        bench_push(b, 0);
        assert_int_equal(b->delivered, i + 1);
    }
}

static void test_push_malformed_frame(void **state)
{
    static const uint8_t bad[] = {0x7c, 0xc5, 1};
    struct bench *b = *state;
    struct packet *p;

    bench_send_frame(b, true, 100, -1);
    p = b->packets->pdata[bench_make_frame(b, false, 1)];
    p->rtp.payload_size = sizeof(bad);
    memcpy(p->payload, bad, sizeof(bad));
    bench_push(b, b->packets->len - 1);
    bench_poll(b);
    assert_true(b->wish.pli);
    bench_send_frame(b, false, 100, -1);
    bench_send_frame(b, true, 100, -1);
    assert_int_equal(b->delivered, 2);
    assert_int_equal(bench_stats(b).frames_lost, 2);
}

static void test_push_beyond_window(void **state)
{
    struct bench *b = *state;

    bench_send_frame(b, true, 100, -1);
    bench_make_frame(b, false, GS_ASSEMBLER_WINDOW * GS_PACKETIZER_MAX_PAYLOAD);
    bench_send_frame(b, false, 100, -1);
    bench_poll(b);
    assert_true(b->wish.pli);
    bench_send_frame(b, true, 100, -1);
    assert_int_equal(b->delivered, 2);
    assert_int_equal(bench_stats(b).frames_lost, 2);
}

static void test_push_after_outage(void **state)
{
    struct bench *b = *state;

    bench_send_frame(b, true, 100, -1);
    for (unsigned i = 0; i < 16; i++)
        bench_make_frame(b, false, 1000);
    bench_send_frame(b, false, 100, -1);
    /* Too many to ask for. */
    bench_poll(b);
    assert_true(b->wish.pli);
    assert_int_equal(b->wish.n_nacks, 0);
    bench_send_frame(b, true, 100, -1);
    assert_int_equal(b->delivered, 2);
    assert_int_equal(bench_stats(b).frames_lost, 17);
}

static void test_push_frame_never_sent(void **state)
{
    struct bench *b = *state;

    bench_send_frame(b, true, 100, -1);
    for (unsigned round = 0; round < 2; round++) {
        /* A frame without packets: the sequence numbers go on, the ids do not. */
        g_ptr_array_add(b->frames, gs_test_access_unit(b->rand, false, 1));
        bench_send_frame(b, round == 0, 100, -1);
    }
    assert_int_equal(b->delivered, 2);
    assert_int_equal(b->discontinuities, 1);
    bench_poll(b);
    assert_true(b->wish.pli);
    bench_send_frame(b, true, 100, -1);
    assert_int_equal(b->delivered, 3);
    assert_int_equal(bench_stats(b).frames_lost, 3);
}

static void test_push_oversized_payload(void **state)
{
    static uint8_t big[GS_ASSEMBLER_MAX_PAYLOAD + 1];
    const struct gs_rtp_packet p = {.payload = big, .payload_size = sizeof(big)};
    struct bench *b = *state;

    gs_assembler_push(b->as, &p, b->now);
    bench_send_frame(b, true, 100, -1);
    assert_int_equal(b->delivered, 1);
}

static void test_poll_keyframe_tail_lost(void **state)
{
    struct bench *b = *state;
    unsigned first = bench_make_frame(b, true, 5000);

    for (unsigned i = first; i + 1 < b->packets->len; i++)
        bench_push(b, i);
    b->now += 60 * MS;
    bench_poll(b);
    assert_false(b->wish.pli);
    /* Nothing more of it comes: ask for another one after all. */
    while (!b->wish.pli) {
        assert_true(b->wish.next != UINT64_MAX);
        b->now = b->wish.next;
        bench_poll(b);
    }
    assert_true(b->now <= GS_NS_PER_S + 250 * MS);
    bench_send_frame(b, true, 5000, -1);
    bench_poll(b);
    b->now += 80 * MS;
    bench_poll(b);
    assert_int_equal(b->delivered, 1);
    assert_int_equal(b->last_id, 2);
}

static void test_report_counts(void **state)
{
    struct gs_assembler_report report;
    struct bench *b = *state;

    bench_make_frame(b, true, 11000);
    for (unsigned i = 0; i < 8; i++)
        if (i != 3 && i != 5)
            bench_push(b, i);
    assert_true(gs_assembler_report(b->as, &report));
    assert_int_equal(report.highest_seq, 0xfffe + 7);
    assert_int_equal(report.cumulative_lost, 2);
    assert_int_equal(report.fraction_lost, 2 * 256 / 8);
    bench_push(b, 3);
    bench_push(b, 8);
    assert_true(gs_assembler_report(b->as, &report));
    assert_int_equal(report.cumulative_lost, 1);
    assert_int_equal(report.fraction_lost, 0);
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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
