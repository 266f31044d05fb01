/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The converter for memory buffers without a GPU. One opaque layer that fills the output is
 * converted from where it lies; anything else is first painted, where it is damaged, by pixman.
 */
#include <errno.h>

#include "common/log.h"
#include "session/colour.h"
#include "session/convert_internal.h"
#include "session/view.h"

struct cpu {
    struct gs_converter base;
    GArray *views;          /* struct gs_view; kept for its memory */
    pixman_image_t *canvas; /* valid only where just painted; NULL until first needed */
    bool dmabuf_warned;
};

static void cpu_close(struct gs_converter *base)
{
    struct cpu *c = (struct cpu *)base;

    g_array_unref(c->views);
    if (c->canvas)
        pixman_image_unref(c->canvas);
    g_free(c);
}

static int cpu_open(struct gs_egl *egl GS_UNUSED, uint32_t width GS_UNUSED,
                    uint32_t height GS_UNUSED, struct gs_converter **ret, char *why GS_UNUSED,
                    size_t why_size GS_UNUSED)
{
    struct cpu *c = g_new0(struct cpu, 1);

    c->views = g_array_new(FALSE, FALSE, sizeof(struct gs_view));
    *ret = &c->base;
    return 0;
}

static struct gs_view *view_at(struct cpu *c, unsigned i)
{
    return &g_array_index(c->views, struct gs_view, i);
}

static void drop_dmabufs(struct cpu *c)
{
    for (unsigned i = c->views->len; i-- > 0;) {
        if (!view_at(c, i)->layer->dmabuf)
            continue;
        if (!c->dmabuf_warned)
            gs_warn("converter cpu cannot read GPU buffers; they are left out");
        c->dmabuf_warned = true;
        g_array_remove_index(c->views, i);
    }
}

static void convert_rects(const struct gs_pixels *src, pixman_region32_t *region,
                          struct gs_nv12 *pic)
{
    int n;
    pixman_box32_t *boxes = pixman_region32_rectangles(region, &n);

    for (int i = 0; i < n; i++)
        gs_colour_to_nv12(src, (uint32_t)boxes[i].x1, (uint32_t)boxes[i].y1, (uint32_t)boxes[i].x2,
                          (uint32_t)boxes[i].y2, pic);
}

static bool convert_direct(struct cpu *c, pixman_region32_t *region, struct gs_nv12 *pic)
{
    const struct gs_view *top;
    struct gs_pixels src;
    const void *data;
    uint32_t stride;

    if (!c->views->len ||
        gs_views_base(c->views, c->base.width, c->base.height) != c->views->len - 1)
        return false;
    top = view_at(c, c->views->len - 1);
    if (!top->exact || !gs_view_begin(top, &data, &stride))
        return false;
    src.data = (const uint8_t *)data + (size_t)top->map[1][2] * stride + 4 * (size_t)top->map[0][2];
    src.stride = stride;
    src.width = c->base.width;
    src.height = c->base.height;
    src.rgba = top->rgba;
    convert_rects(&src, region, pic);
    gs_view_end(top);
    return true;
}

static pixman_format_code_t pixel_format(const struct gs_view *v)
{
    if (v->opaque)
        return v->rgba ? PIXMAN_x8b8g8r8 : PIXMAN_x8r8g8b8;
    return v->rgba ? PIXMAN_a8b8g8r8 : PIXMAN_a8r8g8b8;
}

/* pixman asks for the point of the source that belongs to a point of the painted box. */
static void set_sampling(pixman_image_t *image, const struct gs_view *v)
{
    pixman_transform_t t;

    pixman_transform_init_identity(&t);
    for (int i = 0; i < 2; i++) {
        const double *m = v->map[i];

        t.matrix[i][0] = pixman_double_to_fixed(m[0]);
        t.matrix[i][1] = pixman_double_to_fixed(m[1]);
        t.matrix[i][2] = pixman_double_to_fixed(m[2] + m[0] * v->box.x1 + m[1] * v->box.y1);
    }
    pixman_image_set_transform(image, &t);
    pixman_image_set_filter(image, PIXMAN_FILTER_BILINEAR, NULL, 0);
    pixman_image_set_repeat(image, PIXMAN_REPEAT_PAD);
}

