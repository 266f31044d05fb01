/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <SDL.h>
#include <linux/input-event-codes.h>

#include "client/scancode.h"

static void test_scancode_known(void **state)
{
    (void)state;
    assert_int_equal(gs_scancode_to_evdev(SDL_SCANCODE_A), KEY_A);
    assert_int_equal(gs_scancode_to_evdev(SDL_SCANCODE_0), KEY_0);
    assert_int_equal(gs_scancode_to_evdev(SDL_SCANCODE_RETURN), KEY_ENTER);
    assert_int_equal(gs_scancode_to_evdev(SDL_SCANCODE_NONUSBACKSLASH), KEY_102ND);
    assert_int_equal(gs_scancode_to_evdev(SDL_SCANCODE_RALT), KEY_RIGHTALT);
    assert_int_equal(gs_scancode_to_evdev(SDL_SCANCODE_KP_ENTER), KEY_KPENTER);
    assert_int_equal(gs_scancode_to_evdev(SDL_SCANCODE_F24), KEY_F24);
    assert_int_equal(gs_scancode_to_evdev(SDL_SCANCODE_APPLICATION), KEY_COMPOSE);
    assert_int_equal(gs_scancode_to_evdev(SDL_SCANCODE_PRINTSCREEN), KEY_SYSRQ);
}

/* All keys of a keyboard with 105 keys: the HID usages from A to the keypad's dot, and modifiers.
 */
static void test_scancode_whole_keyboard(void **state)
{
    (void)state;
    for (int s = SDL_SCANCODE_A; s <= SDL_SCANCODE_APPLICATION; s++)
        assert_int_not_equal(gs_scancode_to_evdev(s), 0);
    for (int s = SDL_SCANCODE_LCTRL; s <= SDL_SCANCODE_RGUI; s++)
        assert_int_not_equal(gs_scancode_to_evdev(s), 0);
}

static void test_scancode_unknown(void **state)
{
    (void)state;
    assert_int_equal(gs_scancode_to_evdev(SDL_SCANCODE_UNKNOWN), 0);
    assert_int_equal(gs_scancode_to_evdev(-1), 0);
    assert_int_equal(gs_scancode_to_evdev(SDL_NUM_SCANCODES), 0);
}

static void test_button(void **state)
{
    (void)state;
    assert_int_equal(gs_sdl_button_to_evdev(SDL_BUTTON_LEFT), BTN_LEFT);
    assert_int_equal(gs_sdl_button_to_evdev(SDL_BUTTON_MIDDLE), BTN_MIDDLE);
    assert_int_equal(gs_sdl_button_to_evdev(SDL_BUTTON_RIGHT), BTN_RIGHT);
    assert_int_equal(gs_sdl_button_to_evdev(SDL_BUTTON_X2), BTN_EXTRA);
    assert_int_equal(gs_sdl_button_to_evdev(0), 0);
    assert_int_equal(gs_sdl_button_to_evdev(77), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scancode_known),
        cmocka_unit_test(test_scancode_whole_keyboard),
        cmocka_unit_test(test_scancode_unknown),
        cmocka_unit_test(test_button),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
