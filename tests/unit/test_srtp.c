/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdalign.h>
#include <string.h>

#include "common/rtcp.h"
#include "common/rtp.h"
#include "common/srtp.h"

#define SSRC 0x12345678

struct packet {
    alignas(8) uint8_t data[256];
    size_t size;
};

struct fixture {
    struct gs_srtp *send, *receive;
};

static const uint8_t key[GS_SRTP_KEY_SIZE] = "0123456789abcdefSaltSaltSal";

static int setup(void **state)
{
    static struct fixture f;

    assert_int_equal(gs_srtp_create(key, SSRC, GS_SRTP_SEND, &f.send), 0);
    assert_int_equal(gs_srtp_create(key, SSRC, GS_SRTP_RECEIVE, &f.receive), 0);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    gs_srtp_destroy(f->send);
    gs_srtp_destroy(f->receive);
    return 0;
}

static struct packet plain_rtp(uint32_t ssrc, uint16_t seq)
{
    const struct gs_rtp_packet header = {
        .payload_type = 96, .seq = seq, .ssrc = ssrc, .has_frame = true, .frame_id = seq};
    struct packet p = {.size = 0};

    p.size = gs_rtp_write_header(&header, p.data);
    memset(p.data + p.size, 0x5a, 100);
    p.size += 100;
    return p;
}

static struct packet protected_rtp(struct fixture *f, uint16_t seq)
{
    struct packet p = plain_rtp(SSRC, seq);

    assert_int_equal(gs_srtp_protect(f->send, p.data, &p.size), 0);
    return p;
}

static struct packet protected_rtcp(struct fixture *f)
{
    const struct gs_rtcp rtcp = {.sender_ssrc = SSRC, .pli = true};
    struct packet p = {.size = 0};

    p.size = (size_t)gs_rtcp_write(&rtcp, "x", p.data, sizeof(p.data));
    assert_int_equal(gs_srtp_protect_rtcp(f->send, p.data, &p.size), 0);
    return p;
}

static void test_protect_round_trip(void **state)
{
    struct packet before = plain_rtp(SSRC, 7), p = before;
    struct fixture *f = *state;

    assert_int_equal(gs_srtp_protect(f->send, p.data, &p.size), 0);
    assert_int_equal(p.size, before.size + GS_SRTP_TAG_SIZE);
    assert_memory_not_equal(p.data, before.data, before.size);
    assert_int_equal(gs_srtp_unprotect(f->receive, p.data, &p.size), 0);
    assert_int_equal(p.size, before.size);
    assert_memory_equal(p.data, before.data, before.size);
}

static void test_protect_rtcp_round_trip(void **state)
{
    struct fixture *f = *state;
    struct packet p = protected_rtcp(f);
    struct gs_rtcp rtcp;

    assert_int_equal(gs_srtp_unprotect_rtcp(f->receive, p.data, &p.size), 0);
    assert_int_equal(gs_rtcp_parse(p.data, p.size, &rtcp), 0);
    assert_true(rtcp.pli);
}

static void test_unprotect_changed_byte(void **state)
{
    struct fixture *f = *state;
    struct packet good = protected_rtp(f, 1);

    for (size_t i = 0; i < good.size; i++) {
        struct packet bad = good;

        bad.data[i] ^= 1;
        assert_true(gs_srtp_unprotect(f->receive, bad.data, &bad.size) < 0);
    }
    /* None of them spoiled the state. */
    assert_int_equal(gs_srtp_unprotect(f->receive, good.data, &good.size), 0);
}

static void test_unprotect_truncated(void **state)
{
    struct fixture *f = *state;
    struct packet rtp = protected_rtp(f, 1), rtcp = protected_rtcp(f);

    for (size_t n = 0; n < rtp.size; n++) {
        struct packet p = rtp;

        p.size = n;
        assert_true(gs_srtp_unprotect(f->receive, p.data, &p.size) < 0);
    }
    for (size_t n = 0; n < rtcp.size; n++) {
        struct packet p = rtcp;

        p.size = n;
        assert_true(gs_srtp_unprotect_rtcp(f->receive, p.data, &p.size) < 0);
    }
}

static void test_unprotect_replay(void **state)
{
    struct fixture *f = *state;
    struct packet p = protected_rtp(f, 1), again = p, c = protected_rtcp(f), c_again = c;

    assert_int_equal(gs_srtp_unprotect(f->receive, p.data, &p.size), 0);
    assert_int_equal(gs_srtp_unprotect(f->receive, again.data, &again.size), -EALREADY);
    assert_int_equal(gs_srtp_unprotect_rtcp(f->receive, c.data, &c.size), 0);
    assert_int_equal(gs_srtp_unprotect_rtcp(f->receive, c_again.data, &c_again.size), -EALREADY);
}

