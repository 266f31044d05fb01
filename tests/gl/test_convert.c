/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One converter, named by CONVERTER, against the reference and against itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <drm_fourcc.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "session/convert.h"
#include "session/egl.h"
#include "tests/support/colour_reference.h"
#include "tests/support/test_scene.h"

#define WIDTH 150
#define HEIGHT 94

static struct gs_egl *egl;

struct fixture {
    struct test_scene s;
    struct gs_converter *conv;
    struct gs_nv12 pic;
};

static void fixture_init(struct fixture *f, uint32_t width, uint32_t height, uint32_t seed)
{
    test_scene_init(&f->s, width, height, seed);
    assert_int_equal(gs_converter_create(CONVERTER, egl, width, height, &f->conv), 0);
    assert_int_equal(gs_nv12_alloc(width, height, &f->pic), 0);
}

static void fixture_finish(struct fixture *f)
{
    gs_converter_destroy(f->conv);
    gs_nv12_free(&f->pic);
    test_scene_finish(&f->s);
}

/* A capture: converts what is damaged. */
static void capture(struct fixture *f)
{
    assert_int_equal(gs_converter_convert(f->conv, &f->s.scene, &f->pic), 0);
    test_scene_forget_damage(&f->s);
    for (unsigned i = 0; i < f->s.scene.n_layers; i++)
        assert_int_equal(f->s.surfaces[i].open, 0);
}

static void assert_near_reference(struct fixture *f, unsigned tolerance)
{
    struct gs_nv12 expected;

    assert_int_equal(gs_nv12_alloc(f->pic.width, f->pic.height, &expected), 0);
    gs_reference_convert(&f->s.scene, &expected);
    assert_in_range(gs_reference_difference(&f->pic, &expected), 0, tolerance);
    gs_nv12_free(&expected);
}

/* The picture kept up by damage is what a new converter makes of the whole. */
static void assert_same_as_new(struct fixture *f)
{
    struct gs_converter *conv;
    struct gs_nv12 whole;

    assert_int_equal(gs_nv12_alloc(f->pic.width, f->pic.height, &whole), 0);
    assert_int_equal(gs_converter_create(CONVERTER, egl, f->pic.width, f->pic.height, &conv), 0);
    test_scene_damage_all(&f->s);
    assert_int_equal(gs_converter_convert(conv, &f->s.scene, &whole), 0);
    test_scene_forget_damage(&f->s);
    assert_int_equal(gs_reference_difference(&f->pic, &whole), 0);
    gs_converter_destroy(conv);
    gs_nv12_free(&whole);
}

static void test_convert_single_opaque(void **state GS_UNUSED)
{
    static const uint32_t formats[] = {DRM_FORMAT_XRGB8888, DRM_FORMAT_XBGR8888};
    static const uint32_t widths[] = {2, 30, 32, 64, 66, 158};

    for (unsigned i = 0; i < GS_ARRAY_SIZE(widths); i++) {
        for (unsigned k = 0; k < GS_ARRAY_SIZE(formats); k++) {
            struct fixture f;

            fixture_init(&f, widths[i], 34, i);
            test_scene_add(&f.s, formats[k], widths[i], 34, 0, 0, 16 * k);
            capture(&f);
            assert_near_reference(&f, 1);
            fixture_finish(&f);
        }
    }
}

static void paint(struct fixture *f, uint8_t r, uint8_t g, uint8_t b)
{
    for (size_t i = 0; i < (size_t)f->s.surfaces[0].stride * f->pic.height; i += 4)
        memcpy(f->s.surfaces[0].pixels + i, (uint8_t[]){b, g, r, 0}, 4);
    test_scene_damage_all(&f->s);
    pixman_region32_union_rect(f->s.layers[0].damage, f->s.layers[0].damage, 0, 0, f->pic.width,
                               f->pic.height);
    capture(f);
}

/* The corners of BT.709's limited range. */
static void test_convert_known_colours(void **state GS_UNUSED)
{
    static const uint8_t colours[][6] = {
        {0, 0, 0, 16, 128, 128},  {255, 255, 255, 235, 128, 128}, {255, 0, 0, 63, 102, 240},
        {0, 255, 0, 173, 42, 26}, {0, 0, 255, 32, 240, 118},      {128, 128, 128, 126, 128, 128},
    };
    struct fixture f;

    fixture_init(&f, 64, 16, 1);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 64, 16, 0, 0, 0);
    for (unsigned i = 0; i < GS_ARRAY_SIZE(colours); i++) {
        const uint8_t *c = colours[i];

        paint(&f, c[0], c[1], c[2]);
        assert_in_range(f.pic.y[40], c[3] - 1, c[3] + 1);
        assert_in_range(f.pic.uv[40], c[4] - 1, c[4] + 1);
        assert_in_range(f.pic.uv[41], c[5] - 1, c[5] + 1);
    }
    fixture_finish(&f);
}

