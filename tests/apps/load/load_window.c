/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/apps/load/load.h"

static void keyboard_keymap(void *data, struct wl_keyboard *keyboard, uint32_t format, int fd,
                            uint32_t size)
{
    (void)data;
    (void)keyboard;
    (void)format;
    (void)size;
    close(fd);
}

static void keyboard_enter(void *data, struct wl_keyboard *keyboard, uint32_t serial,
                           struct wl_surface *surface, struct wl_array *keys)
{
    (void)data;
    (void)keyboard;
    (void)serial;
    (void)surface;
    (void)keys;
}

static void keyboard_leave(void *data, struct wl_keyboard *keyboard, uint32_t serial,
                           struct wl_surface *surface)
{
    (void)data;
    (void)keyboard;
    (void)serial;
    (void)surface;
}

static void keyboard_key(void *data, struct wl_keyboard *keyboard, uint32_t serial, uint32_t time,
                         uint32_t key, uint32_t state)
{
    struct load_window *win = data;

    (void)keyboard;
    (void)serial;
    (void)time;
    (void)key;
    if (state != WL_KEYBOARD_KEY_STATE_PRESSED)
        return;
    win->keys++;
    if (!win->key_ns)
        win->key_ns = gs_now_ns();
}

static void keyboard_modifiers(void *data, struct wl_keyboard *keyboard, uint32_t serial,
                               uint32_t depressed, uint32_t latched, uint32_t locked,
                               uint32_t group)
{
    (void)data;
    (void)keyboard;
    (void)serial;
    (void)depressed;
    (void)latched;
    (void)locked;
    (void)group;
}

static const struct wl_keyboard_listener keyboard_listener = {.keymap = keyboard_keymap,
                                                              .enter = keyboard_enter,
                                                              .leave = keyboard_leave,
                                                              .key = keyboard_key,
                                                              .modifiers = keyboard_modifiers};

static void seat_capabilities(void *data, struct wl_seat *seat, uint32_t caps)
{
    struct load_window *win = data;

    if (!(caps & WL_SEAT_CAPABILITY_KEYBOARD) || win->keyboard)
        return;
    win->keyboard = wl_seat_get_keyboard(seat);
    wl_keyboard_add_listener(win->keyboard, &keyboard_listener, win);
}

static const struct wl_seat_listener seat_listener = {.capabilities = seat_capabilities};

static void wm_ping(void *data, struct xdg_wm_base *base, uint32_t serial)
{
    (void)data;
    xdg_wm_base_pong(base, serial);
}

static const struct xdg_wm_base_listener wm_listener = {.ping = wm_ping};

static void toplevel_configure(void *data, struct xdg_toplevel *top, int32_t width, int32_t height,
                               struct wl_array *states)
{
    struct load_window *win = data;

    (void)top;
    (void)states;
    if (width > 0 && height > 0 && !win->egl) {
        win->width = width;
        win->height = height;
    }
}

static void toplevel_close(void *data, struct xdg_toplevel *top)
{
    (void)top;
    ((struct load_window *)data)->closed = true;
}

static const struct xdg_toplevel_listener toplevel_listener = {.configure = toplevel_configure,
                                                               .close = toplevel_close};

/* Later sizes are acknowledged and not followed: the work of a frame stays the same. */
static void xdg_configure(void *data, struct xdg_surface *xdg, uint32_t serial)
{
    xdg_surface_ack_configure(xdg, serial);
    ((struct load_window *)data)->configured = true;
}

static const struct xdg_surface_listener xdg_listener = {.configure = xdg_configure};

static void registry_global(void *data, struct wl_registry *registry, uint32_t name,
                            const char *interface, uint32_t version)
{
    struct load_window *win = data;

    (void)version;
    if (!strcmp(interface, wl_compositor_interface.name)) {
        win->compositor = wl_registry_bind(registry, name, &wl_compositor_interface, 1);
    } else if (!strcmp(interface, xdg_wm_base_interface.name)) {
        win->wm_base = wl_registry_bind(registry, name, &xdg_wm_base_interface, 1);
        xdg_wm_base_add_listener(win->wm_base, &wm_listener, win);
    } else if (!strcmp(interface, wl_seat_interface.name) && !win->seat) {
        win->seat = wl_registry_bind(registry, name, &wl_seat_interface, 1);
        wl_seat_add_listener(win->seat, &seat_listener, win);
    }
}

