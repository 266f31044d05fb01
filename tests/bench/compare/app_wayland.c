/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The window on Wayland: wl_shm pictures, each drawn when the compositor asks for the next. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wayland-client.h>

#include "tests/bench/compare/app.h"
#include "xdg-shell-client.h"

#define BUFFERS 3

struct buffer {
    struct gs_canvas canvas;
    struct wl_buffer *wl;
    bool busy; /* the compositor reads it */
};

struct wayland {
    struct cmp_app *app;
    struct wl_display *display;
    struct wl_registry *registry;
    struct wl_compositor *compositor;
    struct wl_shm *shm;
    struct wl_seat *seat;
    struct wl_pointer *pointer;
    struct xdg_wm_base *wm_base;
    struct wl_surface *surface;
    struct xdg_surface *xdg;
    struct xdg_toplevel *toplevel;
    struct buffer buffers[BUFFERS];
    bool configured, closed;
    bool dirty; /* to be drawn when a buffer is free */
};

static void draw(struct wayland *w);

static void frame_done(void *data, struct wl_callback *cb, uint32_t time)
{
    (void)time;
    wl_callback_destroy(cb);
    draw(data);
}

static const struct wl_callback_listener frame_listener = {.done = frame_done};

static void draw(struct wayland *w)
{
    struct buffer *b = NULL;

    for (int i = 0; i < BUFFERS && !b; i++)
        if (!w->buffers[i].busy)
            b = &w->buffers[i];
    w->dirty = !b;
    if (!b)
        return;
    cmp_app_draw(w->app, &b->canvas);
    b->busy = true;
    if (w->app->scene->animated)
        wl_callback_add_listener(wl_surface_frame(w->surface), &frame_listener, w);
    wl_surface_attach(w->surface, b->wl, 0, 0);
    wl_surface_damage_buffer(w->surface, 0, 0, w->app->width, w->app->height);
    cmp_app_stamp(w->app);
    wl_surface_commit(w->surface);
    wl_display_flush(w->display);
    if (w->app->scene->animated)
        w->app->number++;
}

static void buffer_release(void *data, struct wl_buffer *wl)
{
    struct wayland *w = data;

    for (int i = 0; i < BUFFERS; i++)
        if (w->buffers[i].wl == wl)
            w->buffers[i].busy = false;
    if (w->dirty)
        draw(w);
}

static const struct wl_buffer_listener buffer_listener = {.release = buffer_release};

static void pointer_enter(void *data, struct wl_pointer *p, uint32_t serial, struct wl_surface *s,
                          wl_fixed_t x, wl_fixed_t y)
{
    (void)data, (void)p, (void)serial, (void)s, (void)x, (void)y;
}

static void pointer_leave(void *data, struct wl_pointer *p, uint32_t serial, struct wl_surface *s)
{
    (void)data, (void)p, (void)serial, (void)s;
}

static void pointer_motion(void *data, struct wl_pointer *p, uint32_t time, wl_fixed_t x,
                           wl_fixed_t y)
{
    (void)data, (void)p, (void)time, (void)x, (void)y;
}

static void pointer_axis(void *data, struct wl_pointer *p, uint32_t time, uint32_t axis,
                         wl_fixed_t value)
{
    (void)data, (void)p, (void)time, (void)axis, (void)value;
}

static void pointer_button(void *data, struct wl_pointer *p, uint32_t serial, uint32_t time,
                           uint32_t button, uint32_t state)
{
    struct wayland *w = data;

    (void)p, (void)serial, (void)time, (void)button;
    if (state != WL_POINTER_BUTTON_STATE_PRESSED || w->app->scene->animated)
        return;
    w->app->number++;
    draw(w);
}

static const struct wl_pointer_listener pointer_listener = {
    .enter = pointer_enter,
    .leave = pointer_leave,
    .motion = pointer_motion,
    .button = pointer_button,
    .axis = pointer_axis,
};

static void seat_capabilities(void *data, struct wl_seat *seat, uint32_t capabilities)
{
    struct wayland *w = data;

    if (!(capabilities & WL_SEAT_CAPABILITY_POINTER) || w->pointer)
        return;
    w->pointer = wl_seat_get_pointer(seat);
    wl_pointer_add_listener(w->pointer, &pointer_listener, w);
}

static const struct wl_seat_listener seat_listener = {.capabilities = seat_capabilities};

static void wm_ping(void *data, struct xdg_wm_base *base, uint32_t serial)
{
    (void)data;
    xdg_wm_base_pong(base, serial);
}

