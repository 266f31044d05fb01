/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows and popups of xdg-shell, their decoration and activation. */
#include <errno.h>
#include <wlr/types/wlr_xdg_activation_v1.h>
#include <wlr/types/wlr_xdg_decoration_v1.h>
#include <wlr/types/wlr_xdg_shell.h>

#include "session/desktop/desktop.h"

struct xdg_view {
    struct gs_view base;
    struct wlr_xdg_surface *xdg;
    struct wl_listener map, unmap, destroy, request_fullscreen, set_parent;
    struct wl_event_source *insist; /* idle source; NULL: none waits */
};

/* Only tells that a popup went away: wlroots does not for one that was never committed. */
struct popup_watch {
    struct gs_desktop *d;
    struct wl_listener destroy; /* of the wl_resource */
};

/* ---- windows ---- */

static struct wlr_xdg_surface *xdg_of(struct gs_view *view)
{
    return ((struct xdg_view *)view)->xdg;
}

static enum gs_view_kind view_kind(struct gs_view *view)
{
    return xdg_of(view)->toplevel->parent ? GS_VIEW_DIALOG : GS_VIEW_NORMAL;
}

static struct gs_view *view_parent(struct gs_view *view)
{
    struct wlr_xdg_surface *parent = xdg_of(view)->toplevel->parent;

    return parent ? parent->data : NULL;
}

static void view_geometry(struct gs_view *view, struct wlr_box *ret)
{
    wlr_xdg_surface_get_geometry(xdg_of(view), ret);
    /* Any numbers of the client's. */
    ret->x = GS_CLAMP(ret->x, -GS_DESKTOP_FAR, GS_DESKTOP_FAR);
    ret->y = GS_CLAMP(ret->y, -GS_DESKTOP_FAR, GS_DESKTOP_FAR);
    ret->width = GS_CLAMP(ret->width, 0, GS_DESKTOP_FAR);
    ret->height = GS_CLAMP(ret->height, 0, GS_DESKTOP_FAR);
}

static bool fixed_size(const struct wlr_xdg_toplevel *toplevel)
{
    const struct wlr_xdg_toplevel_state *s = &toplevel->pending;

    return s->max_width && s->max_height && s->min_width == s->max_width &&
           s->min_height == s->max_height;
}

static void view_configure(struct gs_view *view)
{
    const struct gs_source_params *p = &view->d->base.params;
    struct wlr_xdg_surface *xdg = xdg_of(view);
    const struct wlr_xdg_toplevel_configure *now = &xdg->toplevel->scheduled;
    bool own_size = view_kind(view) == GS_VIEW_DIALOG || fixed_size(xdg->toplevel);
    bool full = view->fullscreen, maximized = !full && !own_size;
    uint32_t width = full || maximized ? p->width : 0, height = full || maximized ? p->height : 0;

    if (now->fullscreen != full)
        wlr_xdg_toplevel_set_fullscreen(xdg, full);
    if (now->maximized != maximized)
        wlr_xdg_toplevel_set_maximized(xdg, maximized);
    if (now->width != width || now->height != height)
        wlr_xdg_toplevel_set_size(xdg, width, height);
}

static void view_activate(struct gs_view *view, bool on)
{
    wlr_xdg_toplevel_set_activated(xdg_of(view), on);
}

static bool view_takes_focus(struct gs_view *view)
{
    (void)view;
    return true;
}

static void view_close(struct gs_view *view)
{
    wlr_xdg_toplevel_send_close(xdg_of(view));
}

static void view_for_each(struct gs_view *view, wlr_surface_iterator_func_t fn, void *data)
{
    wlr_xdg_surface_for_each_surface(xdg_of(view), fn, data);
}

static struct wlr_surface *view_surface_at(struct gs_view *view, double sx, double sy,
                                           double *ret_sx, double *ret_sy)
{
    return wlr_xdg_surface_surface_at(xdg_of(view), sx, sy, ret_sx, ret_sy);
}

static const struct gs_view_impl xdg_view_impl = {
    .kind = view_kind,
    .parent = view_parent,
    .geometry = view_geometry,
    .configure = view_configure,
    .activate = view_activate,
    .takes_focus = view_takes_focus,
    .close = view_close,
    .for_each = view_for_each,
    .surface_at = view_surface_at,
};

