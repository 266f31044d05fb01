/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the active pointer constraint: games lock the pointer and want relative motion, others keep
 * it inside a region. Active is the constraint of the surface that has the pointer.
 */
#include <errno.h>
#include <math.h>
#include <wlr/util/region.h>

#include "session/desktop/desktop.h"

static void release_constraint(struct gs_desktop *d)
{
    struct wlr_pointer_constraint_v1 *old = d->constraint;
    int x, y;

    d->constraint = NULL;
    wl_list_remove(&d->constraint_destroyed.link);
    if (old->type == WLR_POINTER_CONSTRAINT_V1_LOCKED &&
        (old->current.committed & WLR_POINTER_CONSTRAINT_V1_STATE_CURSOR_HINT) &&
        gs_view_surface_position(d, old->surface, &x, &y))
        gs_pointer_warp(d, x + old->current.cursor_hint.x, y + old->current.cursor_hint.y);
    gs_desktop_set_pointer_mode(d, GS_POINTER_ABSOLUTE);
}

static void handle_destroyed(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, constraint_destroyed);

    (void)data;
    release_constraint(d);
}

/* The one of the surface under the pointer, if the pointer is where it may become active. */
static struct wlr_pointer_constraint_v1 *wanted_constraint(struct gs_desktop *d)
{
    const struct wlr_seat_pointer_state *state = &d->seat->pointer_state;
    struct wlr_pointer_constraint_v1 *constraint;

    if (!state->focused_surface)
        return NULL;
    constraint = wlr_pointer_constraints_v1_constraint_for_surface(d->constraints,
                                                                   state->focused_surface, d->seat);
    if (!constraint || constraint == d->constraint)
        return constraint;
    return pixman_region32_contains_point(&constraint->region, (int)floor(state->sx),
                                          (int)floor(state->sy), NULL)
               ? constraint
               : NULL;
}

void gs_constraints_update(struct gs_desktop *d)
{
    struct wlr_pointer_constraint_v1 *wanted = wanted_constraint(d), *old = d->constraint;

    if (wanted == old)
        return;
    if (old) {
        release_constraint(d);
        wlr_pointer_constraint_v1_send_deactivated(old); /* destroys one that holds once */
    }
    if (!wanted)
        return;
    d->constraint = wanted;
    d->constraint_destroyed.notify = handle_destroyed;
    wl_signal_add(&wanted->events.destroy, &d->constraint_destroyed);
    wlr_pointer_constraint_v1_send_activated(wanted);
    if (wanted->type == WLR_POINTER_CONSTRAINT_V1_LOCKED)
        gs_desktop_set_pointer_mode(d, GS_POINTER_RELATIVE);
}

bool gs_constraints_apply(struct gs_desktop *d, double *x, double *y)
{
    double sx, sy;
    int at_x, at_y;

    if (!d->constraint)
        return true;
    if (d->constraint->type == WLR_POINTER_CONSTRAINT_V1_LOCKED)
        return false;
    if (gs_view_surface_position(d, d->constraint->surface, &at_x, &at_y) &&
        wlr_region_confine(&d->constraint->region, d->pointer_x - at_x, d->pointer_y - at_y,
                           *x - at_x, *y - at_y, &sx, &sy)) {
        *x = at_x + sx;
        *y = at_y + sy;
    }
    return true;
}

static void handle_new_constraint(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, new_constraint);

    (void)data;
    gs_constraints_update(d);
}

int gs_constraints_init(struct gs_desktop *d)
{
    d->constraints = wlr_pointer_constraints_v1_create(d->display);
    d->relative = wlr_relative_pointer_manager_v1_create(d->display);
    if (!d->constraints || !d->relative)
        return -ENOMEM;
    d->new_constraint.notify = handle_new_constraint;
    wl_signal_add(&d->constraints->events.new_constraint, &d->new_constraint);
    return 0;
}
