/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Surfaces in numbers, in depth, and with numbers in them that nobody draws with. */
#include <stdint.h>

#include "hostile_app.h"

static struct wl_subsurface *add_child(struct wild *w, struct wl_surface *parent,
                                       struct wl_surface **ret)
{
    *ret = wl_compositor_create_surface(w->compositor);
    return wl_subcompositor_get_subsurface(w->subcompositor, *ret, parent);
}

static void children(struct wild *w)
{
    struct wl_surface *window = wild_window(w);

    for (int i = 0; i < 3000; i++) {
        struct wl_surface *child;
        struct wl_subsurface *sub = add_child(w, window, &child);

        wl_subsurface_set_position(sub, i % 600, i / 5);
        if (i & 1)
            wl_subsurface_set_desync(sub);
        wild_show(w, child, 20, 20);
        if (i % 20 == 0)
            wl_display_roundtrip(w->display);
    }
    wild_show(w, window, 600, 600);
}

/* Subsurfaces at the end of the world, and beyond. */
static void places(struct wild *w)
{
    static const int32_t odd[] = {INT32_MIN, INT32_MIN + 300, -(1 << 24) - 1, 1 << 24, INT32_MAX};
    struct wl_surface *window = wild_window(w), *child, *grandchild;
    struct wl_subsurface *a = add_child(w, window, &child);
    struct wl_subsurface *b = add_child(w, child, &grandchild);

    wl_subsurface_set_desync(a);
    wl_subsurface_set_desync(b);
    for (int i = 0; i < 25; i++) {
        wl_subsurface_set_position(a, odd[i % 5], odd[i / 5]);
        wl_subsurface_set_position(b, odd[i / 5], odd[i % 5]);
        wild_show(w, grandchild, 100, 100);
        wild_show(w, child, 100, 100);
        wild_show(w, window, 300, 300);
        wl_display_roundtrip(w->display);
    }
}

/* Each in the one before, until the compositor has enough of it. */
static void nest(struct wild *w, int depth)
{
    struct wl_surface *top = wild_window(w), *surface = top;

    wild_show(w, top, 300, 300);
    for (int i = 0; i < depth && wl_display_get_error(w->display) == 0; i++) {
        struct wl_surface *child;

        add_child(w, surface, &child);
        wild_show(w, child, 300, 300);
        surface = child;
        if (i % 20 == 0)
            wl_display_roundtrip(w->display);
    }
    wl_surface_commit(top);
}

static void nesting(struct wild *w)
{
    nest(w, 30);
}

static void nesting_deep(struct wild *w)
{
    nest(w, 50000);
}

/* The same from the other end, and then all at once. */
static void nesting_upwards(struct wild *w)
{
    struct wl_surface *surface = wl_compositor_create_surface(w->compositor);

    for (int i = 0; i < 50000 && wl_display_get_error(w->display) == 0; i++) {
        struct wl_surface *parent = wl_compositor_create_surface(w->compositor);

        wl_subcompositor_get_subsurface(w->subcompositor, surface, parent);
        wl_surface_commit(surface);
        surface = parent;
        if (i % 50 == 0)
            wl_display_roundtrip(w->display);
    }
    wl_surface_commit(surface);
}

/* States that wait for their parents', which wait for theirs. */
static void nesting_cached(struct wild *w)
{
    struct wl_surface *top = wl_compositor_create_surface(w->compositor), *surface = top;

    for (int i = 0; i < 50000 && wl_display_get_error(w->display) == 0; i++) {
        struct wl_surface *child;

        add_child(w, surface, &child);
        wl_surface_commit(child);
        surface = child;
        if (i % 50 == 0)
            wl_display_roundtrip(w->display);
    }
    wl_surface_commit(top);
}

/* Nothing but surfaces. */
static void surfaces(struct wild *w)
{
    for (int i = 0; i < 100000 && wl_display_get_error(w->display) == 0; i++) {
        wl_surface_commit(wl_compositor_create_surface(w->compositor));
        if (i % 100 == 0)
            wl_display_roundtrip(w->display);
    }
}

static void damage(struct wild *w)
{
    static const int32_t odd[] = {INT32_MIN, INT32_MIN + 1, -1,       0, 1,
                                  65536,     INT32_MAX - 1, INT32_MAX};
    struct wl_surface *surface = wild_window(w);

    wild_show(w, surface, 300, 300);
    for (int i = 0; i < 8 * 8 * 8 * 8; i++) {
        wl_surface_damage(surface, odd[i & 7], odd[i >> 3 & 7], odd[i >> 6 & 7], odd[i >> 9]);
        wl_surface_damage_buffer(surface, odd[i >> 9], odd[i & 7], odd[i >> 3 & 7],
                                 odd[i >> 6 & 7]);
        if (i % 8 == 0)
            wl_surface_commit(surface);
        if (i % 64 == 0)
            wl_display_roundtrip(w->display);
    }
    for (int i = 0; i < 20000; i++) {
        wl_surface_damage(surface, i * 7 % 300, i * 13 % 300, 1, 1);
        if (i % 128 == 0)
            wl_display_roundtrip(w->display);
    }
    wl_surface_commit(surface);
}

