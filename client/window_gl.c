/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module "gl". */
#include "client/window_gl.h"

#include <GLES3/gl3.h>
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "client/yuv_gl.h"
#include "common/module.h"

struct gs_window_gl {
    SDL_Window *window;
    SDL_GLContext context;
    struct gs_yuv_gl *yuv;
};

/* EGL also under X11, for its images of dma-bufs. */
static void gl_prepare(void)
{
    SDL_SetHint(SDL_HINT_VIDEO_X11_FORCE_EGL, "1");
    SDL_GL_SetAttribute(SDL_GL_CONTEXT_PROFILE_MASK, SDL_GL_CONTEXT_PROFILE_ES);
    SDL_GL_SetAttribute(SDL_GL_CONTEXT_MAJOR_VERSION, 3);
    SDL_GL_SetAttribute(SDL_GL_CONTEXT_MINOR_VERSION, 0);
    SDL_GL_SetAttribute(SDL_GL_DEPTH_SIZE, 0);
    SDL_GL_SetAttribute(SDL_GL_STENCIL_SIZE, 0);
    SDL_GL_SetAttribute(SDL_GL_DOUBLEBUFFER, 1);
}

static bool is_software(void)
{
    const char *name = (const char *)glGetString(GL_RENDERER);

    gs_debug("GL renderer: %s", name ? name : "not known");
    return name && (strstr(name, "llvmpipe") || strstr(name, "softpipe") || strstr(name, "swrast"));
}

static void gl_destroy(struct gs_window_gl *gl)
{
    if (!gl)
        return;
    gs_yuv_gl_destroy(gl->yuv);
    if (gl->context)
        SDL_GL_DeleteContext(gl->context);
    g_free(gl);
}

static int open_context(struct gs_window_gl *gl, bool software_too)
{
    gl->context = SDL_GL_CreateContext(gl->window);
    if (!gl->context) {
        gs_warn("no OpenGL ES 3: %s", SDL_GetError());
        return -ENODEV;
    }
    if (!software_too && is_software())
        return -ENODEV;
    /* Never wait for the screen: the newest picture is the one to be shown. */
    if (SDL_GL_SetSwapInterval(0) != 0)
        gs_debug("presenting waits for the screen: %s", SDL_GetError());
    return gs_yuv_gl_create(&gl->yuv);
}

static int gl_create(SDL_Window *window, bool software_too, struct gs_window_gl **ret)
{
    struct gs_window_gl *gl = g_new0(struct gs_window_gl, 1);
    int err;

    gl->window = window;
    err = open_context(gl, software_too);
    if (err) {
        gl_destroy(gl);
        return err;
    }
    *ret = gl;
    return 0;
}

static void gl_show(struct gs_window_gl *gl, struct gs_picture *pic, const char *overlay)
{
    struct gs_letterbox box;
    int width, height;

    SDL_GL_GetDrawableSize(gl->window, &width, &height);
    if (pic) {
        box = gs_letterbox_fit(width, height, pic->width, pic->height);
        if (gs_yuv_gl_draw(gl->yuv, pic, &box, width, height) == 0 && overlay)
            gs_yuv_gl_draw_overlay(gl->yuv, overlay, &box, width, height);
    } else {
        glClearColor(0, 0, 0, 1);
        glClear(GL_COLOR_BUFFER_BIT);
    }
    SDL_GL_SwapWindow(gl->window);
}

const void *gs_module_start(const struct gs_log_context *log)
{
    static const struct gs_window_gl_module module = {
        .prepare = gl_prepare,
        .create = gl_create,
        .destroy = gl_destroy,
        .show = gl_show,
    };

    gs_log_set_context(log);
    return &module;
}
