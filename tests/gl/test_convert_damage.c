/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One converter, named by CONVERTER: the picture kept up by damage is that of the whole scene. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <drm_fourcc.h>
#include <string.h>

#include "tests/support/convert_fixture.h"

#ifndef WIDTH
#define WIDTH 150
#define HEIGHT 94
#endif

/* Nothing is written where nothing is damaged. */
static void test_convert_no_damage(void **state GS_UNUSED)
{
    struct convert_fixture f;

    convert_fixture_init(&f, WIDTH, HEIGHT, 3);
    test_scene_add_random(&f.s, false);
    pixman_region32_clear(&f.s.damage);
    convert_fixture_capture(&f);
    f.s.scene.n_layers = 0;
    convert_fixture_assert_near(&f, 0);
    f.s.scene.n_layers = 1;
    convert_fixture_finish(&f);
}

static void random_step(struct convert_fixture *f)
{
    struct test_scene *s = &f->s;
    unsigned n = s->scene.n_layers;
    int what = g_rand_int_range(s->random, 0, 10);
    unsigned i = n ? (unsigned)g_rand_int_range(s->random, 0, (int)n) : 0;

    if (n == 0 || (what == 0 && n < TEST_SURFACES))
        test_scene_add_random(s, g_rand_boolean(s->random));
    else if (what == 1)
        test_scene_drop(s);
    else if (what == 2)
        test_scene_move(s, i, g_rand_int_range(s->random, -WIDTH, WIDTH),
                        g_rand_int_range(s->random, -HEIGHT, HEIGHT));
    else if (what == 3 && n < TEST_SURFACES)
        test_scene_add(s, DRM_FORMAT_XRGB8888, WIDTH + 3, HEIGHT + 1, -1, 0, 4);
    else
        test_scene_draw(s, i);
}

/* Windows come, go, move, draw, cover the output; some steps are merged into one capture. */
static void test_convert_damage_sequences(void **state GS_UNUSED)
{
    for (uint32_t seed = 0; seed < 6; seed++) {
        struct convert_fixture f;

        convert_fixture_init(&f, WIDTH, HEIGHT, seed);
        for (int step = 0; step < 40; step++) {
            random_step(&f);
            if (g_rand_int_range(f.s.random, 0, 4) == 0)
                continue;
            convert_fixture_capture(&f);
            convert_fixture_assert_same_as_new(&f);
        }
        convert_fixture_finish(&f);
    }
}

/* Single pixels at odd places change the chroma of their neighbours. */
static void test_convert_small_damage(void **state GS_UNUSED)
{
    struct convert_fixture f;
    struct test_scene *s = &f.s;

    convert_fixture_init(&f, WIDTH, HEIGHT, 5);
    test_scene_add(s, DRM_FORMAT_XRGB8888, WIDTH, HEIGHT, 0, 0, 0);
    convert_fixture_capture(&f);
    for (int i = 0; i < 200; i++) {
        int32_t x = i < 4 ? (i & 1) * (WIDTH - 1) : g_rand_int_range(s->random, 0, WIDTH);
        int32_t y = i < 4 ? (i / 2) * (HEIGHT - 1) : g_rand_int_range(s->random, 0, HEIGHT);

        s->surfaces[0].pixels[(size_t)y * s->surfaces[0].stride + 4 * (size_t)x] ^= 0xff;
        pixman_region32_union_rect(&s->damage, &s->damage, x, y, 1, 1);
        pixman_region32_union_rect(s->layers[0].damage, s->layers[0].damage, x, y, 1, 1);
        if (i % 2)
            convert_fixture_capture(&f);
    }
    convert_fixture_assert_near(&f, 1);
    convert_fixture_finish(&f);
}

/* More rectangles than are worth a pass each. */
static void test_convert_scattered_damage(void **state GS_UNUSED)
{
    struct convert_fixture f;
    struct test_scene *s = &f.s;

    convert_fixture_init(&f, WIDTH, HEIGHT, 6);
    test_scene_add(s, DRM_FORMAT_ARGB8888, WIDTH, HEIGHT, 0, 0, 0);
    convert_fixture_capture(&f);
    for (int32_t i = 0; i < 60; i++) {
        s->surfaces[0].pixels[(size_t)i * s->surfaces[0].stride + 8 * (size_t)i] = 0;
        pixman_region32_union_rect(&s->damage, &s->damage, 2 * i, i, 1, 1);
        pixman_region32_union_rect(s->layers[0].damage, s->layers[0].damage, 2 * i, i, 1, 1);
    }
    convert_fixture_capture(&f);
    convert_fixture_assert_same_as_new(&f);
    convert_fixture_finish(&f);
}

