/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keyboard layouts as XKB text, for the host, and what to press to type a character. Any thread;
 * an object is used by one at a time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/macros.h"

struct wl_display;
struct gs_keymap;

/* What types a character: hold the modifiers, press the key. */
struct gs_keystroke {
    uint16_t code; /* evdev */
    bool shift, altgr;
};

/* layout: "LAYOUT" or "LAYOUT:VARIANT" (both may be comma-separated lists); NULL or "": what
 * XKB_DEFAULT_* say, else us. 0; -EINVAL when there is no such layout. */
int gs_keymap_create(const char *layout, struct gs_keymap **ret) GS_MUST_CHECK;
void gs_keymap_destroy(struct gs_keymap *km);
/* XKB_KEYMAP_FORMAT_TEXT_V1. Free with free(). */
char *gs_keymap_text(const struct gs_keymap *km);
/* false: the layout can't type it with Shift and AltGr alone. '\n' is Return, '\t' is Tab. */
bool gs_keymap_find(const struct gs_keymap *km, uint32_t character, struct gs_keystroke *ret);

/* The evdev code of "KEY_ENTER", "enter" or "28"; 0: none. */
uint16_t gs_key_by_name(const char *name);

/* Text of the layout that the X server of DISPLAY was set up with (its _XKB_RULES_NAMES). NULL:
 * not known. Free with free(). */
char *gs_keymap_of_x11(void);
/* Text of the layout that the compositor tells its clients; waits for one answer. Thread: the one
 * that dispatches the display. NULL: not known. Free with free(). */
char *gs_keymap_of_wayland(struct wl_display *display);
