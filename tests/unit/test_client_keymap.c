/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>

#include "client/keymap.h"

static struct gs_keymap *create(const char *layout)
{
    struct gs_keymap *km;

    assert_int_equal(gs_keymap_create(layout, &km), 0);
    return km;
}

static void check(const struct gs_keymap *km, uint32_t character, uint16_t code, bool shift,
                  bool altgr)
{
    struct gs_keystroke k;

    assert_true(gs_keymap_find(km, character, &k));
    assert_int_equal(k.code, code);
    assert_int_equal(k.shift, shift);
    assert_int_equal(k.altgr, altgr);
}

static void test_find_us(void **state)
{
    struct gs_keymap *km = create("us");
    struct gs_keystroke k;

    (void)state;
    check(km, 'a', KEY_A, false, false);
    check(km, 'A', KEY_A, true, false);
    check(km, '1', KEY_1, false, false);
    check(km, '!', KEY_1, true, false);
    check(km, ' ', KEY_SPACE, false, false);
    check(km, '|', KEY_BACKSLASH, true, false);
    check(km, '\n', KEY_ENTER, false, false);
    check(km, '\t', KEY_TAB, false, false);
    assert_false(gs_keymap_find(km, 0xe9, &k)); /* é */
    gs_keymap_destroy(km);
}

/* All that can be printed in ASCII can be typed. */
static void test_find_us_has_ascii(void **state)
{
    struct gs_keymap *km = create("us");
    struct gs_keystroke k;

    (void)state;
    for (uint32_t c = ' '; c <= '~'; c++)
        assert_true(gs_keymap_find(km, c, &k));
    gs_keymap_destroy(km);
}

static void test_find_de_variant(void **state)
{
    struct gs_keymap *km = create("de:nodeadkeys");

    (void)state;
    check(km, 'z', KEY_Y, false, false);
    check(km, '@', KEY_Q, false, true);
    check(km, 0xfc, KEY_LEFTBRACE, false, false); /* ü */
    check(km, '^', KEY_GRAVE, false, false);
    gs_keymap_destroy(km);
}

static void test_create_unknown(void **state)
{
    struct gs_keymap *km = NULL;

    (void)state;
    assert_int_equal(gs_keymap_create("no-such-layout", &km), -EINVAL);
    assert_null(km);
    gs_keymap_destroy(NULL);
}

static void test_text(void **state)
{
    struct gs_keymap *km = create("us");
    char *text = gs_keymap_text(km);

    (void)state;
    assert_non_null(strstr(text, "xkb_keymap"));
    free(text);
    gs_keymap_destroy(km);
}

static void test_key_by_name(void **state)
{
    (void)state;
    assert_int_equal(gs_key_by_name("KEY_ENTER"), KEY_ENTER);
    assert_int_equal(gs_key_by_name("enter"), KEY_ENTER);
    assert_int_equal(gs_key_by_name("F12"), KEY_F12);
    assert_int_equal(gs_key_by_name("28"), 28);
    assert_int_equal(gs_key_by_name("1"), KEY_1);
    assert_int_equal(gs_key_by_name("01"), KEY_ESC);
    assert_int_equal(gs_key_by_name("reserved"), 0);
    assert_int_equal(gs_key_by_name("0"), KEY_0);
    assert_int_equal(gs_key_by_name("100000"), 0);
    assert_int_equal(gs_key_by_name("272"), 0); /* BTN_LEFT */
    assert_int_equal(gs_key_by_name(""), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find_us),
        cmocka_unit_test(test_find_us_has_ascii),
        cmocka_unit_test(test_find_de_variant),
        cmocka_unit_test(test_create_unknown),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_key_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
