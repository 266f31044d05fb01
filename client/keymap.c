/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/keymap.h"

#include <errno.h>
#include <glib.h>
#include <linux/input-event-codes.h>
#include <string.h>
#include <xkbcommon/xkbcommon.h>

#define EVDEV_OFFSET 8 /* an XKB keycode is the evdev code plus 8 */
#define LEVELS 4       /* none, Shift, AltGr, both */

struct gs_keymap {
    struct xkb_context *context;
    struct xkb_keymap *keymap;
    xkb_mod_mask_t shift, altgr;
};

/* KEY_* of linux/input-event-codes.h, made by CMake. */
static const struct {
    const char *name;
    uint16_t code;
} key_names[] = {
#include "client/key_names.inc"
};

static xkb_mod_mask_t mask_of(struct xkb_keymap *keymap, const char *name)
{
    xkb_mod_index_t i = xkb_keymap_mod_get_index(keymap, name);

    return i == XKB_MOD_INVALID ? 0 : UINT32_C(1) << i;
}

int gs_keymap_create(const char *layout, struct gs_keymap **ret)
{
    g_auto(GStrv) parts = g_strsplit(layout ? layout : "", ":", 2);
    struct xkb_rule_names names = {0};
    struct gs_keymap *km = g_new0(struct gs_keymap, 1);

    if (parts[0]) {
        names.layout = parts[0];
        names.variant = parts[1];
    }
    km->context = xkb_context_new(XKB_CONTEXT_NO_FLAGS);
    if (km->context) {
        xkb_context_set_log_level(km->context, XKB_LOG_LEVEL_CRITICAL);
        km->keymap = xkb_keymap_new_from_names(km->context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
    }
    if (!km->keymap) {
        gs_keymap_destroy(km);
        return -EINVAL;
    }
    km->shift = mask_of(km->keymap, XKB_MOD_NAME_SHIFT);
    km->altgr = mask_of(km->keymap, "Mod5");
    *ret = km;
    return 0;
}

void gs_keymap_destroy(struct gs_keymap *km)
{
    if (!km)
        return;
    xkb_keymap_unref(km->keymap);
    xkb_context_unref(km->context);
    g_free(km);
}

char *gs_keymap_text(const struct gs_keymap *km)
{
    return xkb_keymap_get_as_string(km->keymap, XKB_KEYMAP_FORMAT_TEXT_V1);
}

/* Whether one of the ways to reach the level holds nothing but Shift and AltGr. */
static bool level_reachable(const struct gs_keymap *km, xkb_keycode_t key, xkb_level_index_t level,
                            struct gs_keystroke *ret)
{
    xkb_mod_mask_t masks[16];
    size_t n =
        xkb_keymap_key_get_mods_for_level(km->keymap, key, 0, level, masks, GS_ARRAY_SIZE(masks));

    for (size_t i = 0; i < n; i++) {
        if (masks[i] & ~(km->shift | km->altgr))
            continue;
        ret->code = (uint16_t)(key - EVDEV_OFFSET);
        ret->shift = (masks[i] & km->shift) != 0;
        ret->altgr = (masks[i] & km->altgr) != 0;
        return true;
    }
    return false;
}

static bool key_types(const struct gs_keymap *km, xkb_keycode_t key, xkb_level_index_t level,
                      xkb_keysym_t wanted, struct gs_keystroke *ret)
{
    const xkb_keysym_t *syms;

    return level < xkb_keymap_num_levels_for_key(km->keymap, key, 0) &&
           xkb_keymap_key_get_syms_by_level(km->keymap, key, 0, level, &syms) == 1 &&
           syms[0] == wanted && level_reachable(km, key, level, ret);
}

bool gs_keymap_find(const struct gs_keymap *km, uint32_t character, struct gs_keystroke *ret)
{
    xkb_keysym_t wanted = character == '\n'   ? XKB_KEY_Return
                          : character == '\t' ? XKB_KEY_Tab
                                              : xkb_utf32_to_keysym(character);
    xkb_keycode_t last = xkb_keymap_max_keycode(km->keymap);

    if (wanted == XKB_KEY_NoSymbol)
        return false;
    /* Levels outside: the way with the fewest modifiers is the one that people use. */
    for (xkb_level_index_t level = 0; level < LEVELS; level++) {
        for (xkb_keycode_t key = xkb_keymap_min_keycode(km->keymap); key <= last; key++) {
            if (key > EVDEV_OFFSET && key_types(km, key, level, wanted, ret))
                return true;
        }
    }
    return false;
}

uint16_t gs_key_by_name(const char *name)
{
    const char *bare = g_ascii_strncasecmp(name, "KEY_", 4) == 0 ? name + 4 : name;
    guint64 code;

    /* Names first: "1" is the key of that name; a code of one digit is written 01. */
    for (size_t i = 0; i < GS_ARRAY_SIZE(key_names); i++) {
        if (g_ascii_strcasecmp(bare, key_names[i].name) == 0)
            return key_names[i].code;
    }
    if (!g_ascii_string_to_unsigned(name, 10, 1, KEY_MAX, &code, NULL))
        return 0;
    return code >= BTN_MISC && code < KEY_OK ? 0 : (uint16_t)code; /* a button is no key */
}