/* ---- popups ---- */

static struct gs_view *view_of_popup(struct wlr_xdg_popup *popup)
{
    struct wlr_surface *parent = popup->parent;

    while (parent && wlr_surface_is_xdg_surface(parent)) {
        struct wlr_xdg_surface *xdg = wlr_xdg_surface_from_wlr_surface(parent);

        if (!xdg)
            return NULL;
        if (xdg->role == WLR_XDG_SURFACE_ROLE_TOPLEVEL)
            return xdg->data;
        if (xdg->role != WLR_XDG_SURFACE_ROLE_POPUP)
            return NULL;
        parent = xdg->popup->parent;
    }
    return NULL;
}

static void handle_popup_destroyed(struct wl_listener *listener, void *data)
{
    struct popup_watch *watch = wl_container_of(listener, watch, destroy);

    (void)data;
    wl_list_remove(&watch->destroy.link);
    gs_scene_changed(watch->d);
    g_free(watch);
}

static void add_popup(struct gs_desktop *d, struct wlr_xdg_popup *popup)
{
    struct popup_watch *watch = g_new0(struct popup_watch, 1);
    struct gs_view *view = view_of_popup(popup);

    watch->d = d;
    watch->destroy.notify = handle_popup_destroyed;
    wl_resource_add_destroy_listener(popup->resource, &watch->destroy);
    if (view && view->mapped) {
        struct wlr_box geometry, box;

        /* The output as the surface of the window sees it. */
        view_geometry(view, &geometry);
        box = (struct wlr_box){geometry.x - view->x, geometry.y - view->y,
                               (int)d->base.params.width, (int)d->base.params.height};
        wlr_xdg_popup_unconstrain_from_box(popup, &box);
    }
}

/* ---- events of windows ---- */

static void insist_now(void *data)
{
    struct xdg_view *view = data;

    view->insist = NULL;
    view_configure(&view->base);
}

/* Some clients (mpv 0.35) overlook the size in the first configure, and after that every one that
 * does not differ from it. They are left to choose for one configure and then told again. */
static void insist_on_size(struct xdg_view *view)
{
    const struct wlr_xdg_toplevel_configure *asked = &view->xdg->toplevel->scheduled;
    struct wl_event_loop *loop = wl_display_get_event_loop(view->base.d->display);
    struct wlr_box is;

    view_geometry(&view->base, &is);
    if (!asked->width || view->insist ||
        (is.width == (int)asked->width && is.height == (int)asked->height))
        return;
    wlr_xdg_toplevel_set_size(view->xdg, 0, 0);
    view->insist = wl_event_loop_add_idle(loop, insist_now, view);
}

static void handle_map(struct wl_listener *listener, void *data)
{
    struct xdg_view *view = wl_container_of(listener, view, map);

    (void)data;
    /* Only now is it known for sure whether it has a parent and a size of its own. */
    view->base.fullscreen = view->xdg->toplevel->requested.fullscreen;
    view_configure(&view->base);
    insist_on_size(view);
    gs_view_map(&view->base, view->xdg->surface);
}

static void handle_unmap(struct wl_listener *listener, void *data)
{
    struct xdg_view *view = wl_container_of(listener, view, unmap);

    (void)data;
    gs_view_unmap(&view->base);
}

static void handle_destroy(struct wl_listener *listener, void *data)
{
    struct xdg_view *view = wl_container_of(listener, view, destroy);

    (void)data;
    gs_view_unmap(&view->base);
    view->xdg->data = NULL;
    if (view->insist)
        wl_event_source_remove(view->insist);
    wl_list_remove(&view->map.link);
    wl_list_remove(&view->unmap.link);
    wl_list_remove(&view->destroy.link);
    wl_list_remove(&view->request_fullscreen.link);
    wl_list_remove(&view->set_parent.link);
    g_free(view);
}

static void handle_fullscreen(struct wl_listener *listener, void *data)
{
    struct xdg_view *view = wl_container_of(listener, view, request_fullscreen);
    const struct wlr_xdg_toplevel_set_fullscreen_event *event = data;

    gs_view_set_fullscreen(&view->base, event->fullscreen);
}