/* A buffer larger than the output, shown in part. */
static void test_convert_cropped_opaque(void **state GS_UNUSED)
{
    struct fixture f;
    struct gs_layer *l;

    fixture_init(&f, WIDTH, HEIGHT, 2);
    l = test_scene_add(&f.s, DRM_FORMAT_XRGB8888, WIDTH + 40, HEIGHT + 30, 0, 0, 8);
    l->src_x = 7;
    l->src_y = 5;
    l->dst_width = WIDTH + 20;
    l->dst_height = HEIGHT + 10;
    l->src_width = l->dst_width;
    l->src_height = l->dst_height;
    l->x = -3;
    l->y = -9;
    capture(&f);
    assert_near_reference(&f, 1);
    fixture_finish(&f);
}

static void test_convert_empty_is_black(void **state GS_UNUSED)
{
    struct fixture f;

    fixture_init(&f, WIDTH, HEIGHT, 3);
    memset(f.pic.y, 99, (size_t)f.pic.y_stride * HEIGHT);
    memset(f.pic.uv, 99, (size_t)f.pic.uv_stride * HEIGHT / 2);
    capture(&f);
    assert_near_reference(&f, 0);
    fixture_finish(&f);
}

/* Nothing is written where nothing is damaged. */
static void test_convert_no_damage(void **state GS_UNUSED)
{
    struct fixture f;

    fixture_init(&f, WIDTH, HEIGHT, 3);
    test_scene_add_random(&f.s, false);
    pixman_region32_clear(&f.s.damage);
    capture(&f);
    assert_near_reference(
        &(struct fixture){.s = {.scene = {.width = WIDTH, .height = HEIGHT, .damage = &f.s.damage}},
                          .pic = f.pic},
        0);
    fixture_finish(&f);
}

static void test_convert_stacks(void **state GS_UNUSED)
{
    for (uint32_t seed = 0; seed < 30; seed++) {
        struct fixture f;
        unsigned n = 1 + seed % TEST_SURFACES;

        fixture_init(&f, WIDTH, HEIGHT, seed);
        for (unsigned i = 0; i < n; i++)
            test_scene_add_random(&f.s, false);
        capture(&f);
        assert_near_reference(&f, 3);
        fixture_finish(&f);
    }
}

/* Filters of eight bits weigh coarsely, and noise is what they do worst on. */
static void test_convert_scaled_stacks(void **state GS_UNUSED)
{
    for (uint32_t seed = 0; seed < 30; seed++) {
        struct fixture f;

        fixture_init(&f, WIDTH, HEIGHT, seed);
        for (unsigned i = 0; i < 1 + seed % 3; i++)
            test_scene_add_random(&f.s, true);
        capture(&f);
        assert_near_reference(&f, 6);
        fixture_finish(&f);
    }
}

/* All eight turns without scaling are exact. */
static void test_convert_turned(void **state GS_UNUSED)
{
    for (unsigned transform = 0; transform < 8; transform++) {
        struct fixture f;
        struct gs_layer *l;

        fixture_init(&f, WIDTH, HEIGHT, transform);
        l = test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 61, 47, 11, 5, 0);
        l->transform = transform;
        if (transform & 1) {
            l->dst_width = 47;
            l->dst_height = 61;
        }
        capture(&f);
        assert_near_reference(&f, 1);
        fixture_finish(&f);
    }
}

static void random_step(struct fixture *f)
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
        struct fixture f;

        fixture_init(&f, WIDTH, HEIGHT, seed);
        for (int step = 0; step < 40; step++) {
            random_step(&f);
            if (g_rand_int_range(f.s.random, 0, 4) == 0)
                continue;
            capture(&f);
            assert_same_as_new(&f);
        }
        fixture_finish(&f);
    }
}

/* Single pixels at odd places change the chroma of their neighbours. */
static void test_convert_small_damage(void **state GS_UNUSED)
{
    struct fixture f;
    struct test_scene *s = &f.s;

    fixture_init(&f, WIDTH, HEIGHT, 5);
    test_scene_add(s, DRM_FORMAT_XRGB8888, WIDTH, HEIGHT, 0, 0, 0);
    capture(&f);
    for (int i = 0; i < 200; i++) {
        int32_t x = i < 4 ? (i & 1) * (WIDTH - 1) : g_rand_int_range(s->random, 0, WIDTH);
        int32_t y = i < 4 ? (i / 2) * (HEIGHT - 1) : g_rand_int_range(s->random, 0, HEIGHT);

        s->surfaces[0].pixels[(size_t)y * s->surfaces[0].stride + 4 * (size_t)x] ^= 0xff;
        pixman_region32_union_rect(&s->damage, &s->damage, x, y, 1, 1);
        pixman_region32_union_rect(s->layers[0].damage, s->layers[0].damage, x, y, 1, 1);
        if (i % 2)
            capture(&f);
    }
    assert_near_reference(&f, 1);
    fixture_finish(&f);
}

