/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "encoder/h264.h"
#include "encoder/headers.h"
#include "tests/support/mock/mock_bits.h"

/* From x264: 1366×768 High, BT.709 limited, two reorder frames, four references. */
static const uint8_t sps_reorder[] = {0x67, 0x64, 0x00, 0x20, 0xac, 0xd9, 0x40, 0x56, 0x06, 0x1e,
                                      0x6f, 0x01, 0x6a, 0x02, 0x02, 0x02, 0x80, 0x00, 0x00, 0x03,
                                      0x00, 0x80, 0x00, 0x00, 0x1e, 0x07, 0x8c, 0x18, 0xcb};
/* The same picture interlaced, with HRD parameters. */
static const uint8_t sps_hrd[] = {0x67, 0x64, 0x00, 0x20, 0xac, 0xd9, 0x40, 0x56, 0x0c, 0x3c,
                                  0xde, 0x03, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00,
                                  0x03, 0x03, 0xc6, 0x04, 0x00, 0x01, 0x31, 0x2d, 0x00, 0x00,
                                  0x98, 0x96, 0xa4, 0xc3, 0x00, 0xf8, 0xb1, 0x6c, 0xb0};
static const uint8_t pps[] = {0x68, 0xce, 0x0f, 0xc8};
static const uint8_t aud[] = {0x09, 0x10};
static const uint8_t sei[] = {0x06, 0x05, 0x01, 0xaa, 0x80};
static const uint8_t idr[] = {0x65, 0x88, 0x84, 0x01};

/* 64×64 Constrained Baseline without a VUI; one reference. */
static GByteArray *sps_bare(void)
{
    struct mock_bits b = {.bytes = g_byte_array_new()};

    mock_put(&b, 0x6742c01f, 32);
    mock_put_ue(&b, 0);
    mock_put_ue(&b, 0);
    mock_put_ue(&b, 2);
    mock_put_ue(&b, 1);
    mock_put(&b, 0, 1);
    mock_put_ue(&b, 3);
    mock_put_ue(&b, 3);
    mock_put(&b, 6, 3);
    mock_put(&b, 0, 2);
    mock_end(&b);
    return b.bytes;
}

static void assert_completed(const uint8_t *in, size_t size, struct gs_h264_sps *ret)
{
    struct gs_h264_sps before;
    uint8_t out[GS_H264_SPS_MAX], again[GS_H264_SPS_MAX];
    int n = gs_h264_complete_sps(in, size, out, sizeof(out));

    assert_true(n > 0);
    assert_int_equal(gs_h264_parse_sps(in, size, &before), 0);
    assert_int_equal(gs_h264_parse_sps(out, (size_t)n, ret), 0);
    assert_false(gs_h264_sps_tells_all(&before));
    assert_true(gs_h264_sps_tells_all(ret));
    assert_true(ret->has_chroma_loc);
    assert_int_equal(ret->width, before.width);
    assert_int_equal(ret->height, before.height);
    assert_int_equal(ret->profile, before.profile);
    assert_int_equal(ret->level, before.level);
    assert_int_equal(ret->max_num_ref_frames, before.max_num_ref_frames);
    assert_int_equal(ret->max_dec_frame_buffering, before.max_num_ref_frames);
    assert_int_equal(gs_h264_complete_sps(out, (size_t)n, again, sizeof(again)), n);
    assert_memory_equal(out, again, (size_t)n);
}

static void test_complete_sps(void **state)
{
    g_autoptr(GByteArray) bare = sps_bare();
    struct gs_h264_sps sps;

    (void)state;
    assert_completed(sps_reorder, sizeof(sps_reorder), &sps);
    assert_int_equal(sps.max_dec_frame_buffering, 4);
    assert_completed(sps_hrd, sizeof(sps_hrd), &sps);
    assert_completed(bare->data, bare->len, &sps);
    assert_int_equal(sps.max_dec_frame_buffering, 1);
}

/* Timing and HRD stay: SEI messages are written for them. */
static void test_complete_sps_keeps_the_rest(void **state)
{
    uint8_t out[GS_H264_SPS_MAX];
    int n = gs_h264_complete_sps(sps_hrd, sizeof(sps_hrd), out, sizeof(out));

    (void)state;
    assert_true(n > 0);
    /* All up to the colour, which came before the timing: one byte in eight may hold both. */
    assert_memory_equal(out, sps_hrd, 11);
    assert_true((size_t)n >= sizeof(sps_hrd));
}

static void test_complete_sps_errors(void **state)
{
    uint8_t out[GS_H264_SPS_MAX];

    (void)state;
    for (size_t size = 0; size < sizeof(sps_reorder) - 4; size++)
        assert_int_equal(gs_h264_complete_sps(sps_reorder, size, out, sizeof(out)), -EBADMSG);
    for (size_t room = 0; room < sizeof(sps_reorder); room++)
        assert_int_equal(gs_h264_complete_sps(sps_reorder, sizeof(sps_reorder), out, room),
                         -ENOSPC);
    assert_int_equal(gs_h264_complete_sps(pps, sizeof(pps), out, sizeof(out)), -EBADMSG);
}

