/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns Xwayland, which starts when the first X11 client connects, and the windows of X11. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wlr/types/wlr_xcursor_manager.h>
#include <wlr/xwayland.h>
#include <xcb/xcb.h>
#include <xcb/xcb_icccm.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/desktop/desktop.h"

#define STOP_MS 1000

/* Window types (EWMH) that are no main windows. */
static const char *const dialog_types[] = {
    "_NET_WM_WINDOW_TYPE_DIALOG", "_NET_WM_WINDOW_TYPE_UTILITY", "_NET_WM_WINDOW_TYPE_TOOLBAR",
    "_NET_WM_WINDOW_TYPE_SPLASH", "_NET_WM_WINDOW_TYPE_MENU",    "_NET_WM_WINDOW_TYPE_NOTIFICATION",
};

struct x_view {
    struct gs_view base;
    struct wlr_xwayland_surface *xs;
    struct wl_listener map, unmap, destroy, request_configure, request_fullscreen, request_activate,
        request_maximize, set_geometry, set_parent, override_redirect;
};

static struct wlr_xwayland_surface *xs_of(struct gs_view *view)
{
    return ((struct x_view *)view)->xs;
}

static bool is_dialog_type(const struct gs_desktop *d, const struct wlr_xwayland_surface *xs)
{
    for (size_t i = 0; i < xs->window_type_len && d->dialog_atoms; i++) {
        for (size_t k = 0; k < GS_ARRAY_SIZE(dialog_types); k++) {
            if (xs->window_type[i] == d->dialog_atoms[k])
                return true;
        }
    }
    return false;
}

static enum gs_view_kind view_kind(struct gs_view *view)
{
    const struct wlr_xwayland_surface *xs = xs_of(view);

    if (xs->override_redirect)
        return GS_VIEW_UNMANAGED;
    return xs->parent || xs->modal || is_dialog_type(view->d, xs) ? GS_VIEW_DIALOG : GS_VIEW_NORMAL;
}

static struct gs_view *view_parent(struct gs_view *view)
{
    struct wlr_xwayland_surface *parent = xs_of(view)->parent;

    return parent ? parent->data : NULL;
}

/* The size that the window has in X11: its surface follows a little later. */
static void view_geometry(struct gs_view *view, struct wlr_box *ret)
{
    const struct wlr_xwayland_surface *xs = xs_of(view);

    *ret = (struct wlr_box){.width = xs->width, .height = xs->height};
}

static bool fixed_size(const struct wlr_xwayland_surface *xs)
{
    const struct wlr_xwayland_surface_size_hints *h = xs->size_hints;
    uint32_t both = XCB_ICCCM_SIZE_HINT_P_MIN_SIZE | XCB_ICCCM_SIZE_HINT_P_MAX_SIZE;

    return h && (h->flags & both) == both && h->max_width > 0 && h->max_height > 0 &&
           h->min_width == h->max_width && h->min_height == h->max_height;
}

/* The output's width or height, or less where the window says so. */
static int largest(const struct wlr_xwayland_surface *xs, bool width, int output)
{
    const struct wlr_xwayland_surface_size_hints *h = xs->size_hints;
    int max = 0;

    if (h && (h->flags & XCB_ICCCM_SIZE_HINT_P_MAX_SIZE))
        max = width ? h->max_width : h->max_height;
    return max > 0 && max < output ? max : output;
}

/* Width and height that it asks for, in the middle of the output or its parent. */
static void configure_own_size(struct gs_view *view, int width, int height)
{
    const struct gs_source_params *p = &view->d->base.params;
    struct gs_view *parent = view_parent(view);
    int x = ((int)p->width - width) / 2, y = ((int)p->height - height) / 2;

    if (parent && parent->mapped) {
        x = parent->x + (xs_of(parent)->width - width) / 2;
        y = parent->y + (xs_of(parent)->height - height) / 2;
    }
    x = GS_MAX(0, GS_MIN(x, (int)p->width - width));
    y = GS_MAX(0, GS_MIN(y, (int)p->height - height));
    wlr_xwayland_surface_configure(xs_of(view), (int16_t)x, (int16_t)y, (uint16_t)width,
                                   (uint16_t)height);
}

