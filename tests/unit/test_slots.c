/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who gets an encoder slot, case by case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/slots.h"

#define S(seconds) ((uint64_t)(seconds)*GS_NS_PER_S)

static struct gs_slots *slots;
static int a, b, c; /* sessions, by their addresses */

static void begin(uint32_t limit)
{
    slots = gs_slots_create(limit);
}

static int finish(void **state)
{
    (void)state;
    gs_slots_destroy(slots);
    slots = NULL;
    return 0;
}

static struct gs_slot_session *add(int *user, uint32_t weight, uint64_t now)
{
    return gs_slots_add(slots, weight, user, now);
}

static void expect(uint64_t now, enum gs_slot_order_kind kind, int *user)
{
    struct gs_slot_order o;

    assert_true(gs_slots_next(slots, now, &o));
    assert_int_equal(o.kind, kind);
    assert_ptr_equal(o.user, user);
}

static void expect_nothing(uint64_t now)
{
    struct gs_slot_order o;

    assert_false(gs_slots_next(slots, now, &o));
}

static void expect_count(uint32_t limit, uint32_t used, uint32_t wanted)
{
    struct gs_slots_count n;

    gs_slots_count(slots, &n);
    assert_int_equal(n.limit, limit);
    assert_int_equal(n.used, used);
    assert_int_equal(n.wanted, wanted);
}

static struct gs_slot_session *add_holder(int *user, uint64_t now)
{
    struct gs_slot_session *x = add(user, 100, now);

    gs_slots_want(x, false, now);
    expect(now, GS_SLOT_ORDER_GIVE, user);
    return x;
}

static void test_unlimited_until_refused(void **state)
{
    struct gs_slot_session *x;
    struct gs_slot_order o;

    (void)state;
    begin(GS_SLOTS_AUTO);
    add_holder(&a, S(1));
    add_holder(&b, S(1));
    x = add_holder(&c, S(2));
    expect_count(GS_SLOTS_AUTO, 3, 0);
    gs_slots_free(x, GS_SLOT_END_FULL, S(3));
    gs_slots_want(x, false, S(3));
    assert_true(gs_slots_next(slots, S(3), &o));
    assert_int_equal(o.kind, GS_SLOT_ORDER_REFUSE);
    assert_int_equal(o.slots, 2);
    expect_nothing(S(3));
    expect_count(2, 2, 1);
}

static void test_tries_upwards_again(void **state)
{
    struct gs_slot_session *x, *y;

    (void)state;
    begin(GS_SLOTS_AUTO);
    y = add_holder(&a, S(0));
    x = add_holder(&b, S(0));
    gs_slots_free(x, GS_SLOT_END_FULL, S(1));
    gs_slots_want(x, false, S(1));
    expect(S(1), GS_SLOT_ORDER_REFUSE, &b);
    gs_slots_stats(y, 1, 1, S(60));
    gs_slots_stats(x, 1, 1, S(60));
    expect_nothing(S(60));
    /* A minute later, for one that moves; it is refused again: two minutes. */
    expect(S(61), GS_SLOT_ORDER_GIVE, &b);
    gs_slots_free(x, GS_SLOT_END_FULL, S(62));
    gs_slots_want(x, false, S(62));
    expect(S(62), GS_SLOT_ORDER_REFUSE, &b);
    expect_count(1, 1, 1);
    gs_slots_stats(y, 1, 2, S(181));
    gs_slots_stats(x, 1, 2, S(181));
    expect_nothing(S(181));
    /* It is taken: there are two. */
    expect(S(182), GS_SLOT_ORDER_GIVE, &b);
    expect_nothing(S(192));
    expect_count(2, 2, 0);
    /* Perhaps even three, at once. */
    x = add(&c, 100, S(192));
    gs_slots_want(x, false, S(192));
    expect(S(192), GS_SLOT_ORDER_GIVE, &c);
}

/* What stands in the way may be a session of the daemon before. */
static void test_learns_nothing_while_some_are_away(void **state)
{
    struct gs_slot_session *x, *away;

    (void)state;
    begin(GS_SLOTS_AUTO);
    away = add(&a, 100, 0);
    gs_slots_away(away);
    x = add_holder(&b, 0);
    gs_slots_free(x, GS_SLOT_END_FULL, S(1));
    expect_count(GS_SLOTS_AUTO, 0, 0);
    gs_slots_adopted(away, GS_SLOT_HELD, false, S(2));
    expect_count(GS_SLOTS_AUTO, 1, 0);
    gs_slots_want(x, false, S(2));
    expect(S(2), GS_SLOT_ORDER_REFUSE, &b);
    expect_nothing(S(10));
    expect(S(11), GS_SLOT_ORDER_GIVE, &b);
    gs_slots_free(x, GS_SLOT_END_FULL, S(12));
    expect_count(1, 1, 0);
}

