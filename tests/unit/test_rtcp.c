/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/rtcp.h"

static void test_write_sender_report(void **state)
{
    static const uint8_t expected[] = {
        0x80, 200, 0,    6,   1, 2, 3, 4, /* SR, RFC 3550, 6.4.1 */
        1,    2,   3,    4,   5, 6, 7, 8, 0, 0, 0, 9, 0,   0,   0, 10, 0, 0,
        0,    11,  0x81, 202, 0, 3, 1, 2, 3, 4, 1, 2, 'h', 'i', 0, 0,  0, 0, /* SDES, 6.5 */
    };
    const struct gs_rtcp rtcp = {
        .sender_ssrc = 0x01020304,
        .has_sr = true,
        .sr = {0x0102030405060708, 9, 10, 11},
    };
    uint8_t out[GS_RTCP_MAX_PACKET];

    (void)state;
    assert_int_equal(gs_rtcp_write(&rtcp, "hi", out, sizeof(out)), sizeof(expected));
    assert_memory_equal(out, expected, sizeof(expected));
}

static void test_write_nack_masks(void **state)
{
    /* 16 follow in one mask, the 17th needs an entry of its own; so does a wrap of the mask. */
    const struct gs_rtcp rtcp = {
        .sender_ssrc = 1,
        .media_ssrc = 2,
        .n_nacks = 5,
        .nacks = {0xfffe, 0xffff, 14, 15, 100},
    };
    static const uint8_t expected[] = {
        0x81, 205,  0,    5,    0, 0,  0, 1, 0, 0,   0, 2, /* RFC 4585, 6.2.1 */
        0xff, 0xfe, 0x80, 0x01, 0, 15, 0, 0, 0, 100, 0, 0,
    };
    uint8_t out[GS_RTCP_MAX_PACKET];
    int n;

    (void)state;
    n = gs_rtcp_write(&rtcp, "", out, sizeof(out));
    assert_int_equal(n, 8 + 12 + sizeof(expected));
    assert_memory_equal(out + 20, expected, sizeof(expected));
}

static void fill_all(struct gs_rtcp *rtcp)
{
    *rtcp = (struct gs_rtcp){
        .sender_ssrc = 0xdeadbeef,
        .has_sr = true,
        .sr = {UINT64_C(0xe000000080000000), 0xfffffff0, 1000, 1000000},
        .has_report = true,
        .report = {0x11223344, 128, -5, 0x1ffff, 77, 0xabcdef01, 65536},
        .media_ssrc = 0x11223344,
        .pli = true,
        .bye = true,
    };
    for (unsigned i = 0; i < 100; i++)
        rtcp->nacks[rtcp->n_nacks++] = (uint16_t)(65500 + i * 3);
}

static void check_all(const struct gs_rtcp *a, const struct gs_rtcp *b)
{
    assert_int_equal(a->sender_ssrc, b->sender_ssrc);
    assert_int_equal(a->has_sr, b->has_sr);
    assert_true(a->sr.ntp == b->sr.ntp);
    assert_int_equal(a->sr.rtp_timestamp, b->sr.rtp_timestamp);
    assert_int_equal(a->sr.packets, b->sr.packets);
    assert_int_equal(a->sr.octets, b->sr.octets);
    assert_int_equal(a->has_report, b->has_report);
    assert_memory_equal(&a->report, &b->report, sizeof(a->report));
    assert_int_equal(a->media_ssrc, b->media_ssrc);
    assert_int_equal(a->pli, b->pli);
    assert_int_equal(a->bye, b->bye);
    assert_int_equal(a->n_nacks, b->n_nacks);
    assert_memory_equal(a->nacks, b->nacks, a->n_nacks * sizeof(a->nacks[0]));
}

static void test_parse_round_trip(void **state)
{
    struct gs_rtcp rtcp, parsed;
    uint8_t out[GS_RTCP_MAX_PACKET];
    int n;

    (void)state;
    fill_all(&rtcp);
    n = gs_rtcp_write(&rtcp, "somebody@somewhere", out, sizeof(out));
    assert_true(n > 0 && n % 4 == 0);
    assert_int_equal(gs_rtcp_parse(out, (size_t)n, &parsed), 0);
    check_all(&parsed, &rtcp);
}

static void test_write_most_nacks_fit(void **state)
{
    struct gs_rtcp rtcp = {.n_nacks = GS_RTCP_MAX_NACKS, .has_report = true, .pli = true}, parsed;
    uint8_t out[GS_RTCP_MAX_PACKET];
    int n;

    (void)state;
    for (unsigned i = 0; i < GS_RTCP_MAX_NACKS; i++)
        rtcp.nacks[i] = (uint16_t)(i * 17);
    n = gs_rtcp_write(&rtcp, "client", out, sizeof(out));
    assert_true(n > 0);
    assert_int_equal(gs_rtcp_parse(out, (size_t)n, &parsed), 0);
    assert_int_equal(parsed.n_nacks, GS_RTCP_MAX_NACKS);
}

