/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/input.h"
#include "client/scancode.h"
#include "client/window.h"
#include "common/macros.h"

static void send(struct gs_window *w, struct gs_input in)
{
    w->base.params.listener->input(w->base.params.user, &in);
}

static bool chord_held(uint16_t mod)
{
    return (mod & KMOD_CTRL) && (mod & KMOD_ALT) && (mod & KMOD_SHIFT);
}

static void let_go(struct gs_window *w)
{
    w->released = true;
    gs_window_apply_grab(w);
}

/* Returns whether the key was meant for us. */
static bool run_chord(struct gs_window *w, int scancode)
{
    switch (scancode) {
    case SDL_SCANCODE_Q:
        w->base.params.listener->closed(w->base.params.user);
        return true;
    case SDL_SCANCODE_Z:
        let_go(w);
        return true;
    case SDL_SCANCODE_S:
        gs_window_toggle_overlay(w);
        return true;
    case SDL_SCANCODE_F11:
        gs_window_set_fullscreen(w, !w->fullscreen);
        return true;
    default:
        return false;
    }
}

static void on_key(struct gs_window *w, const SDL_KeyboardEvent *e)
{
    int scancode = e->keysym.scancode;
    bool pressed = e->state == SDL_PRESSED;
    uint16_t code = gs_scancode_to_evdev(scancode);

    if (e->repeat)
        return;
    if (!pressed && scancode == w->swallowed) {
        w->swallowed = 0;
        return;
    }
    if (pressed && chord_held(e->keysym.mod) && run_chord(w, scancode)) {
        w->swallowed = scancode;
        return;
    }
    if (code)
        send(w, gs_input_key(code, pressed));
}

static void on_motion(struct gs_window *w, const SDL_MouseMotionEvent *e)
{
    struct gs_letterbox box = gs_window_letterbox(w);

    if (w->relative) {
        if (SDL_GetRelativeMouseMode())
            send(w, gs_input_motion_rel(e->xrel, e->yrel));
        return;
    }
    gs_letterbox_to_picture(&box, e->x, e->y, &w->x, &w->y);
    send(w, gs_input_motion(w->x, w->y));
}

static void on_button(struct gs_window *w, const SDL_MouseButtonEvent *e)
{
    uint16_t code = gs_sdl_button_to_evdev(e->button);

    if (e->state == SDL_PRESSED && w->released) {
        w->released = false;
        gs_window_apply_grab(w);
    }
    if (code)
        send(w, gs_input_button(code, e->state == SDL_PRESSED));
}

/* SDL: right and up (away from the user) are positive. */
static void on_wheel(struct gs_window *w, const SDL_MouseWheelEvent *e)
{
    double sign = e->direction == SDL_MOUSEWHEEL_FLIPPED ? -1 : 1;

    if (e->preciseY != 0)
        send(w, gs_input_wheel(false, -sign * (double)e->preciseY));
    if (e->preciseX != 0)
        send(w, gs_input_wheel(true, sign * (double)e->preciseX));
}

void gs_window_input(struct gs_window *w, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_KEYDOWN:
    case SDL_KEYUP:
        on_key(w, &event->key);
        break;
    case SDL_MOUSEMOTION:
        on_motion(w, &event->motion);
        break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
        on_button(w, &event->button);
        break;
    case SDL_MOUSEWHEEL:
        on_wheel(w, &event->wheel);
        break;
    default:
        break;
    }
}

void gs_window_focus(struct gs_window *w, bool gained)
{
    SDL_Keymod mod = SDL_GetModState();
    struct gs_input in = {.kind = GS_INPUT_RESET};

    w->swallowed = 0;
    if (gained) {
        in.kind = GS_INPUT_LOCKS;
        in.x = (mod & KMOD_CAPS ? 1 : 0) | (mod & KMOD_NUM ? 2 : 0) | (mod & KMOD_SCROLL ? 4 : 0);
    }
    send(w, in);
    gs_window_apply_grab(w);
}
