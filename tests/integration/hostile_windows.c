/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Windows, popups, pointers and clipboards beyond measure. */
#include <stdio.h>
#include <string.h>

#include "hostile_app.h"

static void windows(struct wild *w)
{
    for (int i = 0; i < 1000 && wl_display_get_error(w->display) == 0; i++)
        wild_show(w, wild_window(w), 100 + i % 50, 100);
}

/* Popups on popups. */
static void popups(struct wild *w)
{
    struct wl_surface *top = wild_window(w);
    struct xdg_surface *parent = wild_last_xdg();
    struct xdg_positioner *p = xdg_wm_base_create_positioner(w->shell);

    wild_show(w, top, 300, 300);
    xdg_positioner_set_size(p, 100, 100);
    xdg_positioner_set_anchor_rect(p, 0, 0, 1, 1);
    for (int i = 0; i < 2000 && wl_display_get_error(w->display) == 0; i++) {
        struct wl_surface *surface = wl_compositor_create_surface(w->compositor);
        struct xdg_surface *xdg = xdg_wm_base_get_xdg_surface(w->shell, surface);

        wild_listen(w, xdg);
        xdg_surface_get_popup(xdg, parent, p);
        wl_surface_commit(surface);
        wl_display_roundtrip(w->display);
        wild_show(w, surface, 100, 100);
        parent = xdg;
    }
}

static bool bad_positioner(struct wild *w, unsigned i)
{
    struct wl_surface *top = wild_window(w), *surface;
    struct xdg_surface *parent = wild_last_xdg();
    struct xdg_positioner *p = xdg_wm_base_create_positioner(w->shell);

    wild_show(w, top, 300, 300);
    if (i == 0)
        xdg_positioner_set_size(p, 0, 0);
    else if (i == 1)
        xdg_positioner_set_size(p, -5, 5);
    else if (i == 2)
        xdg_positioner_set_anchor_rect(p, 0, 0, -1, -1);
    else if (i == 3)
        xdg_positioner_set_anchor(p, 77);
    else if (i == 4)
        xdg_positioner_set_gravity(p, 77);
    surface = wl_compositor_create_surface(w->compositor);
    xdg_surface_get_popup(xdg_wm_base_get_xdg_surface(w->shell, surface), parent, p);
    wl_surface_commit(surface);
    return i < 6; /* the last one has neither size nor place */
}

static void positions(struct wild *w)
{
    static const int32_t odd[] = {INT32_MIN, -1, 0, INT32_MAX};
    struct wl_surface *top = wild_window(w);
    struct xdg_surface *parent = wild_last_xdg();

    wild_show(w, top, 300, 300);
    for (int i = 0; i < 64; i++) {
        struct xdg_positioner *p = xdg_wm_base_create_positioner(w->shell);
        struct wl_surface *surface = wl_compositor_create_surface(w->compositor);
        struct xdg_surface *xdg = xdg_wm_base_get_xdg_surface(w->shell, surface);

        xdg_positioner_set_size(p, i & 1 ? INT32_MAX : 1, i & 2 ? INT32_MAX : 1);
        xdg_positioner_set_anchor_rect(p, odd[i >> 2 & 3], odd[i >> 4 & 3], 1, INT32_MAX);
        xdg_positioner_set_offset(p, odd[i & 3], odd[i >> 2 & 3]);
        xdg_positioner_set_constraint_adjustment(p, (uint32_t)i);
        wild_listen(w, xdg);
        xdg_surface_get_popup(xdg, parent, p);
        wl_surface_commit(surface);
        wl_display_roundtrip(w->display);
    }
}

/* Sizes that contradict each other, and a geometry that is elsewhere. */
static void limits(struct wild *w)
{
    static const int32_t odd[] = {0, 1, 500, INT32_MAX};
    struct wl_surface *surface = wild_window(w);
    struct xdg_toplevel *toplevel = wild_last_toplevel();

    for (int i = 0; i < 256; i++) {
        xdg_toplevel_set_min_size(toplevel, odd[i & 3], odd[i >> 2 & 3]);
        xdg_toplevel_set_max_size(toplevel, odd[i >> 4 & 3], odd[i >> 6]);
        xdg_surface_set_window_geometry(wild_last_xdg(), i & 1 ? INT32_MIN : INT32_MAX / 2, -i,
                                        i & 2 ? INT32_MAX : 1, 1 + i);
        if (i & 4)
            xdg_toplevel_set_maximized(toplevel);
        else
            xdg_toplevel_set_fullscreen(toplevel, NULL);
        wild_show(w, surface, 300, 300);
        wl_display_roundtrip(w->display);
    }
}