static bool paint_view(struct cpu *c, const struct gs_view *v)
{
    const struct gs_layer *l = v->layer;
    int x = 0, y = 0;
    pixman_image_t *image;
    const void *data;
    uint32_t stride;

    if (!gs_view_begin(v, &data, &stride))
        return false;
    image = pixman_image_create_bits_no_clear(pixel_format(v), (int)l->width, (int)l->height,
                                              (uint32_t *)data, (int)stride);
    if (image) {
        if (v->exact) {
            x = v->box.x1 + (int)v->map[0][2];
            y = v->box.y1 + (int)v->map[1][2];
        } else {
            set_sampling(image, v);
        }
        pixman_image_composite32(v->opaque ? PIXMAN_OP_SRC : PIXMAN_OP_OVER, image, NULL, c->canvas,
                                 x, y, 0, 0, v->box.x1, v->box.y1, v->box.x2 - v->box.x1,
                                 v->box.y2 - v->box.y1);
        pixman_image_unref(image);
    }
    gs_view_end(v);
    return image;
}

/* False: a layer's pixels could not be had; it was taken from the views, and what was painted is
 * void. */
static bool paint_once(struct cpu *c, pixman_region32_t *region)
{
    unsigned base = gs_views_base(c->views, c->base.width, c->base.height);
    pixman_color_t black = {.alpha = 0xffff};
    int n;
    pixman_box32_t *boxes = pixman_region32_rectangles(region, &n);

    pixman_image_set_clip_region32(c->canvas, region);
    if (base == c->views->len) {
        pixman_image_fill_boxes(PIXMAN_OP_SRC, c->canvas, &black, n, boxes);
        base = 0;
    }
    for (unsigned i = base; i < c->views->len; i++) {
        if (!paint_view(c, view_at(c, i))) {
            g_array_remove_index(c->views, i);
            return false;
        }
    }
    return true;
}

static int paint(struct cpu *c, pixman_region32_t *region)
{
    pixman_region32_t wide;

    if (!c->canvas)
        c->canvas = pixman_image_create_bits(PIXMAN_x8r8g8b8, (int)c->base.width,
                                             (int)c->base.height, NULL, 0);
    if (!c->canvas)
        return -ENOMEM;
    gs_damage_widen(&wide, region, c->base.width, c->base.height);
    while (!paint_once(c, &wide))
        ;
    pixman_region32_fini(&wide);
    return 0;
}

static int convert_painted(struct cpu *c, pixman_region32_t *region, struct gs_nv12 *pic)
{
    struct gs_pixels src = {.width = c->base.width, .height = c->base.height};
    int r = paint(c, region);

    if (r < 0)
        return r;
    src.data = (const uint8_t *)pixman_image_get_data(c->canvas);
    src.stride = (size_t)pixman_image_get_stride(c->canvas);
    convert_rects(&src, region, pic);
    return 0;
}

static int cpu_convert(struct gs_converter *base, const struct gs_scene *scene, struct gs_nv12 *pic)
{
    struct cpu *c = (struct cpu *)base;
    pixman_region32_t region;
    int r = 0;

    gs_damage_align(&region, scene->damage, base->width, base->height);
    if (pixman_region32_not_empty(&region)) {
        gs_views_collect(c->views, scene);
        drop_dmabufs(c);
        if (!convert_direct(c, &region, pic))
            r = convert_painted(c, &region, pic);
    }
    pixman_region32_fini(&region);
    return r;
}

const struct gs_converter_impl gs_converter_cpu = {
    .name = "cpu",
    .open = cpu_open,
    .convert = cpu_convert,
    .close = cpu_close,
};
