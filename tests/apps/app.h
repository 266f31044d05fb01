/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gs-test-app: a small Wayland client that shows known pictures and tells what it is told. One
 * thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <wayland-client.h>

#include "tests/apps/paint.h"
#include "xdg-shell-client.h"

#define APP_BUFFERS 3
#define APP_WINDOWS 4

struct app;

struct app_options {
    const char *mode;
    int fps;            /* 0: as fast as frame callbacks come */
    int frames;         /* exit after so many, 0: never */
    int status;         /* exit status */
    double crash_after; /* seconds, 0: never */
    int width, height;  /* where the compositor leaves the choice */
    bool never_map, verbose;
};

struct app_buffer {
    struct wl_buffer *wl;
    uint32_t *pixels;
    size_t size;
    struct gs_canvas canvas;
    bool busy; /* the compositor reads it */
};

enum app_role {
    APP_TOPLEVEL,
    APP_DIALOG,
    APP_POPUP,
    APP_SUBSURFACE,
};

/* A surface with a role and its buffers. Unused while surface is NULL. */
struct app_window {
    struct app *app;
    enum app_role role;
    struct wl_surface *surface;
    struct xdg_surface *xdg;
    struct xdg_toplevel *toplevel;
    struct xdg_popup *popup;
    struct wl_subsurface *sub;
    struct wl_callback *frame; /* asked for and not yet given */
    int width, height;
    int next_width, next_height; /* said by the last configure, 0: free */
    bool configured;
    bool dirty; /* to be drawn when a buffer is free */
    struct app_buffer buffers[APP_BUFFERS];
};

/* What a mode draws; all optional but draw. */
struct app_mode {
    const char *name;
    bool animated; /* draws again after every frame callback */
    void (*draw)(struct app_window *win, const struct gs_canvas *canvas);
    void (*start)(struct app *app); /* after the main window was made */
    void (*press)(struct app *app, uint32_t code, uint32_t serial); /* key or button went down */
};

struct app {
    struct app_options options;
    const struct app_mode *mode;
    struct wl_display *display;
    struct wl_registry *registry;
    struct wl_compositor *compositor;
    struct wl_subcompositor *subcompositor;
    struct wl_shm *shm;
    struct xdg_wm_base *wm_base;
    struct wl_seat *seat;
    struct wl_pointer *pointer;
    struct wl_keyboard *keyboard;
    struct xkb_context *xkb;
    struct xkb_keymap *keymap;
    struct xkb_state *keys;
    double pointer_x, pointer_y;
    uint32_t popup_serial;                  /* of the press that asks for a popup */
    struct app_window windows[APP_WINDOWS]; /* the main one first */
    uint32_t drawn;                         /* frames of the main window committed */
    uint32_t shown;                         /* of those, that got their frame callback */
    uint32_t presses;
    uint64_t next_ns; /* when the next frame is due, with fps */
    bool running;
};

/* Fills ret or ends the program with a message. */
void app_options_parse(int argc, char **argv, struct app_options *ret);
/* NULL: no such mode. */
const struct app_mode *app_mode_find(const char *name);
/* A line on stdout, flushed, with --verbose. */
void app_say(const struct app *app, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* parent: of all roles but the first. x, y: of a popup or subsurface. NULL: no window is left. */
struct app_window *app_window_open(struct app *app, enum app_role role, struct app_window *parent,
                                   int x, int y, int width, int height);
void app_window_close(struct app_window *win);
/* Draws and commits now, or as soon as the compositor gives a buffer back. */
void app_window_draw(struct app_window *win);

void app_input_listen(struct app *app);
void app_input_finish(struct app *app);
