/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <GLES3/gl3.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "session/egl.h"

static void test_create_current_context(void **state GS_UNUSED)
{
    for (int i = 0; i < 2; i++) {
        struct gs_egl *egl;
        GLint major = 0;

        assert_int_equal(gs_egl_create("", &egl), 0);
        assert_ptr_equal(eglGetCurrentContext(), egl->context);
        glGetIntegerv(GL_MAJOR_VERSION, &major);
        assert_in_range(major, 3, 9);
        assert_true(egl->renderer[0]);
        assert_false(egl->software && egl->dmabuf_import);
        gs_egl_destroy(egl);
        assert_ptr_equal(eglGetCurrentContext(), EGL_NO_CONTEXT);
    }
}

static void test_create_unknown_node(void **state GS_UNUSED)
{
    struct gs_egl *egl = NULL;

    assert_int_equal(gs_egl_create("/dev/dri/no-such-node", &egl), -ENODEV);
    assert_null(egl);
    gs_egl_destroy(NULL);
}

static void test_gpu_present_names_node(void **state GS_UNUSED)
{
    char node[64] = "";
    bool present = gs_egl_gpu_present(node, sizeof(node));

    assert_int_equal(present, gs_egl_gpu_present(NULL, 0));
    assert_int_equal(present, strncmp(node, "/dev/dri/", 9) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_current_context),
        cmocka_unit_test(test_create_unknown_node),
        cmocka_unit_test(test_gpu_present_names_node),
    };
    struct gs_egl *egl;

    if (gs_egl_create(NULL, &egl) < 0) {
        printf("skipped: no EGL display\n");
        return 77;
    }
    gs_egl_destroy(egl);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
