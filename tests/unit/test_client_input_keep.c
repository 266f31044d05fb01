/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/input-event-codes.h>

#include "client/input.h"
#include "client/input_keep.h"

#define MS GS_NS_PER_MS

static struct gs_input told[GS_INPUT_KEEP_MAX + 16];
static unsigned n_told;

static void on_told(void *user, const struct gs_input *in)
{
    (void)user;
    assert_true(n_told < GS_ARRAY_SIZE(told));
    told[n_told++] = *in;
}

static void tell(struct gs_input_keep *k, uint64_t now)
{
    n_told = 0;
    gs_input_keep_tell(k, now, on_told, NULL);
}

static void assert_told(unsigned i, enum gs_input_kind kind, uint16_t code, uint8_t pressed)
{
    assert_true(i < n_told);
    assert_int_equal(told[i].kind, kind);
    assert_int_equal(told[i].code, code);
    assert_int_equal(told[i].state, pressed);
    assert_int_equal(told[i].id, 0);
}

static void sent(struct gs_input_keep *k, struct gs_input in)
{
    gs_input_keep_sent(k, &in);
}

static void add(struct gs_input_keep *k, struct gs_input in, uint64_t now)
{
    in.id = 99;
    in.time = (uint32_t)(now / MS);
    gs_input_keep_add(k, &in, now);
}

/* A client that never sent anything has nothing to say. */
static void test_nothing(void **state)
{
    struct gs_input_keep k;

    (void)state;
    gs_input_keep_init(&k);
    tell(&k, 5 * MS);
    assert_int_equal(n_told, 0);
    gs_input_keep_finish(&k);
}

static void test_held_keys(void **state)
{
    struct gs_input_keep k;

    (void)state;
    gs_input_keep_init(&k);
    sent(&k, gs_input_key(KEY_W, true));
    sent(&k, gs_input_key(KEY_A, true));
    sent(&k, gs_input_button(BTN_RIGHT, true));
    sent(&k, gs_input_key(KEY_A, false));
    tell(&k, 5 * MS);
    assert_int_equal(n_told, 3);
    assert_told(0, GS_INPUT_RESET, 0, 0);
    assert_told(1, GS_INPUT_KEY, KEY_W, 1);
    assert_told(2, GS_INPUT_BUTTON, BTN_RIGHT, 1);
    /* And once more: telling changes nothing. */
    tell(&k, 6 * MS);
    assert_int_equal(n_told, 3);
    gs_input_keep_finish(&k);
}

static void test_kept_in_order(void **state)
{
    struct gs_input_keep k;

    (void)state;
    gs_input_keep_init(&k);
    sent(&k, gs_input_key(KEY_W, true));
    add(&k, gs_input_key(KEY_SPACE, true), 10 * MS);
    add(&k, gs_input_wheel(false, 1), 20 * MS);
    add(&k, gs_input_key(KEY_SPACE, false), 30 * MS);
    add(&k, gs_input_key(KEY_W, false), 40 * MS);
    tell(&k, 1010 * MS);
    assert_int_equal(n_told, 6);
    assert_told(0, GS_INPUT_RESET, 0, 0);
    assert_told(1, GS_INPUT_KEY, KEY_W, 1);
    assert_told(2, GS_INPUT_KEY, KEY_SPACE, 1);
    assert_int_equal(told[2].time, 10);
    assert_told(3, GS_INPUT_AXIS, 0, 0);
    assert_told(4, GS_INPUT_KEY, KEY_SPACE, 0);
    assert_told(5, GS_INPUT_KEY, KEY_W, 0);
    /* Nothing is said twice, and W is up. */
    tell(&k, 1020 * MS);
    assert_int_equal(n_told, 1);
    assert_told(0, GS_INPUT_RESET, 0, 0);
    gs_input_keep_finish(&k);
}