static void view_configure(struct gs_view *view)
{
    const struct gs_source_params *p = &view->d->base.params;
    struct wlr_xwayland_surface *xs = xs_of(view);
    enum gs_view_kind kind = view_kind(view);
    bool own_size = kind == GS_VIEW_DIALOG || fixed_size(xs);

    if (kind == GS_VIEW_UNMANAGED)
        return;
    wlr_xwayland_surface_set_fullscreen(xs, view->fullscreen);
    wlr_xwayland_surface_set_maximized(xs, !view->fullscreen && !own_size);
    if (view->fullscreen)
        wlr_xwayland_surface_configure(xs, 0, 0, (uint16_t)p->width, (uint16_t)p->height);
    else if (!own_size)
        configure_own_size(view, largest(xs, true, (int)p->width),
                           largest(xs, false, (int)p->height));
    else
        configure_own_size(view, xs->width, xs->height);
}

static void view_moved(struct gs_view *view)
{
    struct wlr_xwayland_surface *xs = xs_of(view);

    if (xs->x != view->x || xs->y != view->y)
        wlr_xwayland_surface_configure(xs, (int16_t)view->x, (int16_t)view->y, xs->width,
                                       xs->height);
}

static void view_activate(struct gs_view *view, bool on)
{
    struct wlr_xwayland_surface *xs = xs_of(view);

    wlr_xwayland_surface_activate(xs, on);
    if (on && !xs->override_redirect)
        wlr_xwayland_surface_restack(xs, NULL, XCB_STACK_MODE_ABOVE);
}

static bool view_takes_focus(struct gs_view *view)
{
    const struct wlr_xwayland_surface *xs = xs_of(view);

    if (xs->override_redirect && !wlr_xwayland_or_surface_wants_focus(xs))
        return false;
    return wlr_xwayland_icccm_input_model(xs) != WLR_ICCCM_INPUT_MODEL_NONE;
}

static void view_close(struct gs_view *view)
{
    wlr_xwayland_surface_close(xs_of(view));
}

static void view_for_each(struct gs_view *view, wlr_surface_iterator_func_t fn, void *data)
{
    if (view->surface)
        wlr_surface_for_each_surface(view->surface, fn, data);
}

static struct wlr_surface *view_surface_at(struct gs_view *view, double sx, double sy,
                                           double *ret_sx, double *ret_sy)
{
    return view->surface ? wlr_surface_surface_at(view->surface, sx, sy, ret_sx, ret_sy) : NULL;
}

static const struct gs_view_impl x_view_impl = {
    .kind = view_kind,
    .parent = view_parent,
    .geometry = view_geometry,
    .configure = view_configure,
    .moved = view_moved,
    .activate = view_activate,
    .takes_focus = view_takes_focus,
    .close = view_close,
    .for_each = view_for_each,
    .surface_at = view_surface_at,
};

/* ---- events of windows ---- */

static void follow_x_position(struct x_view *view)
{
    if (!view->base.mapped || !view->xs->override_redirect)
        return;
    if (view->base.x != view->xs->x || view->base.y != view->xs->y) {
        view->base.x = view->xs->x;
        view->base.y = view->xs->y;
        gs_scene_changed(view->base.d);
    }
}

static void handle_map(struct wl_listener *listener, void *data)
{
    struct x_view *view = wl_container_of(listener, view, map);

    (void)data;
    if (!view->xs->surface)
        return;
    view->base.fullscreen = view->xs->fullscreen;
    view_configure(&view->base);
    gs_view_map(&view->base, view->xs->surface);
    follow_x_position(view);
}

static void handle_unmap(struct wl_listener *listener, void *data)
{
    struct x_view *view = wl_container_of(listener, view, unmap);

    (void)data;
    gs_view_unmap(&view->base);
}

static void handle_destroy(struct wl_listener *listener, void *data)
{
    struct x_view *view = wl_container_of(listener, view, destroy);

    (void)data;
    gs_view_unmap(&view->base);
    view->xs->data = NULL;
    wl_list_remove(&view->map.link);
    wl_list_remove(&view->unmap.link);
    wl_list_remove(&view->destroy.link);
    wl_list_remove(&view->request_configure.link);
    wl_list_remove(&view->request_fullscreen.link);
    wl_list_remove(&view->request_activate.link);
    wl_list_remove(&view->request_maximize.link);
    wl_list_remove(&view->set_geometry.link);
    wl_list_remove(&view->set_parent.link);
    wl_list_remove(&view->override_redirect.link);
    g_free(view);
}

