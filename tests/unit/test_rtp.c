/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/rtp.h"

static const struct gs_rtp_packet full = {
    .marker = true,
    .payload_type = 96,
    .seq = 0xfffe,
    .timestamp = 0x11223344,
    .ssrc = 0xa1b2c3d4,
    .has_frame = true,
    .frame_id = 0x01020304,
    .input_id = 0xcafe0001,
    .capture_us = 0x0102030405060708,
    .has_stages = true,
    .stages = {0, 1, 2, 3, 4, 0x1234, 65535},
};

static const uint8_t full_bytes[] = {
    0x90, 0xe0, 0xff, 0xfe, 0x11, 0x22, 0x33, 0x44, 0xa1, 0xb2, 0xc3, 0xd4, /* RFC 3550, 5.1 */
    0xbe, 0xde, 0x00, 0x08,                                                 /* RFC 8285, 4.2 */
    0x1f, 1,    2,    3,    4,    1,    2,    3,    4,    5,    6,    7,    8,    0xca, 0xfe, 0,
    1,    0x2d, 0,    0,    0,    1,    0,    2,    0,    3,    0,    4,    0x12, 0x34, 0xff, 0xff,
};

static void test_write_header_full(void **state)
{
    uint8_t out[GS_RTP_MAX_HEADER];

    (void)state;
    assert_int_equal(gs_rtp_write_header(&full, out), sizeof(full_bytes));
    assert_int_equal(sizeof(full_bytes), GS_RTP_MAX_HEADER);
    assert_memory_equal(out, full_bytes, sizeof(full_bytes));
}

static void test_write_header_without_extensions(void **state)
{
    struct gs_rtp_packet p = full, parsed;
    uint8_t out[GS_RTP_MAX_HEADER];

    (void)state;
    p.has_frame = p.has_stages = p.marker = false;
    assert_int_equal(gs_rtp_write_header(&p, out), 12);
    assert_int_equal(out[0], 0x80);
    assert_int_equal(gs_rtp_parse(out, 12, &parsed), 0);
    assert_false(parsed.marker);
    assert_false(parsed.has_frame);
    assert_int_equal(parsed.payload_size, 0);
}

static void check_equal(const struct gs_rtp_packet *a, const struct gs_rtp_packet *b)
{
    assert_int_equal(a->marker, b->marker);
    assert_int_equal(a->payload_type, b->payload_type);
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->timestamp, b->timestamp);
    assert_int_equal(a->ssrc, b->ssrc);
    assert_int_equal(a->has_frame, b->has_frame);
    assert_int_equal(a->frame_id, b->frame_id);
    assert_int_equal(a->input_id, b->input_id);
    assert_true(a->capture_us == b->capture_us);
    assert_int_equal(a->has_stages, b->has_stages);
    assert_memory_equal(a->stages, b->stages, sizeof(a->stages));
}

static void test_parse_round_trip(void **state)
{
    uint8_t out[GS_RTP_MAX_HEADER + 3];
    struct gs_rtp_packet p;
    size_t n;

    (void)state;
    n = gs_rtp_write_header(&full, out);
    memcpy(out + n, "abc", 3);
    assert_int_equal(gs_rtp_parse(out, n + 3, &p), 0);
    check_equal(&p, &full);
    assert_int_equal(p.payload_size, 3);
    assert_memory_equal(p.payload, "abc", 3);
}

static void test_parse_csrc_padding_unknown_extensions(void **state)
{
    static const uint8_t data[] = {
        0xb2, 0x60, 0,    7,    0, 0,    0,    1, 0, 0, 0, 2, /* padding, extension, two CSRCs */
        0xde, 0xad, 0xbe, 0xef, 1, 2,    3,    4,             /* CSRCs */
        0xbe, 0xde, 0,    2,    0, 0x50, 0x99, 0, /* padding, id 5 of one byte, padding */
        0xf0, 1,    2,    3,                      /* id 15: the rest is to be ignored */
        'x',  'y',  0,    2,                      /* payload and 2 bytes of padding */
    };
    struct gs_rtp_packet p;

    (void)state;
    assert_int_equal(gs_rtp_parse(data, sizeof(data), &p), 0);
    assert_int_equal(p.seq, 7);
    assert_false(p.has_frame);
    assert_int_equal(p.payload_size, 2);
    assert_memory_equal(p.payload, "xy", 2);
}

