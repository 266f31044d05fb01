/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packetizer and depacketizer, alone and against each other. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "client/receive/depacketize.h"
#include "session/transport/packetize.h"
#include "tests/support/nals.h"

#define MAX_PAYLOAD GS_PACKETIZER_MAX_PAYLOAD

/* Sends an access unit through both; returns the number of packets. */
static unsigned check_round_trip(const GByteArray *au)
{
    uint8_t payload[MAX_PAYLOAD];
    struct gs_depacketizer dp;
    struct gs_packetizer pk;
    unsigned packets = 0;
    bool last = false;
    size_t size;

    gs_depacketizer_init(&dp);
    gs_depacketizer_reset(&dp);
    gs_packetizer_init(&pk, au->data, au->len);
    while (!pk.done) {
        size_t n;

        assert_false(last);
        last = pk.last;
        n = gs_packetizer_write(&pk, payload);
        assert_in_range(n, 1, MAX_PAYLOAD);
        assert_int_equal(gs_depacketizer_add(&dp, payload, n), 0);
        packets++;
    }
    assert_true(last);
    assert_int_equal(gs_depacketizer_end(&dp, &size), 0);
    assert_int_equal(size, au->len);
    assert_memory_equal(dp.data->data, au->data, size);
    for (unsigned i = 0; i < GS_DEPACKETIZER_PADDING; i++)
        assert_int_equal(dp.data->data[size + i], 0);
    gs_depacketizer_finish(&dp);
    return packets;
}

static unsigned round_trip_of_sizes(const size_t *sizes, unsigned n)
{
    GRand *rand = g_rand_new_with_seed(n);
    GByteArray *au = g_byte_array_new();
    unsigned packets;

    for (unsigned i = 0; i < n; i++)
        gs_test_add_nal(au, rand, (uint8_t)(1 + i % 23), sizes[i]);
    packets = check_round_trip(au);
    g_byte_array_unref(au);
    g_rand_free(rand);
    return packets;
}

#define ROUND_TRIP(...)                                                                            \
    round_trip_of_sizes((const size_t[]){__VA_ARGS__},                                             \
                        sizeof((const size_t[]){__VA_ARGS__}) / sizeof(size_t))

static void test_write_size_classes(void **state)
{
    (void)state;
    assert_int_equal(ROUND_TRIP(1), 1);
    assert_int_equal(ROUND_TRIP(MAX_PAYLOAD - 1), 1);
    assert_int_equal(ROUND_TRIP(MAX_PAYLOAD), 1);
    assert_int_equal(ROUND_TRIP(MAX_PAYLOAD + 1), 2);
    assert_int_equal(ROUND_TRIP(1 + 2 * (MAX_PAYLOAD - 2)), 2);
    assert_int_equal(ROUND_TRIP(2 + 2 * (MAX_PAYLOAD - 2)), 3);
    assert_int_equal(ROUND_TRIP(1000000), 1 + 999998 / (MAX_PAYLOAD - 2));
}

static void test_write_aggregates(void **state)
{
    (void)state;
    assert_int_equal(ROUND_TRIP(12, 5, 30), 1);
    /* 1 + (2 + 10) + (2 + x) = MAX_PAYLOAD is the largest that fits */
    assert_int_equal(ROUND_TRIP(10, MAX_PAYLOAD - 15), 1);
    assert_int_equal(ROUND_TRIP(10, MAX_PAYLOAD - 14), 2);
    assert_int_equal(ROUND_TRIP(12, 5, 30, 5000), 1 + 5);
    assert_int_equal(ROUND_TRIP(5000, 10, 10, 5000), 5 + 1 + 5);
    assert_int_equal(ROUND_TRIP(5, 5, 5, 5, 5, 5, 5, 5, 5), 2);
}

static void test_write_random(void **state)
{
    GRand *rand = g_rand_new_with_seed(1);

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        GByteArray *au = g_byte_array_new();
        int n = g_rand_int_range(rand, 1, 12);

        for (int i = 0; i < n; i++) {
            int limit = 1 << g_rand_int_range(rand, 1, 15);

            gs_test_add_nal(au, rand, (uint8_t)g_rand_int_range(rand, 1, 24),
                            (size_t)g_rand_int_range(rand, 1, limit + 1));
        }
        check_round_trip(au);
        g_byte_array_unref(au);
    }
    g_rand_free(rand);
}

static void test_init_nothing_to_send(void **state)
{
    static const uint8_t junk[] = {1, 2, 3}, unsendable[] = {0, 0, 1, 0x7c, 1, 0, 0, 1, 0x60};
    struct gs_packetizer pk;

    (void)state;
    gs_packetizer_init(&pk, NULL, 0);
    assert_true(pk.done);
    gs_packetizer_init(&pk, junk, sizeof(junk));
    assert_true(pk.done);
    gs_packetizer_init(&pk, unsendable, sizeof(unsendable));
    assert_true(pk.done);
}

