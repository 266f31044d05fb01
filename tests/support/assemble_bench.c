/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/assemble_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/nals.h"

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

void bench_init(struct bench *b, uint32_t seed, uint16_t first_seq)
{
    const struct gs_receiver_listener listener = {.access_unit = take};

    *b = (struct bench){.first_seq = first_seq, .now = GS_NS_PER_S};
    b->rand = g_rand_new_with_seed(seed);
    b->packets = g_ptr_array_new_with_free_func(g_free);
    b->frames = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    b->as = gs_assembler_create(&listener, b, b->now);
    gs_assembler_set_rtt(b->as, 20 * MS);
}

void bench_clear(struct bench *b)
{
    gs_assembler_destroy(b->as);
    g_ptr_array_unref(b->packets);
    g_ptr_array_unref(b->frames);
    g_rand_free(b->rand);
}

unsigned bench_make_frame(struct bench *b, bool keyframe, size_t size)
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

void bench_push(struct bench *b, unsigned index)
{
    const struct packet *p = b->packets->pdata[index];

    gs_assembler_push(b->as, &p->rtp, b->now);
}

void bench_poll(struct bench *b)
{
    gs_assembler_poll(b->as, b->now, &b->wish);
}

unsigned bench_send_frame(struct bench *b, bool keyframe, size_t size, int hole)
{
    unsigned first = bench_make_frame(b, keyframe, size);

    for (unsigned i = first; i < b->packets->len; i++)
        if ((int)(i - first) != hole)
            bench_push(b, i);
    return first;
}

struct gs_receiver_stats bench_stats(struct bench *b)
{
    struct gs_receiver_stats stats = {0};

    gs_assembler_get_stats(b->as, &stats);
    return stats;
}