/* The hardware takes fewer than an administrator believes. */
static void test_learns_below_what_is_configured(void **state)
{
    struct gs_slot_session *x;

    (void)state;
    begin(2);
    add_holder(&a, 0);
    x = add_holder(&b, 0);
    gs_slots_free(x, GS_SLOT_END_FULL, S(1));
    gs_slots_want(x, false, S(1));
    expect(S(1), GS_SLOT_ORDER_REFUSE, &b);
    expect_count(1, 1, 1);
    gs_slots_stats(x, 1, 1, S(61));
    expect(S(61), GS_SLOT_ORDER_GIVE, &b);
    expect_nothing(S(71));
    expect_count(2, 2, 0);
}

static void test_away_counts_as_held(void **state)
{
    struct gs_slot_session *x, *away;

    (void)state;
    begin(1);
    away = add(&a, 100, 0);
    gs_slots_away(away);
    x = add(&b, 100, 0);
    gs_slots_want(x, false, 0);
    expect(0, GS_SLOT_ORDER_REFUSE, &b);
    gs_slots_adopted(away, GS_SLOT_NONE, false, S(1));
    expect(S(1), GS_SLOT_ORDER_GIVE, &b);
}

static void test_none_are_given(void **state)
{
    struct gs_slot_session *x;

    (void)state;
    begin(0);
    x = add(&a, 100, 0);
    gs_slots_want(x, false, 0);
    expect(0, GS_SLOT_ORDER_REFUSE, &a);
    expect_nothing(S(3600));
}

static void test_rest_gives_back_when_wanted(void **state)
{
    struct gs_slot_session *x, *y;

    (void)state;
    begin(1);
    x = add_holder(&a, 0);
    gs_slots_stats(x, 1, 1, 0);
    expect_nothing(S(1000)); /* nobody wants it */
    y = add(&b, 100, S(1000));
    gs_slots_want(y, false, S(1000));
    expect(S(1000), GS_SLOT_ORDER_TAKE_BACK, &a);
    expect(S(1000), GS_SLOT_ORDER_REFUSE, &b);
    expect_nothing(S(1000));
    gs_slots_free(x, GS_SLOT_END_BACK, S(1000));
    gs_slots_want(x, false, S(1000));
    expect(S(1000), GS_SLOT_ORDER_GIVE, &b);
    expect(S(1000), GS_SLOT_ORDER_REFUSE, &a);
    expect_nothing(S(1000));
}

static void test_no_more_are_taken_back_than_wanted(void **state)
{
    struct gs_slot_session *x, *y;

    (void)state;
    begin(2);
    x = add_holder(&a, 0);
    add_holder(&b, 0);
    y = add(&c, 100, S(20));
    gs_slots_stats(x, 0, 0, S(20));
    gs_slots_want(y, false, S(20));
    expect(S(20), GS_SLOT_ORDER_TAKE_BACK, &a); /* the one that is not watched */
    expect(S(20), GS_SLOT_ORDER_REFUSE, &c);
    expect_nothing(S(20));
    expect_count(2, 2, 1);
}

static void test_who_moves_keeps_it(void **state)
{
    struct gs_slot_session *x, *y;

    (void)state;
    begin(1);
    x = add_holder(&a, 0);
    y = add(&b, 10000, 0);
    gs_slots_want(y, false, 0);
    expect(0, GS_SLOT_ORDER_REFUSE, &b);
    for (unsigned i = 1; i < 300; i++) {
        gs_slots_stats(x, 1, i, S(i));
        gs_slots_stats(y, 1, i, S(i));
        expect_nothing(S(i));
    }
    /* Nobody looks at it any more. */
    gs_slots_stats(x, 0, 301, S(300));
    expect(S(300), GS_SLOT_ORDER_TAKE_BACK, &a);
}

static void test_who_rests_takes_from_nobody(void **state)
{
    struct gs_slot_session *x, *y;

    (void)state;
    begin(1);
    x = add_holder(&a, 0);
    y = add(&b, 100, 0);
    gs_slots_stats(x, 0, 0, 0);
    gs_slots_stats(y, 0, 0, 0);
    gs_slots_want(y, false, 0);
    expect(0, GS_SLOT_ORDER_REFUSE, &b);
    expect_nothing(S(100));
    gs_slots_remove(x);
    expect(S(100), GS_SLOT_ORDER_GIVE, &b);
}

static void test_kept_for_a_while(void **state)
{
    struct gs_slot_session *x, *y;

    (void)state;
    begin(1);
    x = add_holder(&a, 0);
    gs_slots_stats(x, 0, 0, S(1));
    y = add(&b, 100, S(1));
    gs_slots_want(y, false, S(1));
    gs_slots_stats(y, 1, 1, S(1));
    expect(S(1), GS_SLOT_ORDER_REFUSE, &b);
    gs_slots_stats(y, 1, 2, S(9));
    expect_nothing(S(10) - 1);
    expect(S(10), GS_SLOT_ORDER_TAKE_BACK, &a);
}

