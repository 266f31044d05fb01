/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A window by SDL: shows pictures at once, sends what the user does. */
#include <SDL.h>
#include <SDL_syswm.h>
#include <errno.h>
#include <glib.h>
#include <stdlib.h>

#include "client/keymap.h"
#include "client/letterbox.h"
#include "client/present_impls.h"
#include "client/sdl_source.h"
#include "client/window.h"
#include "client/window_cursor.h"

#include "common/log.h"

/* What is written over the picture, for g_free; NULL: nothing. */
static char *text_over(const struct gs_window *w)
{
    const char *overlay = w->overlay_shown ? w->overlay : NULL;

    if (w->note && overlay)
        return g_strdup_printf("%s\n%s", w->note, overlay);
    return g_strdup(w->note ? w->note : overlay);
}

static void redraw(struct gs_window *w)
{
    g_autofree char *text = text_over(w);

    gs_window_draw_show(w->draw, w->picture, text);
}

struct gs_letterbox gs_window_letterbox(const struct gs_window *w)
{
    uint32_t width = w->base.params.width, height = w->base.params.height;
    struct gs_letterbox box;
    int window_width, window_height;

    SDL_GetWindowSize(w->window, &window_width, &window_height);
    if (!w->picture)
        return gs_letterbox_fit(window_width, window_height, width, height);
    box = gs_letterbox_fit(window_width, window_height, w->picture->width, w->picture->height);
    /* What is on the screen may still have the size before; the host counts in the new one. */
    box.picture_width = width;
    box.picture_height = height;
    return box;
}

/* ---- cursor ---- */

static void apply_cursor(struct gs_window *w)
{
    struct gs_letterbox box = gs_window_letterbox(w);
    SDL_Cursor *cursor;

    if (!w->has_cursor)
        return;
    SDL_ShowCursor(w->cursor_copy.msg.visible ? SDL_ENABLE : SDL_DISABLE);
    if (!w->cursor_copy.msg.visible)
        return;
    cursor = gs_window_cursor_create(&w->cursor_copy.msg, gs_letterbox_scale(&box));
    if (!cursor)
        return;
    SDL_SetCursor(cursor);
    if (w->cursor)
        SDL_FreeCursor(w->cursor);
    w->cursor = cursor;
}

static void window_cursor(struct gs_presenter *pr, const struct gs_cursor_msg *msg)
{
    struct gs_window *w = (struct gs_window *)pr;

    gs_cursor_copy_set(&w->cursor_copy, msg);
    w->has_cursor = true;
    apply_cursor(w);
}

void gs_window_apply_grab(struct gs_window *w)
{
    bool focused = SDL_GetWindowFlags(w->window) & SDL_WINDOW_INPUT_FOCUS;

    SDL_SetRelativeMouseMode(w->relative && focused && !w->released ? SDL_TRUE : SDL_FALSE);
    SDL_SetWindowKeyboardGrab(w->window, w->fullscreen && !w->released ? SDL_TRUE : SDL_FALSE);
}

static void window_pointer_mode(struct gs_presenter *pr, enum gs_pointer_mode mode)
{
    struct gs_window *w = (struct gs_window *)pr;

    w->relative = mode == GS_POINTER_RELATIVE;
    gs_window_apply_grab(w);
}

/* ---- keymap ---- */

static char *display_keymap(struct gs_window *w)
{
    SDL_SysWMinfo info;

    SDL_VERSION(&info.version);
    if (!SDL_GetWindowWMInfo(w->window, &info))
        return NULL;
#ifdef SDL_VIDEO_DRIVER_WAYLAND
    if (info.subsystem == SDL_SYSWM_WAYLAND)
        return gs_keymap_of_wayland(info.info.wl.display);
#endif
    return info.subsystem == SDL_SYSWM_X11 ? gs_keymap_of_x11() : NULL;
}

static gboolean tell_keymap(void *user)
{
    struct gs_window *w = user;
    char *text = display_keymap(w);

    w->keymap_idle = 0;
    if (text)
        w->base.params.listener->keymap(w->base.params.user, text);
    else
        gs_info("the display's keyboard layout is not known; --keymap can say it");
    free(text);
    return G_SOURCE_REMOVE;
}

