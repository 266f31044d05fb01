/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A window by SDL: shows pictures at once, sends what the user does. */
#include <SDL.h>
#include <SDL_syswm.h>
#include <errno.h>
#include <glib.h>
#include <libavutil/frame.h>
#include <stdlib.h>

#include "client/keymap.h"
#include "client/letterbox.h"
#include "client/present_impls.h"
#include "client/sdl_source.h"
#include "client/window.h"
#include "client/window_cursor.h"
#include "client/window_draw.h"
#include "common/log.h"

static void redraw(struct gs_window *w)
{
    gs_window_draw_show(w->draw, w->picture, w->overlay_shown ? w->overlay : NULL);
}

struct gs_letterbox gs_window_letterbox(const struct gs_window *w)
{
    uint32_t width = w->base.params.width, height = w->base.params.height;
    int window_width, window_height;

    if (w->picture) {
        width = (uint32_t)w->picture->frame->width;
        height = (uint32_t)w->picture->frame->height;
    }
    SDL_GetWindowSize(w->window, &window_width, &window_height);
    return gs_letterbox_fit(window_width, window_height, width, height);
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
        redraw(w);
        break;
    case SDL_WINDOWEVENT_SIZE_CHANGED:
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
    int width, height;

    SDL_GetDisplayUsableBounds(0, &usable);
    gs_letterbox_first_size(p->width, p->height, usable.w, usable.h, &width, &height);
    w->window =
        SDL_CreateWindow(w->title, SDL_WINDOWPOS_UNDEFINED, SDL_WINDOWPOS_UNDEFINED, width, height,
                         SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI |
                             (p->fullscreen ? SDL_WINDOW_FULLSCREEN_DESKTOP : 0));
    if (!w->window) {
        gs_error("no window: %s", SDL_GetError());
        return -EIO;
    }
    SDL_SetWindowMinimumSize(w->window, 160, 90);
    return gs_window_draw_create(w->window, &w->draw);
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
    if (w->window)
        SDL_DestroyWindow(w->window);
    if (w->initialised)
        SDL_Quit();
    gs_picture_unref(w->picture);
    gs_cursor_copy_clear(&w->cursor_copy);
    g_free(w->overlay);
    g_free(w->title);
    g_free(w);
}

static int window_open(const struct gs_presenter_params *p, struct gs_presenter **ret)
{
    struct gs_window *w = g_new0(struct gs_window, 1);
    int err;

    w->base.impl = &gs_presenter_window;
    w->base.params = *p;
    w->title = g_strdup(p->title);
    w->base.params.title = w->title;
    w->overlay_shown = p->overlay;
    w->fullscreen = p->fullscreen;
    w->x = p->width / 2;
    w->y = p->height / 2;
    err = init_sdl(w);
    if (!err)
        err = create_window(w);
    if (err) {
        window_close(&w->base);
        return err;
    }
    w->source = gs_sdl_source_create(w->window, on_event, w);
    gs_window_apply_grab(w);
    gs_window_keymap_changed(w);
    *ret = &w->base;
    return 0;
}

static void window_present(struct gs_presenter *pr, struct gs_picture *pic)
{
    struct gs_window *w = (struct gs_window *)pr;

    gs_picture_unref(w->picture);
    w->picture = gs_picture_ref(pic);
    redraw(w);
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

    SDL_SetWindowTitle(w->window, title ? title : w->title);
}

static int window_snapshot(struct gs_presenter *pr, const char *path)
{
    struct gs_window *w = (struct gs_window *)pr;

    return gs_present_write_png(path, w->picture, w->relative ? NULL : &w->cursor_copy.msg, w->x,
                                w->y, w->overlay_shown ? w->overlay : NULL);
}

const struct gs_presenter_impl gs_presenter_window = {
    .name = "window",
    .open = window_open,
    .present = window_present,
    .cursor = window_cursor,
    .pointer_mode = window_pointer_mode,
    .overlay = window_overlay,
    .note = window_note,
    .snapshot = window_snapshot,
    .close = window_close,
};
