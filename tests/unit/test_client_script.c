/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/input-event-codes.h>
#include <string.h>

#include "client/script.h"
#include "common/clock.h"

static struct gs_keymap *keymap;

static int set_up(void **state)
{
    (void)state;
    return gs_keymap_create("us", &keymap);
}

static int tear_down(void **state)
{
    (void)state;
    gs_keymap_destroy(keymap);
    return 0;
}

static struct gs_script *parse(const char *text)
{
    struct gs_script *script = NULL;
    g_autofree char *why = NULL;

    if (gs_script_parse(text, keymap, &script, &why) != 0)
        fail_msg("%s", why);
    return script;
}

static const struct gs_script_step *step(const struct gs_script *script, guint i)
{
    assert_true(i < script->steps->len);
    return &g_array_index(script->steps, struct gs_script_step, i);
}

static void refuse(const char *text, const char *expected)
{
    struct gs_script *script = NULL;
    g_autofree char *why = NULL;

    assert_int_equal(gs_script_parse(text, keymap, &script, &why), -EINVAL);
    assert_null(script);
    if (!strstr(why, expected))
        fail_msg("“%s” does not say “%s”", why, expected);
}

static void test_parse_all(void **state)
{
    struct gs_script *s = parse("# a comment\n"
                                "wait 0.5 # half a second\r\n"
                                "\n"
                                "  wait-frame\n"
                                "wait-frame 3\n"
                                "key KEY_ENTER\n"
                                "key a down\n"
                                "move 10 20.5\n"
                                "rel -1 2\n"
                                "button right up\n"
                                "click\n"
                                "scroll -2\n"
                                "snapshot some name.png\n"
                                "quit");

    (void)state;
    assert_int_equal(s->steps->len, 14);
    assert_int_equal(step(s, 0)->op, GS_SCRIPT_WAIT);
    assert_int_equal(step(s, 0)->ns, GS_NS_PER_S / 2);
    assert_int_equal(step(s, 0)->line, 2);
    assert_int_equal(step(s, 1)->count, 1);
    assert_int_equal(step(s, 2)->count, 3);
    assert_int_equal(step(s, 3)->input.code, KEY_ENTER);
    assert_int_equal(step(s, 3)->input.state, 1);
    assert_int_equal(step(s, 4)->input.state, 0);
    assert_int_equal(step(s, 5)->input.code, KEY_A);
    assert_int_equal(step(s, 6)->input.kind, GS_INPUT_MOTION_ABS);
    assert_int_equal(step(s, 6)->input.y, 20 * 256 + 128);
    assert_int_equal(step(s, 7)->input.x, -256);
    assert_int_equal(step(s, 8)->input.code, BTN_RIGHT);
    assert_int_equal(step(s, 8)->input.state, 0);
    assert_int_equal(step(s, 9)->input.code, BTN_LEFT);
    assert_int_equal(step(s, 11)->input.y, -240);
    assert_string_equal(step(s, 12)->path, "some name.png");
    assert_int_equal(step(s, 13)->op, GS_SCRIPT_QUIT);
    gs_script_destroy(s);
}

static void test_parse_text(void **state)
{
    struct gs_script *s = parse("text a# B\\n\n");
    static const struct {
        uint16_t code;
        uint8_t state;
    } expected[] = {
        {KEY_A, 1},         {KEY_A, 0},         {KEY_LEFTSHIFT, 1}, {KEY_3, 1},         {KEY_3, 0},
        {KEY_LEFTSHIFT, 0}, {KEY_SPACE, 1},     {KEY_SPACE, 0},     {KEY_LEFTSHIFT, 1}, {KEY_B, 1},
        {KEY_B, 0},         {KEY_LEFTSHIFT, 0}, {KEY_ENTER, 1},     {KEY_ENTER, 0},
    };

    (void)state;
    assert_int_equal(s->steps->len, GS_ARRAY_SIZE(expected));
    for (guint i = 0; i < GS_ARRAY_SIZE(expected); i++) {
        assert_int_equal(step(s, i)->input.code, expected[i].code);
        assert_int_equal(step(s, i)->input.state, expected[i].state);
    }
    gs_script_destroy(s);
}

static void test_parse_errors_name_the_line(void **state)
{
    (void)state;
    refuse("wait 1\njump\n", "line 2: there is no command “jump”");
    refuse("wait", "line 1: expected 1 number");
    refuse("wait -1", "line 1");
    refuse("wait nan", "line 1");
    refuse("wait 1 2", "too much");
    refuse("wait-frame 0", "line 1");
    refuse("key NOKEY", "there is no key “NOKEY”");
    refuse("key a sideways", "line 1");
    refuse("key a down up", "line 1");
    refuse("key", "line 1");
    refuse("\n\ntext \xc3\xa9", "line 3: the layout has no “\xc3\xa9”");
    refuse("text \xff", "UTF-8");
    refuse("text", "expected a text");
    refuse("move 1", "expected 2 numbers");
    refuse("move 1 99999", "line 1");
    refuse("move 1x 2", "line 1");
    refuse("button up", "there is no button “up”");
    refuse("click top", "there is no button “top”");
    refuse("scroll", "line 1");
    refuse("snapshot", "name of a file");
    refuse("quit now", "too much");
}

static void test_load_missing_file(void **state)
{
    struct gs_script *script;
    g_autofree char *why = NULL;

    (void)state;
    assert_int_equal(gs_script_load("/nonexistent/script", keymap, &script, &why), -ENOENT);
    assert_non_null(why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_all),
        cmocka_unit_test(test_parse_text),
        cmocka_unit_test(test_parse_errors_name_the_line),
        cmocka_unit_test(test_load_missing_file),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
