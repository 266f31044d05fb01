/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "encoder/h264.h"

/* From x264: 1366×768 High, BT.709 limited, two reorder frames. */
static const uint8_t sps_x264[] = {0x67, 0x64, 0x00, 0x20, 0xac, 0xd9, 0x40, 0x56, 0x06, 0x1e,
                                   0x6f, 0x01, 0x6a, 0x02, 0x02, 0x02, 0x80, 0x00, 0x00, 0x03,
                                   0x00, 0x80, 0x00, 0x00, 0x1e, 0x07, 0x8c, 0x18, 0xcb};
/* The same picture interlaced, with HRD parameters. */
static const uint8_t sps_hrd[] = {0x67, 0x64, 0x00, 0x20, 0xac, 0xd9, 0x40, 0x56, 0x0c, 0x3c,
                                  0xde, 0x03, 0x10, 0x00, 0x00, 0x03, 0x00, 0x10, 0x00, 0x00,
                                  0x03, 0x03, 0xc6, 0x04, 0x00, 0x01, 0x31, 0x2d, 0x00, 0x00,
                                  0x98, 0x96, 0xa4, 0xc3, 0x00, 0xf8, 0xb1, 0x6c, 0xb0};
/* 320×240 in 4:4:4. */
static const uint8_t sps_444[] = {0x67, 0xf4, 0x00, 0x0d, 0x91, 0x9b, 0x28, 0x28, 0x3f,
                                  0x60, 0x22, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00,
                                  0x03, 0x00, 0x78, 0x1e, 0x28, 0x53, 0x2c};

/* Writes the bits of an SPS, without emulation prevention. */
struct sps_writer {
    uint8_t data[512];
    size_t bits;
};

static void put(struct sps_writer *w, unsigned n, uint32_t v)
{
    while (n--) {
        w->data[w->bits / 8] |= (uint8_t)((v >> n & 1) << (7 - w->bits % 8));
        w->bits++;
    }
}

static void put_ue(struct sps_writer *w, uint32_t v)
{
    unsigned n = 0;

    while ((v + 1) >> (n + 1))
        n++;
    put(w, n, 0);
    put(w, n + 1, v + 1);
}

static void put_head(struct sps_writer *w, uint8_t profile)
{
    put(w, 8, 0x67);
    put(w, 8, profile);
    put(w, 8, 0);
    put(w, 8, 31);
    put_ue(w, 0);
}

/* From num_ref_frames to the cropping, 64×64, with crop units on the right side. */
static void put_size(struct sps_writer *w, uint32_t crop)
{
    put_ue(w, 1);
    put(w, 1, 0);
    put_ue(w, 3);
    put_ue(w, 3);
    put(w, 2, 3);
    put(w, 1, 1);
    put_ue(w, 0);
    put_ue(w, crop);
    put_ue(w, 0);
    put_ue(w, 0);
}

static int parse(struct sps_writer *w, struct gs_h264_sps *sps)
{
    put(w, 1, 1);
    return gs_h264_parse_sps(w->data, (w->bits + 7) / 8, sps);
}

static void test_next_nal_start_codes(void **state)
{
    static const uint8_t data[] = {0, 0, 0, 1, 0x67, 1, 2, 0, 0,    1, 0x68, 3,
                                   0, 0, 3, 1, 0,    0, 0, 1, 0x65, 9, 0,    0};
    struct gs_nal nal;
    size_t pos = 0;

    (void)state;
    assert_true(gs_h264_next_nal(data, sizeof(data), &pos, &nal));
    assert_int_equal(nal.type, GS_NAL_SPS);
    assert_ptr_equal(nal.data, data + 4);
    assert_int_equal(nal.size, 3);
    assert_true(gs_h264_next_nal(data, sizeof(data), &pos, &nal));
    assert_int_equal(nal.type, GS_NAL_PPS);
    assert_int_equal(nal.size, 6);
    assert_true(gs_h264_next_nal(data, sizeof(data), &pos, &nal));
    assert_int_equal(nal.type, GS_NAL_IDR);
    assert_int_equal(nal.size, 2);
    assert_false(gs_h264_next_nal(data, sizeof(data), &pos, &nal));
    assert_false(gs_h264_next_nal(data, sizeof(data), &pos, &nal));
}

static void test_next_nal_nothing_there(void **state)
{
    static const uint8_t none[] = {1, 2, 3, 4, 5};
    static const uint8_t empty[] = {0, 0, 1, 0, 0, 1, 0, 0, 0, 1};
    struct gs_nal nal;
    size_t pos = 0;

    (void)state;
    assert_false(gs_h264_next_nal(none, 0, &pos, &nal));
    assert_false(gs_h264_next_nal(none, sizeof(none), &pos, &nal));
    pos = 0;
    assert_false(gs_h264_next_nal(empty, sizeof(empty), &pos, &nal));
}

static void test_parse_sps_x264(void **state)
{
    struct gs_h264_sps sps;

    (void)state;
    assert_int_equal(gs_h264_parse_sps(sps_x264, sizeof(sps_x264), &sps), 0);
    assert_int_equal(sps.profile, 100);
    assert_int_equal(sps.level, 32);
    assert_int_equal(sps.width, 1366);
    assert_int_equal(sps.height, 768);
    assert_true(sps.has_colour);
    assert_int_equal(sps.primaries, 1);
    assert_int_equal(sps.transfer, 1);
    assert_int_equal(sps.matrix, 1);
    assert_false(sps.full_range);
    assert_true(sps.has_bitstream_restriction);
    assert_int_equal(sps.max_num_reorder_frames, 2);
    assert_int_equal(sps.max_dec_frame_buffering, 4);
}