/* More rectangles than are worth a pass each. */
static void test_convert_scattered_damage(void **state GS_UNUSED)
{
    struct fixture f;
    struct test_scene *s = &f.s;

    fixture_init(&f, WIDTH, HEIGHT, 6);
    test_scene_add(s, DRM_FORMAT_ARGB8888, WIDTH, HEIGHT, 0, 0, 0);
    capture(&f);
    for (int32_t i = 0; i < 60; i++) {
        s->surfaces[0].pixels[(size_t)i * s->surfaces[0].stride + 8 * (size_t)i] = 0;
        pixman_region32_union_rect(&s->damage, &s->damage, 2 * i, i, 1, 1);
        pixman_region32_union_rect(s->layers[0].damage, s->layers[0].damage, 2 * i, i, 1, 1);
    }
    capture(&f);
    assert_same_as_new(&f);
    fixture_finish(&f);
}

/* A full window, a small one over it, then the full one alone again. */
static void test_convert_direct_and_composited(void **state GS_UNUSED)
{
    struct fixture f;

    fixture_init(&f, WIDTH, HEIGHT, 7);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, WIDTH, HEIGHT, 0, 0, 0);
    capture(&f);
    for (int i = 0; i < 4; i++) {
        test_scene_draw(&f.s, 0);
        capture(&f);
        test_scene_add(&f.s, DRM_FORMAT_ARGB8888, 33, 21, 15, 9, 0);
        capture(&f);
        assert_near_reference(&f, 3);
        test_scene_draw(&f.s, 0);
        capture(&f);
        assert_same_as_new(&f);
        test_scene_drop(&f.s);
        capture(&f);
        assert_near_reference(&f, 1);
    }
    fixture_finish(&f);
}

/* What lies below an opaque full layer may be drawn while it is hidden. */
static void test_convert_uncovered_after_hidden_damage(void **state GS_UNUSED)
{
    struct fixture f;

    fixture_init(&f, WIDTH, HEIGHT, 8);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 70, 50, 10, 10, 0);
    capture(&f);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, WIDTH, HEIGHT, 0, 0, 0);
    capture(&f);
    test_scene_draw(&f.s, 0);
    capture(&f);
    test_scene_drop(&f.s);
    capture(&f);
    assert_near_reference(&f, 1);
    fixture_finish(&f);
}

/* The same when it lies outside the output meanwhile. */
static void test_convert_drawn_outside(void **state GS_UNUSED)
{
    struct fixture f;

    fixture_init(&f, WIDTH, HEIGHT, 9);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 40, 40, -20, 10, 0);
    capture(&f);
    memset(f.s.surfaces[0].pixels, 0x77, (size_t)f.s.surfaces[0].stride * 40);
    pixman_region32_union_rect(f.s.layers[0].damage, f.s.layers[0].damage, 0, 0, 15, 40);
    capture(&f);
    pixman_region32_union_rect(f.s.layers[0].damage, f.s.layers[0].damage, 15, 0, 25, 40);
    test_scene_move(&f.s, 0, 20, 10);
    capture(&f);
    assert_near_reference(&f, 1);
    fixture_finish(&f);
}

/* Layers whose pixels are gone are left out, whether they fill the output or not; they come back
 * with what was drawn meanwhile. */
static void test_convert_gone(void **state GS_UNUSED)
{
    struct fixture f;

    fixture_init(&f, WIDTH, HEIGHT, 10);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 40, 40, 20, 10, 0);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, WIDTH, HEIGHT, 0, 0, 0);
    for (unsigned i = 2; i-- > 0;) {
        capture(&f);
        f.s.surfaces[i].gone = true;
        test_scene_draw(&f.s, i);
        test_scene_damage_all(&f.s);
        capture(&f);
        assert_near_reference(&f, 1);
        f.s.surfaces[i].gone = false;
        test_scene_damage_all(&f.s);
        capture(&f);
        assert_near_reference(&f, 1);
    }
    fixture_finish(&f);
}

enum spoilt {
    NO_WIDTH,
    VAST_HEIGHT,
    VAST_SHOWN_WIDTH,
    NO_SHOWN_HEIGHT,
    CROP_OUTSIDE,
    CROP_NAN,
    CROP_INFINITE,
    CROP_VAST,
    NO_CROP,
    FAR_RIGHT,
    FAR_UP,
    TRANSFORM,
    FORMAT,
    STRIDE_SHORT,
    STRIDE_ODD,
    N_SPOILT,
};

