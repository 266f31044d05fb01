/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/clock.h"
#include "host/door_limits.h"

static uint64_t key(const char *text)
{
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(text);

    assert_non_null(address);
    return gs_door_address_key(address);
}

static void test_address_key(void **state)
{
    (void)state;
    assert_true(key("192.0.2.1") != key("192.0.2.2"));
    assert_true(key("192.0.2.1") == key("::ffff:192.0.2.1"));
    assert_true(key("2001:db8:1:2::1") == key("2001:db8:1:2:ffff::9"));
    assert_true(key("2001:db8:1:2::1") != key("2001:db8:1:3::1"));
    assert_true(key("::1") != key("127.0.0.1"));
}

static const struct gs_door_limits limits = {.connections = 6, .per_address = 4, .waiting = 3};

#define IN(id, address)                                                                            \
    {                                                                                              \
        id, address, true, false                                                                   \
    }
#define WAITS(id, address)                                                                         \
    {                                                                                              \
        id, address, false, false                                                                  \
    }
#define SILENT(id, address)                                                                        \
    {                                                                                              \
        id, address, false, true                                                                   \
    }

static void test_admit_while_there_is_room(void **state)
{
    const struct gs_door_guest guests[] = {IN(1, 7), WAITS(2, 7), SILENT(3, 8)};
    uint32_t leaves = 99;

    (void)state;
    assert_true(gs_door_limits_admit(&limits, NULL, 0, 7, &leaves));
    assert_true(gs_door_limits_admit(&limits, guests, 3, 7, &leaves));
    assert_int_equal(leaves, 0);
}

static void test_admit_waiting_gives_way(void **state)
{
    const struct gs_door_guest crowd[] = {WAITS(1, 7), WAITS(2, 8), WAITS(3, 8)};
    const struct gs_door_guest silent[] = {WAITS(1, 8), SILENT(2, 8), SILENT(3, 8)};
    const struct gs_door_guest equal[] = {WAITS(4, 9), WAITS(2, 8), WAITS(3, 7)};
    uint32_t leaves;

    (void)state;
    /* Of the address that has the most, the oldest; never one of those who came alone. */
    assert_true(gs_door_limits_admit(&limits, crowd, 3, 9, &leaves));
    assert_int_equal(leaves, 2);
    assert_true(gs_door_limits_admit(&limits, crowd, 3, 8, &leaves));
    assert_int_equal(leaves, 2);
    /* Who speaks goes last. */
    assert_true(gs_door_limits_admit(&limits, silent, 3, 9, &leaves));
    assert_int_equal(leaves, 2);
    /* Among equals the oldest; with the newcomer, its address has two. */
    assert_true(gs_door_limits_admit(&limits, equal, 3, 1, &leaves));
    assert_int_equal(leaves, 2);
    assert_true(gs_door_limits_admit(&limits, equal, 3, 7, &leaves));
    assert_int_equal(leaves, 3);
}

static void test_admit_full(void **state)
{
    const struct gs_door_guest of_one[] = {IN(1, 7), IN(2, 7), IN(3, 7), IN(4, 7)};
    const struct gs_door_guest mixed[] = {IN(1, 7), IN(2, 7), IN(3, 7), WAITS(4, 7)};
    const struct gs_door_guest all[] = {IN(1, 1), IN(2, 2), IN(3, 3), IN(4, 4), IN(5, 5), IN(6, 6)};
    const struct gs_door_guest last[] = {IN(1, 1), IN(2, 2), IN(3, 3),
                                         IN(4, 4), IN(5, 5), WAITS(6, 6)};
    uint32_t leaves;

    (void)state;
    assert_false(gs_door_limits_admit(&limits, of_one, 4, 7, &leaves));
    assert_int_equal(leaves, 0);
    assert_true(gs_door_limits_admit(&limits, of_one, 4, 8, &leaves));
    assert_true(gs_door_limits_admit(&limits, mixed, 4, 7, &leaves));
    assert_int_equal(leaves, 4);
    assert_false(gs_door_limits_admit(&limits, all, 6, 9, &leaves));
    assert_int_equal(leaves, 0);
    assert_true(gs_door_limits_admit(&limits, last, 6, 9, &leaves));
    assert_int_equal(leaves, 6);
}

static void test_wrong_within_a_minute(void **state)
{
    struct gs_door_wrong *w = gs_door_wrong_create();
    uint64_t now = 5 * GS_NS_PER_S;

    (void)state;
    for (int i = 0; i < GS_DOOR_WRONG_MAX; i++)
        assert_false(gs_door_wrong_note(w, 7, now += GS_NS_PER_S));
    assert_true(gs_door_wrong_note(w, 7, now += GS_NS_PER_S));
    assert_true(gs_door_wrong_note(w, 7, now += GS_NS_PER_S));
    assert_false(gs_door_wrong_note(w, 8, now)); /* others do not pay for it */
    now += 60 * GS_NS_PER_S;
    assert_false(gs_door_wrong_note(w, 7, now));
    gs_door_wrong_destroy(w);
    gs_door_wrong_destroy(NULL);
}

/* Slower than ten a minute never waits. */
static void test_wrong_now_and_then(void **state)
{
    struct gs_door_wrong *w = gs_door_wrong_create();

    (void)state;
    for (uint64_t i = 1; i < 100; i++)
        assert_false(gs_door_wrong_note(w, 7, i * 6 * GS_NS_PER_S));
    gs_door_wrong_destroy(w);
}

/* Any number of addresses takes a bounded memory, and does not free one that goes on. */
static void test_wrong_of_many(void **state)
{
    struct gs_door_wrong *w = gs_door_wrong_create();
    uint64_t now = GS_NS_PER_S;

    (void)state;
    for (int i = 0; i < GS_DOOR_WRONG_MAX; i++)
        assert_false(gs_door_wrong_note(w, 7, now++));
    for (uint64_t address = 100; address < 5000; address++) {
        assert_false(gs_door_wrong_note(w, address, now++));
        if (address % 100 == 0)
            assert_true(gs_door_wrong_note(w, 7, now++));
    }
    gs_door_wrong_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address_key),
        cmocka_unit_test(test_admit_while_there_is_room),
        cmocka_unit_test(test_admit_waiting_gives_way),
        cmocka_unit_test(test_admit_full),
        cmocka_unit_test(test_wrong_within_a_minute),
        cmocka_unit_test(test_wrong_now_and_then),
        cmocka_unit_test(test_wrong_of_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