static void test_write_too_small(void **state)
{
    struct gs_rtcp rtcp;
    uint8_t out[GS_RTCP_MAX_PACKET];
    int n;

    (void)state;
    fill_all(&rtcp);
    n = gs_rtcp_write(&rtcp, "c", out, sizeof(out));
    for (size_t size = 0; size < (size_t)n; size++) {
        uint8_t *small = malloc(size + !size);

        assert_int_equal(gs_rtcp_write(&rtcp, "c", small, size), -EMSGSIZE);
        free(small);
    }
}

static void test_parse_truncated(void **state)
{
    struct gs_rtcp rtcp, parsed;
    uint8_t out[GS_RTCP_MAX_PACKET];
    size_t n;

    (void)state;
    fill_all(&rtcp);
    n = (size_t)gs_rtcp_write(&rtcp, "cname", out, sizeof(out));
    for (size_t size = 0; size < n; size++) {
        uint8_t *copy = malloc(size + !size);
        int err;

        memcpy(copy, out, size);
        parsed.sender_ssrc = 42;
        err = gs_rtcp_parse(copy, size, &parsed);
        /* The ends of the packets of the compound are the ends of shorter compounds. */
        assert_true(err == -EBADMSG || (err == 0 && size % 4 == 0));
        if (err)
            assert_int_equal(parsed.sender_ssrc, 42);
        free(copy);
    }
}

static void test_parse_malformed(void **state)
{
    static const uint8_t version[] = {0x40, 201, 0, 1, 0, 0, 0, 1};
    static const uint8_t short_rr[] = {0x81, 201, 0, 1, 0, 0, 0, 1};
    static const uint8_t inner_padding[] = {0xa0, 201, 0,    2,   0, 0, 0, 1, 0, 0,
                                            0,    4,   0x80, 201, 0, 1, 0, 0, 0, 1};
    static const uint8_t too_much_padding[] = {0xa0, 201, 0, 1, 0, 0, 0, 5};
    static const uint8_t padded[] = {0xa0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4};
    static const uint8_t unknown[] = {0x80, 201, 0, 1, 0, 0, 0, 1, 0x85, 204, 0, 1, 9, 9, 9, 9};
    static const uint8_t bye_short[] = {0x82, 203, 0, 1, 0, 0, 0, 1};
    struct gs_rtcp rtcp;

    (void)state;
    assert_int_equal(gs_rtcp_parse(version, sizeof(version), &rtcp), -EBADMSG);
    assert_int_equal(gs_rtcp_parse(short_rr, sizeof(short_rr), &rtcp), -EBADMSG);
    assert_int_equal(gs_rtcp_parse(inner_padding, sizeof(inner_padding), &rtcp), -EBADMSG);
    assert_int_equal(gs_rtcp_parse(too_much_padding, sizeof(too_much_padding), &rtcp), -EBADMSG);
    assert_int_equal(gs_rtcp_parse(bye_short, sizeof(bye_short), &rtcp), -EBADMSG);
    assert_int_equal(gs_rtcp_parse(padded, sizeof(padded), &rtcp), 0);
    assert_int_equal(gs_rtcp_parse(unknown, sizeof(unknown), &rtcp), 0);
    assert_int_equal(rtcp.sender_ssrc, 1);
}

static void test_parse_too_many_nacks(void **state)
{
    uint8_t data[12 + 4 * 64] = {0x81, 205, 0, 2 + 64};
    struct gs_rtcp rtcp;

    (void)state;
    memset(data + 12, 0xff, sizeof(data) - 12);
    assert_int_equal(gs_rtcp_parse(data, sizeof(data), &rtcp), 0);
    assert_int_equal(rtcp.n_nacks, GS_RTCP_MAX_NACKS);
}

static void test_is_rtcp_distinguishes(void **state)
{
    static const uint8_t rtp[] = {0x80, 96}, rtp_marked[] = {0x80, 96 | 0x80};
    static const uint8_t sr[] = {0x80, 200}, fb[] = {0x81, 206}, stun[] = {0x00, 200};

    (void)state;
    assert_false(gs_rtcp_is_rtcp(rtp, 2));
    assert_false(gs_rtcp_is_rtcp(rtp_marked, 2));
    assert_true(gs_rtcp_is_rtcp(sr, 2));
    assert_true(gs_rtcp_is_rtcp(fb, 2));
    assert_false(gs_rtcp_is_rtcp(stun, 2));
    assert_false(gs_rtcp_is_rtcp(sr, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_sender_report),   cmocka_unit_test(test_write_nack_masks),
        cmocka_unit_test(test_parse_round_trip),      cmocka_unit_test(test_write_most_nacks_fit),
        cmocka_unit_test(test_write_too_small),       cmocka_unit_test(test_parse_truncated),
        cmocka_unit_test(test_parse_malformed),       cmocka_unit_test(test_parse_too_many_nacks),
        cmocka_unit_test(test_is_rtcp_distinguishes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
