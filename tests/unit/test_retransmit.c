/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/clock.h"
#include "session/transport/retransmit.h"

#define WINDOW (100 * GS_NS_PER_MS)

static int setup(void **state)
{
    *state = gs_retransmit_create();
    gs_retransmit_keep_for(*state, WINDOW);
    return 0;
}

static int teardown(void **state)
{
    gs_retransmit_destroy(*state);
    return 0;
}

static void put(struct gs_retransmit *ring, uint16_t seq, size_t size, uint64_t now)
{
    memset(gs_retransmit_slot(ring, seq, now), seq & 0xff, size);
    gs_retransmit_publish(ring, seq, size);
}

/* n packets with so much time between them; the time after the last. */
static uint64_t put_many(struct gs_retransmit *ring, uint16_t *seq, unsigned n, uint64_t now,
                         uint64_t interval)
{
    for (; n--; now += interval)
        put(ring, (*seq)++, 1000, now);
    return now;
}

/* How many of the newest are all there. */
static unsigned count_newest(struct gs_retransmit *ring, uint16_t next)
{
    uint8_t out[GS_RETRANSMIT_PACKET_SIZE];
    unsigned n = 0;

    while (gs_retransmit_copy(ring, (uint16_t)(next - 1 - n), out))
        n++;
    return n;
}

static void test_copy_unknown(void **state)
{
    uint8_t out[GS_RETRANSMIT_PACKET_SIZE];

    assert_int_equal(gs_retransmit_copy(*state, 0, out), 0);
    put(*state, 5, GS_RETRANSMIT_PACKET_SIZE, 0);
    assert_int_equal(gs_retransmit_copy(*state, 4, out), 0);
    assert_int_equal(gs_retransmit_copy(*state, 6, out), 0);
    assert_int_equal(gs_retransmit_copy(*state, 5 + GS_RETRANSMIT_PACKETS, out), 0);
    assert_int_equal(gs_retransmit_copy(*state, 5, out), GS_RETRANSMIT_PACKET_SIZE);
}

static void test_copy_not_published(void **state)
{
    uint8_t out[GS_RETRANSMIT_PACKET_SIZE];

    put(*state, 9, 10, 0);
    gs_retransmit_slot(*state, 10, 0);
    assert_int_equal(gs_retransmit_copy(*state, 10, out), 0);
    assert_int_equal(gs_retransmit_copy(*state, 9, out), 10);
    /* The packet could not be made, and the next one has its number. */
    put(*state, 10, 20, 0);
    assert_int_equal(gs_retransmit_copy(*state, 10, out), 20);
}

/* In no time at all: the number of packets is the limit. */
static void test_slot_wraps(void **state)
{
    uint8_t out[GS_RETRANSMIT_PACKET_SIZE];

    for (unsigned i = 0; i < 3 * GS_RETRANSMIT_PACKETS; i++)
        put(*state, (uint16_t)(64000 + i), 1 + i % 1000, 0);
    for (unsigned i = 0; i < 3 * GS_RETRANSMIT_PACKETS; i++) {
        size_t expected = i >= 2 * GS_RETRANSMIT_PACKETS ? 1 + i % 1000 : 0;

        assert_int_equal(gs_retransmit_copy(*state, (uint16_t)(64000 + i), out), expected);
        assert_true(!expected || out[0] == ((64000 + i) & 0xff));
    }
}

/* At every rate all that was sent within the time is there, and memory follows the rate. */
static void test_keeps_for_a_time(void **state)
{
    static const unsigned rates[] = {200, 2000, 10000, 2000, 200}; /* packets a second */
    uint16_t seq = 100;
    uint64_t now = 0;
    size_t memory;

    for (size_t i = 0; i < GS_ARRAY_SIZE(rates); i++) {
        for (unsigned turn = 0; turn < 40; turn++) {
            now = put_many(*state, &seq, rates[i] / 10, now, GS_NS_PER_S / rates[i]);
            assert_in_range(count_newest(*state, seq), turn ? rates[i] / 10 : 0,
                            GS_RETRANSMIT_PACKETS);
        }
        /* Up to twice what the rate needs, and three chunks. */
        memory = gs_retransmit_memory(*state);
        assert_in_range(memory, rates[i] / 10 * GS_RETRANSMIT_PACKET_SIZE,
                        (2 * rates[i] / 10 + 400) * GS_RETRANSMIT_PACKET_SIZE);
    }
}

/* A batch that was prepared and then held up for long must not be written over. */
static void test_newest_stay(void **state)
{
    uint8_t *slots[GS_RETRANSMIT_LEAST];
    uint16_t seq = 0;
    uint64_t now = 0;

    for (unsigned turn = 0; turn < 100; turn++) {
        for (unsigned i = 0; i < GS_RETRANSMIT_LEAST; i++, now += 10 * WINDOW) {
            slots[i] = gs_retransmit_slot(*state, seq, now);
            memset(slots[i], (int)i + 1, 100);
            gs_retransmit_publish(*state, seq++, 100);
        }
        for (unsigned i = 0; i < GS_RETRANSMIT_LEAST; i++)
            assert_int_equal(slots[i][99], i + 1);
        put_many(*state, &seq, 7, now, 0);
    }
}

static void test_longer_from_now_on(void **state)
{
    uint16_t seq = 0;
    uint64_t now = put_many(*state, &seq, 2000, 0, GS_NS_PER_MS);

    assert_in_range(count_newest(*state, seq), 100, 500);
    gs_retransmit_keep_for(*state, GS_NS_PER_S);
    put_many(*state, &seq, 1000, now, GS_NS_PER_MS);
    assert_in_range(count_newest(*state, seq), 1000, 1400);
}

static void test_reset_forgets(void **state)
{
    uint8_t out[GS_RETRANSMIT_PACKET_SIZE];

    put(*state, 1, 10, 0);
    gs_retransmit_reset(*state);
    assert_int_equal(gs_retransmit_copy(*state, 1, out), 0);
    assert_int_equal(gs_retransmit_memory(*state), 0);
    put(*state, 30000, 10, 0);
    assert_int_equal(gs_retransmit_copy(*state, 30000, out), 10);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_copy_unknown),     TEST(test_copy_not_published), TEST(test_slot_wraps),
        TEST(test_keeps_for_a_time), TEST(test_newest_stay),        TEST(test_longer_from_now_on),
        TEST(test_reset_forgets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