static void append(GByteArray *to, const uint8_t *nal, size_t size)
{
    g_byte_array_append(to, (const uint8_t[]){0, 0, 0, 1}, 4);
    g_byte_array_append(to, nal, (guint)size);
}

static const struct gs_nal *unit(const struct gs_packet *pkt, unsigned n)
{
    static struct gs_nal nal;
    size_t pos = 0;

    for (unsigned i = 0; i <= n; i++)
        if (!gs_h264_next_nal(pkt->data, pkt->size, &pos, &nal))
            return NULL;
    return &nal;
}

static void assert_types(const struct gs_packet *pkt, const uint8_t *types, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        assert_non_null(unit(pkt, i));
        assert_int_equal(unit(pkt, i)->type, types[i]);
    }
    assert_null(unit(pkt, n));
}

static void test_poor_keyframe(void **state)
{
    static const uint8_t types[] = {GS_NAL_SPS, GS_NAL_PPS, GS_NAL_SEI, GS_NAL_IDR};
    g_autoptr(GByteArray) bytes = g_byte_array_new(), bare = sps_bare();
    struct gs_headers headers = {0};
    struct gs_packet pkt;
    struct gs_h264_sps sps;

    (void)state;
    append(bytes, aud, sizeof(aud));
    append(bytes, bare->data, bare->len);
    append(bytes, pps, sizeof(pps));
    append(bytes, sei, sizeof(sei));
    append(bytes, idr, sizeof(idr));
    pkt = (struct gs_packet){bytes->data, bytes->len, true, 0};
    assert_int_equal(gs_headers_apply(&headers, &pkt), 0);
    assert_types(&pkt, types, GS_ARRAY_SIZE(types));
    assert_int_equal(gs_h264_parse_sps(unit(&pkt, 0)->data, unit(&pkt, 0)->size, &sps), 0);
    assert_true(gs_h264_sps_tells_all(&sps));
    assert_memory_equal(unit(&pkt, 1)->data, pps, sizeof(pps));
    assert_memory_equal(unit(&pkt, 3)->data, idr, sizeof(idr));
    gs_headers_finish(&headers);
}

/* A driver that writes the sets once only: they come again. */
static void test_keyframe_without_sets(void **state)
{
    static const uint8_t types[] = {GS_NAL_SPS, GS_NAL_PPS, GS_NAL_IDR};
    g_autoptr(GByteArray) first = g_byte_array_new(), second = g_byte_array_new();
    g_autoptr(GByteArray) bare = sps_bare();
    struct gs_headers headers = {0};
    struct gs_packet pkt;

    (void)state;
    append(second, idr, sizeof(idr));
    pkt = (struct gs_packet){second->data, second->len, true, 0};
    assert_int_equal(gs_headers_apply(&headers, &pkt), -EPROTO);
    append(first, bare->data, bare->len);
    append(first, pps, sizeof(pps));
    append(first, idr, sizeof(idr));
    pkt = (struct gs_packet){first->data, first->len, true, 0};
    assert_int_equal(gs_headers_apply(&headers, &pkt), 0);
    pkt = (struct gs_packet){second->data, second->len, true, 0};
    assert_int_equal(gs_headers_apply(&headers, &pkt), 0);
    assert_types(&pkt, types, GS_ARRAY_SIZE(types));
    gs_headers_finish(&headers);
}

/* What is in order stays where it is. */
static void test_good_packets_stay(void **state)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new(), bare = sps_bare();
    uint8_t sps[GS_H264_SPS_MAX];
    int n = gs_h264_complete_sps(bare->data, bare->len, sps, sizeof(sps));
    struct gs_headers headers = {0};
    struct gs_packet pkt;

    (void)state;
    assert_true(n > 0);
    append(bytes, sps, (size_t)n);
    append(bytes, pps, sizeof(pps));
    append(bytes, idr, sizeof(idr));
    pkt = (struct gs_packet){bytes->data, bytes->len, true, 0};
    assert_int_equal(gs_headers_apply(&headers, &pkt), 0);
    assert_ptr_equal(pkt.data, bytes->data);
    assert_int_equal(pkt.size, bytes->len);
    pkt = (struct gs_packet){idr, sizeof(idr), false, 0};
    assert_int_equal(gs_headers_apply(&headers, &pkt), 0);
    assert_ptr_equal(pkt.data, idr);
    gs_headers_finish(&headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_complete_sps),
        cmocka_unit_test(test_complete_sps_keeps_the_rest),
        cmocka_unit_test(test_complete_sps_errors),
        cmocka_unit_test(test_poor_keyframe),
        cmocka_unit_test(test_keyframe_without_sets),
        cmocka_unit_test(test_good_packets_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