static void handle_request_configure(struct wl_listener *listener, void *data)
{
    struct x_view *view = wl_container_of(listener, view, request_configure);
    const struct wlr_xwayland_surface_configure_event *event = data;

    if (view->xs->override_redirect || !view->base.mapped)
        wlr_xwayland_surface_configure(view->xs, event->x, event->y, event->width, event->height);
    else if (!view->base.fullscreen &&
             (view_kind(&view->base) == GS_VIEW_DIALOG || fixed_size(view->xs)))
        configure_own_size(&view->base, event->width, event->height);
    else
        view_configure(&view->base); /* the answer is our size again */
}

static void handle_request_fullscreen(struct wl_listener *listener, void *data)
{
    struct x_view *view = wl_container_of(listener, view, request_fullscreen);

    (void)data;
    gs_view_set_fullscreen(&view->base, view->xs->fullscreen);
}

static void handle_request_maximize(struct wl_listener *listener, void *data)
{
    struct x_view *view = wl_container_of(listener, view, request_maximize);

    (void)data;
    view_configure(&view->base);
}

static void handle_request_activate(struct wl_listener *listener, void *data)
{
    struct x_view *view = wl_container_of(listener, view, request_activate);

    (void)data;
    if (view->base.mapped && view_takes_focus(&view->base))
        gs_view_focus(view->base.d, &view->base);
}

static void handle_set_geometry(struct wl_listener *listener, void *data)
{
    struct x_view *view = wl_container_of(listener, view, set_geometry);

    (void)data;
    follow_x_position(view);
}

static void handle_set_parent(struct wl_listener *listener, void *data)
{
    struct x_view *view = wl_container_of(listener, view, set_parent);

    (void)data;
    if (view->base.mapped) {
        view_configure(&view->base);
        gs_view_place(&view->base);
    }
}

/* Into the other stack. */
static void handle_override_redirect(struct wl_listener *listener, void *data)
{
    struct x_view *view = wl_container_of(listener, view, override_redirect);

    (void)data;
    if (!view->base.mapped)
        return;
    gs_view_unmap(&view->base);
    handle_map(&view->map, NULL);
}

static void handle_new_surface(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, new_xwayland_surface);
    struct x_view *view = g_new0(struct x_view, 1);
    struct wlr_xwayland_surface *xs = data;

    gs_view_init(&view->base, d, &x_view_impl);
    view->xs = xs;
    xs->data = view;
    view->map.notify = handle_map;
    wl_signal_add(&xs->events.map, &view->map);
    view->unmap.notify = handle_unmap;
    wl_signal_add(&xs->events.unmap, &view->unmap);
    view->destroy.notify = handle_destroy;
    wl_signal_add(&xs->events.destroy, &view->destroy);
    view->request_configure.notify = handle_request_configure;
    wl_signal_add(&xs->events.request_configure, &view->request_configure);
    view->request_fullscreen.notify = handle_request_fullscreen;
    wl_signal_add(&xs->events.request_fullscreen, &view->request_fullscreen);
    view->request_activate.notify = handle_request_activate;
    wl_signal_add(&xs->events.request_activate, &view->request_activate);
    view->request_maximize.notify = handle_request_maximize;
    wl_signal_add(&xs->events.request_maximize, &view->request_maximize);
    view->set_geometry.notify = handle_set_geometry;
    wl_signal_add(&xs->events.set_geometry, &view->set_geometry);
    view->set_parent.notify = handle_set_parent;
    wl_signal_add(&xs->events.set_parent, &view->set_parent);
    view->override_redirect.notify = handle_override_redirect;
    wl_signal_add(&xs->events.set_override_redirect, &view->override_redirect);
}

/* ---- the server ---- */

static void drop_connection(struct gs_desktop *d)
{
    if (d->xcb_source)
        wl_event_source_remove(d->xcb_source);
    d->xcb_source = NULL;
    if (d->xcb)
        xcb_disconnect(d->xcb);
    d->xcb = NULL;
}

