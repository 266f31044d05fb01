/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory of a window on Wayland (wl_shm), which SDL offers only by way of an OpenGL: a few buffers
 * in turn, since the compositor may read one for long. Thread: the one that initialised SDL, whose
 * pumping also brings the buffers back.
 */
#pragma once

#include <SDL.h>
#include <stdbool.h>

#include "common/macros.h"

#define GS_WAYLAND_BUFFERS 3

struct gs_wayland_shm;

/* 0; -ENOTSUP: the window is not on Wayland; -errno, logged. */
int gs_wayland_shm_create(SDL_Window *window, struct gs_wayland_shm **ret) GS_MUST_CHECK;
/* Before the window is. Accepts NULL. */
void gs_wayland_shm_destroy(struct gs_wayland_shm *shm);
/* A buffer of the window's size to draw into, borrowed; which: 0 … GS_WAYLAND_BUFFERS - 1. fresh:
 * its content is not what was drawn into it the last time. NULL: no memory, which is logged. */
SDL_Surface *gs_wayland_shm_take(struct gs_wayland_shm *shm, unsigned *which, bool *fresh);
/* Shows the buffer that was taken last; rects: where it differs from what was shown before. */
void gs_wayland_shm_commit(struct gs_wayland_shm *shm, const SDL_Rect *rects, int n);
