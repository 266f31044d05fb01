/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What present_window.c (picture, cursor, window) and window_input.c (keys, pointer) share. */
#pragma once

#include <SDL.h>
#include <glib.h>
#include <stdbool.h>

#include "client/letterbox.h"
#include "client/present_impls.h"
#include "client/window_draw.h"

struct gs_window {
    struct gs_presenter base;
    char *title;
    bool initialised; /* SDL is */
    enum gs_window_how how;
    struct gs_window_draw *draw;
    SDL_Window *window; /* that of draw */
    GSource *source;
    guint keymap_idle;

    struct gs_picture *picture; /* the newest */
    char *overlay, *note;       /* NULL: none */
    bool overlay_shown, fullscreen;

    struct gs_cursor_copy cursor_copy;
    bool has_cursor; /* the session said which */
    SDL_Cursor *cursor;

    bool relative; /* the session wants relative motion */
    bool released; /* the user let go of pointer and keyboard, until the next click */
    double x, y;   /* of the pointer, output pixels */
    int swallowed; /* scancode whose release is ours, too; 0: none */
};

/* What the module offers. */
extern const struct gs_presenter_impl gs_window_auto, gs_window_gl, gs_window_shm;

/* present_window.c; in window coordinates. */
struct gs_letterbox gs_window_letterbox(const struct gs_window *w);
void gs_window_apply_grab(struct gs_window *w);
void gs_window_keymap_changed(struct gs_window *w);
void gs_window_set_fullscreen(struct gs_window *w, bool on);
void gs_window_toggle_overlay(struct gs_window *w);

/* window_input.c */
void gs_window_input(struct gs_window *w, const SDL_Event *event);
void gs_window_focus(struct gs_window *w, bool gained);