/* A full window, a small one over it, then the full one alone again. */
static void test_convert_direct_and_composited(void **state GS_UNUSED)
{
    struct convert_fixture f;

    convert_fixture_init(&f, WIDTH, HEIGHT, 7);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, WIDTH, HEIGHT, 0, 0, 0);
    convert_fixture_capture(&f);
    for (int i = 0; i < 4; i++) {
        test_scene_draw(&f.s, 0);
        convert_fixture_capture(&f);
        test_scene_add(&f.s, DRM_FORMAT_ARGB8888, 33, 21, 15, 9, 0);
        convert_fixture_capture(&f);
        convert_fixture_assert_near(&f, 2);
        test_scene_draw(&f.s, 0);
        convert_fixture_capture(&f);
        convert_fixture_assert_same_as_new(&f);
        test_scene_drop(&f.s);
        convert_fixture_capture(&f);
        convert_fixture_assert_near(&f, 1);
    }
    convert_fixture_finish(&f);
}

/* What lies below an opaque full layer may be drawn while it is hidden. */
static void test_convert_uncovered_after_hidden_damage(void **state GS_UNUSED)
{
    struct convert_fixture f;

    convert_fixture_init(&f, WIDTH, HEIGHT, 8);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 70, 50, 10, 10, 0);
    convert_fixture_capture(&f);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, WIDTH, HEIGHT, 0, 0, 0);
    convert_fixture_capture(&f);
    test_scene_draw(&f.s, 0);
    convert_fixture_capture(&f);
    test_scene_drop(&f.s);
    convert_fixture_capture(&f);
    convert_fixture_assert_near(&f, 1);
    convert_fixture_finish(&f);
}

/* The same when it lies outside the output meanwhile. */
static void test_convert_drawn_outside(void **state GS_UNUSED)
{
    struct convert_fixture f;

    convert_fixture_init(&f, WIDTH, HEIGHT, 9);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 40, 40, -20, 10, 0);
    convert_fixture_capture(&f);
    memset(f.s.surfaces[0].pixels, 0x77, (size_t)f.s.surfaces[0].stride * 40);
    pixman_region32_union_rect(f.s.layers[0].damage, f.s.layers[0].damage, 0, 0, 15, 40);
    convert_fixture_capture(&f);
    pixman_region32_union_rect(f.s.layers[0].damage, f.s.layers[0].damage, 15, 0, 25, 40);
    test_scene_move(&f.s, 0, 20, 10);
    convert_fixture_capture(&f);
    convert_fixture_assert_near(&f, 1);
    convert_fixture_finish(&f);
}

/* A surface gets a new buffer size, then another byte order. */
static void test_convert_new_buffer(void **state GS_UNUSED)
{
    struct convert_fixture f;
    struct gs_layer *l;

    convert_fixture_init(&f, WIDTH, HEIGHT, 13);
    l = test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 80, 60, 5, 5, 0);
    convert_fixture_capture(&f);
    l->width = l->dst_width = 60;
    l->src_width = 60;
    test_scene_damage_all(&f.s);
    convert_fixture_capture(&f);
    convert_fixture_assert_near(&f, 1);
    l->format = DRM_FORMAT_XBGR8888;
    test_scene_damage_all(&f.s);
    convert_fixture_capture(&f);
    convert_fixture_assert_near(&f, 1);
    convert_fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convert_no_damage),
        cmocka_unit_test(test_convert_damage_sequences),
        cmocka_unit_test(test_convert_small_damage),
        cmocka_unit_test(test_convert_scattered_damage),
        cmocka_unit_test(test_convert_direct_and_composited),
        cmocka_unit_test(test_convert_uncovered_after_hidden_damage),
        cmocka_unit_test(test_convert_drawn_outside),
        cmocka_unit_test(test_convert_new_buffer),
    };
    int r = convert_fixture_setup(CONVERTER);

    if (r)
        return r;
    r = cmocka_run_group_tests(tests, NULL, NULL);
    convert_fixture_teardown();
    return r;
}
