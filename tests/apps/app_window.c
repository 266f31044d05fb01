/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/apps/app.h"

static void buffer_release(void *data, struct wl_buffer *wl)
{
    struct app_window *win = data;

    for (int i = 0; i < APP_BUFFERS; i++)
        if (win->buffers[i].wl == wl)
            win->buffers[i].busy = false;
    if (win->dirty)
        app_window_draw(win);
}

static const struct wl_buffer_listener buffer_listener = {.release = buffer_release};

static void buffer_finish(struct app_buffer *buf)
{
    if (!buf->wl)
        return;
    wl_buffer_destroy(buf->wl);
    munmap(buf->pixels, buf->size);
    *buf = (struct app_buffer){0};
}

static void buffer_init(struct app_window *win, struct app_buffer *buf)
{
    int stride = win->width * 4;
    size_t size = (size_t)stride * (size_t)win->height;
    int fd = memfd_create("gs-test-app", MFD_CLOEXEC);
    struct wl_shm_pool *pool;

    if (fd < 0 || ftruncate(fd, (off_t)size) < 0) {
        perror("gs-test-app: memory for a picture");
        exit(1);
    }
    buf->pixels = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (buf->pixels == MAP_FAILED) {
        perror("gs-test-app: mmap");
        exit(1);
    }
    pool = wl_shm_create_pool(win->app->shm, fd, (int)size);
    buf->wl =
        wl_shm_pool_create_buffer(pool, 0, win->width, win->height, stride, WL_SHM_FORMAT_XRGB8888);
    wl_buffer_add_listener(buf->wl, &buffer_listener, win);
    wl_shm_pool_destroy(pool);
    close(fd);
    buf->size = size;
    buf->canvas = (struct gs_canvas){buf->pixels, (uint32_t)win->width, (uint32_t)win->height,
                                     (uint32_t)win->width};
}

/* A buffer of the window's size that the compositor does not read; NULL: all are in use. */
static struct app_buffer *free_buffer(struct app_window *win)
{
    for (int i = 0; i < APP_BUFFERS; i++) {
        struct app_buffer *buf = &win->buffers[i];

        if (buf->busy)
            continue;
        if (buf->wl && (buf->canvas.width != (uint32_t)win->width ||
                        buf->canvas.height != (uint32_t)win->height))
            buffer_finish(buf);
        if (!buf->wl)
            buffer_init(win, buf);
        return buf;
    }
    return NULL;
}

static void frame_done(void *data, struct wl_callback *cb, uint32_t time)
{
    struct app_window *win = data;
    struct app *app = win->app;

    (void)time;
    wl_callback_destroy(cb);
    win->frame = NULL;
    if (win != &app->windows[0])
        return;
    app->shown = app->drawn;
    if (app->options.frames && app->shown >= (uint32_t)app->options.frames)
        app->running = false;
    else if (app->mode->animated && !app->options.fps)
        app_window_draw(win);
}

static const struct wl_callback_listener frame_listener = {.done = frame_done};

void app_window_draw(struct app_window *win)
{
    struct app_buffer *buf;

    if (!win->surface || !win->configured)
        return;
    buf = free_buffer(win);
    win->dirty = !buf;
    if (!buf)
        return;
    win->app->mode->draw(win, &buf->canvas);
    buf->busy = true;
    if (!win->frame) {
        win->frame = wl_surface_frame(win->surface);
        wl_callback_add_listener(win->frame, &frame_listener, win);
    }
    wl_surface_attach(win->surface, buf->wl, 0, 0);
    wl_surface_damage_buffer(win->surface, 0, 0, win->width, win->height);
    wl_surface_commit(win->surface);
    if (win == &win->app->windows[0])
        win->app->drawn++;
}

static void xdg_configure(void *data, struct xdg_surface *xdg, uint32_t serial)
{
    struct app_window *win = data;
    bool resized = (win->next_width && win->next_width != win->width) ||
                   (win->next_height && win->next_height != win->height);

    xdg_surface_ack_configure(xdg, serial);
    if (win->next_width)
        win->width = win->next_width;
    if (win->next_height)
        win->height = win->next_height;
    app_say(win->app, "configure %d %dx%d", win->role, win->width, win->height);
    if (!win->configured || resized) {
        win->configured = true;
        app_window_draw(win);
    }
}

static const struct xdg_surface_listener xdg_listener = {.configure = xdg_configure};

static void toplevel_configure(void *data, struct xdg_toplevel *top, int32_t width, int32_t height,
                               struct wl_array *states)
{
    struct app_window *win = data;

    (void)top;
    (void)states;
    win->next_width = width;
    win->next_height = height;
}