static void test_write_aggregate_header(void **state)
{
    static const uint8_t au[] = {0, 0, 1, 0x27, 1, 0, 0, 1, 0x68, 2};
    static const uint8_t expected[] = {0x78, 0, 2, 0x27, 1, 0, 2, 0x68, 2}; /* RFC 6184, 5.7.1 */
    struct gs_packetizer pk;
    uint8_t out[MAX_PAYLOAD];

    (void)state;
    gs_packetizer_init(&pk, au, sizeof(au));
    assert_int_equal(gs_packetizer_write(&pk, out), sizeof(expected));
    assert_memory_equal(out, expected, sizeof(expected));
    assert_true(pk.done);
}

static int add(struct gs_depacketizer *dp, const uint8_t *payload, size_t size)
{
    return gs_depacketizer_add(dp, payload, size);
}

#define ADD(dp, ...) add(dp, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void test_add_malformed(void **state)
{
    struct gs_depacketizer dp;
    size_t size;

    (void)state;
    gs_depacketizer_init(&dp);
    gs_depacketizer_reset(&dp);
    assert_int_equal(gs_depacketizer_add(&dp, NULL, 0), -EBADMSG);
    assert_int_equal(ADD(&dp, 0x60), -EBADMSG);             /* type 0 */
    assert_int_equal(ADD(&dp, 0xe1, 1), -EBADMSG);          /* forbidden bit */
    assert_int_equal(ADD(&dp, 0x79, 0, 0, 0, 1), -EBADMSG); /* STAP-B */
    assert_int_equal(ADD(&dp, 0x7d, 0x85, 0, 0), -EBADMSG); /* FU-B */
    assert_int_equal(ADD(&dp, 0x78), -EBADMSG);             /* STAP-A without units */
    assert_int_equal(ADD(&dp, 0x78, 0), -EBADMSG);          /* half a size */
    assert_int_equal(ADD(&dp, 0x78, 0, 2, 0x67), -EBADMSG); /* too long a unit */
    assert_int_equal(ADD(&dp, 0x78, 0, 0), -EBADMSG);       /* empty unit */
    assert_int_equal(ADD(&dp, 0x78, 0, 1, 0x78), -EBADMSG); /* nested */
    assert_int_equal(ADD(&dp, 0x7c, 0x85), -EBADMSG);       /* FU-A without data */
    assert_int_equal(ADD(&dp, 0x7c, 0xc5, 1), -EBADMSG);    /* start and end */
    assert_int_equal(ADD(&dp, 0x7c, 0x9c, 1), -EBADMSG);    /* of type FU-A */
    assert_int_equal(ADD(&dp, 0x7c, 0x05, 1), -EBADMSG);    /* middle without a start */
    gs_depacketizer_reset(&dp);
    assert_int_equal(gs_depacketizer_end(&dp, &size), -EBADMSG);
    gs_depacketizer_finish(&dp);
}

static void test_add_fragment_interrupted(void **state)
{
    struct gs_depacketizer dp;
    size_t size;

    (void)state;
    gs_depacketizer_init(&dp);
    gs_depacketizer_reset(&dp);
    assert_int_equal(ADD(&dp, 0x7c, 0x85, 1), 0);
    assert_int_equal(gs_depacketizer_end(&dp, &size), -EBADMSG);
    assert_int_equal(ADD(&dp, 0x7c, 0x85, 1), -EBADMSG); /* a second start */
    assert_int_equal(ADD(&dp, 0x65, 1), -EBADMSG);       /* another unit */
    assert_int_equal(ADD(&dp, 0x7c, 0x41, 1), -EBADMSG); /* the end of another type */
    assert_int_equal(ADD(&dp, 0x7c, 0x45, 1), 0);
    assert_int_equal(gs_depacketizer_end(&dp, &size), 0);
    assert_int_equal(size, 4 + 3);
    assert_true(dp.idr);
    gs_depacketizer_finish(&dp);
}

static void test_has_sps_finds(void **state)
{
    static const uint8_t single[] = {0x67, 1}, slice[] = {0x65, 1};
    static const uint8_t stap[] = {0x78, 0, 2, 9, 1, 0, 1, 0x67}, bad[] = {0x78, 0, 9, 0x67};

    (void)state;
    assert_true(gs_depacketizer_has_sps(single, sizeof(single)));
    assert_false(gs_depacketizer_has_sps(slice, sizeof(slice)));
    assert_true(gs_depacketizer_has_sps(stap, sizeof(stap)));
    assert_false(gs_depacketizer_has_sps(stap, 5));
    assert_false(gs_depacketizer_has_sps(bad, sizeof(bad)));
    assert_false(gs_depacketizer_has_sps(NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_size_classes),
        cmocka_unit_test(test_write_aggregates),
        cmocka_unit_test(test_write_random),
        cmocka_unit_test(test_init_nothing_to_send),
        cmocka_unit_test(test_write_aggregate_header),
        cmocka_unit_test(test_add_malformed),
        cmocka_unit_test(test_add_fragment_interrupted),
        cmocka_unit_test(test_has_sps_finds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
