/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pictures into an SDL window by OpenGL ES 3: planes as textures, or a decoder's dma-bufs as
 * EGLImages without a copy; BT.709 in a shader. What the module "gl" offers, since loading a GL
 * takes some 40 ms and 30 MB. Thread: the one that initialised SDL.
 */
#pragma once

#include <SDL.h>
#include <stdbool.h>

#include "client/picture.h"
#include "common/macros.h"

struct gs_window_gl;

struct gs_window_gl_module {
    /* What SDL must know before the window is made, with SDL_WINDOW_OPENGL. */
    void (*prepare)(void);
    /* software_too: false refuses a GL without a GPU (-ENODEV, not logged). 0, -errno. */
    int (*create)(SDL_Window *window, bool software_too, struct gs_window_gl **ret);
    void (*destroy)(struct gs_window_gl *gl); /* accepts NULL */
    /* See gs_window_draw_show. */
    void (*show)(struct gs_window_gl *gl, struct gs_picture *pic, const char *overlay);
};
