/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the pointer: where it is, which surface has it, and what is pressed. */
#include <linux/sockios.h>
#include <math.h>
#include <sys/ioctl.h>
#include <wlr/types/wlr_relative_pointer_v1.h>

#include "common/clock.h"
#include "session/desktop/desktop.h"

#define MAX_STEPS 1000 /* of the wheel in one record */
/* libwayland disconnects a client when its socket is full and 4 KiB more wait; a mouse that moves
 * over an application that is busy fills the usual 208 KiB within a second. */
#define STUCK_BYTES 65536
#define HELD_RETRY_MS 10

static bool has_default_grab(struct gs_desktop *d)
{
    return !wlr_seat_pointer_has_grab(d->seat);
}

/* Gives the pointer to the surface under it, or to the one that holds it. */
static void update_focus(struct gs_desktop *d)
{
    uint32_t now = gs_seat_now_ms();
    struct wlr_surface *surface;
    double sx, sy;
    int x, y;

    if (d->grab && has_default_grab(d) && gs_view_surface_position(d, d->grab, &x, &y)) {
        wlr_seat_pointer_notify_motion(d->seat, now, d->pointer_x - x, d->pointer_y - y);
        return;
    }
    d->grab = NULL;
    surface = gs_view_surface_at(d, d->pointer_x, d->pointer_y, &sx, &sy, NULL);
    if (!surface) {
        wlr_seat_pointer_notify_clear_focus(d->seat);
        return;
    }
    /* Xwayland would add relative motion in one frame with an enter event to the new position. */
    if (surface != d->seat->pointer_state.focused_surface)
        wlr_seat_pointer_notify_frame(d->seat);
    wlr_seat_pointer_notify_enter(d->seat, surface, sx, sy);
    wlr_seat_pointer_notify_motion(d->seat, now, sx, sy);
}

static void place(struct gs_desktop *d, double x, double y)
{
    /* The last position that is still inside; the wire has 1/256 pixels. */
    d->pointer_x = fmax(0, fmin(x, d->base.params.width - 1 / 256.0));
    d->pointer_y = fmax(0, fmin(y, d->base.params.height - 1 / 256.0));
}

static void move(struct gs_desktop *d, double x, double y, double dx, double dy)
{
    wlr_relative_pointer_manager_v1_send_relative_motion(
        d->relative, d->seat, gs_now_ns() / GS_NS_PER_US, dx, dy, dx, dy);
    if (gs_constraints_apply(d, &x, &y)) {
        place(d, x, y);
        update_focus(d);
        gs_constraints_update(d);
        if (d->drag_icon)
            gs_scene_changed(d);
    }
    wlr_seat_pointer_notify_frame(d->seat);
}

/* Whether the client that has the pointer leaves unread what it was sent. */
static bool client_is_stuck(struct gs_desktop *d)
{
    struct wlr_surface *surface = d->seat->pointer_state.focused_surface;
    int fd, unread = 0;

    if (!surface)
        return false;
    fd = wl_client_get_fd(wl_resource_get_client(surface->resource));
    return ioctl(fd, SIOCOUTQ, &unread) == 0 && unread > STUCK_BYTES;
}

static void deliver_held(struct gs_desktop *d)
{
    struct gs_held_motion held = d->held;

    if (!held.any)
        return;
    d->held.any = false;
    wl_event_source_timer_update(held.timer, 0);
    move(d, held.x, held.y, held.dx, held.dy);
}

static int retry_held(void *data)
{
    struct gs_desktop *d = data;

    if (!d->held.any)
        return 0;
    if (client_is_stuck(d))
        wl_event_source_timer_update(d->held.timer, HELD_RETRY_MS);
    else
        deliver_held(d);
    return 0;
}

/* Only the latest position counts, and the sum of the way there. */
static void hold(struct gs_desktop *d, double x, double y, double dx, double dy)
{
    if (!d->held.any) {
        d->held.dx = d->held.dy = 0;
        wl_event_source_timer_update(d->held.timer, HELD_RETRY_MS);
    }
    d->held.any = true;
    d->held.x = x;
    d->held.y = y;
    d->held.dx += dx;
    d->held.dy += dy;
}

static void motion_absolute(struct gs_desktop *d, double x, double y)
{
    double dx = x - d->abs_x, dy = y - d->abs_y;

    d->abs_x = x;
    d->abs_y = y;
    if (client_is_stuck(d)) {
        hold(d, x, y, dx, dy);
        return;
    }
    deliver_held(d);
    move(d, x, y, dx, dy);
}

static void motion_relative(struct gs_desktop *d, double dx, double dy)
{
    if (client_is_stuck(d)) {
        hold(d, (d->held.any ? d->held.x : d->pointer_x) + dx,
             (d->held.any ? d->held.y : d->pointer_y) + dy, dx, dy);
        return;
    }
    deliver_held(d);
    move(d, d->pointer_x + dx, d->pointer_y + dy, dx, dy);
    d->abs_x = d->pointer_x;
    d->abs_y = d->pointer_y;
}

/* ---- buttons ---- */

