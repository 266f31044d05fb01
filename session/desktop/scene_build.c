/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Owns the list of layers that are visible now and the damage of the output. Damage of windows that
 * come, go, move or change places is found by comparing the list with the one before; damage inside
 * a surface comes from its commits.
 */
#include <string.h>
#include <wlr/types/wlr_buffer.h>
#include <wlr/util/box.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/desktop/desktop.h"

struct build {
    struct gs_desktop *d;
    int x, y;
};

static bool layer_begin(const struct gs_layer *layer, const void **data, uint32_t *stride)
{
    struct gs_texture *texture = layer->user;
    uint32_t format;
    size_t row;
    void *pixels;

    if (!wlr_buffer_begin_data_ptr_access(texture->buffer, WLR_BUFFER_DATA_PTR_ACCESS_READ, &pixels,
                                          &format, &row))
        return false;
    gs_guard_begin(pixels, row * layer->height);
    *data = pixels;
    *stride = (uint32_t)row;
    return true;
}

static void layer_end(const struct gs_layer *layer)
{
    struct gs_texture *texture = layer->user;

    if (gs_guard_end())
        gs_debug("a client cut its buffer short");
    wlr_buffer_end_data_ptr_access(texture->buffer);
}

/* The area of the output; empty when it lies beside it. */
static struct wlr_box layer_box(const struct gs_desktop *d, const struct gs_layer *l)
{
    struct wlr_box all = {0, 0, (int)d->base.params.width, (int)d->base.params.height};
    struct wlr_box box = {l->x, l->y, (int)l->dst_width, (int)l->dst_height};

    wlr_box_intersection(&box, &box, &all);
    return box;
}

static bool is_far(int at, int size)
{
    return at < -GS_DESKTOP_FAR || at > GS_DESKTOP_FAR || size > GS_DESKTOP_FAR;
}

static void add_layer(struct wlr_surface *surface, int sx, int sy, void *data)
{
    const struct build *b = data;
    struct gs_surface *s = gs_surface_from(surface);
    struct gs_texture *texture = gs_texture_of(surface);
    struct gs_layer layer;
    struct wlr_fbox src;
    struct wlr_box box;
    pixman_box32_t whole = {0, 0, surface->current.width, surface->current.height};

    if (!s)
        return;
    s->tree_round = b->d->round;
    if (!texture || surface->current.width <= 0 || surface->current.height <= 0 ||
        is_far(sx, surface->current.width) || is_far(sy, surface->current.height))
        return;
    wlr_surface_get_buffer_source_box(surface, &src);
    layer = (struct gs_layer){
        .surface_id = s->id,
        .width = texture->base.width,
        .height = texture->base.height,
        .format = texture->format,
        .opaque =
            pixman_region32_contains_rectangle(&surface->opaque_region, &whole) == PIXMAN_REGION_IN,
        .src_x = src.x,
        .src_y = src.y,
        .src_width = src.width,
        .src_height = src.height,
        .x = b->x + sx,
        .y = b->y + sy,
        .dst_width = (uint32_t)surface->current.width,
        .dst_height = (uint32_t)surface->current.height,
        .transform = surface->current.transform,
        .damage = &s->damage,
        .dmabuf = texture->has_dmabuf ? &texture->dmabuf : NULL,
        .begin = texture->has_dmabuf ? NULL : layer_begin,
        .end = texture->has_dmabuf ? NULL : layer_end,
        .user = texture,
    };
    box = layer_box(b->d, &layer);
    if (!wlr_box_empty(&box))
        g_array_append_val(b->d->layers, layer);
}

static void add_views(struct gs_desktop *d, struct wl_list *views)
{
    struct gs_view *view;

    wl_list_for_each_reverse (view, views, link) {
        struct build b = {.d = d};
        struct wlr_box geometry;

        view->impl->geometry(view, &geometry);
        b.x = view->x - geometry.x;
        b.y = view->y - geometry.y;
        view->impl->for_each(view, add_layer, &b);
    }
}

