/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/view.h"

#include <drm_fourcc.h>
#include <inttypes.h>
#include <math.h>

#include "common/log.h"
#include "common/nv12.h"

/* No buffer or window is larger; keeps coordinates within pixman's 16.16 fixed point. */
#define MAX_SIDE 16384

/* Indexed by enum wl_output_transform: what the client did to its picture, as the matrix that leads
 * from the middle of the upright picture into the buffer. */
static const int8_t turns[8][2][2] = {
    {{1, 0}, {0, 1}},  {{0, 1}, {-1, 0}}, {{-1, 0}, {0, -1}}, {{0, -1}, {1, 0}},
    {{-1, 0}, {0, 1}}, {{0, 1}, {1, 0}},  {{1, 0}, {0, -1}},  {{0, -1}, {-1, 0}},
};

static bool known_format(uint32_t format)
{
    return format == DRM_FORMAT_ARGB8888 || format == DRM_FORMAT_XRGB8888 ||
           format == DRM_FORMAT_ABGR8888 || format == DRM_FORMAT_XBGR8888;
}

static bool side_ok(uint32_t side)
{
    return side > 0 && side <= MAX_SIDE;
}

/* The comparisons are false for NaN. */
static bool span_ok(double start, double length, uint32_t limit)
{
    return start >= 0 && length > 0 && start + length <= limit;
}

static bool layer_ok(const struct gs_layer *l)
{
    return side_ok(l->width) && side_ok(l->height) && side_ok(l->dst_width) &&
           side_ok(l->dst_height) && span_ok(l->src_x, l->src_width, l->width) &&
           span_ok(l->src_y, l->src_height, l->height) && l->transform < 8 &&
           (l->dmabuf || known_format(l->format));
}

static void map_init(struct gs_view *v)
{
    const struct gs_layer *l = v->layer;
    const double src[2] = {l->src_width, l->src_height};
    const double middle[2] = {l->src_x + l->src_width / 2, l->src_y + l->src_height / 2};
    const double centre_x = l->x + l->dst_width / 2.0, centre_y = l->y + l->dst_height / 2.0;

    for (int i = 0; i < 2; i++) {
        const int8_t *turn = turns[l->transform][i];

        v->map[i][0] = turn[0] * src[i] / l->dst_width;
        v->map[i][1] = turn[1] * src[i] / l->dst_height;
        v->map[i][2] = middle[i] - v->map[i][0] * centre_x - v->map[i][1] * centre_y;
    }
    v->exact = l->transform == 0 && l->src_width == l->dst_width &&
               l->src_height == l->dst_height && floor(l->src_x) == l->src_x &&
               floor(l->src_y) == l->src_y;
}

static bool view_init(struct gs_view *v, const struct gs_layer *layer, const struct gs_scene *scene)
{
    uint32_t format = layer->dmabuf ? layer->dmabuf->format : layer->format;

    if (!layer_ok(layer))
        return false;
    *v = (struct gs_view){
        .layer = layer,
        .opaque = layer->opaque || format == DRM_FORMAT_XRGB8888 || format == DRM_FORMAT_XBGR8888,
        .rgba = format == DRM_FORMAT_ABGR8888 || format == DRM_FORMAT_XBGR8888,
    };
    v->box.x1 = GS_MAX(layer->x, 0);
    v->box.y1 = GS_MAX(layer->y, 0);
    v->box.x2 = (int32_t)GS_MIN((int64_t)layer->x + layer->dst_width, (int64_t)scene->width);
    v->box.y2 = (int32_t)GS_MIN((int64_t)layer->y + layer->dst_height, (int64_t)scene->height);
    if (v->box.x1 >= v->box.x2 || v->box.y1 >= v->box.y2)
        return false;
    map_init(v);
    return true;
}

void gs_views_collect(GArray *views, const struct gs_scene *scene)
{
    g_array_set_size(views, 0);
    for (unsigned i = 0; i < scene->n_layers; i++) {
        struct gs_view view;

        if (view_init(&view, &scene->layers[i], scene))
            g_array_append_val(views, view);
    }
}

unsigned gs_views_base(const GArray *views, uint32_t width, uint32_t height)
{
    for (unsigned i = views->len; i-- > 0;) {
        const struct gs_view *v = &g_array_index(views, struct gs_view, i);

        if (v->opaque && v->box.x1 == 0 && v->box.y1 == 0 && (uint32_t)v->box.x2 == width &&
            (uint32_t)v->box.y2 == height)
            return i;
    }
    return views->len;
}

bool gs_view_begin(const struct gs_view *view, const void **data, uint32_t *stride)
{
    const struct gs_layer *l = view->layer;

    if (!l->begin(l, data, stride))
        return false;
    if (*stride >= l->width * 4 && *stride <= INT32_MAX && *stride % 4 == 0 &&
        (uintptr_t)*data % 4 == 0)
        return true;
    gs_trace("surface %" PRIu64 ": bad stride %" PRIu32, l->surface_id, *stride);
    l->end(l);
    return false;
}

void gs_view_end(const struct gs_view *view)
{
    view->layer->end(view->layer);
}

/* A luma column that is odd is a tap of two chroma samples, its own and the next. */
static pixman_box32_t align(const pixman_box32_t *box, int32_t width)
{
    return (pixman_box32_t){
        .x1 = box->x1 & ~1,
        .y1 = box->y1 & ~1,
        .x2 = GS_MIN((box->x2 & ~1) + 2, width),
        .y2 = (box->y2 + 1) & ~1,
    };
}

void gs_damage_align(pixman_region32_t *ret, const pixman_region32_t *damage, uint32_t width,
                     uint32_t height)
{
    pixman_box32_t aligned[GS_DAMAGE_RECTS];
    pixman_region32_t cut;
    pixman_box32_t *boxes;
    int n;

    pixman_region32_init(&cut);
    pixman_region32_intersect_rect(&cut, (pixman_region32_t *)damage, 0, 0, width, height);
    boxes = pixman_region32_rectangles(&cut, &n);
    if (n > GS_DAMAGE_RECTS) {
        boxes = pixman_region32_extents(&cut);
        n = 1;
    }
    for (int i = 0; i < n; i++)
        aligned[i] = align(&boxes[i], (int32_t)gs_nv12_side(width));
    pixman_region32_init_rects(ret, aligned, n);
    pixman_region32_fini(&cut);
}

void gs_damage_widen(pixman_region32_t *ret, const pixman_region32_t *region, uint32_t width,
                     uint32_t height)
{
    pixman_region32_t *source = (pixman_region32_t *)region; /* pixman lacks const here */

    pixman_region32_init(ret);
    pixman_region32_copy(ret, source);
    pixman_region32_translate(ret, -1, 0);
    pixman_region32_union(ret, ret, source);
    pixman_region32_intersect_rect(ret, ret, 0, 0, width, height);
}