static void toplevel_close(void *data, struct xdg_toplevel *top)
{
    struct app_window *win = data;

    (void)top;
    app_say(win->app, "close %d", win->role);
    if (win->role == APP_TOPLEVEL)
        win->app->running = false;
    else
        app_window_close(win);
}

static const struct xdg_toplevel_listener toplevel_listener = {.configure = toplevel_configure,
                                                               .close = toplevel_close};

static void popup_configure(void *data, struct xdg_popup *popup, int32_t x, int32_t y,
                            int32_t width, int32_t height)
{
    struct app_window *win = data;

    (void)popup;
    (void)x;
    (void)y;
    win->next_width = width;
    win->next_height = height;
}

static void popup_done(void *data, struct xdg_popup *popup)
{
    struct app_window *win = data;

    (void)popup;
    app_say(win->app, "popup done");
    app_window_close(win);
}

static const struct xdg_popup_listener popup_listener = {.configure = popup_configure,
                                                         .popup_done = popup_done};

static void make_toplevel(struct app_window *win, struct app_window *parent)
{
    win->toplevel = xdg_surface_get_toplevel(win->xdg);
    xdg_toplevel_add_listener(win->toplevel, &toplevel_listener, win);
    xdg_toplevel_set_app_id(win->toplevel, "gs-test-app");
    xdg_toplevel_set_title(win->toplevel, parent ? "gs-test-app dialog" : "gs-test-app");
    if (parent)
        xdg_toplevel_set_parent(win->toplevel, parent->toplevel);
}

static void make_popup(struct app_window *win, struct app_window *parent, int x, int y)
{
    struct xdg_positioner *pos = xdg_wm_base_create_positioner(win->app->wm_base);

    xdg_positioner_set_size(pos, win->width, win->height);
    xdg_positioner_set_anchor_rect(pos, x, y, 1, 1);
    xdg_positioner_set_anchor(pos, XDG_POSITIONER_ANCHOR_BOTTOM_RIGHT);
    xdg_positioner_set_gravity(pos, XDG_POSITIONER_GRAVITY_BOTTOM_RIGHT);
    xdg_positioner_set_constraint_adjustment(pos, XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_SLIDE_X |
                                                      XDG_POSITIONER_CONSTRAINT_ADJUSTMENT_SLIDE_Y);
    win->popup = xdg_surface_get_popup(win->xdg, parent->xdg, pos);
    xdg_popup_add_listener(win->popup, &popup_listener, win);
    /* Before the first commit: some compositors take a committed popup for a mapped one. */
    xdg_popup_grab(win->popup, win->app->seat, win->app->popup_serial);
    xdg_positioner_destroy(pos);
}

static struct app_window *unused_window(struct app *app)
{
    for (int i = 0; i < APP_WINDOWS; i++)
        if (!app->windows[i].surface)
            return &app->windows[i];
    return NULL;
}

struct app_window *app_window_open(struct app *app, enum app_role role, struct app_window *parent,
                                   int x, int y, int width, int height)
{
    struct app_window *win = unused_window(app);

    if (!win)
        return NULL;
    *win = (struct app_window){.app = app, .role = role, .width = width, .height = height};
    win->surface = wl_compositor_create_surface(app->compositor);
    if (role == APP_SUBSURFACE) {
        win->sub =
            wl_subcompositor_get_subsurface(app->subcompositor, win->surface, parent->surface);
        wl_subsurface_set_position(win->sub, x, y);
        wl_subsurface_set_desync(win->sub);
        win->configured = true;
        app_window_draw(win);
        return win;
    }
    win->xdg = xdg_wm_base_get_xdg_surface(app->wm_base, win->surface);
    xdg_surface_add_listener(win->xdg, &xdg_listener, win);
    if (role == APP_POPUP)
        make_popup(win, parent, x, y);
    else
        make_toplevel(win, parent);
    if (!app->options.never_map)
        wl_surface_commit(win->surface);
    return win;
}

void app_window_close(struct app_window *win)
{
    if (!win->surface)
        return;
    if (win->frame)
        wl_callback_destroy(win->frame);
    if (win->sub)
        wl_subsurface_destroy(win->sub);
    if (win->popup)
        xdg_popup_destroy(win->popup);
    if (win->toplevel)
        xdg_toplevel_destroy(win->toplevel);
    if (win->xdg)
        xdg_surface_destroy(win->xdg);
    wl_surface_destroy(win->surface);
    for (int i = 0; i < APP_BUFFERS; i++)
        buffer_finish(&win->buffers[i]);
    *win = (struct app_window){0};
}
