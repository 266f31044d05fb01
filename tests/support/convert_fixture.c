/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/convert_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "session/egl.h"
#include "tests/support/colour_reference.h"

static const char *name;
static struct gs_egl *egl; /* NULL for converters that need none */

int convert_fixture_setup(const char *converter)
{
    name = converter;
    if (strcmp(name, "gl") != 0 || gs_egl_create(NULL, &egl) == 0)
        return 0;
    printf("skipped: no EGL display\n");
    return 77;
}

void convert_fixture_teardown(void)
{
    gs_egl_destroy(egl);
}

void convert_fixture_init(struct convert_fixture *f, uint32_t width, uint32_t height, uint32_t seed)
{
    test_scene_init(&f->s, width, height, seed);
    assert_int_equal(gs_converter_create(name, egl, width, height, &f->conv), 0);
    assert_int_equal(gs_nv12_alloc(gs_nv12_side(width), gs_nv12_side(height), &f->pic), 0);
}

void convert_fixture_finish(struct convert_fixture *f)
{
    gs_converter_destroy(f->conv);
    gs_nv12_free(&f->pic);
    test_scene_finish(&f->s);
}

void convert_fixture_capture(struct convert_fixture *f)
{
    assert_int_equal(gs_converter_convert(f->conv, &f->s.scene, &f->pic), 0);
    test_scene_forget_damage(&f->s);
    for (unsigned i = 0; i < f->s.scene.n_layers; i++)
        assert_int_equal(f->s.surfaces[i].open, 0);
}

void convert_fixture_assert_near(struct convert_fixture *f, unsigned tolerance)
{
    struct gs_nv12 expected;

    assert_int_equal(gs_nv12_alloc(f->pic.width, f->pic.height, &expected), 0);
    gs_reference_convert(&f->s.scene, &expected);
    assert_in_range(gs_reference_difference(&f->pic, &expected), 0, tolerance);
    gs_nv12_free(&expected);
}

void convert_fixture_assert_same_as_new(struct convert_fixture *f)
{
    struct gs_converter *conv;
    struct gs_nv12 whole;

    assert_int_equal(gs_nv12_alloc(f->pic.width, f->pic.height, &whole), 0);
    assert_int_equal(gs_converter_create(name, egl, f->conv->width, f->conv->height, &conv), 0);
    test_scene_damage_all(&f->s);
    assert_int_equal(gs_converter_convert(conv, &f->s.scene, &whole), 0);
    test_scene_forget_damage(&f->s);
    assert_int_equal(gs_reference_difference(&f->pic, &whole), 0);
    gs_converter_destroy(conv);
    gs_nv12_free(&whole);
}
