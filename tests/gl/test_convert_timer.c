/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GPU time of the converter's passes. What a driver does seldom (results that are not ready, a
 * clock that breaks) is played by this program, which stands before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <EGL/egl.h>
#include <GLES3/gl3.h>
/* After the core's header, whose types it uses. */
#include <GLES2/gl2ext.h>
#include <dlfcn.h>
#include <drm_fourcc.h>
#include <stdbool.h>
#include <string.h>

#include "common/clock.h"
#include "session/convert_gl_timer.h"
#include "session/gl.h"
#include "tests/support/convert_fixture.h"

static bool not_ready, disjoint;

static void *real(const char *name)
{
    void *p = dlsym(RTLD_NEXT, name);

    assert_non_null(p);
    return p;
}

__attribute__((visibility("default"))) void GL_APIENTRY glGetQueryObjectuiv(GLuint id, GLenum name,
                                                                            GLuint *ret)
{
    void (*next)(GLuint, GLenum, GLuint *);
    void *p = real("glGetQueryObjectuiv");

    memcpy(&next, &p, sizeof(p));
    next(id, name, ret);
    if (name == GL_QUERY_RESULT_AVAILABLE && not_ready)
        *ret = GL_FALSE;
}

__attribute__((visibility("default"))) void GL_APIENTRY glGetIntegerv(GLenum name, GLint *ret)
{
    void (*next)(GLenum, GLint *);
    void *p = real("glGetIntegerv");

    memcpy(&next, &p, sizeof(p));
    next(name, ret);
    if (name != GL_GPU_DISJOINT_EXT || !disjoint)
        return;
    *ret = GL_TRUE;
    disjoint = false; /* asking takes it back */
}

/* A driver without time stamps has nothing to test: NULL, and the test is over. */
static struct gs_gl_timer *timer_or_skip(void)
{
    struct gs_gl_timer *t = gs_gl_timer_create();

    if (!t) {
        print_message("the driver has no time stamps\n");
        skip();
    }
    return t;
}

static void draw(struct gs_gl_timer *t)
{
    struct gs_gl_target target;
    char why[128];

    assert_int_equal(gs_gl_target_init(&target, GL_RGBA8, 256, 256, why, sizeof(why)), 0);
    gs_gl_timer_begin(t);
    glClearColor(1, 0, 0, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    gs_gl_timer_end(t);
    gs_gl_target_finish(&target);
}

static void test_measures(void **state)
{
    struct convert_fixture f;
    struct gs_gl_timer *t = timer_or_skip();
    uint64_t from = gs_now_ns(), ns;

    (void)state;
    gs_gl_timer_destroy(t);
    convert_fixture_init(&f, 640, 480, 1);
    test_scene_add(&f.s, DRM_FORMAT_XRGB8888, 600, 400, 11, 13, 0);
    for (unsigned i = 0; i < 20; i++) {
        test_scene_damage_all(&f.s);
        convert_fixture_capture(&f);
    }
    glFinish();
    ns = gs_converter_gpu_ns(f.conv);
    /* Never more than time passed, by a clock that is not the GPU's: one part in a hundred. */
    assert_in_range(ns, 1, (gs_now_ns() - from) * 101 / 100);
    assert_int_equal(gs_converter_gpu_ns(f.conv), 0);
    test_scene_damage_all(&f.s);
    convert_fixture_capture(&f);
    glFinish();
    assert_true(gs_converter_gpu_ns(f.conv) > 0);
    convert_fixture_finish(&f);
}

/* What is not ready is not waited for, and what comes meanwhile is left out. */
static void test_not_ready(void **state)
{
    struct gs_gl_timer *t = timer_or_skip();

    (void)state;
    not_ready = true;
    for (unsigned i = 0; i < 100; i++) {
        draw(t);
        assert_int_equal(gs_gl_timer_take(t), 0);
    }
    not_ready = false;
    glFinish();
    assert_true(gs_gl_timer_take(t) > 0);
    assert_int_equal(gs_gl_timer_take(t), 0);
    draw(t);
    glFinish();
    assert_true(gs_gl_timer_take(t) > 0);
    gs_gl_timer_destroy(t);
}

static void test_disjoint(void **state)
{
    struct gs_gl_timer *t = timer_or_skip();

    (void)state;
    draw(t);
    draw(t);
    gs_gl_timer_begin(t);
    glFinish();
    disjoint = true;
    assert_int_equal(gs_gl_timer_take(t), 0);
    gs_gl_timer_end(t); /* of one that was dropped */
    glFinish();
    assert_int_equal(gs_gl_timer_take(t), 0);
    draw(t);
    glFinish();
    assert_true(gs_gl_timer_take(t) > 0);
    gs_gl_timer_destroy(t);
}

static void test_order(void **state)
{
    struct gs_gl_timer *t = timer_or_skip();

    (void)state;
    assert_int_equal(gs_gl_timer_take(t), 0);
    gs_gl_timer_end(t);
    gs_gl_timer_begin(t);
    gs_gl_timer_begin(t);
    assert_int_equal(gs_gl_timer_take(t), 0);
    gs_gl_timer_end(t);
    gs_gl_timer_end(t);
    glFinish();
    gs_gl_timer_take(t);
    assert_int_equal(gs_gl_timer_take(t), 0);
    assert_int_equal(glGetError(), GL_NO_ERROR);
    gs_gl_timer_destroy(t);
}

static void test_none(void **state)
{
    (void)state;
    gs_gl_timer_begin(NULL);
    gs_gl_timer_end(NULL);
    assert_int_equal(gs_gl_timer_take(NULL), 0);
    gs_gl_timer_destroy(NULL);
}

/* Converters without a GPU measure none. */
static void test_cpu(void **state)
{
    struct gs_converter *conv;

    (void)state;
    assert_int_equal(gs_converter_create("cpu", NULL, 64, 64, &conv), 0);
    assert_int_equal(gs_converter_gpu_ns(conv), 0);
    gs_converter_destroy(conv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measures), cmocka_unit_test(test_not_ready),
        cmocka_unit_test(test_disjoint), cmocka_unit_test(test_order),
        cmocka_unit_test(test_none),     cmocka_unit_test(test_cpu),
    };
    int status = convert_fixture_setup("gl");

    if (status == 0)
        status = cmocka_run_group_tests_name("convert timer", tests, NULL, NULL);
    convert_fixture_teardown();
    return status;
}