/* It takes some milliseconds, in which the first picture should not wait. */
void gs_window_keymap_changed(struct gs_window *w)
{
    if (!w->keymap_idle)
        w->keymap_idle = g_idle_add(tell_keymap, w);
}

/* ---- window ---- */

void gs_window_set_fullscreen(struct gs_window *w, bool on)
{
    w->fullscreen = on;
    SDL_SetWindowFullscreen(w->window, on ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0);
    gs_window_apply_grab(w);
}

void gs_window_toggle_overlay(struct gs_window *w)
{
    w->overlay_shown = !w->overlay_shown;
    redraw(w);
}

static void on_window_event(struct gs_window *w, const SDL_WindowEvent *e)
{
    switch (e->event) {
    case SDL_WINDOWEVENT_EXPOSED:
        gs_window_draw_invalidate(w->draw);
        redraw(w);
        break;
    case SDL_WINDOWEVENT_SIZE_CHANGED:
        gs_window_draw_invalidate(w->draw);
        redraw(w);
        apply_cursor(w);
        break;
    case SDL_WINDOWEVENT_FOCUS_GAINED:
        gs_window_focus(w, true);
        break;
    case SDL_WINDOWEVENT_FOCUS_LOST:
        gs_window_focus(w, false);
        break;
    default:
        break;
    }
}

static void on_event(void *user, const SDL_Event *event)
{
    struct gs_window *w = user;

    switch (event->type) {
    case SDL_QUIT:
        w->base.params.listener->closed(w->base.params.user);
        break;
    case SDL_WINDOWEVENT:
        on_window_event(w, &event->window);
        break;
    case SDL_KEYMAPCHANGED:
        gs_window_keymap_changed(w);
        break;
    default:
        gs_window_input(w, event);
        break;
    }
}

static int create_window(struct gs_window *w)
{
    const struct gs_presenter_params *p = &w->base.params;
    SDL_Rect usable = {0, 0, 1280, 720};
    int width, height, err;

    SDL_GetDisplayUsableBounds(0, &usable);
    gs_letterbox_first_size(p->width, p->height, usable.w, usable.h, &width, &height);
    err = gs_window_draw_create(w->title, width, height,
                                SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI |
                                    (p->fullscreen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0),
                                w->how, &w->draw);
    if (err)
        return err;
    w->window = gs_window_draw_window(w->draw);
    SDL_SetWindowMinimumSize(w->window, 160, 90);
    return 0;
}

static int init_sdl(struct gs_window *w)
{
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_RENDER_VSYNC, "0");
    SDL_SetHint(SDL_HINT_MOUSE_FOCUS_CLICKTHROUGH, "1");
    SDL_SetHint(SDL_HINT_APP_NAME, "gpushare");
    if (SDL_Init(SDL_INIT_VIDEO) != 0) {
        gs_error("no display: %s (--headless needs none)", SDL_GetError());
        return -ENODEV;
    }
    w->initialised = true;
    /* What SDL falls back to: a window that nobody can see or close. */
    if (!SDL_GetHint(SDL_HINT_VIDEODRIVER) &&
        g_strcmp0(SDL_GetCurrentVideoDriver(), "offscreen") == 0) {
        gs_error("no display (--headless needs none)");
        return -ENODEV;
    }
    SDL_StopTextInput(); /* keys are wanted, not what they type */
    return 0;
}

static void window_close(struct gs_presenter *pr)
{
    struct gs_window *w = (struct gs_window *)pr;

    if (!w)
        return;
    if (w->source) {
        g_source_destroy(w->source);
        g_source_unref(w->source);
    }
    g_clear_handle_id(&w->keymap_idle, g_source_remove);
    gs_window_draw_destroy(w->draw);
    if (w->cursor)
        SDL_FreeCursor(w->cursor);
    if (w->initialised)
        SDL_Quit();
    gs_picture_unref(w->picture);
    gs_cursor_copy_clear(&w->cursor_copy);
    g_free(w->overlay);
    g_free(w->note);
    g_free(w->title);
    g_free(w);
}

static int create(const struct gs_presenter_impl *impl, enum gs_window_how how,
                  struct gs_presenter **ret)
{
    struct gs_window *w = g_new0(struct gs_window, 1);
    int err = init_sdl(w);

