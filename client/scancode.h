/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SDL's scancodes (USB HID usages) and buttons as evdev codes. Pure. */
#pragma once

#include <stdint.h>

/* 0: none. scancode: enum SDL_Scancode; anything may be asked. */
uint16_t gs_scancode_to_evdev(int scancode);
/* button: SDL_BUTTON_*. 0: none. */
uint16_t gs_sdl_button_to_evdev(int button);