/* What was typed long ago is not typed any more; what is down is. */
static void test_dropped(void **state)
{
    struct gs_input_keep k;

    (void)state;
    gs_input_keep_init(&k);
    sent(&k, gs_input_key(KEY_W, true));
    add(&k, gs_input_key(KEY_W, false), 10 * MS);
    add(&k, gs_input_key(KEY_SPACE, true), 10 * MS);
    add(&k, gs_input_key(KEY_SPACE, false), 20 * MS);
    add(&k, gs_input_key(KEY_D, true), 30 * MS);
    add(&k, gs_input_key(KEY_F, true), 900 * MS);
    tell(&k, 1500 * MS);
    assert_int_equal(n_told, 3);
    assert_told(0, GS_INPUT_RESET, 0, 0);
    assert_told(1, GS_INPUT_KEY, KEY_D, 1);
    assert_told(2, GS_INPUT_KEY, KEY_F, 1);
    gs_input_keep_finish(&k);
}

static void test_locks_and_place(void **state)
{
    const struct gs_input caps = {.kind = GS_INPUT_LOCKS, .x = 1};
    struct gs_input_keep k;

    (void)state;
    gs_input_keep_init(&k);
    sent(&k, gs_input_motion(5, 5));
    tell(&k, 5 * MS);
    assert_int_equal(n_told, 1); /* the host knows the pointer's place */
    sent(&k, caps);
    add(&k, gs_input_motion(7, 7), 10 * MS);
    add(&k, gs_input_motion(8, 9), 20 * MS);
    tell(&k, 2000 * MS);
    assert_int_equal(n_told, 3);
    assert_told(1, GS_INPUT_LOCKS, 0, 0);
    assert_int_equal(told[1].x, 1);
    assert_told(2, GS_INPUT_MOTION_ABS, 0, 0);
    assert_int_equal(told[2].x, 8 * 256);
    assert_int_equal(told[2].y, 9 * 256);
    gs_input_keep_finish(&k);
}

static void test_motion_is_merged(void **state)
{
    struct gs_input_keep k;

    (void)state;
    gs_input_keep_init(&k);
    for (unsigned i = 0; i < 300; i++)
        add(&k, gs_input_motion(i, i), i * MS);
    add(&k, gs_input_button(BTN_LEFT, true), 300 * MS);
    add(&k, gs_input_motion(400, 400), 301 * MS);
    tell(&k, 302 * MS);
    assert_int_equal(n_told, 3);
    assert_int_equal(told[0].x, 299 * 256);
    assert_told(1, GS_INPUT_BUTTON, BTN_LEFT, 1);
    assert_int_equal(told[2].x, 400 * 256);
    gs_input_keep_finish(&k);
}

static void test_reset_while_away(void **state)
{
    struct gs_input_keep k;

    (void)state;
    gs_input_keep_init(&k);
    sent(&k, gs_input_key(KEY_W, true));
    add(&k, (struct gs_input){.kind = GS_INPUT_RESET}, 10 * MS);
    tell(&k, 5000 * MS);
    assert_int_equal(n_told, 1);
    assert_told(0, GS_INPUT_RESET, 0, 0);
    gs_input_keep_finish(&k);
}

/* More than there is room for: the oldest go, their effect on what is down stays. */
static void test_too_many(void **state)
{
    struct gs_input_keep k;

    (void)state;
    gs_input_keep_init(&k);
    add(&k, gs_input_key(KEY_W, true), MS);
    for (unsigned i = 0; i < GS_INPUT_KEEP_MAX; i++)
        add(&k, gs_input_wheel(false, 1), 2 * MS);
    tell(&k, 3 * MS);
    assert_int_equal(n_told, GS_INPUT_KEEP_MAX + 2);
    assert_told(0, GS_INPUT_RESET, 0, 0);
    assert_told(1, GS_INPUT_KEY, KEY_W, 1);
    assert_told(2, GS_INPUT_AXIS, 0, 0);
    gs_input_keep_finish(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),          cmocka_unit_test(test_held_keys),
        cmocka_unit_test(test_kept_in_order),    cmocka_unit_test(test_dropped),
        cmocka_unit_test(test_locks_and_place),  cmocka_unit_test(test_motion_is_merged),
        cmocka_unit_test(test_reset_while_away), cmocka_unit_test(test_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