static void regions(struct wild *w)
{
    struct wl_surface *surface = wild_window(w);
    struct wl_region *region = wl_compositor_create_region(w->compositor);

    for (int i = 0; i < 20000; i++) {
        wl_region_add(region, i * 7 % 5000, i * 13 % 5000, 3, 3);
        if (i % 128 == 0)
            wl_display_roundtrip(w->display);
    }
    wl_region_add(region, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX);
    wl_region_subtract(region, INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX);
    for (int i = 0; i < 10; i++) {
        wl_surface_set_opaque_region(surface, region);
        wl_surface_set_input_region(surface, region);
        wild_show(w, surface, 300 + i, 300);
    }
}

static void callbacks(struct wild *w)
{
    struct wl_surface *surface = wild_window(w);

    for (int i = 0; i < 100000; i++) {
        wl_surface_frame(surface);
        if (i % 20000 == 0)
            wild_show(w, surface, 300, 300);
        if (i % 200 == 0)
            wl_display_roundtrip(w->display);
    }
    wild_show(w, surface, 300, 300);
}

static bool bad_viewport(struct wild *w, unsigned i)
{
    static const double source[][4] = {{-1, 0, 5, 5},   {0, 0, 0, 5},        {0, 0, -1, 5},
                                       {0, -5, 5, 5},   {0, 0, 1, -8388608}, {0, 0, 5000, 5000},
                                       {299.9, 0, 5, 5}};
    static const int32_t size[][2] = {{0, 5}, {-5, 5}, {5, 0}, {-1, 5}, {INT32_MIN, INT32_MIN}};
    const unsigned n = sizeof(source) / sizeof(source[0]);
    struct wl_surface *surface = wild_window(w);
    struct wp_viewport *v = wp_viewporter_get_viewport(w->viewporter, surface);

    wild_show(w, surface, 300, 300);
    if (i < n)
        wp_viewport_set_source(
            v, wl_fixed_from_double(source[i][0]), wl_fixed_from_double(source[i][1]),
            wl_fixed_from_double(source[i][2]), wl_fixed_from_double(source[i][3]));
    else if (i < n + 5)
        wp_viewport_set_destination(v, size[i - n][0], size[i - n][1]);
    wl_surface_commit(surface);
    return i < n + 5;
}

/* Within the protocol, and beyond any screen. */
static void viewport(struct wild *w)
{
    static const int32_t size[][2] = {
        {1, 1}, {1, INT32_MAX}, {INT32_MAX, 1}, {INT32_MAX, INT32_MAX}, {65536, 65536}};
    struct wl_surface *surface = wild_window(w);
    struct wp_viewport *v = wp_viewporter_get_viewport(w->viewporter, surface);

    for (int i = 0; i < 100; i++) {
        wl_fixed_t part = i % 7 ? 1 << (i % 7) : 300 * 256;

        wp_viewport_set_source(v, 0, 0, part, part);
        wp_viewport_set_destination(v, size[i % 5][0], size[i % 5][1]);
        wl_surface_set_buffer_transform(surface, i % 8);
        wild_show(w, surface, 300, 300);
        wl_display_roundtrip(w->display);
    }
}

static bool bad_scale(struct wild *w, unsigned i)
{
    static const int32_t scales[] = {0, -1, INT32_MIN};
    static const int32_t transforms[] = {-1, 8, INT32_MAX};
    struct wl_surface *surface = wild_window(w);

    if (i < 3)
        wl_surface_set_buffer_scale(surface, scales[i]);
    else if (i < 6)
        wl_surface_set_buffer_transform(surface, transforms[i - 3]);
    wild_show(w, surface, 300, 300);
    return i < 6;
}

static void scale(struct wild *w)
{
    static const int32_t scales[] = {1, 2, 7, 300, 301, 65536, INT32_MAX};
    struct wl_surface *surface = wild_window(w);

    for (int i = 0; i < 70; i++) {
        wl_surface_set_buffer_scale(surface, scales[i % 7]);
        wl_surface_set_buffer_transform(surface, i % 8);
        wild_show(w, surface, 300, 300);
        wl_display_roundtrip(w->display);
    }
}

/* Nothing but regions. */
static void objects(struct wild *w)
{
    for (int i = 0; i < 100000 && wl_display_get_error(w->display) == 0; i++) {
        wl_compositor_create_region(w->compositor);
        if (i % 200 == 0)
            wl_display_roundtrip(w->display);
    }
}

const struct wild_mode wild_surface_modes[] = {
    {.name = "children", .run = children},
    {.name = "places", .run = places},
    {.name = "nesting", .run = nesting},
    {.name = "nesting-deep", .run = nesting_deep},
    {.name = "nesting-upwards", .run = nesting_upwards},
    {.name = "nesting-cached", .run = nesting_cached},
    {.name = "surfaces", .run = surfaces},
    {.name = "objects", .run = objects},
    {.name = "damage", .run = damage},
    {.name = "regions", .run = regions},
    {.name = "callbacks", .run = callbacks},
    {.name = "bad-viewport", .crime = bad_viewport},
    {.name = "viewport", .run = viewport},
    {.name = "bad-scale", .crime = bad_scale},
    {.name = "scale", .run = scale},
    {.name = NULL},
};