static void spoil(struct gs_layer *l, struct test_surface *surface, enum spoilt how)
{
    double *crop[] = {
        [CROP_OUTSIDE] = &l->src_x,   [CROP_NAN] = &l->src_width, [CROP_INFINITE] = &l->src_y,
        [CROP_VAST] = &l->src_height, [NO_CROP] = &l->src_width,
    };
    static const double value[] = {[CROP_OUTSIDE] = -1,
                                   [CROP_NAN] = NAN,
                                   [CROP_INFINITE] = INFINITY,
                                   [CROP_VAST] = 1e9,
                                   [NO_CROP] = 0};
    uint32_t *side[] = {&l->width, &l->height, &l->dst_width, &l->dst_height};
    static const uint32_t length[] = {0, INT32_MAX, UINT32_MAX, 0};

    if (how <= NO_SHOWN_HEIGHT)
        *side[how] = length[how];
    else if (how <= NO_CROP)
        *crop[how] = value[how];
    else if (how == FAR_RIGHT)
        l->x = INT32_MAX;
    else if (how == FAR_UP)
        l->y = INT32_MIN;
    else if (how == TRANSFORM)
        l->transform = 8;
    else if (how == FORMAT)
        l->format = DRM_FORMAT_RGB565;
    else
        surface->stride += how == STRIDE_SHORT ? (uint32_t)-4 : 1;
}

/* Numbers that can't be, as a hostile client might give, cost the layer and nothing else. */
static void test_convert_impossible_layers(void **state GS_UNUSED)
{
    for (enum spoilt how = 0; how < N_SPOILT; how++) {
        struct fixture f;
        struct gs_layer good;

        fixture_init(&f, 64, 64, 11);
        good = *test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 40, 40, 0, 0, 0);
        spoil(&f.s.layers[0], &f.s.surfaces[0], how);
        capture(&f);
        f.s.scene.n_layers = 0;
        assert_near_reference(&f, 0);
        f.s.scene.n_layers = 1;
        f.s.layers[0] = good;
        fixture_finish(&f);
    }
}

/* Extreme scales and places that are possible. */
static void test_convert_extreme_layers(void **state GS_UNUSED)
{
    struct fixture f;
    struct gs_layer *l;

    fixture_init(&f, 64, 64, 12);
    l = test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 1, 1, -8000, -16000, 0);
    l->dst_width = l->dst_height = 16384;
    l = test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 16384, 1, 3, 3, 0);
    l->dst_width = 1;
    l->dst_height = 50;
    l = test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 4, 4, 60, 60, 0);
    l->src_width = l->src_height = 1e-9;
    capture(&f);
    assert_near_reference(&f, 2);
    fixture_finish(&f);
}

/* A surface gets a new buffer size, then another byte order. */
static void test_convert_new_buffer(void **state GS_UNUSED)
{
    struct fixture f;
    struct gs_layer *l;

    fixture_init(&f, WIDTH, HEIGHT, 13);
    l = test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 80, 60, 5, 5, 0);
    capture(&f);
    l->width = l->dst_width = 60;
    l->src_width = 60;
    test_scene_damage_all(&f.s);
    capture(&f);
    assert_near_reference(&f, 1);
    l->format = DRM_FORMAT_XBGR8888;
    test_scene_damage_all(&f.s);
    capture(&f);
    assert_near_reference(&f, 1);
    fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convert_single_opaque),
        cmocka_unit_test(test_convert_known_colours),
        cmocka_unit_test(test_convert_cropped_opaque),
        cmocka_unit_test(test_convert_empty_is_black),
        cmocka_unit_test(test_convert_no_damage),
        cmocka_unit_test(test_convert_stacks),
        cmocka_unit_test(test_convert_scaled_stacks),
        cmocka_unit_test(test_convert_turned),
        cmocka_unit_test(test_convert_damage_sequences),
        cmocka_unit_test(test_convert_small_damage),
        cmocka_unit_test(test_convert_scattered_damage),
        cmocka_unit_test(test_convert_direct_and_composited),
        cmocka_unit_test(test_convert_uncovered_after_hidden_damage),
        cmocka_unit_test(test_convert_drawn_outside),
        cmocka_unit_test(test_convert_gone),
        cmocka_unit_test(test_convert_impossible_layers),
        cmocka_unit_test(test_convert_extreme_layers),
        cmocka_unit_test(test_convert_new_buffer),
    };
    int r;

    if (strcmp(CONVERTER, "gl") == 0 && gs_egl_create(NULL, &egl) < 0) {
        printf("skipped: no EGL display\n");
        return 77;
    }
    r = cmocka_run_group_tests(tests, NULL, NULL);
    gs_egl_destroy(egl);
    return r;
}
