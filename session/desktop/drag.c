/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drag and drop, and what happens when a grab of the seat ends. */
#include "session/desktop/desktop.h"

static void handle_request_drag(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, request_drag);
    const struct wlr_seat_request_start_drag_event *event = data;

    if (wlr_seat_validate_pointer_grab_serial(d->seat, event->origin, event->serial))
        wlr_seat_start_pointer_drag(d->seat, event->drag, event->serial);
    else
        wlr_data_source_destroy(event->drag->source);
}

static void forget_icon(struct gs_desktop *d)
{
    if (!d->drag_icon)
        return;
    d->drag_icon = NULL;
    wl_list_remove(&d->icon_map.link);
    wl_list_remove(&d->icon_unmap.link);
    wl_list_remove(&d->icon_destroyed.link);
    gs_scene_changed(d);
}

static void handle_icon_map(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, icon_map);

    (void)data;
    gs_scene_changed(d);
}

static void handle_icon_unmap(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, icon_unmap);

    (void)data;
    gs_scene_changed(d);
}

static void handle_icon_destroyed(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, icon_destroyed);

    (void)data;
    forget_icon(d);
}

static void handle_start_drag(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, start_drag);
    struct wlr_drag *drag = data;

    d->grab = NULL; /* the drag moves from surface to surface */
    forget_icon(d);
    if (!drag->icon)
        return;
    d->drag_icon = drag->icon;
    d->icon_map.notify = handle_icon_map;
    wl_signal_add(&drag->icon->events.map, &d->icon_map);
    d->icon_unmap.notify = handle_icon_unmap;
    wl_signal_add(&drag->icon->events.unmap, &d->icon_unmap);
    d->icon_destroyed.notify = handle_icon_destroyed;
    wl_signal_add(&drag->icon->events.destroy, &d->icon_destroyed);
    gs_scene_changed(d);
}

/* While a menu or a drag had the keyboard, the window with the focus may have changed. */
static void handle_keyboard_grab_end(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, keyboard_grab_end);

    (void)data;
    gs_seat_keyboard_focus(d, d->focus ? d->focus->surface : NULL);
}

static void handle_pointer_grab_end(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, pointer_grab_end);

    (void)data;
    gs_scene_changed(d); /* soon: wlroots is in the middle of ending the grab */
}

void gs_drag_init(struct gs_desktop *d)
{
    d->request_drag.notify = handle_request_drag;
    wl_signal_add(&d->seat->events.request_start_drag, &d->request_drag);
    d->start_drag.notify = handle_start_drag;
    wl_signal_add(&d->seat->events.start_drag, &d->start_drag);
    d->keyboard_grab_end.notify = handle_keyboard_grab_end;
    wl_signal_add(&d->seat->events.keyboard_grab_end, &d->keyboard_grab_end);
    d->pointer_grab_end.notify = handle_pointer_grab_end;
    wl_signal_add(&d->seat->events.pointer_grab_end, &d->pointer_grab_end);
}