/* Drops what lies wholly under opaque layers. */
static void cull(struct gs_desktop *d)
{
    pixman_region32_t covered;

    pixman_region32_init(&covered);
    for (guint i = d->layers->len; i > 0; i--) {
        const struct gs_layer *l = &g_array_index(d->layers, struct gs_layer, i - 1);
        struct wlr_box box = layer_box(d, l);
        pixman_box32_t rect = {box.x, box.y, box.x + box.width, box.y + box.height};

        if (pixman_region32_contains_rectangle(&covered, &rect) == PIXMAN_REGION_IN)
            g_array_remove_index(d->layers, i - 1);
        else if (l->opaque)
            pixman_region32_union_rect(&covered, &covered, box.x, box.y, (unsigned)box.width,
                                       (unsigned)box.height);
    }
    pixman_region32_fini(&covered);
}

static void build(struct gs_desktop *d)
{
    g_array_set_size(d->layers, 0);
    add_views(d, &d->views);
    add_views(d, &d->unmanaged);
    if (d->drag_icon && d->drag_icon->mapped) {
        struct build b = {.d = d,
                          .x = (int)d->pointer_x + d->drag_icon->surface->sx,
                          .y = (int)d->pointer_y + d->drag_icon->surface->sy};

        wlr_surface_for_each_surface(d->drag_icon->surface, add_layer, &b);
    }
    cull(d);
}

/* ---- damage ---- */

static void damage_layer(struct gs_desktop *d, const struct gs_layer *l)
{
    struct wlr_box box = layer_box(d, l);

    pixman_region32_union_rect(&d->damage, &d->damage, box.x, box.y, (unsigned)box.width,
                               (unsigned)box.height);
}

static bool same_place(const struct gs_layer *a, const struct gs_layer *b)
{
    return a->x == b->x && a->y == b->y && a->dst_width == b->dst_width &&
           a->dst_height == b->dst_height && a->src_x == b->src_x && a->src_y == b->src_y &&
           a->src_width == b->src_width && a->src_height == b->src_height &&
           a->transform == b->transform && a->opaque == b->opaque;
}

static const struct gs_layer *find(const GArray *layers, uint64_t id, guint *ret_index)
{
    for (guint i = 0; i < layers->len; i++) {
        const struct gs_layer *l = &g_array_index(layers, struct gs_layer, i);

        if (l->surface_id == id) {
            *ret_index = i;
            return l;
        }
    }
    return NULL;
}

static bool compare_with_before(struct gs_desktop *d)
{
    guint next = 0, at = 0;
    bool changed = false;

    for (guint i = 0; i < d->layers->len; i++) {
        const struct gs_layer *l = &g_array_index(d->layers, struct gs_layer, i);
        const struct gs_layer *before = find(d->layers_before, l->surface_id, &at);

        if (before && at >= next && same_place(l, before)) {
            next = at + 1;
            continue;
        }
        if (before)
            damage_layer(d, before);
        damage_layer(d, l);
        changed = true;
    }
    for (guint i = 0; i < d->layers_before->len; i++) {
        const struct gs_layer *before = &g_array_index(d->layers_before, struct gs_layer, i);

        if (!find(d->layers, before->surface_id, &at)) {
            damage_layer(d, before);
            changed = true;
        }
    }
    return changed;
}

/* Carries the commits' damage over to the output. */
static bool add_fresh(struct gs_desktop *d)
{
    struct gs_surface *s;
    bool changed = false;
    guint at;

    wl_list_for_each (s, &d->surfaces, link) {
        const struct gs_layer *l = find(d->layers, s->id, &at);
        struct wlr_box box;

        if (!l) {
            pixman_region32_clear(&s->fresh);
            continue;
        }
        s->shown_round = d->round;
        wlr_surface_send_enter(s->wlr, &d->output); /* once: it remembers */
        if (!pixman_region32_not_empty(&s->fresh))
            continue;
        box = layer_box(d, l);
        pixman_region32_translate(&s->fresh, l->x, l->y);
        pixman_region32_intersect_rect(&s->fresh, &s->fresh, box.x, box.y, (unsigned)box.width,
                                       (unsigned)box.height);
        changed = changed || pixman_region32_not_empty(&s->fresh);
        pixman_region32_union(&d->damage, &d->damage, &s->fresh);
        pixman_region32_clear(&s->fresh);
    }
    return changed;
}

