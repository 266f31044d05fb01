/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/colour_reference.h"

#include <drm_fourcc.h>
#include <glib.h>
#include <math.h>
#include <stdlib.h>

struct pixel {
    double r, g, b, a; /* premultiplied, 0 to 255 */
};

struct buffer {
    const struct gs_layer *layer;
    const uint8_t *data;
    uint32_t stride;
};

static struct pixel fetch(const struct buffer *b, int x, int y)
{
    const struct gs_layer *l = b->layer;
    const uint8_t *p;
    bool rgba = l->format == DRM_FORMAT_ABGR8888 || l->format == DRM_FORMAT_XBGR8888;
    bool alpha = l->format == DRM_FORMAT_ARGB8888 || l->format == DRM_FORMAT_ABGR8888;

    x = GS_CLAMP(x, 0, (int)l->width - 1);
    y = GS_CLAMP(y, 0, (int)l->height - 1);
    p = b->data + (size_t)y * b->stride + 4 * (size_t)x;
    return (struct pixel){.r = p[rgba ? 0 : 2],
                          .g = p[1],
                          .b = p[rgba ? 2 : 0],
                          .a = alpha && !l->opaque ? p[3] : 255};
}

static struct pixel mix(struct pixel a, struct pixel b, double t)
{
    return (struct pixel){.r = a.r + (b.r - a.r) * t,
                          .g = a.g + (b.g - a.g) * t,
                          .b = a.b + (b.b - a.b) * t,
                          .a = a.a + (b.a - a.a) * t};
}

static struct pixel sample(const struct buffer *b, double x, double y)
{
    double left = floor(x - 0.5), top = floor(y - 0.5);
    double tx = x - 0.5 - left, ty = y - 0.5 - top;
    int ix = (int)left, iy = (int)top;

    return mix(mix(fetch(b, ix, iy), fetch(b, ix + 1, iy), tx),
               mix(fetch(b, ix, iy + 1), fetch(b, ix + 1, iy + 1), tx), ty);
}

/* wl_surface.set_buffer_transform: the client has flipped its picture around the vertical axis (4),
 * then turned it counter-clockwise by 90 degrees so many times. */
static void to_buffer(unsigned transform, double *u, double *v)
{
    if (transform & 4)
        *u = 1 - *u;
    for (unsigned i = 0; i < (transform & 3); i++) {
        double old = *u;

        *u = *v;
        *v = 1 - old;
    }
}

static void lay_over(struct pixel *below, const struct buffer *b, int x, int y)
{
    const struct gs_layer *l = b->layer;
    double u = (x + 0.5 - l->x) / l->dst_width, v = (y + 0.5 - l->y) / l->dst_height;
    struct pixel p;

    if (u < 0 || u > 1 || v < 0 || v > 1)
        return;
    to_buffer(l->transform, &u, &v);
    p = sample(b, l->src_x + u * l->src_width, l->src_y + v * l->src_height);
    below->r = p.r + below->r * (1 - p.a / 255);
    below->g = p.g + below->g * (1 - p.a / 255);
    below->b = p.b + below->b * (1 - p.a / 255);
}

static struct pixel *compose(const struct gs_scene *scene)
{
    struct pixel *canvas = g_new0(struct pixel, (size_t)scene->width * scene->height);

    for (unsigned i = 0; i < scene->n_layers; i++) {
        struct buffer b = {.layer = &scene->layers[i]};
        const void *data;

        if (!b.layer->begin(b.layer, &data, &b.stride))
            continue;
        b.data = data;
        for (uint32_t y = 0; y < scene->height; y++)
            for (uint32_t x = 0; x < scene->width; x++)
                lay_over(&canvas[(size_t)y * scene->width + x], &b, (int)x, (int)y);
        b.layer->end(b.layer);
    }
    return canvas;
}

/* ITU-R BT.709-6 items 3.2 to 3.4: Y, Cb, Cr of 0 to 255 values, limited range. */
static double luma(struct pixel p)
{
    return 0.2126 * p.r + 0.7152 * p.g + 0.0722 * p.b;
}

static uint8_t quantise(double value, double range, double offset)
{
    return (uint8_t)lround(value / 255 * range + offset);
}

static void add(struct pixel *sum, struct pixel p, double weight)
{
    sum->r += p.r * weight;
    sum->g += p.g * weight;
    sum->b += p.b * weight;
}

static struct pixel chroma_mean(const struct pixel *row0, const struct pixel *row1, uint32_t x,
                                uint32_t width)
{
    struct pixel sum = {0};
    uint32_t left = x ? x - 1 : 0, right = GS_MIN(x + 1, width - 1);

    add(&sum, row0[left], 0.125);
    add(&sum, row1[left], 0.125);
    add(&sum, row0[x], 0.25);
    add(&sum, row1[x], 0.25);
    add(&sum, row0[right], 0.125);
    add(&sum, row1[right], 0.125);
    return sum;
}

void gs_reference_convert(const struct gs_scene *scene, struct gs_nv12 *pic)
{
    struct pixel *canvas = compose(scene);

    for (uint32_t y = 0; y < pic->height; y++) {
        uint32_t width = scene->width, last = scene->height - 1;
        const struct pixel *row = canvas + (size_t)GS_MIN(y, last) * width;
        const struct pixel *next = canvas + (size_t)GS_MIN(y + 1, last) * width;

        for (uint32_t x = 0; x < pic->width; x++)
            pic->y[(size_t)y * pic->y_stride + x] =
                quantise(luma(row[GS_MIN(x, width - 1)]), 219, 16);
        for (uint32_t x = 0; y % 2 == 0 && x < pic->width; x += 2) {
            struct pixel p = chroma_mean(row, next, x, width);
            uint8_t *uv = pic->uv + (size_t)(y / 2) * pic->uv_stride + x;

            uv[0] = quantise((p.b - luma(p)) / 1.8556, 224, 128);
            uv[1] = quantise((p.r - luma(p)) / 1.5748, 224, 128);
        }
    }
    g_free(canvas);
}

static unsigned plane_difference(const uint8_t *a, uint32_t a_stride, const uint8_t *b,
                                 uint32_t b_stride, uint32_t width, uint32_t height)
{
    int most = 0;

    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            int d = abs(a[(size_t)y * a_stride + x] - b[(size_t)y * b_stride + x]);

            most = GS_MAX(most, d);
        }
    }
    return (unsigned)most;
}

unsigned gs_reference_difference(const struct gs_nv12 *a, const struct gs_nv12 *b)
{
    unsigned y = plane_difference(a->y, a->y_stride, b->y, b->y_stride, a->width, a->height);
    unsigned uv =
        plane_difference(a->uv, a->uv_stride, b->uv, b->uv_stride, a->width, a->height / 2);

    return GS_MAX(y, uv);
}
