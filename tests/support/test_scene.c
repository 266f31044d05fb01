/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/test_scene.h"

#include <assert.h>
#include <drm_fourcc.h>

static const uint32_t formats[] = {DRM_FORMAT_ARGB8888, DRM_FORMAT_XRGB8888, DRM_FORMAT_ABGR8888,
                                   DRM_FORMAT_XBGR8888};

static bool surface_begin(const struct gs_layer *layer, const void **data, uint32_t *stride)
{
    struct test_surface *surface = layer->user;

    assert(!surface->open);
    if (surface->gone)
        return false;
    surface->open++;
    *data = surface->pixels;
    *stride = surface->stride;
    return true;
}

static void surface_end(const struct gs_layer *layer)
{
    struct test_surface *surface = layer->user;

    assert(surface->open == 1);
    surface->open--;
}

void test_scene_init(struct test_scene *s, uint32_t width, uint32_t height, uint32_t seed)
{
    *s = (struct test_scene){.random = g_rand_new_with_seed(seed), .next_id = 1};
    pixman_region32_init(&s->damage);
    s->scene = (struct gs_scene){
        .width = width, .height = height, .layers = s->layers, .damage = &s->damage};
    test_scene_damage_all(s);
}

void test_scene_finish(struct test_scene *s)
{
    while (s->scene.n_layers)
        test_scene_drop(s);
    pixman_region32_fini(&s->damage);
    g_rand_free(s->random);
}

static int between(struct test_scene *s, int least, int most)
{
    return g_rand_int_range(s->random, least, most + 1);
}

/* Premultiplied: no colour above its alpha. */
static void random_pixel(struct test_scene *s, uint8_t *p)
{
    uint32_t bits = g_rand_int(s->random);
    uint32_t alpha = bits >> 24;

    for (int i = 0; i < 3; i++)
        p[i] = (uint8_t)((bits >> 8 * i & 255) * alpha / 255);
    p[3] = (uint8_t)alpha;
}

static void random_opaque_pixel(struct test_scene *s, uint8_t *p)
{
    uint32_t bits = g_rand_int(s->random);

    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(bits >> 8 * i);
}

static bool has_alpha(uint32_t format)
{
    return format == DRM_FORMAT_ARGB8888 || format == DRM_FORMAT_ABGR8888;
}

static void fill(struct test_scene *s, unsigned i, pixman_box32_t box)
{
    for (int32_t y = box.y1; y < box.y2; y++) {
        for (int32_t x = box.x1; x < box.x2; x++) {
            uint8_t *p = s->surfaces[i].pixels + (size_t)y * s->surfaces[i].stride + 4 * (size_t)x;

            if (has_alpha(s->layers[i].format))
                random_pixel(s, p);
            else
                random_opaque_pixel(s, p);
        }
    }
}

static void damage_layer(struct test_scene *s, const struct gs_layer *l)
{
    pixman_region32_union_rect(&s->damage, &s->damage, l->x, l->y, l->dst_width, l->dst_height);
}

struct gs_layer *test_scene_add(struct test_scene *s, uint32_t format, uint32_t width,
                                uint32_t height, int32_t x, int32_t y, uint32_t extra)
{
    unsigned i = s->scene.n_layers++;
    struct test_surface *surface = &s->surfaces[i];

    assert(i < TEST_SURFACES);
    *surface = (struct test_surface){.id = s->next_id++, .stride = 4 * width + extra};
    surface->pixels = g_malloc((size_t)surface->stride * height);
    pixman_region32_init_rect(&surface->damage, 0, 0, width, height);
    s->layers[i] = (struct gs_layer){.surface_id = surface->id,
                                     .width = width,
                                     .height = height,
                                     .format = format,
                                     .src_width = width,
                                     .src_height = height,
                                     .x = x,
                                     .y = y,
                                     .dst_width = width,
                                     .dst_height = height,
                                     .damage = &surface->damage,
                                     .begin = surface_begin,
                                     .end = surface_end,
                                     .user = surface};
    fill(s, i, (pixman_box32_t){0, 0, (int32_t)width, (int32_t)height});
    damage_layer(s, &s->layers[i]);
    return &s->layers[i];
}

struct gs_layer *test_scene_add_random(struct test_scene *s, bool scaled)
{
    int w = (int)s->scene.width, h = (int)s->scene.height;
    struct gs_layer *l =
        test_scene_add(s, formats[between(s, 0, 3)], (uint32_t)between(s, 1, w * 3 / 2),
                       (uint32_t)between(s, 1, h * 3 / 2), between(s, -w / 2, w),
                       between(s, -h / 2, h), (uint32_t)between(s, 0, 3) * 4);

    if (!scaled)
        return l;
    l->transform = (unsigned)between(s, 0, 7);
    l->dst_width = (uint32_t)between(s, 1, w);
    l->dst_height = (uint32_t)between(s, 1, h);
    l->src_width = g_rand_double_range(s->random, 0.5, 1) * l->width;
    l->src_height = g_rand_double_range(s->random, 0.5, 1) * l->height;
    l->src_x = g_rand_double(s->random) * (l->width - l->src_width);
    l->src_y = g_rand_double(s->random) * (l->height - l->src_height);
    damage_layer(s, l);
    return l;
}

void test_scene_drop(struct test_scene *s)
{
    unsigned i = --s->scene.n_layers;

    damage_layer(s, &s->layers[i]);
    pixman_region32_fini(&s->surfaces[i].damage);
    g_free(s->surfaces[i].pixels);
}

static pixman_box32_t random_box(struct test_scene *s, int width, int height)
{
    pixman_box32_t box;

    box.x1 = between(s, 0, width - 1);
    box.y1 = between(s, 0, height - 1);
    box.x2 = between(s, box.x1 + 1, width);
    box.y2 = between(s, box.y1 + 1, height);
    return box;
}

/* Layers that are scaled or turned are damaged as a whole, others exactly. */
void test_scene_draw(struct test_scene *s, unsigned i)
{
    struct gs_layer *l = &s->layers[i];
    pixman_box32_t box = random_box(s, (int)l->width, (int)l->height);
    uint32_t width = (uint32_t)(box.x2 - box.x1), height = (uint32_t)(box.y2 - box.y1);

    fill(s, i, box);
    pixman_region32_union_rect(l->damage, l->damage, box.x1, box.y1, width, height);
    if (l->transform || l->src_width != l->dst_width || l->src_height != l->dst_height)
        damage_layer(s, l);
    else
        pixman_region32_union_rect(&s->damage, &s->damage, l->x + box.x1 - (int)l->src_x,
                                   l->y + box.y1 - (int)l->src_y, width, height);
}

void test_scene_move(struct test_scene *s, unsigned i, int32_t x, int32_t y)
{
    damage_layer(s, &s->layers[i]);
    s->layers[i].x = x;
    s->layers[i].y = y;
    damage_layer(s, &s->layers[i]);
}

void test_scene_damage_all(struct test_scene *s)
{
    pixman_region32_union_rect(&s->damage, &s->damage, 0, 0, s->scene.width, s->scene.height);
}

void test_scene_forget_damage(struct test_scene *s)
{
    pixman_region32_clear(&s->damage);
    for (unsigned i = 0; i < s->scene.n_layers; i++)
        pixman_region32_clear(s->layers[i].damage);
}
