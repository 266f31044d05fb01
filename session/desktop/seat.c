/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the seat and its keyboard. Keys go straight from the client's records to the focus. */
#include <errno.h>
#include <linux/input-event-codes.h>
#include <string.h>
#include <wlr/interfaces/wlr_input_device.h>
#include <wlr/interfaces/wlr_keyboard.h>
#include <wlr/types/wlr_primary_selection.h>
#include <xkbcommon/xkbcommon.h>

#include "common/clock.h"
#include "session/desktop/desktop.h"

#define REPEAT_RATE 25   /* a second */
#define REPEAT_DELAY 600 /* ms */

uint32_t gs_seat_now_ms(void)
{
    return (uint32_t)(gs_now_ns() / GS_NS_PER_MS);
}

/* ---- keyboard ---- */

static void keyboard_destroy(struct wlr_keyboard *keyboard)
{
    (void)keyboard; /* part of gs_desktop */
}

static const struct wlr_keyboard_impl keyboard_impl = {.destroy = keyboard_destroy};

static void device_destroy(struct wlr_input_device *device)
{
    (void)device;
}

static const struct wlr_input_device_impl device_impl = {.destroy = device_destroy};

static void handle_modifiers(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, keyboard_modifiers);

    (void)data;
    wlr_seat_keyboard_notify_modifiers(d->seat, &d->keyboard.modifiers);
}

static bool key_is_down(const struct gs_desktop *d, unsigned code)
{
    return d->keys_down[code / 8] >> (code % 8) & 1;
}

/* There are no title bars to close a window by or to choose another one: the usual keys do. */
static bool window_key(struct gs_desktop *d, unsigned code, bool pressed)
{
    if (!pressed || wlr_keyboard_get_modifiers(&d->keyboard) != WLR_MODIFIER_ALT)
        return false;
    if (code == KEY_F4 && d->focus) {
        d->focus->impl->close(d->focus);
        return true;
    }
    return code == KEY_TAB && gs_view_focus_last(d);
}

static void send_key(struct gs_desktop *d, unsigned code, bool pressed)
{
    struct wlr_event_keyboard_key event = {
        .time_msec = gs_seat_now_ms(),
        .keycode = code,
        .update_state = true,
        .state = pressed ? WL_KEYBOARD_KEY_STATE_PRESSED : WL_KEYBOARD_KEY_STATE_RELEASED,
    };

    if (code / 8 >= sizeof(d->keys_down) || key_is_down(d, code) == pressed ||
        window_key(d, code, pressed))
        return;
    d->keys_down[code / 8] ^= (uint8_t)(1u << (code % 8));
    wlr_seat_keyboard_notify_key(d->seat, event.time_msec, code, event.state);
    wlr_keyboard_notify_key(&d->keyboard, &event);
}

static void release_keys(struct gs_desktop *d)
{
    for (unsigned code = 0; code < sizeof(d->keys_down) * 8; code++) {
        if (key_is_down(d, code))
            send_key(d, code, false);
    }
}

static xkb_mod_mask_t modifier(const struct gs_desktop *d, const char *name)
{
    xkb_mod_index_t index = xkb_keymap_mod_get_index(d->keyboard.keymap, name);

    return index == XKB_MOD_INVALID || index >= 32 ? 0 : 1u << index;
}

static void set_locks(struct gs_desktop *d, int32_t locks)
{
    const struct wlr_keyboard_modifiers *m = &d->keyboard.modifiers;
    xkb_mod_mask_t caps = modifier(d, XKB_MOD_NAME_CAPS), num = modifier(d, XKB_MOD_NAME_NUM);
    xkb_mod_mask_t scroll = modifier(d, "ScrollLock");
    xkb_mod_mask_t locked = m->locked & ~(caps | num | scroll);

    locked |= (locks & 1 ? caps : 0) | (locks & 2 ? num : 0) | (locks & 4 ? scroll : 0);
    wlr_keyboard_notify_modifiers(&d->keyboard, m->depressed, m->latched, locked, m->group);
}

static int use_keymap(struct gs_desktop *d, struct xkb_keymap *keymap)
{
    bool ok = wlr_keyboard_set_keymap(&d->keyboard, keymap);

    xkb_keymap_unref(keymap); /* the keyboard has its own reference */
    return ok ? 0 : -ENOMEM;
}

