/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/window_draw.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>

#include "client/window_gl.h"
#include "client/window_memory.h"
#include "common/module.h"

struct gs_window_draw {
    SDL_Window *window;
    const struct gs_window_gl_module *gl_module; /* NULL unless gl is used */
    struct gs_window_gl *gl;
    struct gs_window_memory *memory; /* otherwise */
};

/* What says that loading a GL is worth while. */
static bool have_gpu(void)
{
    g_autoptr(GDir) dri = g_dir_open("/dev/dri", 0, NULL);
    const char *name;

    while (dri && (name = g_dir_read_name(dri))) {
        if (g_str_has_prefix(name, "renderD") || g_str_has_prefix(name, "card"))
            return true;
    }
    return g_file_test("/dev/nvidiactl", G_FILE_TEST_EXISTS);
}

static int create_window(struct gs_window_draw *d, const char *title, int width, int height,
                         uint32_t flags)
{
    d->window = SDL_CreateWindow(title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, width,
                                 height, flags);
    return d->window ? 0 : -EIO;
}

static void destroy_window(struct gs_window_draw *d)
{
    if (d->window)
        SDL_DestroyWindow(d->window);
    d->window = NULL;
}

static int create_gl(struct gs_window_draw *d, const char *title, int width, int height,
                     uint32_t flags, bool software_too)
{
    char why[200];
    int err;

    d->gl_module = gs_module_load("gpushare-client-gl", why, sizeof(why));
    if (!d->gl_module) {
        gs_warn("no OpenGL: %s", why);
        return -ENOENT;
    }
    d->gl_module->prepare();
    err = create_window(d, title, width, height, flags | SDL_WINDOW_OPENGL);
    if (err)
        gs_warn("no window for OpenGL: %s", SDL_GetError());
    else
        err = d->gl_module->create(d->window, software_too, &d->gl);
    if (err)
        destroy_window(d);
    return err;
}

static int create_memory(struct gs_window_draw *d, const char *title, int width, int height,
                         uint32_t flags)
{
    int err = create_window(d, title, width, height, flags);

    if (err)
        gs_error("no window: %s", SDL_GetError());
    return err ? err : gs_window_memory_create(d->window, &d->memory);
}

int gs_window_draw_create(const char *title, int width, int height, uint32_t flags,
                          enum gs_window_how how, struct gs_window_draw **ret)
{
    struct gs_window_draw *d = g_new0(struct gs_window_draw, 1);
    int err = -ENODEV;

    if (how == GS_WINDOW_GL || (how == GS_WINDOW_AUTO && have_gpu()))
        err = create_gl(d, title, width, height, flags, how == GS_WINDOW_GL);
    if (err && how != GS_WINDOW_GL)
        err = create_memory(d, title, width, height, flags);
    if (err) {
        gs_window_draw_destroy(d);
        return err;
    }
    gs_debug("the window is drawn by %s", d->gl ? "OpenGL" : "the processor");
    *ret = d;
    return 0;
}

void gs_window_draw_destroy(struct gs_window_draw *d)
{
    if (!d)
        return;
    if (d->gl)
        d->gl_module->destroy(d->gl);
    gs_window_memory_destroy(d->memory);
    destroy_window(d);
    g_free(d);
}

SDL_Window *gs_window_draw_window(struct gs_window_draw *d)
{
    return d->window;
}

void gs_window_draw_show(struct gs_window_draw *d, struct gs_picture *pic, const char *overlay)
{
    if (d->gl)
        d->gl_module->show(d->gl, pic, overlay);
    else
        gs_window_memory_show(d->memory, pic, overlay);
}

void gs_window_draw_invalidate(struct gs_window_draw *d)
{
    if (d->memory)
        gs_window_memory_invalidate(d->memory);
}
