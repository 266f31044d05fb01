/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pictures into an SDL window, scaled with their aspect kept: by the GPU where there is one (SDL's
 * renderer converts and scales), else by libyuv straight into the window's memory, which costs a
 * third of what a software GL does. Thread: the one that initialised SDL.
 */
#pragma once

#include <SDL.h>

#include "client/picture.h"
#include "common/macros.h"

struct gs_window_draw;

/* 0, -errno; what failed is logged. */
int gs_window_draw_create(SDL_Window *window, struct gs_window_draw **ret) GS_MUST_CHECK;
void gs_window_draw_destroy(struct gs_window_draw *draw);
/* Shows pic (NULL: black) with the overlay's text (NULL: none) in its corner, at once. */
void gs_window_draw_show(struct gs_window_draw *draw, const struct gs_picture *pic,
                         const char *overlay);