bool gs_scene_update(struct gs_desktop *d)
{
    GArray *swap = d->layers_before;
    bool moved, painted;

    d->round++;
    d->layers_before = d->layers;
    d->layers = swap;
    build(d);
    moved = compare_with_before(d);
    painted = add_fresh(d);
    if (moved)
        gs_scene_changed(d);
    return moved || painted;
}

static void handle_update_idle(void *data)
{
    struct gs_desktop *d = data;
    bool changed;

    d->update_idle = NULL;
    changed = gs_scene_update(d) || d->all_damaged;
    d->all_damaged = false;
    if (changed)
        gs_desktop_damaged(d, gs_now_ns());
    gs_surfaces_check_frames(d);
    gs_pointer_refocus(d);
}

void gs_scene_changed(struct gs_desktop *d)
{
    if (!d->update_idle && !d->closing)
        d->update_idle = wl_event_loop_add_idle(d->loop, handle_update_idle, d);
}

/* ---- capture ---- */

static void send_presented(struct gs_desktop *d, struct wlr_surface *surface, uint64_t now)
{
    struct wlr_presentation_feedback *feedback =
        wlr_presentation_surface_sampled(d->presentation, surface);
    struct wlr_presentation_event event = {
        .output = &d->output,
        .tv_sec = now / GS_NS_PER_S,
        .tv_nsec = (uint32_t)(now % GS_NS_PER_S),
        .refresh = (uint32_t)(GS_NS_PER_S / d->base.params.fps),
        .seq = d->n_captures,
    };

    if (!feedback)
        return;
    wlr_presentation_feedback_send_presented(feedback, &event);
    wlr_presentation_feedback_destroy(feedback);
}

static void after_capture(struct gs_desktop *d)
{
    uint64_t now = gs_now_ns();
    struct gs_surface *s;

    d->n_captures++;
    pixman_region32_clear(&d->damage);
    wl_list_for_each (s, &d->surfaces, link) {
        if (s->shown_round != d->round)
            continue;
        pixman_region32_clear(&s->damage);
        send_presented(d, s->wlr, now);
    }
}

static void damage_layers(struct gs_desktop *d)
{
    for (guint i = 0; i < d->layers->len; i++) {
        struct gs_layer *l = &g_array_index(d->layers, struct gs_layer, i);

        pixman_region32_union_rect(l->damage, l->damage, 0, 0, l->width, l->height);
    }
}

static void damage_output(struct gs_desktop *d)
{
    pixman_region32_fini(&d->damage);
    pixman_region32_init_rect(&d->damage, 0, 0, d->base.params.width, d->base.params.height);
}

void gs_scene_damage_all(struct gs_desktop *d)
{
    damage_output(d);
    d->all_damaged = true;
    gs_scene_changed(d);
}

int gs_scene_capture(struct gs_desktop *d, bool full,
                     int (*fn)(void *user, const struct gs_scene *scene), void *user)
{
    struct gs_scene scene;
    int r;

    gs_scene_update(d);
    if (full) {
        damage_layers(d);
        damage_output(d);
    }
    scene = (struct gs_scene){
        .width = d->base.params.width,
        .height = d->base.params.height,
        .n_layers = d->layers->len,
        .layers = (const struct gs_layer *)(void *)d->layers->data,
        .damage = &d->damage,
    };
    r = fn(user, &scene);
    if (r == 0)
        after_capture(d);
    return r;
}

void gs_scene_init(struct gs_desktop *d)
{
    d->layers = g_array_new(FALSE, FALSE, sizeof(struct gs_layer));
    d->layers_before = g_array_new(FALSE, FALSE, sizeof(struct gs_layer));
    pixman_region32_init(&d->damage);
}

void gs_scene_finish(struct gs_desktop *d)
{
    if (d->update_idle)
        wl_event_source_remove(d->update_idle);
    d->update_idle = NULL;
    g_array_unref(d->layers);
    g_array_unref(d->layers_before);
    pixman_region32_fini(&d->damage);
}