static void test_asked_for_by_name_is_kept(void **state)
{
    struct gs_slot_session *x, *y;

    (void)state;
    begin(1);
    x = add(&a, 100, 0);
    gs_slots_want(x, true, 0);
    expect(0, GS_SLOT_ORDER_GIVE, &a);
    gs_slots_stats(x, 0, 0, 0);
    y = add(&b, 100, S(20));
    gs_slots_want(y, false, S(20));
    expect(S(20), GS_SLOT_ORDER_REFUSE, &b);
    expect_nothing(S(20));
}

static void test_weight_then_time(void **state)
{
    struct gs_slot_session *x, *light, *heavy, *early;
    int d;

    (void)state;
    begin(1);
    x = add_holder(&a, 0);
    early = add(&d, 50, 0);
    gs_slots_want(early, false, 0);
    light = add(&b, 100, S(1));
    gs_slots_want(light, false, S(1));
    heavy = add(&c, 200, S(2));
    gs_slots_want(heavy, false, S(2));
    expect(S(2), GS_SLOT_ORDER_REFUSE, &d);
    expect(S(2), GS_SLOT_ORDER_REFUSE, &b);
    expect(S(2), GS_SLOT_ORDER_REFUSE, &c);
    gs_slots_remove(x);
    expect(S(3), GS_SLOT_ORDER_GIVE, &c);
    gs_slots_remove(heavy);
    gs_slots_stats(early, 1, 1, S(60));
    gs_slots_stats(light, 1, 1, S(60));
    /* A minute is worth more than any weight. */
    expect(S(60), GS_SLOT_ORDER_GIVE, &d);
    gs_slots_remove(early);
    expect(S(60), GS_SLOT_ORDER_GIVE, &b);
}

static void test_limit_is_lowered(void **state)
{
    struct gs_slot_session *x;

    (void)state;
    begin(2);
    add_holder(&a, 0);
    x = add_holder(&b, 0);
    gs_slots_set_limit(slots, 1);
    gs_slots_stats(x, 0, 0, S(1));
    expect_nothing(S(9));
    expect(S(10), GS_SLOT_ORDER_TAKE_BACK, &b);
    expect_nothing(S(10));
    gs_slots_free(x, GS_SLOT_END_BACK, S(10));
    expect_count(1, 1, 0);
}

static void test_useless_frees_its_slot(void **state)
{
    struct gs_slot_session *x;

    (void)state;
    begin(GS_SLOTS_AUTO);
    x = add_holder(&a, 0);
    gs_slots_free(x, GS_SLOT_END_USELESS, 0);
    expect_nothing(S(1000));
    expect_count(GS_SLOTS_AUTO, 0, 0);
}

/* A worker may say what it likes. */
static void test_nonsense_is_survived(void **state)
{
    struct gs_slot_session *x;

    (void)state;
    begin(1);
    x = add(&a, 100, 0);
    gs_slots_free(x, GS_SLOT_END_FULL, 0);
    expect_count(1, 0, 0);
    gs_slots_want(x, false, 0);
    gs_slots_want(x, true, 0);
    expect(0, GS_SLOT_ORDER_GIVE, &a);
    expect_nothing(0);
    gs_slots_want(x, false, 0);
    expect_count(1, 0, 1);
    expect(0, GS_SLOT_ORDER_GIVE, &a);
    gs_slots_remove(x);
    expect_count(1, 0, 0);
    gs_slots_remove(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_unlimited_until_refused, finish),
        cmocka_unit_test_teardown(test_tries_upwards_again, finish),
        cmocka_unit_test_teardown(test_learns_nothing_while_some_are_away, finish),
        cmocka_unit_test_teardown(test_learns_below_what_is_configured, finish),
        cmocka_unit_test_teardown(test_away_counts_as_held, finish),
        cmocka_unit_test_teardown(test_none_are_given, finish),
        cmocka_unit_test_teardown(test_rest_gives_back_when_wanted, finish),
        cmocka_unit_test_teardown(test_no_more_are_taken_back_than_wanted, finish),
        cmocka_unit_test_teardown(test_who_moves_keeps_it, finish),
        cmocka_unit_test_teardown(test_who_rests_takes_from_nobody, finish),
        cmocka_unit_test_teardown(test_kept_for_a_while, finish),
        cmocka_unit_test_teardown(test_asked_for_by_name_is_kept, finish),
        cmocka_unit_test_teardown(test_weight_then_time, finish),
        cmocka_unit_test_teardown(test_limit_is_lowered, finish),
        cmocka_unit_test_teardown(test_useless_frees_its_slot, finish),
        cmocka_unit_test_teardown(test_nonsense_is_survived, finish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
