/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "encoder/h264.h"
#include "encoder/x264_frame_num.h"

/* From x264: 1280×720 High, 4 reference pictures, BT.709, no reordering. */
static const uint8_t sps[] = {0x00, 0x00, 0x00, 0x01, 0x67, 0x64, 0x00, 0x20, 0xac, 0xb2, 0x80,
                              0xa0, 0x0b, 0x74, 0xd4, 0x04, 0x04, 0x05, 0x00, 0x00, 0x03, 0x00,
                              0x01, 0x00, 0x00, 0x03, 0x00, 0x78, 0x8f, 0x18, 0x32, 0x58};

static GByteArray *widen(const uint8_t *nal, size_t size, uint64_t frame_num, int want)
{
    GByteArray *out = g_byte_array_new();

    assert_int_equal(gs_x264_widen_frame_num(nal, size, frame_num, out), want);
    return out;
}

static void expect(const uint8_t *nal, size_t size, uint64_t frame_num, const uint8_t *want,
                   size_t want_size)
{
    g_autoptr(GByteArray) out = widen(nal, size, frame_num, 0);

    assert_int_equal(out->len, want_size);
    assert_memory_equal(out->data, want, want_size);
}

#define EXPECT(nal, frame_num, want) expect(nal, sizeof(nal), frame_num, want, sizeof(want))

static void test_sps(void **state)
{
    g_autoptr(GByteArray) out = NULL;
    struct gs_h264_sps before, after;

    (void)state;
    assert_int_equal(gs_h264_parse_sps(sps + 4, sizeof(sps) - 4, &before), 0);
    assert_int_equal(before.log2_max_frame_num, 4);
    assert_false(before.gaps_allowed);
    out = widen(sps, sizeof(sps), 0, 0);
    assert_int_equal(gs_h264_parse_sps(out->data + 4, out->len - 4, &after), 0);
    assert_int_equal(after.log2_max_frame_num, GS_X264_FRAME_NUM_BITS);
    assert_true(after.gaps_allowed);
    assert_int_equal(after.width, 1280);
    assert_int_equal(after.height, 720);
    assert_int_equal(after.level, before.level);
    assert_int_equal(after.matrix, 1);
    assert_true(after.has_bitstream_restriction);
    assert_int_equal(after.max_num_reorder_frames, 0);
    assert_int_equal(after.max_dec_frame_buffering, 4);
    /* Twice is not foreseen. */
    g_byte_array_unref(widen(out->data, out->len, 0, -EBADMSG));
}

/* first_mb 0: 1, slice_type 5: 00110, pps 0: 1, frame_num 5: 0101, then 1 0110… */
static void test_slice(void **state)
{
    static const uint8_t nal[] = {0, 0, 1, 0x41, 0x9a, 0xb6, 0x12, 0x34};
    static const uint8_t wide[] = {0, 0, 1, 0x41, 0x9b, 0x56, 0xb6, 0x12, 0x34};
    static const uint8_t zero[] = {0, 0, 1, 0x41, 0x9a, 0x00, 0xb6, 0x12, 0x34};

    (void)state;
    EXPECT(nal, 0xab5, wide);
    EXPECT(nal, 0x005, zero);
    /* Above 12 bits it wraps. */
    EXPECT(nal, 0xfab5, wide);
    g_byte_array_unref(widen(nal, sizeof(nal), 0xab6, -EBADMSG));
}

/* Zeros that meet the inserted ones need prevention bytes, before and after the place. */
static void test_slice_emulation(void **state)
{
    /* frame_num 0; what follows is zeros, once with a prevention byte of its own. */
    static const uint8_t nal[] = {0, 0, 1, 0x41, 0x9a, 0x00, 0x01, 0x55};
    static const uint8_t wide[] = {0, 0, 1, 0x41, 0x9a, 0x00, 0x00, 0x03, 0x01, 0x55};
    static const uint8_t escaped[] = {0,    0,    1,    0x41, 0x9a, 0x00, 0x00,
                                      0x03, 0x00, 0x77, 0,    0,    3,    1};
    static const uint8_t again[] = {0, 0, 1, 0x41, 0x9a, 0x00, 0x00, 0x03, 0, 0, 0x77, 0, 0, 3, 1};

    (void)state;
    EXPECT(nal, 0, wide);
    EXPECT(escaped, 0, again);
}

static void test_others_pass(void **state)
{
    static const uint8_t pps[] = {0, 0, 0, 1, 0x68, 0xe8, 0x43, 0x8b};

    (void)state;
    EXPECT(pps, 3, pps);
}

static void test_bad(void **state)
{
    (void)state;
    /* Cut short at every place: never more than is there is read. */
    for (size_t n = 0; n < 12; n++) {
        g_autoptr(GByteArray) out = g_byte_array_new();
        g_autofree uint8_t *copy = g_memdup2(sps, n);
        int err = gs_x264_widen_frame_num(copy, n, 0, out);

        assert_true(err == 0 || err == -EBADMSG);
    }
    for (uint8_t n = 1; n < 8; n++) {
        static const uint8_t nal[] = {0, 0, 1, 0x41, 0, 0, 0, 0};
        g_autofree uint8_t *copy = g_memdup2(nal, n);

        g_byte_array_unref(widen(copy, n, 0, -EBADMSG));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sps),
        cmocka_unit_test(test_slice),
        cmocka_unit_test(test_slice_emulation),
        cmocka_unit_test(test_others_pass),
        cmocka_unit_test(test_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
