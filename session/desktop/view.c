/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy for windows, whatever protocol they speak: a normal window gets the whole output (one
 * that has its own size is centred), a dialog is centred over its parent, the newest is on top, and
 * the top window has the keyboard. There is nothing to move or resize them with.
 */
#include <wlr/types/wlr_compositor.h>

#include "common/log.h"
#include "session/desktop/desktop.h"

void gs_view_init(struct gs_view *view, struct gs_desktop *d, const struct gs_view_impl *impl)
{
    view->d = d;
    view->impl = impl;
    wl_list_init(&view->link);
}

/* The middle of area; the corner stays inside the output, and so does the rest where it fits. */
static int centre(int area_at, int area, int size, int output)
{
    int at = area_at + (area - size) / 2;

    return GS_MAX(0, GS_MIN(at, output - size));
}

void gs_view_place(struct gs_view *view)
{
    struct gs_desktop *d = view->d;
    int width = (int)d->base.params.width, height = (int)d->base.params.height;
    struct wlr_box box, area = {0, 0, width, height};
    struct gs_view *parent = view->impl->parent(view);
    int x, y;

    if (!view->mapped || view->impl->kind(view) == GS_VIEW_UNMANAGED)
        return;
    if (view->impl->kind(view) == GS_VIEW_DIALOG && !view->fullscreen && parent && parent->mapped) {
        parent->impl->geometry(parent, &area);
        area.x = parent->x;
        area.y = parent->y;
    }
    view->impl->geometry(view, &box);
    x = centre(area.x, area.width, box.width, width);
    y = centre(area.y, area.height, box.height, height);
    if (x == view->x && y == view->y)
        return;
    view->x = x;
    view->y = y;
    if (view->impl->moved)
        view->impl->moved(view);
    gs_scene_changed(d);
}

/* ---- stack and focus ---- */

/* Puts it on top, and its dialogs on top of it, which keep their order. */
static void raise_view(struct gs_view *view, int depth)
{
    struct gs_desktop *d = view->d;
    GPtrArray *dialogs = g_ptr_array_new();
    struct gs_view *other;

    wl_list_remove(&view->link);
    wl_list_insert(&d->views, &view->link);
    wl_list_for_each_reverse (other, &d->views, link) {
        if (other != view && other->impl->parent(other) == view)
            g_ptr_array_add(dialogs, other);
    }
    for (guint i = 0; i < dialogs->len && depth < 16; i++) /* clients can make parents a circle */
        raise_view(dialogs->pdata[i], depth + 1);
    g_ptr_array_unref(dialogs);
}

void gs_view_focus(struct gs_desktop *d, struct gs_view *view)
{
    struct gs_view *before = d->focus;

    if (view && view->impl->kind(view) != GS_VIEW_UNMANAGED) {
        raise_view(view, 0);
        gs_scene_changed(d);
    }
    if (view == before)
        return;
    d->focus = view;
    if (before)
        before->impl->activate(before, false);
    if (view)
        view->impl->activate(view, true);
    gs_seat_keyboard_focus(d, view ? view->surface : NULL);
}

static void focus_next(struct gs_desktop *d)
{
    struct gs_view *view;

    wl_list_for_each (view, &d->views, link) {
        if (view->impl->takes_focus(view)) {
            gs_view_focus(d, view);
            return;
        }
    }
    gs_view_focus(d, NULL);
}

bool gs_view_focus_last(struct gs_desktop *d)
{
    struct gs_view *view;

    wl_list_for_each_reverse (view, &d->views, link) {
        if (view != d->focus && view->impl->takes_focus(view)) {
            gs_view_focus(d, view);
            return true;
        }
    }
    return false;
}

void gs_view_map(struct gs_view *view, struct wlr_surface *surface)
{
    struct gs_desktop *d = view->d;
    bool unmanaged = view->impl->kind(view) == GS_VIEW_UNMANAGED;

    view->surface = surface;
    view->mapped = true;
    d->shown_window = true;
    wl_list_remove(&view->link);
    wl_list_insert(unmanaged ? &d->unmanaged : &d->views, &view->link);
    view->x = view->y = G_MININT; /* so that the first place counts as a move */
    gs_view_place(view);
    if (view->impl->takes_focus(view))
        gs_view_focus(d, view);
    gs_scene_changed(d);
    gs_debug("window %p: kind %d, %dx%d", (void *)view, view->impl->kind(view),
             surface->current.width, surface->current.height);
}

