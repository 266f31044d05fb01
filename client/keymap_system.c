/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The keyboard layout of the display that the window is on; SDL does not tell it. */
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wayland-client.h>
#include <xcb/xcb.h>
#include <xkbcommon/xkbcommon.h>

#include "client/keymap.h"

#define RULES_MAX 4096     /* bytes of _XKB_RULES_NAMES */
#define KEYMAP_MAX 4194304 /* largest keymap taken from a compositor */

static xcb_get_property_reply_t *read_rules(xcb_connection_t *xcb)
{
    static const char name[] = "_XKB_RULES_NAMES";
    xcb_intern_atom_cookie_t cookie = xcb_intern_atom(xcb, 1, sizeof(name) - 1, name);
    g_autofree xcb_intern_atom_reply_t *atom = xcb_intern_atom_reply(xcb, cookie, NULL);
    xcb_screen_t *screen = xcb_setup_roots_iterator(xcb_get_setup(xcb)).data;

    if (!atom || atom->atom == XCB_ATOM_NONE || !screen)
        return NULL;
    return xcb_get_property_reply(
        xcb, xcb_get_property(xcb, 0, screen->root, atom->atom, XCB_ATOM_STRING, 0, RULES_MAX / 4),
        NULL);
}

static char *compile(const struct xkb_rule_names *names)
{
    struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_FLAGS);
    struct xkb_keymap *keymap = NULL;
    char *text = NULL;

    if (context)
        keymap = xkb_keymap_new_from_names(context, names, XKB_KEYMAP_COMPILE_NO_FLAGS);
    if (keymap)
        text = xkb_keymap_get_as_string(keymap, XKB_KEYMAP_FORMAT_TEXT_V1);
    xkb_keymap_unref(keymap);
    xkb_context_unref(context);
    return text;
}

/* Five strings, each with its NUL: rules, model, layout, variant, options. */
static char *text_of_rules(const char *data, size_t size)
{
    const char *part[5] = {0};

    for (size_t i = 0; i < GS_ARRAY_SIZE(part); i++) {
        const char *end = size ? memchr(data, '\0', size) : NULL;

        if (!end)
            return NULL;
        part[i] = data;
        size -= (size_t)(end - data) + 1;
        data = end + 1;
    }
    /* The keycodes of the wire are evdev's, whatever the server's own are. */
    return compile(&(struct xkb_rule_names){
        .rules = "evdev", .layout = part[2], .variant = part[3], .options = part[4]});
}

char *gs_keymap_of_x11(void)
{
    xcb_connection_t *xcb = xcb_connect(NULL, NULL);
    g_autofree xcb_get_property_reply_t *rules = NULL;
    char *text = NULL;

    if (!xcb_connection_has_error(xcb))
        rules = read_rules(xcb);
    if (rules && rules->format == 8)
        text = text_of_rules(xcb_get_property_value(rules),
                             (size_t)xcb_get_property_value_length(rules));
    xcb_disconnect(xcb);
    return text;
}

/* ---- Wayland ---- */

struct seat_probe {
    struct wl_seat *seat;
    struct wl_keyboard *keyboard;
    char *text;
};

static void on_keymap(void *user, struct wl_keyboard *keyboard GS_UNUSED, uint32_t format, int fd,
                      uint32_t size)
{
    struct seat_probe *p = user;
    void *map = MAP_FAILED;

    if (format == WL_KEYBOARD_KEYMAP_FORMAT_XKB_V1 && size > 0 && size <= KEYMAP_MAX)
        map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (map == MAP_FAILED)
        return;
    free(p->text);
    p->text = strndup(map, size);
    munmap(map, size);
}

static void on_enter(void *user GS_UNUSED, struct wl_keyboard *keyboard GS_UNUSED,
                     uint32_t serial GS_UNUSED, struct wl_surface *surface GS_UNUSED,
                     struct wl_array *keys GS_UNUSED)
{
}

static void on_leave(void *user GS_UNUSED, struct wl_keyboard *keyboard GS_UNUSED,
                     uint32_t serial GS_UNUSED, struct wl_surface *surface GS_UNUSED)
{
}

static void on_key(void *user GS_UNUSED, struct wl_keyboard *keyboard GS_UNUSED,
                   uint32_t serial GS_UNUSED, uint32_t time GS_UNUSED, uint32_t key GS_UNUSED,
                   uint32_t state GS_UNUSED)
{
}

static void on_modifiers(void *user GS_UNUSED, struct wl_keyboard *keyboard GS_UNUSED,
                         uint32_t serial GS_UNUSED, uint32_t depressed GS_UNUSED,
                         uint32_t latched GS_UNUSED, uint32_t locked GS_UNUSED,
                         uint32_t group GS_UNUSED)
{
}

static const struct wl_keyboard_listener keyboard_listener = {
    .keymap = on_keymap,
    .enter = on_enter,
    .leave = on_leave,
    .key = on_key,
    .modifiers = on_modifiers,
};

static void on_capabilities(void *user, struct wl_seat *seat, uint32_t capabilities)
{
    struct seat_probe *p = user;

    if (!(capabilities & WL_SEAT_CAPABILITY_KEYBOARD) || p->keyboard)
        return;
    p->keyboard = wl_seat_get_keyboard(seat);
    wl_keyboard_add_listener(p->keyboard, &keyboard_listener, p);
}

static const struct wl_seat_listener seat_listener = {.capabilities = on_capabilities};

static void on_global(void *user, struct wl_registry *registry, uint32_t name,
                      const char *interface, uint32_t version GS_UNUSED)
{
    struct seat_probe *p = user;

    if (p->seat || strcmp(interface, wl_seat_interface.name) != 0)
        return;
    p->seat = wl_registry_bind(registry, name, &wl_seat_interface, 1);
    wl_seat_add_listener(p->seat, &seat_listener, p);
}

static void on_global_remove(void *user GS_UNUSED, struct wl_registry *registry GS_UNUSED,
                             uint32_t name GS_UNUSED)
{
}

static const struct wl_registry_listener registry_listener = {on_global, on_global_remove};

/* A queue of our own, so that SDL's objects are not dispatched from here. */
char *gs_keymap_of_wayland(struct wl_display *display)
{
    struct wl_event_queue *queue = wl_display_create_queue(display);
    struct wl_display *wrapped = queue ? wl_proxy_create_wrapper(display) : NULL;
    struct seat_probe probe = {0};
    struct wl_registry *registry;

    if (!wrapped) {
        g_clear_pointer(&queue, wl_event_queue_destroy);
        return NULL;
    }
    wl_proxy_set_queue((struct wl_proxy *)wrapped, queue);
    registry = wl_display_get_registry(wrapped);
    wl_registry_add_listener(registry, &registry_listener, &probe);
    /* Globals; then the seat's capabilities; then the keyboard's map. */
    for (int i = 0; i < 3 && !probe.text; i++) {
        if (wl_display_roundtrip_queue(display, queue) < 0)
            break;
    }
    g_clear_pointer(&probe.keyboard, wl_keyboard_destroy);
    g_clear_pointer(&probe.seat, wl_seat_destroy);
    wl_registry_destroy(registry);
    wl_proxy_wrapper_destroy(wrapped);
    wl_event_queue_destroy(queue);
    return probe.text;
}