static int handle_x_events(int fd, uint32_t mask, void *data)
{
    struct gs_desktop *d = data;
    xcb_generic_event_t *event;

    (void)fd;
    (void)mask;
    while ((event = xcb_poll_for_event(d->xcb)))
        free(event);
    if (xcb_connection_has_error(d->xcb))
        drop_connection(d);
    return 0;
}

static void intern_atoms(struct gs_desktop *d)
{
    xcb_intern_atom_cookie_t cookies[GS_ARRAY_SIZE(dialog_types)];

    if (!d->dialog_atoms)
        d->dialog_atoms = g_new0(uint32_t, GS_ARRAY_SIZE(dialog_types));
    for (size_t i = 0; i < GS_ARRAY_SIZE(dialog_types); i++)
        cookies[i] = xcb_intern_atom(d->xcb, 0, (uint16_t)strlen(dialog_types[i]), dialog_types[i]);
    for (size_t i = 0; i < GS_ARRAY_SIZE(dialog_types); i++) {
        xcb_intern_atom_reply_t *reply = xcb_intern_atom_reply(d->xcb, cookies[i], NULL);

        if (reply)
            d->dialog_atoms[i] = reply->atom;
        free(reply);
    }
}

static void set_root_cursor(struct gs_desktop *d)
{
    struct wlr_xcursor *cursor = wlr_xcursor_manager_get_xcursor(d->xcursors, "left_ptr", 1);
    struct wlr_xcursor_image *image = cursor ? cursor->images[0] : NULL;

    if (image)
        wlr_xwayland_set_cursor(d->xwayland, image->buffer, image->width * 4, image->width,
                                image->height, (int)image->hotspot_x, (int)image->hotspot_y);
}

/* wlroots starts Xwayland with -terminate, and does not start it again when it lived less than five
 * seconds: a launcher script whose first command asks for the screen's size would be the last X11
 * client. Our own connection keeps it alive. */
static void handle_ready(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, xwayland_ready);

    (void)data;
    drop_connection(d);
    gs_wm_link_open(d);
    wlr_xwayland_set_seat(d->xwayland, d->seat);
    set_root_cursor(d);
    d->xcb = xcb_connect(d->xwayland->display_name, NULL);
    if (xcb_connection_has_error(d->xcb)) {
        drop_connection(d);
        return;
    }
    intern_atoms(d);
    d->xcb_source = wl_event_loop_add_fd(d->loop, xcb_get_file_descriptor(d->xcb),
                                         WL_EVENT_READABLE, handle_x_events, d);
    gs_info("Xwayland runs on %s", d->xwayland->display_name);
}

void gs_xwayland_init(struct gs_desktop *d)
{
    d->xwayland = wlr_xwayland_create(d->display, d->compositor, true);
    if (!d->xwayland) {
        gs_warn("no Xwayland: applications that need X11 will not run");
        return;
    }
    gs_x11_socket_close_abstract(d);
    d->xwayland_ready.notify = handle_ready;
    wl_signal_add(&d->xwayland->events.ready, &d->xwayland_ready);
    d->new_xwayland_surface.notify = handle_new_surface;
    wl_signal_add(&d->xwayland->events.new_surface, &d->new_xwayland_surface);
}

bool gs_xwayland_owns(const struct gs_desktop *d, const struct wlr_surface *surface)
{
    return d->xwayland && wl_resource_get_client(surface->resource) == d->xwayland->server->client;
}

/* Its window manager inside of wlroots only goes when its connection does, and uses d->xwayland
 * until then. */
static void stop_server(struct gs_desktop *d)
{
    uint64_t deadline = gs_now_ns() + STOP_MS * GS_NS_PER_MS;

    if (d->xwayland->server->client)
        wl_client_destroy(d->xwayland->server->client);
    while (d->xwayland->xwm && gs_now_ns() < deadline)
        gs_server_pump(d, 10);
}

void gs_xwayland_finish(struct gs_desktop *d)
{
    drop_connection(d);
    if (d->xwayland) {
        stop_server(d);
        wlr_xwayland_destroy(d->xwayland);
    }
    d->xwayland = NULL;
    gs_wm_link_finish(d);
    gs_x11_socket_finish(d);
    g_free(d->dialog_atoms);
    d->dialog_atoms = NULL;
}