    w->base.impl = impl;
    w->how = how;
    if (err) {
        window_close(&w->base);
        return err;
    }
    *ret = &w->base;
    return 0;
}

static int auto_create(struct gs_presenter **ret)
{
    return create(&gs_window_auto, GS_WINDOW_AUTO, ret);
}

static int gl_create(struct gs_presenter **ret)
{
    return create(&gs_window_gl, GS_WINDOW_GL, ret);
}

static int shm_create(struct gs_presenter **ret)
{
    return create(&gs_window_shm, GS_WINDOW_MEMORY, ret);
}

static void window_display(struct gs_presenter *pr GS_UNUSED, uint32_t *width, uint32_t *height)
{
    SDL_DisplayMode mode = {0};

    if (SDL_GetDesktopDisplayMode(0, &mode) != 0 || mode.w < 0 || mode.h < 0)
        mode.w = mode.h = 0;
    *width = (uint32_t)mode.w;
    *height = (uint32_t)mode.h;
}

static int window_open(struct gs_presenter *pr, const struct gs_presenter_params *p)
{
    struct gs_window *w = (struct gs_window *)pr;
    int err;

    w->base.params = *p;
    w->title = g_strdup(p->title);
    w->base.params.title = w->title;
    w->overlay_shown = p->overlay;
    w->fullscreen = p->fullscreen;
    w->x = p->width / 2;
    w->y = p->height / 2;
    err = create_window(w);
    if (err)
        return err;
    w->source = gs_sdl_source_create(w->window, on_event, w);
    gs_window_apply_grab(w);
    gs_window_keymap_changed(w);
    return 0;
}

/* The window keeps the size that the user gave it; the pictures are scaled. */
static void window_resize(struct gs_presenter *pr, uint32_t width, uint32_t height)
{
    struct gs_window *w = (struct gs_window *)pr;

    w->x = w->x * width / w->base.params.width;
    w->y = w->y * height / w->base.params.height;
    w->base.params.width = width;
    w->base.params.height = height;
}

static void window_present(struct gs_presenter *pr, struct gs_picture *pic)
{
    struct gs_window *w = (struct gs_window *)pr;

    bool scaled_anew =
        !w->picture || w->picture->width != pic->width || w->picture->height != pic->height;

    gs_picture_unref(w->picture);
    w->picture = gs_picture_ref(pic);
    redraw(w);
    if (scaled_anew)
        apply_cursor(w);
}

static void window_overlay(struct gs_presenter *pr, const char *text)
{
    struct gs_window *w = (struct gs_window *)pr;

    if (g_strcmp0(w->overlay, text) == 0)
        return;
    g_free(w->overlay);
    w->overlay = g_strdup(text);
    if (w->overlay_shown)
        redraw(w);
}

static void window_note(struct gs_presenter *pr, const char *text)
{
    struct gs_window *w = (struct gs_window *)pr;
    g_autofree char *title = text ? g_strdup_printf("%s – %s", w->title, text) : NULL;

    if (g_strcmp0(w->note, text) == 0)
        return;
    g_free(w->note);
    w->note = g_strdup(text);
    redraw(w);
    SDL_SetWindowTitle(w->window, title ? title : w->title);
}

static int window_snapshot(struct gs_presenter *pr, const char *path)
{
    struct gs_window *w = (struct gs_window *)pr;
    g_autofree char *text = text_over(w);

    return gs_present_write_png(path, w->picture, w->relative ? NULL : &w->cursor_copy.msg, w->x,
                                w->y, text);
}

#define IMPL(called, create_it)                                                                    \
    {                                                                                              \
        .name = called, .create = create_it, .display = window_display, .open = window_open,       \
        .resize = window_resize, .present = window_present, .cursor = window_cursor,               \
        .pointer_mode = window_pointer_mode, .overlay = window_overlay, .note = window_note,       \
        .snapshot = window_snapshot, .close = window_close,                                        \
    }

const struct gs_presenter_impl gs_window_auto = IMPL("window", auto_create);
const struct gs_presenter_impl gs_window_gl = IMPL("gl", gl_create);
const struct gs_presenter_impl gs_window_shm = IMPL("shm", shm_create);
