/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pictures into a window's memory, without a GPU: the rows that changed are converted (and
 * scaled by libyuv), and only those go to the display. Thread: the one that initialised SDL.
 */
#pragma once

#include <SDL.h>

#include "client/picture.h"
#include "common/macros.h"

struct gs_window_memory;

/* 0, -errno; what failed is logged. */
int gs_window_memory_create(SDL_Window *window, struct gs_window_memory **ret) GS_MUST_CHECK;
/* Accepts NULL. */
void gs_window_memory_destroy(struct gs_window_memory *mem);
/* See gs_window_draw_show. */
void gs_window_memory_show(struct gs_window_memory *mem, struct gs_picture *pic,
                           const char *overlay);
/* The display lost what was shown: the next picture is drawn as a whole. */
void gs_window_memory_invalidate(struct gs_window_memory *mem);