int gs_seat_set_keymap(struct gs_desktop *d, const char *text)
{
    struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_DEFAULT_INCLUDES);
    struct xkb_keymap *keymap;

    if (!context)
        return -ENOMEM;
    xkb_context_set_log_level(context, XKB_LOG_LEVEL_CRITICAL);
    keymap = xkb_keymap_new_from_string(context, text, XKB_KEYMAP_FORMAT_TEXT_V1,
                                        XKB_KEYMAP_COMPILE_NO_FLAGS);
    xkb_context_unref(context);
    if (!keymap)
        return -EINVAL;
    release_keys(d);
    return use_keymap(d, keymap);
}

static int use_default_keymap(struct gs_desktop *d)
{
    struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_FLAGS);
    struct xkb_rule_names names = {.layout = "us"};
    struct xkb_keymap *keymap;

    if (!context)
        return -ENOMEM;
    keymap = xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
    xkb_context_unref(context);
    return keymap ? use_keymap(d, keymap) : -ENOENT;
}

void gs_seat_keyboard_focus(struct gs_desktop *d, struct wlr_surface *surface)
{
    struct wlr_keyboard *k = &d->keyboard;

    if (surface)
        wlr_seat_keyboard_notify_enter(d->seat, surface, k->keycodes, k->num_keycodes,
                                       &k->modifiers);
    else
        wlr_seat_keyboard_notify_clear_focus(d->seat);
}

/* ---- the seat ---- */

static void handle_set_selection(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, set_selection);
    const struct wlr_seat_request_set_selection_event *event = data;

    wlr_seat_set_selection(d->seat, event->source, event->serial);
}

static void handle_set_primary(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, set_primary);
    const struct wlr_seat_request_set_primary_selection_event *event = data;

    wlr_seat_set_primary_selection(d->seat, event->source, event->serial);
}

void gs_seat_input(struct gs_desktop *d, const struct gs_input *in)
{
    switch (in->kind) {
    case GS_INPUT_KEY:
        send_key(d, in->code, in->state == 1);
        break;
    case GS_INPUT_LOCKS:
        set_locks(d, in->x);
        break;
    case GS_INPUT_RESET:
        release_keys(d);
        gs_pointer_release_all(d);
        break;
    default:
        gs_pointer_input(d, in);
    }
}

int gs_seat_init(struct gs_desktop *d)
{
    int r;

    d->seat = wlr_seat_create(d->display, "seat0");
    if (!d->seat)
        return -ENOMEM;
    wlr_keyboard_init(&d->keyboard, &keyboard_impl);
    wlr_input_device_init(&d->keyboard_device, WLR_INPUT_DEVICE_KEYBOARD, &device_impl,
                          "gpushare keyboard", 0, 0);
    d->keyboard_device.keyboard = &d->keyboard;
    d->keyboard_ready = true;
    d->keyboard_modifiers.notify = handle_modifiers;
    wl_signal_add(&d->keyboard.events.modifiers, &d->keyboard_modifiers);
    r = use_default_keymap(d);
    if (r < 0)
        return r;
    wlr_keyboard_set_repeat_info(&d->keyboard, REPEAT_RATE, REPEAT_DELAY);
    wlr_seat_set_keyboard(d->seat, &d->keyboard_device);
    wlr_seat_set_capabilities(d->seat, WL_SEAT_CAPABILITY_POINTER | WL_SEAT_CAPABILITY_KEYBOARD);
    d->set_selection.notify = handle_set_selection;
    wl_signal_add(&d->seat->events.request_set_selection, &d->set_selection);
    d->set_primary.notify = handle_set_primary;
    wl_signal_add(&d->seat->events.request_set_primary_selection, &d->set_primary);
    gs_drag_init(d);
    gs_pointer_init(d);
    return 0;
}

void gs_seat_finish(struct gs_desktop *d)
{
    if (d->keyboard_ready)
        wlr_input_device_destroy(&d->keyboard_device); /* with the keyboard */
    if (d->seat)
        wlr_seat_destroy(d->seat);
    d->seat = NULL;
    gs_pointer_finish(d);
}
