/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One converter, named by CONVERTER: layers that can't be drawn, or only just. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <drm_fourcc.h>
#include <math.h>

#include "tests/support/convert_fixture.h"

#ifndef WIDTH
#define WIDTH 150
#define HEIGHT 94
#endif

/* Layers whose pixels are gone are left out, whether they fill the output or not; they come back
 * with what was drawn meanwhile. */
static void test_convert_gone(void **state GS_UNUSED)
{
    struct convert_fixture f;

    convert_fixture_init(&f, WIDTH, HEIGHT, 10);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 40, 40, 20, 10, 0);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, WIDTH, HEIGHT, 0, 0, 0);
    for (unsigned i = 2; i-- > 0;) {
        convert_fixture_capture(&f);
        f.s.surfaces[i].gone = true;
        test_scene_draw(&f.s, i);
        test_scene_damage_all(&f.s);
        convert_fixture_capture(&f);
        convert_fixture_assert_near(&f, 1);
        f.s.surfaces[i].gone = false;
        test_scene_damage_all(&f.s);
        convert_fixture_capture(&f);
        convert_fixture_assert_near(&f, 1);
    }
    convert_fixture_finish(&f);
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
        struct convert_fixture f;
        struct gs_layer good;

        convert_fixture_init(&f, 64, 64, 11);
        good = *test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 40, 40, 0, 0, 0);
        spoil(&f.s.layers[0], &f.s.surfaces[0], how);
        convert_fixture_capture(&f);
        f.s.scene.n_layers = 0;
        convert_fixture_assert_near(&f, 0);
        f.s.scene.n_layers = 1;
        f.s.layers[0] = good;
        convert_fixture_finish(&f);
    }
}

/* Extreme scales and places that are possible. */
static void test_convert_extreme_layers(void **state GS_UNUSED)
{
    struct convert_fixture f;
    struct gs_layer *l;

    convert_fixture_init(&f, 64, 64, 12);
    l = test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 1, 1, -8000, -16000, 0);
    l->dst_width = l->dst_height = 16384;
    l = test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 16384, 1, 3, 3, 0);
    l->dst_width = 1;
    l->dst_height = 50;
    l = test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 4, 4, 60, 60, 0);
    l->src_width = l->src_height = 1e-9;
    convert_fixture_capture(&f);
    convert_fixture_assert_near(&f, 2);
    convert_fixture_finish(&f);
}

/* GPU buffers that cannot be imported show what is below. */
static void test_convert_gpu_buffer_left_out(void **state GS_UNUSED)
{
    struct gs_dmabuf dmabuf = {
        .buffer_id = 1, .format = DRM_FORMAT_XRGB8888, .n_planes = 1, .fd = {-1}, .stride = {256}};
    struct convert_fixture f;

    convert_fixture_init(&f, 64, 64, 14);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 40, 40, 5, 5, 0);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 64, 64, 0, 0, 0)->dmabuf = &dmabuf;
    convert_fixture_capture(&f);
    test_scene_damage_all(&f.s);
    convert_fixture_capture(&f);
    f.s.scene.n_layers = 1;
    convert_fixture_assert_near(&f, 1);
    f.s.scene.n_layers = 2;
    convert_fixture_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convert_gone),
        cmocka_unit_test(test_convert_impossible_layers),
        cmocka_unit_test(test_convert_extreme_layers),
        cmocka_unit_test(test_convert_gpu_buffer_left_out),
    };
    int r = convert_fixture_setup(CONVERTER);

    if (r)
        return r;
    r = cmocka_run_group_tests(tests, NULL, NULL);
    convert_fixture_teardown();
    return r;
}
