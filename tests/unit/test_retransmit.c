/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "session/transport/retransmit.h"

static int setup(void **state)
{
    *state = gs_retransmit_create();
    return 0;
}

static int teardown(void **state)
{
    gs_retransmit_destroy(*state);
    return 0;
}

static void put(struct gs_retransmit *ring, uint16_t seq, size_t size)
{
    memset(gs_retransmit_slot(ring, seq), seq & 0xff, size);
    gs_retransmit_publish(ring, seq, size);
}

static void test_resend_limited(void **state)
{
    uint8_t out[GS_RETRANSMIT_PACKET_SIZE];

    put(*state, 7, 100);
    for (unsigned i = 0; i < GS_RETRANSMIT_TIMES; i++)
        assert_int_equal(gs_retransmit_resend(*state, 7, out), 100);
    assert_int_equal(out[99], 7);
    assert_int_equal(gs_retransmit_resend(*state, 7, out), 0);
    assert_int_equal(gs_retransmit_copy(*state, 7, out), 100);
}

static void test_resend_unknown(void **state)
{
    uint8_t out[GS_RETRANSMIT_PACKET_SIZE];

    assert_int_equal(gs_retransmit_resend(*state, 0, out), 0);
    put(*state, 5, GS_RETRANSMIT_PACKET_SIZE);
    assert_int_equal(gs_retransmit_resend(*state, 5 + GS_RETRANSMIT_PACKETS, out), 0);
    assert_int_equal(gs_retransmit_resend(*state, 5, out), GS_RETRANSMIT_PACKET_SIZE);
}

static void test_resend_not_published(void **state)
{
    uint8_t out[GS_RETRANSMIT_PACKET_SIZE];

    put(*state, 9, 10);
    gs_retransmit_slot(*state, (uint16_t)(9 + GS_RETRANSMIT_PACKETS));
    assert_int_equal(gs_retransmit_resend(*state, 9, out), 0);
}

static void test_slot_wraps(void **state)
{
    uint8_t out[GS_RETRANSMIT_PACKET_SIZE];

    for (unsigned i = 0; i < 3 * GS_RETRANSMIT_PACKETS; i++)
        put(*state, (uint16_t)(64000 + i), 1 + i % 1000);
    for (unsigned i = 0; i < 3 * GS_RETRANSMIT_PACKETS; i++) {
        size_t expected = i >= 2 * GS_RETRANSMIT_PACKETS ? 1 + i % 1000 : 0;

        assert_int_equal(gs_retransmit_resend(*state, (uint16_t)(64000 + i), out), expected);
    }
}

static void test_reset_forgets(void **state)
{
    uint8_t out[GS_RETRANSMIT_PACKET_SIZE];

    put(*state, 1, 10);
    gs_retransmit_reset(*state);
    assert_int_equal(gs_retransmit_copy(*state, 1, out), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_resend_limited), TEST(test_resend_unknown), TEST(test_resend_not_published),
        TEST(test_slot_wraps),     TEST(test_reset_forgets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
