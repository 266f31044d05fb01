/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xkbcommon/xkbcommon.h>

#include "tests/apps/app.h"

static void pressed(struct app *app, uint32_t code, uint32_t serial)
{
    app->presses++;
    if (app->mode->press)
        app->mode->press(app, code, serial);
}

static void pointer_enter(void *data, struct wl_pointer *pointer, uint32_t serial,
                          struct wl_surface *surface, wl_fixed_t x, wl_fixed_t y)
{
    struct app *app = data;

    (void)pointer;
    (void)serial;
    (void)surface;
    app->pointer_x = wl_fixed_to_double(x);
    app->pointer_y = wl_fixed_to_double(y);
    app_say(app, "enter %.1f %.1f", app->pointer_x, app->pointer_y);
}

static void pointer_leave(void *data, struct wl_pointer *pointer, uint32_t serial,
                          struct wl_surface *surface)
{
    (void)pointer;
    (void)serial;
    (void)surface;
    app_say(data, "leave");
}

static void pointer_motion(void *data, struct wl_pointer *pointer, uint32_t time, wl_fixed_t x,
                           wl_fixed_t y)
{
    struct app *app = data;

    (void)pointer;
    (void)time;
    app->pointer_x = wl_fixed_to_double(x);
    app->pointer_y = wl_fixed_to_double(y);
    app_say(app, "motion %.1f %.1f", app->pointer_x, app->pointer_y);
}

static void pointer_button(void *data, struct wl_pointer *pointer, uint32_t serial, uint32_t time,
                           uint32_t button, uint32_t state)
{
    (void)pointer;
    (void)time;
    app_say(data, "button 0x%x %u", button, state);
    if (state == WL_POINTER_BUTTON_STATE_PRESSED)
        pressed(data, button, serial);
}

static void pointer_axis(void *data, struct wl_pointer *pointer, uint32_t time, uint32_t axis,
                         wl_fixed_t value)
{
    (void)pointer;
    (void)time;
    app_say(data, "axis %u %.1f", axis, wl_fixed_to_double(value));
}

static void pointer_frame(void *data, struct wl_pointer *pointer)
{
    (void)data;
    (void)pointer;
}

static void pointer_axis_source(void *data, struct wl_pointer *pointer, uint32_t source)
{
    (void)data;
    (void)pointer;
    (void)source;
}

static void pointer_axis_stop(void *data, struct wl_pointer *pointer, uint32_t time, uint32_t axis)
{
    (void)data;
    (void)pointer;
    (void)time;
    (void)axis;
}

static void pointer_axis_discrete(void *data, struct wl_pointer *pointer, uint32_t axis,
                                  int32_t steps)
{
    (void)pointer;
    app_say(data, "axis steps %u %d", axis, steps);
}

static const struct wl_pointer_listener pointer_listener = {
    .enter = pointer_enter,
    .leave = pointer_leave,
    .motion = pointer_motion,
    .button = pointer_button,
    .axis = pointer_axis,
    .frame = pointer_frame,
    .axis_source = pointer_axis_source,
    .axis_stop = pointer_axis_stop,
    .axis_discrete = pointer_axis_discrete,
};

static void keyboard_keymap(void *data, struct wl_keyboard *keyboard, uint32_t format, int fd,
                            uint32_t size)
{
    struct app *app = data;
    char *text = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);

    (void)keyboard;
    close(fd);
    if (text == MAP_FAILED)
        return;
    xkb_state_unref(app->keys);
    xkb_keymap_unref(app->keymap);
    app->keys = NULL;
    app->keymap = NULL;
    if (format == WL_KEYBOARD_KEYMAP_FORMAT_XKB_V1)
        app->keymap = xkb_keymap_new_from_string(app->xkb, text, XKB_KEYMAP_FORMAT_TEXT_V1,
                                                 XKB_KEYMAP_COMPILE_NO_FLAGS);
    munmap(text, size);
    if (!app->keymap)
        return;
    app->keys = xkb_state_new(app->keymap);
    app_say(app, "keymap %s", xkb_keymap_layout_get_name(app->keymap, 0));
}

static void keyboard_enter(void *data, struct wl_keyboard *keyboard, uint32_t serial,
                           struct wl_surface *surface, struct wl_array *keys)
{
    (void)keyboard;
    (void)serial;
    (void)surface;
    (void)keys;
    app_say(data, "keyboard enter");
}

static void keyboard_leave(void *data, struct wl_keyboard *keyboard, uint32_t serial,
                           struct wl_surface *surface)
{
    (void)keyboard;
    (void)serial;
    (void)surface;
    app_say(data, "keyboard leave");
}

static void keyboard_key(void *data, struct wl_keyboard *keyboard, uint32_t serial, uint32_t time,
                         uint32_t key, uint32_t state)
{
    struct app *app = data;
    char name[64] = "none";

    (void)keyboard;
    (void)time;
    if (app->keys) /* X keycodes are evdev codes + 8 */
        xkb_keysym_get_name(xkb_state_key_get_one_sym(app->keys, key + 8), name, sizeof(name));
    app_say(app, "key %u %u %s", key, state, name);
    if (state == WL_KEYBOARD_KEY_STATE_PRESSED)
        pressed(app, key, serial);
}

static void keyboard_modifiers(void *data, struct wl_keyboard *keyboard, uint32_t serial,
                               uint32_t depressed, uint32_t latched, uint32_t locked,
                               uint32_t group)
{
    struct app *app = data;

    (void)keyboard;
    (void)serial;
    if (app->keys)
        xkb_state_update_mask(app->keys, depressed, latched, locked, 0, 0, group);
}

static void keyboard_repeat(void *data, struct wl_keyboard *keyboard, int32_t rate, int32_t delay)
{
    (void)keyboard;
    app_say(data, "repeat %d %d", rate, delay);
}

static const struct wl_keyboard_listener keyboard_listener = {
    .keymap = keyboard_keymap,
    .enter = keyboard_enter,
    .leave = keyboard_leave,
    .key = keyboard_key,
    .modifiers = keyboard_modifiers,
    .repeat_info = keyboard_repeat,
};

static void seat_capabilities(void *data, struct wl_seat *seat, uint32_t caps)
{
    struct app *app = data;

    if ((caps & WL_SEAT_CAPABILITY_POINTER) && !app->pointer) {
        app->pointer = wl_seat_get_pointer(seat);
        wl_pointer_add_listener(app->pointer, &pointer_listener, app);
    }
    if ((caps & WL_SEAT_CAPABILITY_KEYBOARD) && !app->keyboard) {
        app->keyboard = wl_seat_get_keyboard(seat);
        wl_keyboard_add_listener(app->keyboard, &keyboard_listener, app);
    }
}

static void seat_name(void *data, struct wl_seat *seat, const char *name)
{
    (void)seat;
    app_say(data, "seat %s", name);
}

static const struct wl_seat_listener seat_listener = {.capabilities = seat_capabilities,
                                                      .name = seat_name};

void app_input_listen(struct app *app)
{
    app->xkb = xkb_context_new(XKB_CONTEXT_NO_FLAGS);
    wl_seat_add_listener(app->seat, &seat_listener, app);
}

void app_input_finish(struct app *app)
{
    xkb_state_unref(app->keys);
    xkb_keymap_unref(app->keymap);
    xkb_context_unref(app->xkb);
    if (app->pointer)
        wl_pointer_release(app->pointer);
    if (app->keyboard)
        wl_keyboard_release(app->keyboard);
}
