/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/places.h"

#define S GS_NS_PER_S
#define T (100 * S)

/* A client comes, and whoever is in its way leaves. Its place; -1: there is none for it. */
static int come(struct gs_places *p, uint32_t client, bool view, const char *resume)
{
    int leaves;

    if (!gs_places_make_room(p, view, &leaves))
        return -1;
    if (leaves >= 0)
        gs_places_leave(p, leaves);
    return gs_places_take(p, client, view, resume);
}

static void test_one_controls(void **state)
{
    struct gs_places p;
    int a, b, c;

    (void)state;
    gs_places_init(&p, 4);
    assert_int_equal(gs_places_controls(&p), -1);
    a = come(&p, 1, true, "a");
    assert_int_equal(gs_places_controls(&p), -1);
    b = come(&p, 2, false, "b");
    assert_int_equal(gs_places_controls(&p), b);
    assert_int_not_equal(a, b);
    /* The next one takes over, and only from the one with the control. */
    c = come(&p, 3, false, "c");
    assert_int_equal(gs_places_find(&p, 2), -1);
    assert_int_equal(gs_places_find(&p, 1), a);
    assert_int_equal(gs_places_controls(&p), c);
}

static void test_full(void **state)
{
    struct gs_places p;
    int leaves;

    (void)state;
    gs_places_init(&p, 2);
    assert_true(come(&p, 1, false, "a") >= 0);
    assert_true(come(&p, 2, true, "b") >= 0);
    assert_int_equal(come(&p, 3, true, "c"), -1);
    /* For the control there is a place, as long as there is a control to take over. */
    assert_true(gs_places_make_room(&p, false, &leaves));
    assert_int_equal(leaves, gs_places_find(&p, 1));
    gs_places_leave(&p, leaves);
    assert_true(come(&p, 3, true, "c") >= 0);
    assert_int_equal(come(&p, 4, false, "d"), -1);
}

static void test_full_of_broken_ones(void **state)
{
    struct gs_places p;
    int a, b;

    (void)state;
    gs_places_init(&p, 3);
    come(&p, 1, false, "x");
    a = come(&p, 2, true, "a");
    b = come(&p, 3, true, "b");
    for (int i = 0; i < 3; i++)
        assert_true(gs_places_heard(&p, i, true));
    /* Who controls is not sent away for one who watches. */
    assert_true(gs_places_broke(&p, gs_places_find(&p, 1), T));
    assert_int_equal(come(&p, 4, true, "c"), -1);
    assert_true(gs_places_broke(&p, b, T + S));
    assert_true(gs_places_broke(&p, a, T + 2 * S));
    assert_int_equal(come(&p, 4, true, "c"), b);
    assert_int_equal(gs_places_find_back(&p, "a"), a);
    assert_int_equal(gs_places_find_back(&p, "b"), -1);
}

static void test_comes_back(void **state)
{
    struct gs_places p;
    int a;

    (void)state;
    gs_places_init(&p, 2);
    a = come(&p, 1, false, "a");
    assert_true(gs_places_heard(&p, a, true));
    assert_true(gs_places_broke(&p, a, T));
    assert_int_equal(gs_places_find(&p, 1), -1);
    assert_int_equal(gs_places_controls(&p), a);
    assert_int_equal(gs_places_find_back(&p, ""), -1);
    assert_int_equal(gs_places_find_back(&p, "b"), -1);
    assert_int_equal(gs_places_find_back(&p, "a"), a);
    gs_places_back(&p, a, 7, false);
    assert_int_equal(gs_places_find(&p, 7), a);
    assert_true(gs_places_due(&p) == UINT64_MAX);
    /* By a connection that may only watch. */
    gs_places_back(&p, a, 8, true);
    assert_int_equal(gs_places_controls(&p), -1);
    gs_places_back(&p, a, 9, false);
    assert_int_equal(gs_places_controls(&p), -1);
}

static void test_grace(void **state)
{
    struct gs_places p;
    int a, b;

    (void)state;
    gs_places_init(&p, 2);
    a = come(&p, 1, false, "a");
    b = come(&p, 2, true, "b");
    gs_places_heard(&p, a, true);
    gs_places_heard(&p, b, true);
    assert_int_equal(gs_places_receiving(&p), 2);
    gs_places_broke(&p, b, T + S);
    gs_places_broke(&p, a, T);
    assert_true(gs_places_due(&p) == T + GS_PLACES_GRACE);
    assert_int_equal(gs_places_overdue(&p, T + GS_PLACES_GRACE - 1), -1);
    assert_int_equal(gs_places_overdue(&p, T + GS_PLACES_GRACE), a);
    gs_places_leave(&p, a);
    assert_int_equal(gs_places_receiving(&p), 1);
    assert_true(gs_places_due(&p) == T + S + GS_PLACES_GRACE);
    /* There was no way to come back until now. */
    gs_places_link_back(&p, T + 20 * S);
    assert_true(gs_places_due(&p) == T + 20 * S + GS_PLACES_GRACE);
}

static void test_silent_ones_go(void **state)
{
    struct gs_places p;
    int a, b;

    (void)state;
    gs_places_init(&p, 2);
    a = come(&p, 1, false, "a");
    b = come(&p, 2, true, "b");
    /* Never heard. */
    assert_false(gs_places_broke(&p, a, T));
    gs_places_leave(&p, a);
    assert_true(gs_places_heard(&p, b, true));
    /* Silent, but connected. */
    assert_true(gs_places_heard(&p, b, false));
    assert_true(gs_places_heard(&p, b, true));
    assert_true(gs_places_broke(&p, b, T));
    assert_false(gs_places_heard(&p, b, false));
}

static void test_replaced(void **state)
{
    struct gs_places p;
    char resume[] = "a";

    (void)state;
    gs_places_init(&p, 1);
    gs_places_replace(&p, come(&p, 1, false, ""), T);
    assert_false(gs_places_was_replaced(&p, "", T));
    for (uint32_t i = 0; i < 20; i++) {
        resume[0] = (char)('a' + i);
        gs_places_replace(&p, come(&p, i + 1, false, resume), T + i);
        assert_int_equal(gs_places_controls(&p), -1);
        assert_true(gs_places_was_replaced(&p, resume, T + i));
    }
    assert_false(gs_places_was_replaced(&p, "z", T + 20));
    assert_true(gs_places_was_replaced(&p, resume, T + 19 + GS_PLACES_GRACE - 1));
    assert_false(gs_places_was_replaced(&p, resume, T + 19 + GS_PLACES_GRACE));
}

static void test_without_resume(void **state)
{
    struct gs_places p;
    int a;

    (void)state;
    gs_places_init(&p, 1);
    a = come(&p, 1, false, "");
    assert_true(gs_places_heard(&p, a, true));
    assert_false(gs_places_broke(&p, a, T));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_controls),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_full_of_broken_ones),
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_grace),
        cmocka_unit_test(test_silent_ones_go),
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_without_resume),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
