/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Follows every wl_surface: its damage, and who waits for a frame callback. */
#include <wlr/types/wlr_buffer.h>
#include <wlr/types/wlr_compositor.h>
#include <wlr/util/region.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/desktop/desktop.h"

#define OCCLUDED_PERIOD_S 1

/* Whether the parent's commit, which is still to come, makes this state visible. */
static bool applied_by_parent(struct wlr_surface *surface)
{
    while (surface && wlr_surface_is_subsurface(surface)) {
        struct wlr_subsurface *sub = wlr_subsurface_from_wlr_surface(surface);

        if (!sub)
            return false;
        if (sub->synchronized)
            return true;
        surface = sub->parent;
    }
    return false;
}

static void collect_damage(struct gs_surface *s)
{
    const struct gs_texture *texture = gs_texture_of(s->wlr);
    pixman_region32_t damage;

    if (!texture) {
        pixman_region32_clear(&s->damage);
        s->buffer_width = s->buffer_height = 0;
        return;
    }
    if (texture->base.width != s->buffer_width || texture->base.height != s->buffer_height ||
        texture->format != s->buffer_format) {
        s->buffer_width = texture->base.width;
        s->buffer_height = texture->base.height;
        s->buffer_format = texture->format;
        pixman_region32_union_rect(&s->damage, &s->damage, 0, 0, s->buffer_width, s->buffer_height);
        pixman_region32_union_rect(&s->fresh, &s->fresh, 0, 0, (unsigned)s->wlr->current.width,
                                   (unsigned)s->wlr->current.height);
    } else {
        pixman_region32_union(&s->damage, &s->damage, &s->wlr->buffer_damage);
    }
    pixman_region32_intersect_rect(&s->damage, &s->damage, 0, 0, s->buffer_width, s->buffer_height);
    pixman_region32_init(&damage);
    wlr_surface_get_effective_damage(s->wlr, &damage);
    if (s->wlr->current.viewport.has_dst || s->wlr->current.scale != 1)
        wlr_region_expand(&damage, &damage, 1); /* scaling smears over the edge */
    pixman_region32_union(&s->fresh, &s->fresh, &damage);
    pixman_region32_fini(&damage);
}

static bool wants_frame(const struct gs_surface *s)
{
    return !wl_list_empty(&s->wlr->current.frame_callback_list);
}

/* In a window, and wholly covered. */
static bool occluded(const struct gs_surface *s)
{
    return s->tree_round == s->d->round && s->shown_round != s->d->round;
}

static void send_frame_done(struct gs_surface *s, uint64_t now_ns)
{
    struct timespec now = {.tv_sec = (time_t)(now_ns / GS_NS_PER_S),
                           .tv_nsec = (long)(now_ns % GS_NS_PER_S)};

    s->callback_due = false;
    wlr_surface_send_frame_done(s->wlr, &now);
}

/* Covered windows go on slowly: without any callback some applications would stand still. */
static gboolean serve_occluded(void *user)
{
    struct gs_desktop *d = user;
    struct gs_surface *s;

    d->occluded_timer = 0;
    wl_list_for_each (s, &d->surfaces, link) {
        if (occluded(s))
            send_frame_done(s, gs_now_ns());
    }
    return G_SOURCE_REMOVE;
}

void gs_surfaces_frame_done(struct gs_desktop *d, uint64_t now_ns)
{
    struct gs_surface *s;

    wl_list_for_each (s, &d->surfaces, link) {
        if (!occluded(s))
            send_frame_done(s, now_ns);
    }
}

void gs_surfaces_check_frames(struct gs_desktop *d)
{
    struct gs_surface *s;
    bool wanted = false, keeps = false;

    wl_list_for_each (s, &d->surfaces, link) {
        if (!wants_frame(s))
            continue;
        if (!occluded(s)) {
            wanted = true;
            keeps = keeps || gs_xwayland_owns(d, s->wlr);
        } else if (d->occluded_timer == 0) {
            d->occluded_timer = g_timeout_add_seconds(OCCLUDED_PERIOD_S, serve_occluded, d);
        }
    }
    if (wanted)
        gs_desktop_frame_wanted(d, keeps);
}

static void handle_commit(struct wl_listener *listener, void *data)
{
    struct gs_surface *s = wl_container_of(listener, s, commit);
    struct gs_desktop *d = s->d;
    uint64_t now = gs_now_ns();
    struct gs_view *view;

    (void)data;
    collect_damage(s);
    gs_gate_commit(s);
    if (applied_by_parent(s->wlr)) {
        gs_drawn_commit(s, true);
        return;
    }
    view = gs_view_of_surface(d, s->wlr);
    if (view)
        gs_view_place(view);
    if (gs_scene_update(d))
        gs_desktop_damaged(d, now);
    gs_surfaces_check_frames(d);
    gs_drawn_commit(s, false);
}

static void handle_destroy(struct wl_listener *listener, void *data)
{
    struct gs_surface *s = wl_container_of(listener, s, destroy);
    struct gs_desktop *d = s->d;

    (void)data;
    s->wlr->data = NULL;
    wl_list_remove(&s->link);
    wl_list_remove(&s->commit.link);
    wl_list_remove(&s->destroy.link);
    gs_releases_finish(&s->releases);
    gs_drawn_finish(s);
    pixman_region32_fini(&s->damage);
    pixman_region32_fini(&s->fresh);
    if (d->grab == s->wlr)
        d->grab = NULL;
    gs_scene_changed(d);
    g_free(s);
}

void gs_surface_create(struct gs_desktop *d, struct wlr_surface *surface)
{
    struct gs_surface *s = g_new0(struct gs_surface, 1);

    s->d = d;
    s->wlr = surface;
    s->id = ++d->next_surface_id;
    surface->data = s;
    wl_list_insert(&d->surfaces, &s->link);
    pixman_region32_init(&s->damage);
    pixman_region32_init(&s->fresh);
    gs_releases_init(&s->releases, d);
    gs_drawn_init(s);
    s->commit.notify = handle_commit;
    wl_signal_add(&surface->events.commit, &s->commit);
    s->destroy.notify = handle_destroy;
    wl_signal_add(&surface->events.destroy, &s->destroy);
}

void gs_surfaces_finish(struct gs_desktop *d)
{
    if (d->occluded_timer)
        g_source_remove(d->occluded_timer);
    d->occluded_timer = 0;
}

bool gs_surface_read(struct wlr_surface *surface,
                     void (*fn)(void *user, const void *data, uint32_t stride, uint32_t format),
                     void *user)
{
    struct gs_texture *texture = gs_texture_of(surface);
    uint32_t format;
    size_t stride;
    void *data;

    if (!texture || texture->has_dmabuf ||
        !wlr_buffer_begin_data_ptr_access(texture->buffer, WLR_BUFFER_DATA_PTR_ACCESS_READ, &data,
                                          &format, &stride))
        return false;
    gs_guard_begin(data, stride * texture->base.height);
    fn(user, data, (uint32_t)stride, format);
    gs_guard_end();
    wlr_buffer_end_data_ptr_access(texture->buffer);
    return true;
}