static void test_parse_two_byte_profile_is_skipped(void **state)
{
    static const uint8_t data[] = {
        0x90, 0x60, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 0x10, 0, 0, 1, 1, 2, 3, 4, 'z',
    };
    struct gs_rtp_packet p;

    (void)state;
    assert_int_equal(gs_rtp_parse(data, sizeof(data), &p), 0);
    assert_int_equal(p.payload_size, 1);
}

static void test_parse_truncated(void **state)
{
    struct gs_rtp_packet p = {.seq = 99};

    (void)state;
    for (size_t n = 0; n < sizeof(full_bytes); n++) {
        /* A copy of exactly that size, so that a sanitizer sees a read past it. */
        uint8_t *copy = malloc(n + !n);

        memcpy(copy, full_bytes, n);
        assert_int_equal(gs_rtp_parse(copy, n, &p), -EBADMSG);
        assert_int_equal(p.seq, 99);
        free(copy);
    }
}

static void test_parse_malformed(void **state)
{
    uint8_t version[] = {0x40, 0x60, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 1};
    uint8_t padding[] = {0xa0, 0x60, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3};
    uint8_t zero_padding[] = {0xa0, 0x60, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 1, 0};
    uint8_t no_padding[] = {0xa0, 0x60, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2};
    uint8_t element[] = {0x90, 0x60, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 0xbe, 0xde, 0, 1, 0x1f, 1, 2, 3};
    struct gs_rtp_packet p;

    (void)state;
    assert_int_equal(gs_rtp_parse(version, sizeof(version), &p), -EBADMSG);
    assert_int_equal(gs_rtp_parse(padding, sizeof(padding), &p), -EBADMSG);
    assert_int_equal(gs_rtp_parse(zero_padding, sizeof(zero_padding), &p), -EBADMSG);
    assert_int_equal(gs_rtp_parse(no_padding, sizeof(no_padding), &p), -EBADMSG);
    assert_int_equal(gs_rtp_parse(element, sizeof(element), &p), -EBADMSG);
}

static void test_stages_from_trace_limits(void **state)
{
    const uint64_t t0 = UINT64_C(5000000000);
    struct gs_frame_trace trace = {
        .commit = t0,
        .grant = t0 + 9999,
        .convert_start = t0 + 10000,
        .convert_end = t0 + 655340000,
        .encode_start = t0 + 655350000,
        .encode_end = t0 + UINT64_C(10000000000),
        .first_packet = t0 - 1,
    };
    uint16_t stages[GS_RTP_STAGES];

    (void)state;
    gs_rtp_stages_from_trace(&trace, stages);
    assert_int_equal(stages[0], 0);
    assert_int_equal(stages[1], 1);
    assert_int_equal(stages[2], 65534);
    assert_int_equal(stages[3], 65535);
    assert_int_equal(stages[4], 65535);
    assert_int_equal(stages[5], 0);
    assert_int_equal(stages[6], 0);
}

static void test_extend_seq_wraps(void **state)
{
    (void)state;
    assert_true(gs_rtp_extend_seq(0x1fffe, 0xffff) == 0x1ffff);
    assert_true(gs_rtp_extend_seq(0x1fffe, 0) == 0x20000);
    assert_true(gs_rtp_extend_seq(0x20001, 0xffff) == 0x1ffff);
    assert_true(gs_rtp_extend_seq(0x20000, 0x7fff) == 0x27fff);
    assert_true(gs_rtp_extend_seq(0x20000, 0x8001) == 0x18001);
    assert_true(gs_rtp_extend_seq(3, 0xfff0) == 0xfff0);
    assert_true(gs_rtp_extend_seq(0, 0) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_header_full),
        cmocka_unit_test(test_write_header_without_extensions),
        cmocka_unit_test(test_parse_round_trip),
        cmocka_unit_test(test_parse_csrc_padding_unknown_extensions),
        cmocka_unit_test(test_parse_two_byte_profile_is_skipped),
        cmocka_unit_test(test_parse_truncated),
        cmocka_unit_test(test_parse_malformed),
        cmocka_unit_test(test_stages_from_trace_limits),
        cmocka_unit_test(test_extend_seq_wraps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
