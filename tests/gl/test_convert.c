/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One converter, named by CONVERTER, against the reference: single layers and stacks. */
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

static void test_convert_single_opaque(void **state GS_UNUSED)
{
    static const uint32_t formats[] = {DRM_FORMAT_XRGB8888, DRM_FORMAT_XBGR8888};
    static const uint32_t widths[] = {1, 2, 3, 30, 32, 33, 64, 65, 66, 158};

    for (unsigned i = 0; i < GS_ARRAY_SIZE(widths); i++) {
        for (unsigned k = 0; k < GS_ARRAY_SIZE(formats); k++) {
            struct convert_fixture f;

            convert_fixture_init(&f, widths[i], 34 + k, i);
            test_scene_add(&f.s, formats[k], widths[i], 34 + k, 0, 0, 16 * k);
            convert_fixture_capture(&f);
            convert_fixture_assert_near(&f, 1);
            convert_fixture_finish(&f);
        }
    }
}

static void paint(struct convert_fixture *f, uint8_t r, uint8_t g, uint8_t b)
{
    for (size_t i = 0; i < (size_t)f->s.surfaces[0].stride * f->pic.height; i += 4)
        memcpy(f->s.surfaces[0].pixels + i, (uint8_t[]){b, g, r, 0}, 4);
    test_scene_damage_all(&f->s);
    pixman_region32_union_rect(f->s.layers[0].damage, f->s.layers[0].damage, 0, 0, f->pic.width,
                               f->pic.height);
    convert_fixture_capture(f);
}

/* The corners of BT.709's limited range. */
static void test_convert_known_colours(void **state GS_UNUSED)
{
    static const uint8_t colours[][6] = {
        {0, 0, 0, 16, 128, 128},  {255, 255, 255, 235, 128, 128}, {255, 0, 0, 63, 102, 240},
        {0, 255, 0, 173, 42, 26}, {0, 0, 255, 32, 240, 118},      {128, 128, 128, 126, 128, 128},
    };
    struct convert_fixture f;

    convert_fixture_init(&f, 64, 16, 1);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 64, 16, 0, 0, 0);
    for (unsigned i = 0; i < GS_ARRAY_SIZE(colours); i++) {
        const uint8_t *c = colours[i];

        paint(&f, c[0], c[1], c[2]);
        assert_in_range(f.pic.y[40], c[3] - 1, c[3] + 1);
        assert_in_range(f.pic.uv[40], c[4] - 1, c[4] + 1);
        assert_in_range(f.pic.uv[41], c[5] - 1, c[5] + 1);
    }
    convert_fixture_finish(&f);
}

/* A buffer larger than the output, shown in part. */
static void test_convert_cropped_opaque(void **state GS_UNUSED)
{
    struct convert_fixture f;
    struct gs_layer *l;

    convert_fixture_init(&f, WIDTH, HEIGHT, 2);
    l = test_scene_add(&f.s, DRM_FORMAT_XRGB8888, WIDTH + 40, HEIGHT + 30, 0, 0, 8);
    l->src_x = 7;
    l->src_y = 5;
    l->dst_width = WIDTH + 20;
    l->dst_height = HEIGHT + 10;
    l->src_width = l->dst_width;
    l->src_height = l->dst_height;
    l->x = -3;
    l->y = -9;
    convert_fixture_capture(&f);
    convert_fixture_assert_near(&f, 1);
    convert_fixture_finish(&f);
}

static void test_convert_empty_is_black(void **state GS_UNUSED)
{
    struct convert_fixture f;

    convert_fixture_init(&f, WIDTH, HEIGHT, 3);
    memset(f.pic.y, 99, (size_t)f.pic.y_stride * f.pic.height);
    memset(f.pic.uv, 99, (size_t)f.pic.uv_stride * f.pic.height / 2);
    convert_fixture_capture(&f);
    convert_fixture_assert_near(&f, 0);
    convert_fixture_finish(&f);
}

static void test_convert_stacks(void **state GS_UNUSED)
{
    for (uint32_t seed = 0; seed < 30; seed++) {
        struct convert_fixture f;
        unsigned n = 1 + seed % TEST_SURFACES;

        convert_fixture_init(&f, WIDTH, HEIGHT, seed);
        for (unsigned i = 0; i < n; i++)
            test_scene_add_random(&f.s, false);
        convert_fixture_capture(&f);
        convert_fixture_assert_near(&f, 2);
        convert_fixture_finish(&f);
    }
}

/* Filters of eight bits weigh coarsely, and noise is what they do worst on. */
static void test_convert_scaled_stacks(void **state GS_UNUSED)
{
    for (uint32_t seed = 0; seed < 30; seed++) {
        struct convert_fixture f;

        convert_fixture_init(&f, WIDTH, HEIGHT, seed);
        for (unsigned i = 0; i < 1 + seed % 3; i++)
            test_scene_add_random(&f.s, true);
        convert_fixture_capture(&f);
        convert_fixture_assert_near(&f, 3);
        convert_fixture_finish(&f);
    }
}

/* All eight turns without scaling are exact. */
static void test_convert_turned(void **state GS_UNUSED)
{
    for (unsigned transform = 0; transform < 8; transform++) {
        struct convert_fixture f;
        struct gs_layer *l;

        convert_fixture_init(&f, WIDTH, HEIGHT, transform);
        l = test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 61, 47, 11, 5, 0);
        l->transform = transform;
        if (transform & 1) {
            l->dst_width = 47;
            l->dst_height = 61;
        }
        convert_fixture_capture(&f);
        convert_fixture_assert_near(&f, 1);
        convert_fixture_finish(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_convert_single_opaque),
        cmocka_unit_test(test_convert_known_colours),
        cmocka_unit_test(test_convert_cropped_opaque),
        cmocka_unit_test(test_convert_empty_is_black),
        cmocka_unit_test(test_convert_stacks),
        cmocka_unit_test(test_convert_scaled_stacks),
        cmocka_unit_test(test_convert_turned),
    };
    int r = convert_fixture_setup(CONVERTER);

    if (r)
        return r;
    r = cmocka_run_group_tests(tests, NULL, NULL);
    convert_fixture_teardown();
    return r;
}
