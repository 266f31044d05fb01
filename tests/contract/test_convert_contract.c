/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every registered converter has to keep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <drm_fourcc.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "session/convert.h"
#include "session/egl.h"
#include "tests/support/colour_reference.h"
#include "tests/support/test_scene.h"

static struct gs_egl *egl; /* NULL where there is none */

static bool opens(const struct gs_converter_impl *impl)
{
    struct gs_converter *conv;

    if (gs_converter_create(impl->name, egl, 64, 64, &conv) < 0) {
        printf("%s does not open here\n", impl->name);
        return false;
    }
    assert_ptr_equal(conv->impl, impl);
    gs_converter_destroy(conv);
    return true;
}

static void each(void (*fn)(const char *name))
{
    for (unsigned i = 0; gs_converter_impls[i]; i++)
        if (opens(gs_converter_impls[i]))
            fn(gs_converter_impls[i]->name);
}

static void refuses_sizes(const char *name)
{
    static const uint32_t sizes[][2] = {{0, 64}, {64, 0}, {8193, 64}, {64, 8193}};

    for (unsigned i = 0; i < GS_ARRAY_SIZE(sizes); i++) {
        struct gs_converter *conv = NULL;

        assert_int_equal(gs_converter_create(name, egl, sizes[i][0], sizes[i][1], &conv), -EINVAL);
        assert_null(conv);
    }
}

static void refuses_other_pictures(const char *name)
{
    struct gs_converter *conv;
    struct test_scene s;
    struct gs_nv12 pic;

    test_scene_init(&s, 64, 64, 1);
    assert_int_equal(gs_converter_create(name, egl, 64, 64, &conv), 0);
    assert_int_equal(gs_nv12_alloc(64, 62, &pic), 0);
    assert_int_equal(gs_converter_convert(conv, &s.scene, &pic), -EINVAL);
    s.scene.height = 62;
    assert_int_equal(gs_converter_convert(conv, &s.scene, &pic), -EINVAL);
    gs_nv12_free(&pic);
    gs_converter_destroy(conv);
    test_scene_finish(&s);
}

static void converts(const char *name)
{
    struct gs_nv12 pic, expected;
    struct gs_converter *conv;
    struct test_scene s;

    test_scene_init(&s, 128, 72, 2);
    test_scene_add(&s, DRM_FORMAT_XRGB8888, 128, 72, 0, 0, 0);
    assert_int_equal(gs_converter_create(name, egl, 128, 72, &conv), 0);
    assert_int_equal(gs_nv12_alloc(128, 72, &pic), 0);
    assert_int_equal(gs_nv12_alloc(128, 72, &expected), 0);
    gs_reference_convert(&s.scene, &expected);
    assert_int_equal(gs_converter_convert(conv, &s.scene, &pic), 0);
    assert_in_range(gs_reference_difference(&pic, &expected), 0, 1);
    gs_nv12_free(&pic);
    gs_nv12_free(&expected);
    gs_converter_destroy(conv);
    test_scene_finish(&s);
}

static void test_create_sizes(void **state GS_UNUSED)
{
    each(refuses_sizes);
}

static void test_convert_sizes(void **state GS_UNUSED)
{
    each(refuses_other_pictures);
}

static void test_convert_picture(void **state GS_UNUSED)
{
    each(converts);
}

static void test_create_names(void **state GS_UNUSED)
{
    struct gs_converter *conv = NULL;

    assert_int_equal(gs_converter_create("nothing", egl, 64, 64, &conv), -ENOENT);
    assert_null(conv);
    assert_int_equal(gs_converter_create(NULL, NULL, 64, 64, &conv), 0);
    assert_string_equal(conv->impl->name, "cpu");
    gs_converter_destroy(conv);
    assert_int_equal(gs_converter_create("gl", NULL, 64, 64, &conv), -ENODEV);
    gs_converter_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_names),
        cmocka_unit_test(test_create_sizes),
        cmocka_unit_test(test_convert_sizes),
        cmocka_unit_test(test_convert_picture),
    };
    int r;

    if (gs_egl_create(NULL, &egl) < 0)
        egl = NULL;
    r = cmocka_run_group_tests(tests, NULL, NULL);
    gs_egl_destroy(egl);
    return r;
}
