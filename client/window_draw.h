/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pictures into an SDL window, scaled with their aspect kept: by a GPU where there is one (the
 * module "gl"), else straight into the window's memory, which costs a tenth of what a GL in
 * software does. Owns the SDL window, whose kind depends on who draws. Thread: the one that
 * initialised SDL.
 */
#pragma once

#include <SDL.h>

#include "client/picture.h"
#include "common/macros.h"

struct gs_window_draw;

enum gs_window_how {
    GS_WINDOW_AUTO,   /* the GPU if there is one */
    GS_WINDOW_GL,     /* OpenGL ES, whoever executes it */
    GS_WINDOW_MEMORY, /* never a GPU */
};

/* flags: SDL's. 0, -errno; what failed is logged. */
int gs_window_draw_create(const char *title, int width, int height, uint32_t flags,
                          enum gs_window_how how, struct gs_window_draw **ret) GS_MUST_CHECK;
/* Accepts NULL. */
void gs_window_draw_destroy(struct gs_window_draw *draw);
SDL_Window *gs_window_draw_window(struct gs_window_draw *draw);
/* Shows pic (NULL: black) with the overlay's text (NULL: none) in its corner, at once. */
void gs_window_draw_show(struct gs_window_draw *draw, struct gs_picture *pic, const char *overlay);
/* The window has another size, or the display lost what was shown; all is drawn the next time. */
void gs_window_draw_invalidate(struct gs_window_draw *draw);