static void handle_set_parent(struct wl_listener *listener, void *data)
{
    struct xdg_view *view = wl_container_of(listener, view, set_parent);

    (void)data;
    if (view->base.mapped) {
        view_configure(&view->base);
        gs_view_place(&view->base);
    }
}

static void handle_new_surface(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, new_xdg_surface);
    struct wlr_xdg_surface *xdg = data;
    struct xdg_view *view;

    if (xdg->role == WLR_XDG_SURFACE_ROLE_POPUP)
        add_popup(d, xdg->popup);
    if (xdg->role != WLR_XDG_SURFACE_ROLE_TOPLEVEL)
        return;
    view = g_new0(struct xdg_view, 1);
    gs_view_init(&view->base, d, &xdg_view_impl);
    view->xdg = xdg;
    xdg->data = view;
    view->map.notify = handle_map;
    wl_signal_add(&xdg->events.map, &view->map);
    view->unmap.notify = handle_unmap;
    wl_signal_add(&xdg->events.unmap, &view->unmap);
    view->destroy.notify = handle_destroy;
    wl_signal_add(&xdg->events.destroy, &view->destroy);
    view->request_fullscreen.notify = handle_fullscreen;
    wl_signal_add(&xdg->toplevel->events.request_fullscreen, &view->request_fullscreen);
    view->set_parent.notify = handle_set_parent;
    wl_signal_add(&xdg->toplevel->events.set_parent, &view->set_parent);
    view->base.fullscreen = xdg->toplevel->requested.fullscreen;
    view_configure(&view->base); /* goes out with the first configure event */
}

/* ---- decoration, activation ---- */

struct decoration {
    struct wl_listener request_mode, destroy;
    struct wlr_xdg_toplevel_decoration_v1 *wlr;
};

static void decoration_mode(struct wl_listener *listener, void *data)
{
    struct decoration *decoration = wl_container_of(listener, decoration, request_mode);

    (void)data;
    wlr_xdg_toplevel_decoration_v1_set_mode(decoration->wlr,
                                            WLR_XDG_TOPLEVEL_DECORATION_V1_MODE_SERVER_SIDE);
}

static void decoration_destroy(struct wl_listener *listener, void *data)
{
    struct decoration *decoration = wl_container_of(listener, decoration, destroy);

    (void)data;
    wl_list_remove(&decoration->request_mode.link);
    wl_list_remove(&decoration->destroy.link);
    g_free(decoration);
}

/* Always "drawn by the server", who draws none: a remote window is the whole picture. */
static void handle_new_decoration(struct wl_listener *listener, void *data)
{
    struct decoration *decoration = g_new0(struct decoration, 1);

    (void)listener;
    decoration->wlr = data;
    decoration->request_mode.notify = decoration_mode;
    wl_signal_add(&decoration->wlr->events.request_mode, &decoration->request_mode);
    decoration->destroy.notify = decoration_destroy;
    wl_signal_add(&decoration->wlr->events.destroy, &decoration->destroy);
    decoration_mode(&decoration->request_mode, NULL);
}

static void handle_request_activate(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, request_activate);
    const struct wlr_xdg_activation_v1_request_activate_event *event = data;
    struct gs_view *view = gs_view_of_surface(d, event->surface);

    if (view)
        gs_view_focus(d, view);
}

int gs_xdg_init(struct gs_desktop *d)
{
    struct wlr_xdg_shell *shell = wlr_xdg_shell_create(d->display);
    struct wlr_xdg_decoration_manager_v1 *decorations =
        wlr_xdg_decoration_manager_v1_create(d->display);
    struct wlr_xdg_activation_v1 *activation = wlr_xdg_activation_v1_create(d->display);

    if (!shell || !decorations || !activation)
        return -ENOMEM;
    d->new_xdg_surface.notify = handle_new_surface;
    wl_signal_add(&shell->events.new_surface, &d->new_xdg_surface);
    d->new_decoration.notify = handle_new_decoration;
    wl_signal_add(&decorations->events.new_toplevel_decoration, &d->new_decoration);
    d->request_activate.notify = handle_request_activate;
    wl_signal_add(&activation->events.request_activate, &d->request_activate);
    return 0;
}