static const struct xdg_wm_base_listener wm_listener = {.ping = wm_ping};

static void xdg_configure(void *data, struct xdg_surface *xdg, uint32_t serial)
{
    struct wayland *w = data;

    xdg_surface_ack_configure(xdg, serial);
    if (!w->configured)
        draw(w);
    w->configured = true;
}

static const struct xdg_surface_listener xdg_listener = {.configure = xdg_configure};

static void toplevel_configure(void *data, struct xdg_toplevel *top, int32_t width, int32_t height,
                               struct wl_array *states)
{
    (void)data, (void)top, (void)width, (void)height, (void)states;
}

static void toplevel_close(void *data, struct xdg_toplevel *top)
{
    (void)top;
    ((struct wayland *)data)->closed = true;
}

static const struct xdg_toplevel_listener toplevel_listener = {.configure = toplevel_configure,
                                                               .close = toplevel_close};

static void registry_global(void *data, struct wl_registry *registry, uint32_t name,
                            const char *interface, uint32_t version)
{
    struct wayland *w = data;

    (void)version;
    if (!strcmp(interface, wl_compositor_interface.name)) {
        w->compositor = wl_registry_bind(registry, name, &wl_compositor_interface, 4);
    } else if (!strcmp(interface, wl_shm_interface.name)) {
        w->shm = wl_registry_bind(registry, name, &wl_shm_interface, 1);
    } else if (!strcmp(interface, xdg_wm_base_interface.name)) {
        w->wm_base = wl_registry_bind(registry, name, &xdg_wm_base_interface, 1);
        xdg_wm_base_add_listener(w->wm_base, &wm_listener, w);
    } else if (!strcmp(interface, wl_seat_interface.name) && !w->seat) {
        w->seat = wl_registry_bind(registry, name, &wl_seat_interface, 1);
        wl_seat_add_listener(w->seat, &seat_listener, w);
    }
}

static void registry_remove(void *data, struct wl_registry *registry, uint32_t name)
{
    (void)data, (void)registry, (void)name;
}

static const struct wl_registry_listener registry_listener = {.global = registry_global,
                                                              .global_remove = registry_remove};

static int buffers_create(struct wayland *w)
{
    for (int i = 0; i < BUFFERS; i++) {
        struct buffer *b = &w->buffers[i];
        int fd, r = cmp_pixels_create(w->app->width, w->app->height, &b->canvas, &fd);
        struct wl_shm_pool *pool;

        if (r < 0)
            return r;
        pool = wl_shm_create_pool(w->shm, fd, w->app->width * w->app->height * 4);
        b->wl = wl_shm_pool_create_buffer(pool, 0, w->app->width, w->app->height, w->app->width * 4,
                                          WL_SHM_FORMAT_XRGB8888);
        wl_buffer_add_listener(b->wl, &buffer_listener, w);
        wl_shm_pool_destroy(pool);
        close(fd);
    }
    return 0;
}

static int window_create(struct wayland *w)
{
    w->registry = wl_display_get_registry(w->display);
    wl_registry_add_listener(w->registry, &registry_listener, w);
    if (wl_display_roundtrip(w->display) < 0)
        return -EPROTO;
    if (!w->compositor || !w->shm || !w->wm_base || !w->seat) {
        fprintf(stderr, "gs-compare-app: the compositor lacks an interface\n");
        return -ENOTSUP;
    }
    w->surface = wl_compositor_create_surface(w->compositor);
    w->xdg = xdg_wm_base_get_xdg_surface(w->wm_base, w->surface);
    xdg_surface_add_listener(w->xdg, &xdg_listener, w);
    w->toplevel = xdg_surface_get_toplevel(w->xdg);
    xdg_toplevel_add_listener(w->toplevel, &toplevel_listener, w);
    xdg_toplevel_set_title(w->toplevel, "gs-compare-app");
    wl_surface_commit(w->surface);
    return 0;
}

/* Disconnecting frees what the compositor holds; the rest goes with the process. */
int cmp_wayland_run(struct cmp_app *app)
{
    struct wayland w = {.app = app, .display = wl_display_connect(NULL)};
    int r;

    if (!w.display) {
        fprintf(stderr, "gs-compare-app: no Wayland display\n");
        return -ENOTCONN;
    }
    r = window_create(&w);
    if (r == 0)
        r = buffers_create(&w);
    while (r == 0 && !w.closed && wl_display_dispatch(w.display) >= 0)
        ;
    wl_display_disconnect(w.display);
    return r;
}