static void titles(struct wild *w)
{
    char text[4000];

    memset(text, 0xff, sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    wild_show(w, wild_window(w), 300, 300);
    for (int i = 0; i < 2000; i++) {
        xdg_toplevel_set_title(wild_last_toplevel(), text + i % 1000);
        xdg_toplevel_set_app_id(wild_last_toplevel(), text + i % 999);
        if (i % 16 == 0)
            wl_display_roundtrip(w->display);
    }
}

/* ---- the pointer's image ---- */

static void on_enter(void *data, struct wl_pointer *p, uint32_t serial, struct wl_surface *surface,
                     wl_fixed_t x, wl_fixed_t y)
{
    struct wild *w = data;

    (void)p;
    (void)surface;
    (void)x;
    (void)y;
    w->entered = true;
    w->serial = serial;
}

static void on_leave(void *data, struct wl_pointer *p, uint32_t serial, struct wl_surface *surface)
{
    (void)data;
    (void)p;
    (void)serial;
    (void)surface;
}

static void on_motion(void *data, struct wl_pointer *p, uint32_t time, wl_fixed_t x, wl_fixed_t y)
{
    (void)data;
    (void)p;
    (void)time;
    (void)x;
    (void)y;
}

static const struct wl_pointer_listener pointer_listener = {
    .enter = on_enter, .leave = on_leave, .motion = on_motion};

static void cursors(struct wild *w)
{
    static const int32_t odd[] = {INT32_MIN, -1, 0, 128, INT32_MAX};
    struct wl_pointer *pointer = wl_seat_get_pointer(w->seat);
    struct wl_surface *surface = wl_compositor_create_surface(w->compositor);

    wl_pointer_add_listener(pointer, &pointer_listener, w);
    wild_show(w, wild_window(w), 640, 480);
    for (int i = 0; i < 200 && !w->entered; i++)
        wl_display_roundtrip(w->display);
    for (int i = 0; i < 75; i++) {
        wl_pointer_set_cursor(pointer, w->serial, surface, odd[i % 5], odd[i / 5 % 5]);
        wild_show(w, surface, 1 + i * 97 % 4000, 1 + i * 31 % 4000);
        wl_display_roundtrip(w->display);
    }
}

/* ---- the clipboard ---- */

static void on_target(void *data, struct wl_data_source *source, const char *mime)
{
    (void)data;
    (void)source;
    (void)mime;
}

static void on_send(void *data, struct wl_data_source *source, const char *mime, int32_t fd)
{
    (void)data;
    (void)source;
    (void)mime;
    (void)fd; /* kept, and nothing is ever written to it */
}

static void on_cancelled(void *data, struct wl_data_source *source)
{
    (void)data;
    (void)source;
}

static const struct wl_data_source_listener source_listener = {
    .target = on_target, .send = on_send, .cancelled = on_cancelled};

static void clipboards(struct wild *w)
{
    struct wl_data_device *device = wl_data_device_manager_get_data_device(w->data, w->seat);
    char mime[2000];

    memset(mime, 'x', sizeof(mime));
    wild_show(w, wild_window(w), 300, 300);
    for (int i = 0; i < 200; i++) {
        struct wl_data_source *source = wl_data_device_manager_create_data_source(w->data);

        wl_data_source_add_listener(source, &source_listener, NULL);
        for (int k = 0; k < 50; k++) {
            snprintf(mime + 1900, 100, "%d", k);
            wl_data_source_offer(source, mime);
        }
        wl_data_device_set_selection(device, source, w->serial + (uint32_t)i);
        wl_display_roundtrip(w->display);
    }
}

const struct wild_mode wild_window_modes[] = {
    {.name = "windows", .run = windows},
    {.name = "popups", .run = popups},
    {.name = "bad-positioner", .crime = bad_positioner},
    {.name = "positions", .run = positions},
    {.name = "limits", .run = limits},
    {.name = "titles", .run = titles},
    {.name = "cursors", .run = cursors},
    {.name = "clipboards", .run = clipboards},
    {.name = NULL},
};