static void registry_remove(void *data, struct wl_registry *registry, uint32_t name)
{
    (void)data;
    (void)registry;
    (void)name;
}

static const struct wl_registry_listener registry_listener = {.global = registry_global,
                                                              .global_remove = registry_remove};

static int fail(const char *what, int err)
{
    fprintf(stderr, "gs-load-app: %s: %s\n", what, strerror(-err));
    return err;
}

static int map(struct load_window *win)
{
    win->surface = wl_compositor_create_surface(win->compositor);
    win->xdg = xdg_wm_base_get_xdg_surface(win->wm_base, win->surface);
    xdg_surface_add_listener(win->xdg, &xdg_listener, win);
    win->toplevel = xdg_surface_get_toplevel(win->xdg);
    xdg_toplevel_add_listener(win->toplevel, &toplevel_listener, win);
    xdg_toplevel_set_title(win->toplevel, "gs-load-app");
    wl_surface_commit(win->surface);
    while (!win->configured)
        if (wl_display_dispatch(win->display) < 0)
            return fail("the compositor went away", -EPIPE);
    win->egl = wl_egl_window_create(win->surface, win->width, win->height);
    return win->egl ? 0 : fail("the window", -ENOMEM);
}

int load_window_open(struct load_window *win, const struct load_options *o)
{
    *win = (struct load_window){.width = o->width, .height = o->height};
    win->display = wl_display_connect(NULL);
    if (!win->display)
        return fail("no Wayland display (--offscreen needs none)", -errno);
    win->registry = wl_display_get_registry(win->display);
    wl_registry_add_listener(win->registry, &registry_listener, win);
    if (wl_display_roundtrip(win->display) < 0)
        return fail("the compositor went away", -EPIPE);
    if (!win->compositor || !win->wm_base)
        return fail("the compositor has no xdg-shell", -ENOTSUP);
    return map(win);
}

static int wait_ms(uint64_t until)
{
    uint64_t now = gs_now_ns();

    if (until <= now)
        return 0;
    return (int)GS_MIN((until - now) / GS_NS_PER_MS, 1000);
}

bool load_window_wait(struct load_window *win, uint64_t until)
{
    struct pollfd fd = {.fd = wl_display_get_fd(win->display), .events = POLLIN};

    while (wl_display_prepare_read(win->display) < 0)
        if (wl_display_dispatch_pending(win->display) < 0)
            return false;
    if (wl_display_flush(win->display) < 0 && errno != EAGAIN) {
        wl_display_cancel_read(win->display);
        return false;
    }
    if (poll(&fd, 1, wait_ms(until)) > 0) {
        if (wl_display_read_events(win->display) < 0)
            return false;
    } else {
        wl_display_cancel_read(win->display);
    }
    return wl_display_dispatch_pending(win->display) >= 0;
}

void load_window_close(struct load_window *win)
{
    if (win->egl)
        wl_egl_window_destroy(win->egl);
    if (win->toplevel)
        xdg_toplevel_destroy(win->toplevel);
    if (win->xdg)
        xdg_surface_destroy(win->xdg);
    if (win->surface)
        wl_surface_destroy(win->surface);
    if (win->keyboard)
        wl_keyboard_destroy(win->keyboard);
    if (win->seat)
        wl_seat_destroy(win->seat);
    if (win->wm_base)
        xdg_wm_base_destroy(win->wm_base);
    if (win->compositor)
        wl_compositor_destroy(win->compositor);
    if (win->registry)
        wl_registry_destroy(win->registry);
    if (win->display)
        wl_display_disconnect(win->display);
}