void gs_view_unmap(struct gs_view *view)
{
    struct gs_desktop *d = view->d;

    if (!view->mapped)
        return;
    gs_debug("window %p went away", (void *)view);
    view->mapped = false;
    view->surface = NULL;
    wl_list_remove(&view->link);
    wl_list_init(&view->link);
    if (d->focus == view) {
        d->focus = NULL;
        focus_next(d);
    }
    gs_scene_changed(d);
    gs_launch_check(d);
}

void gs_view_arrange(struct gs_desktop *d)
{
    struct gs_view *view;

    wl_list_for_each (view, &d->views, link) {
        view->impl->configure(view);
        gs_view_place(view);
    }
}

void gs_view_set_fullscreen(struct gs_view *view, bool on)
{
    view->fullscreen = on;
    view->impl->configure(view);
    gs_view_place(view);
}

/* ---- questions ---- */

static struct gs_view *find_in(struct wl_list *views, struct wlr_surface *surface)
{
    struct gs_view *view;

    wl_list_for_each (view, views, link) {
        if (view->surface == surface)
            return view;
    }
    return NULL;
}

struct gs_view *gs_view_of_surface(struct gs_desktop *d, struct wlr_surface *surface)
{
    struct wlr_surface *root = wlr_surface_get_root_surface(surface);
    struct gs_view *view;

    if (!root)
        return NULL;
    view = find_in(&d->unmanaged, root);
    return view ? view : find_in(&d->views, root);
}

static struct wlr_surface *at_in(struct wl_list *views, double x, double y, double *ret_sx,
                                 double *ret_sy, struct gs_view **ret_view)
{
    struct gs_view *view;

    wl_list_for_each (view, views, link) {
        struct wlr_surface *surface;
        struct wlr_box box;

        view->impl->geometry(view, &box);
        surface =
            view->impl->surface_at(view, x - view->x + box.x, y - view->y + box.y, ret_sx, ret_sy);
        if (surface) {
            if (ret_view)
                *ret_view = view;
            return surface;
        }
    }
    return NULL;
}

struct wlr_surface *gs_view_surface_at(struct gs_desktop *d, double x, double y, double *ret_sx,
                                       double *ret_sy, struct gs_view **ret_view)
{
    struct wlr_surface *surface = at_in(&d->unmanaged, x, y, ret_sx, ret_sy, ret_view);

    return surface ? surface : at_in(&d->views, x, y, ret_sx, ret_sy, ret_view);
}

struct search {
    struct wlr_surface *surface;
    int x, y;
    bool found;
};

static void match(struct wlr_surface *surface, int sx, int sy, void *data)
{
    struct search *search = data;

    if (surface != search->surface)
        return;
    search->x = sx;
    search->y = sy;
    search->found = true;
}

static bool position_in(struct wl_list *views, struct search *search)
{
    struct gs_view *view;

    wl_list_for_each (view, views, link) {
        view->impl->for_each(view, match, search);
        if (search->found) {
            struct wlr_box box;

            view->impl->geometry(view, &box);
            search->x += view->x - box.x;
            search->y += view->y - box.y;
            return true;
        }
    }
    return false;
}

bool gs_view_surface_position(struct gs_desktop *d, struct wlr_surface *surface, int *ret_x,
                              int *ret_y)
{
    struct search search = {.surface = surface};

    if (!position_in(&d->unmanaged, &search) && !position_in(&d->views, &search))
        return false;
    *ret_x = search.x;
    *ret_y = search.y;
    return true;
}

void gs_view_close_all(struct gs_desktop *d)
{
    struct gs_view *view, *next;

    wl_list_for_each_safe (view, next, &d->views, link)
        view->impl->close(view);
}