static gint find_button(const struct gs_desktop *d, uint32_t code)
{
    for (guint i = 0; i < d->buttons_down->len; i++) {
        if (g_array_index(d->buttons_down, uint32_t, i) == code)
            return (gint)i;
    }
    return -1;
}

/* What is clicked gets the keyboard, unless a menu or a drag has the pointer. */
static void click_to_focus(struct gs_desktop *d)
{
    struct gs_view *view = NULL;
    double sx, sy;

    if (!has_default_grab(d) || !gs_view_surface_at(d, d->pointer_x, d->pointer_y, &sx, &sy, &view))
        return;
    if (view && view != d->focus && view->impl->takes_focus(view))
        gs_view_focus(d, view);
}

static void press(struct gs_desktop *d, uint32_t code)
{
    if (find_button(d, code) >= 0 || d->buttons_down->len >= WLR_POINTER_BUTTONS_CAP)
        return;
    if (d->buttons_down->len == 0) {
        click_to_focus(d);
        if (has_default_grab(d))
            d->grab = d->seat->pointer_state.focused_surface;
    }
    g_array_append_val(d->buttons_down, code);
    wlr_seat_pointer_notify_button(d->seat, gs_seat_now_ms(), code, WLR_BUTTON_PRESSED);
    wlr_seat_pointer_notify_frame(d->seat);
}

static void release(struct gs_desktop *d, uint32_t code)
{
    gint index = find_button(d, code);

    if (index < 0)
        return;
    g_array_remove_index(d->buttons_down, (guint)index);
    wlr_seat_pointer_notify_button(d->seat, gs_seat_now_ms(), code, WLR_BUTTON_RELEASED);
    wlr_seat_pointer_notify_frame(d->seat);
    if (d->buttons_down->len == 0 && d->grab) {
        d->grab = NULL;
        gs_pointer_refocus(d);
    }
}

void gs_pointer_release_all(struct gs_desktop *d)
{
    while (d->buttons_down->len > 0)
        release(d, g_array_index(d->buttons_down, uint32_t, d->buttons_down->len - 1));
}

/* ---- wheel ---- */

static void axis(struct gs_desktop *d, const struct gs_input *in)
{
    enum wlr_axis_orientation orientation =
        in->code == 1 ? WLR_AXIS_ORIENTATION_HORIZONTAL : WLR_AXIS_ORIENTATION_VERTICAL;
    int32_t *rest = &d->axis_rest[in->code == 1];
    int32_t steps = 0;

    if (in->x == 0)
        return;
    if (in->y != 0) {
        *rest += GS_CLAMP(in->y, -MAX_STEPS * 120, MAX_STEPS * 120);
        steps = *rest / 120;
        *rest -= steps * 120;
    }
    wlr_seat_pointer_notify_axis(d->seat, gs_seat_now_ms(), orientation, in->x / 256.0, steps,
                                 in->y != 0 ? WLR_AXIS_SOURCE_WHEEL : WLR_AXIS_SOURCE_CONTINUOUS);
    wlr_seat_pointer_notify_frame(d->seat);
}

void gs_pointer_input(struct gs_desktop *d, const struct gs_input *in)
{
    switch (in->kind) {
    case GS_INPUT_MOTION_ABS:
        motion_absolute(d, in->x / 256.0, in->y / 256.0);
        break;
    case GS_INPUT_MOTION_REL:
        motion_relative(d, in->x / 256.0, in->y / 256.0);
        break;
    case GS_INPUT_BUTTON:
        deliver_held(d); /* what is pressed is under the pointer as the user sees it */
        if (in->state == 1)
            press(d, in->code);
        else
            release(d, in->code);
        break;
    case GS_INPUT_AXIS:
        deliver_held(d);
        if (!client_is_stuck(d))
            axis(d, in);
        break;
    default:
        break;
    }
}

void gs_pointer_refocus(struct gs_desktop *d)
{
    update_focus(d);
    wlr_seat_pointer_notify_frame(d->seat);
    gs_constraints_update(d);
}

void gs_pointer_clamp(struct gs_desktop *d)
{
    place(d, d->pointer_x, d->pointer_y);
}

void gs_pointer_warp(struct gs_desktop *d, double x, double y)
{
    place(d, x, y);
}

static void handle_focus_change(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, pointer_focus);
    const struct wlr_seat_pointer_focus_change_event *event = data;
    struct wlr_surface *surface = event->new_surface;

    gs_cursor_focus(d, surface ? wl_resource_get_client(surface->resource) : NULL);
}

void gs_pointer_init(struct gs_desktop *d)
{
    d->buttons_down = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    d->pointer_x = d->abs_x = d->base.params.width / 2;
    d->pointer_y = d->abs_y = d->base.params.height / 2;
    d->held.timer = wl_event_loop_add_timer(wl_display_get_event_loop(d->display), retry_held, d);
    d->pointer_focus.notify = handle_focus_change;
    wl_signal_add(&d->seat->pointer_state.events.focus_change, &d->pointer_focus);
}

void gs_pointer_finish(struct gs_desktop *d)
{
    if (d->held.timer)
        wl_event_source_remove(d->held.timer);
    d->held.timer = NULL;
    if (d->buttons_down)
        g_array_unref(d->buttons_down);
    d->buttons_down = NULL;
}