static void test_unprotect_late_within_window(void **state)
{
    struct fixture *f = *state;
    struct packet late = protected_rtp(f, 100), p;

    for (unsigned i = 1; i <= 4000; i++) {
        p = protected_rtp(f, (uint16_t)(100 + i));
        assert_int_equal(gs_srtp_unprotect(f->receive, p.data, &p.size), 0);
    }
    assert_int_equal(gs_srtp_unprotect(f->receive, late.data, &late.size), 0);
}

static void test_unprotect_sequence_wraps(void **state)
{
    struct fixture *f = *state;

    for (unsigned i = 0; i < 70000; i += 7) {
        struct packet p = protected_rtp(f, (uint16_t)(0x7000 + i));

        assert_int_equal(gs_srtp_unprotect(f->receive, p.data, &p.size), 0);
    }
}

static void test_unprotect_foreign(void **state)
{
    const uint8_t other_key[GS_SRTP_KEY_SIZE] = "another key of 16 bytes";
    struct fixture *f = *state;
    struct packet p = plain_rtp(SSRC, 9), other = plain_rtp(SSRC + 1, 9);
    struct gs_srtp *stranger, *other_ssrc;

    assert_int_equal(gs_srtp_create(other_key, SSRC, GS_SRTP_SEND, &stranger), 0);
    assert_int_equal(gs_srtp_protect(stranger, p.data, &p.size), 0);
    assert_int_equal(gs_srtp_unprotect(f->receive, p.data, &p.size), -EACCES);
    assert_int_equal(gs_srtp_create(key, SSRC + 1, GS_SRTP_SEND, &other_ssrc), 0);
    assert_int_equal(gs_srtp_protect(other_ssrc, other.data, &other.size), 0);
    assert_int_equal(gs_srtp_unprotect(f->receive, other.data, &other.size), -EBADMSG);
    gs_srtp_destroy(stranger);
    gs_srtp_destroy(other_ssrc);
}

/* As for a retransmission: across a wrap of the sequence number, and as late as can be. */
static void test_protect_again_is_the_same(void **state)
{
    static struct packet sent[GS_SRTP_AGAIN];
    const uint16_t first = (uint16_t)(0x10000 - GS_SRTP_AGAIN / 2);
    struct fixture *f = *state;
    struct gs_srtp *send;

    assert_int_equal(gs_srtp_create(key, SSRC, GS_SRTP_SEND_AGAIN, &send), 0);
    for (unsigned i = 0; i < GS_SRTP_AGAIN; i++) {
        sent[i] = plain_rtp(SSRC, (uint16_t)(first + i));
        assert_int_equal(gs_srtp_protect(send, sent[i].data, &sent[i].size), 0);
    }
    for (unsigned i = 0; i < GS_SRTP_AGAIN; i++) {
        struct packet again = plain_rtp(SSRC, (uint16_t)(first + i));

        assert_int_equal(gs_srtp_protect(send, again.data, &again.size), 0);
        assert_int_equal(again.size, sent[i].size);
        assert_memory_equal(again.data, sent[i].data, again.size);
        assert_int_equal(gs_srtp_unprotect(f->receive, again.data, &again.size), 0);
    }
    gs_srtp_destroy(send);
}

static void test_protect_twice_is_refused(void **state)
{
    struct fixture *f = *state;
    struct packet p = plain_rtp(SSRC, 1), again = p;

    assert_int_equal(gs_srtp_protect(f->send, p.data, &p.size), 0);
    assert_int_equal(gs_srtp_protect(f->send, again.data, &again.size), -EALREADY);
}

static void test_destroy_null(void **state)
{
    (void)state;
    gs_srtp_destroy(NULL);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_protect_round_trip),        TEST(test_protect_rtcp_round_trip),
        TEST(test_unprotect_changed_byte),    TEST(test_unprotect_truncated),
        TEST(test_unprotect_replay),          TEST(test_unprotect_late_within_window),
        TEST(test_unprotect_sequence_wraps),  TEST(test_unprotect_foreign),
        TEST(test_protect_again_is_the_same), TEST(test_protect_twice_is_refused),
        cmocka_unit_test(test_destroy_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
