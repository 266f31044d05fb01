/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gs-load-app: a program whose frames cost what one wishes, and which tells what it has done. A
 * frame is one square over the whole window with a loop in its fragment shader; its work is pixels
 * times turns of that loop, whatever a scheduler or a meter says. One thread.
 */
#pragma once

#include <EGL/egl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <wayland-client.h>
#include <wayland-egl.h>

#include "common/macros.h"
#include "xdg-shell-client.h"

struct load_options {
    uint32_t turns;         /* of the loop; 0: as cost says */
    double cost_ms;         /* of a frame; 0: as turns says */
    double work_per_ms;     /* pixels times turns in a millisecond; 0: measured at the start */
    int interval;           /* of eglSwapInterval */
    double fps;             /* by a clock of its own; 0: none */
    uint32_t on_ms, off_ms; /* draws, and rests; 0: draws all the time */
    double seconds;         /* until it ends; 0: never */
    int width, height;      /* off-screen, or where the compositor leaves the choice */
    bool offscreen;         /* no window, no Wayland */
    bool respond;           /* draws after key presses only */
    bool calibrate;         /* says work_per_ms and ends */
    char *out;              /* reports go there; NULL: stdout */
    char *log;              /* a line for each frame; NULL: none */
};

struct load_gl {
    EGLDisplay display;
    EGLConfig config;
    EGLContext context;
    EGLSurface surface;      /* EGL_NO_SURFACE: it draws into a framebuffer of its own */
    int turns_at, number_at; /* uniforms */
    bool software;
};

struct load_window {
    struct wl_display *display;
    struct wl_registry *registry;
    struct wl_compositor *compositor;
    struct xdg_wm_base *wm_base;
    struct wl_seat *seat;
    struct wl_keyboard *keyboard;
    struct wl_surface *surface;
    struct xdg_surface *xdg;
    struct xdg_toplevel *toplevel;
    struct wl_egl_window *egl;
    int width, height;
    bool configured, closed;
    uint64_t key_ns; /* when the first key came that no frame answers yet; 0: none */
    uint64_t keys;
};

/* What was done so far. */
struct load_done {
    FILE *out, *log;
    uint64_t started_ns, reported_ns;
    uint64_t frames;
    uint64_t work;     /* pixels times turns */
    uint64_t drawn_ns; /* from the start of each frame to the end of its drawing, together */
    uint64_t longest_ns;
    uint32_t bucket[32]; /* frames by the logarithm of the time since the one before, ms */
    uint64_t last_ns;
};

/* Fills ret or ends the program with a message. */
void load_options_parse(int argc, char **argv, struct load_options *ret);

/* Connects and waits until the window has a size. A message is printed where it fails: -errno. */
int load_window_open(struct load_window *win, const struct load_options *o) GS_MUST_CHECK;
/* Waits until something comes, at most until `until` (CLOCK_MONOTONIC, ns; 0: only looks). False
 * when the connection is gone. */
bool load_window_wait(struct load_window *win, uint64_t until);
void load_window_close(struct load_window *win);

/* win NULL: draws into memory of width times height. -errno, said. */
int load_gl_open(struct load_gl *gl, struct load_window *win, int width, int height) GS_MUST_CHECK;
/* Draws and waits until it is drawn. */
void load_gl_draw(const struct load_gl *gl, uint32_t number, uint32_t turns);
/* Pixels times turns in a millisecond of this program alone: of the processors where software
 * renders, else of the time that passes. */
double load_gl_calibrate(const struct load_gl *gl, int width, int height);
void load_gl_close(struct load_gl *gl);

/* -errno, said. */
int load_done_open(struct load_done *d, const struct load_options *o) GS_MUST_CHECK;
/* One more frame: when it was begun, drawn and handed over, and the key that it answers (0: none).
 */
void load_done_frame(struct load_done *d, uint64_t work, const uint64_t times[3], uint64_t key_ns);
/* A line of JSON, once a second and with `last` in any case. */
void load_done_report(struct load_done *d, uint64_t now, bool last);
void load_done_close(struct load_done *d);