static void test_parse_sps_hrd_and_interlaced(void **state)
{
    struct gs_h264_sps sps;

    (void)state;
    assert_int_equal(gs_h264_parse_sps(sps_hrd, sizeof(sps_hrd), &sps), 0);
    assert_int_equal(sps.width, 1366);
    assert_int_equal(sps.height, 768);
    assert_false(sps.has_colour);
    assert_true(sps.has_bitstream_restriction);
    assert_int_equal(sps.max_num_reorder_frames, 2);
}

static void test_parse_sps_444(void **state)
{
    struct gs_h264_sps sps;

    (void)state;
    assert_int_equal(gs_h264_parse_sps(sps_444, sizeof(sps_444), &sps), 0);
    assert_int_equal(sps.profile, 244);
    assert_int_equal(sps.width, 320);
    assert_int_equal(sps.height, 240);
    assert_int_equal(sps.max_dec_frame_buffering, 4);
}

static void test_parse_sps_scaling_lists(void **state)
{
    struct sps_writer w = {0};
    struct gs_h264_sps sps;

    (void)state;
    put_head(&w, 100);
    put_ue(&w, 1); /* 4:2:0, 8 bit */
    put_ue(&w, 0);
    put_ue(&w, 0);
    put(&w, 2, 1); /* scaling matrix present */
    put(&w, 1, 1);
    for (int i = 0; i < 16; i++)
        put_ue(&w, 1); /* se 1: a list of 16 entries */
    put(&w, 1, 1);
    put_ue(&w, 16); /* se -8: next is 0, the default list */
    put(&w, 6, 0);
    put_ue(&w, 0);
    put_ue(&w, 2); /* pic_order_cnt_type */
    put_size(&w, 1);
    put(&w, 1, 0);
    assert_int_equal(parse(&w, &sps), 0);
    assert_int_equal(sps.width, 62);
    assert_int_equal(sps.height, 64);
    assert_false(sps.has_bitstream_restriction);
}

static void test_parse_sps_order_count_cycle_and_chroma_location(void **state)
{
    struct sps_writer w = {0};
    struct gs_h264_sps sps;

    (void)state;
    put_head(&w, 66);
    put_ue(&w, 0);
    put_ue(&w, 1); /* pic_order_cnt_type, with a cycle of two */
    put(&w, 1, 0);
    put_ue(&w, 3);
    put_ue(&w, 4);
    put_ue(&w, 2);
    put_ue(&w, 5);
    put_ue(&w, 6);
    put_size(&w, 0);
    put(&w, 4, 8); /* VUI, nothing up to the signal type */
    put(&w, 1, 1);
    put_ue(&w, 2);
    put_ue(&w, 2);
    put(&w, 5, 0);
    assert_int_equal(parse(&w, &sps), 0);
    assert_int_equal(sps.width, 64);
    assert_true(sps.has_chroma_loc);
    assert_int_equal(sps.chroma_loc_top, 2);
    assert_false(sps.has_bitstream_restriction);
}

static void test_parse_sps_cropped_to_nothing(void **state)
{
    struct sps_writer w = {0};
    struct gs_h264_sps sps;

    (void)state;
    put_head(&w, 66);
    put_ue(&w, 0);
    put_ue(&w, 2);
    put_size(&w, 32);
    put(&w, 1, 0);
    assert_int_equal(parse(&w, &sps), -EBADMSG);
}

static void test_parse_sps_too_large(void **state)
{
    struct sps_writer w = {0};
    struct gs_h264_sps sps;

    (void)state;
    put_head(&w, 66);
    put_ue(&w, 0);
    put_ue(&w, 2);
    put_ue(&w, 1);
    put(&w, 1, 0);
    put_ue(&w, 100000);
    put_ue(&w, 3);
    put(&w, 4, 12);
    assert_int_equal(parse(&w, &sps), -EBADMSG);
}

static void test_parse_sps_truncated(void **state)
{
    struct gs_h264_sps sps, untouched;

    (void)state;
    memset(&sps, 0x5a, sizeof(sps));
    untouched = sps;
    for (size_t n = 0; n < sizeof(sps_x264) - 1; n++)
        assert_int_equal(gs_h264_parse_sps(sps_x264, n, &sps), -EBADMSG);
    assert_memory_equal(&sps, &untouched, sizeof(sps));
}

static void test_parse_sps_other_unit(void **state)
{
    uint8_t data[sizeof(sps_x264)];
    struct gs_h264_sps sps;

    (void)state;
    memcpy(data, sps_x264, sizeof(data));
    data[0] = 0x68;
    assert_int_equal(gs_h264_parse_sps(data, sizeof(data), &sps), -EBADMSG);
    data[0] = 0xe7; /* forbidden_zero_bit */
    assert_int_equal(gs_h264_parse_sps(data, sizeof(data), &sps), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_nal_start_codes),
        cmocka_unit_test(test_next_nal_nothing_there),
        cmocka_unit_test(test_parse_sps_x264),
        cmocka_unit_test(test_parse_sps_hrd_and_interlaced),
        cmocka_unit_test(test_parse_sps_444),
        cmocka_unit_test(test_parse_sps_scaling_lists),
        cmocka_unit_test(test_parse_sps_order_count_cycle_and_chroma_location),
        cmocka_unit_test(test_parse_sps_cropped_to_nothing),
        cmocka_unit_test(test_parse_sps_too_large),
        cmocka_unit_test(test_parse_sps_truncated),
        cmocka_unit_test(test_parse_sps_other_unit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
