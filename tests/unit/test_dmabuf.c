/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which GPU buffers are taken, and how they are described to EGL. The import itself needs a GPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <drm_fourcc.h>

#include "common/macros.h"
#include "session/dmabuf.h"

#define TILED UINT64_C(0x0100000000000004)
#define TILED_CCS UINT64_C(0x0100000000000008)

static const EGLint formats[] = {DRM_FORMAT_ARGB8888, DRM_FORMAT_R8};

static unsigned choose(uint32_t format, const EGLuint64KHR *modifiers, const EGLBoolean *external,
                       unsigned n, uint64_t *ret)
{
    return gs_dmabuf_choose(format, formats, GS_ARRAY_SIZE(formats), modifiers, external, n, ret);
}

static void test_unknown_format(void **state GS_UNUSED)
{
    static const EGLuint64KHR modifiers[] = {DRM_FORMAT_MOD_LINEAR};
    static const EGLBoolean external[] = {EGL_FALSE};
    uint64_t ret[GS_DMABUF_MODIFIERS + 1];

    assert_int_equal(choose(DRM_FORMAT_XRGB8888, modifiers, external, 1, ret), 0);
    assert_int_equal(gs_dmabuf_choose(DRM_FORMAT_R8, NULL, 0, NULL, NULL, 0, ret), 0);
}

/* The unnamed modifier goes with any that can be sampled. */
static void test_ordinary_modifiers(void **state GS_UNUSED)
{
    static const EGLuint64KHR modifiers[] = {DRM_FORMAT_MOD_LINEAR, TILED, TILED_CCS};
    static const EGLBoolean external[] = {EGL_FALSE, EGL_TRUE, EGL_FALSE};
    uint64_t ret[GS_DMABUF_MODIFIERS + 1];

    assert_int_equal(choose(DRM_FORMAT_ARGB8888, modifiers, external, 3, ret), 3);
    assert_true(ret[0] == DRM_FORMAT_MOD_LINEAR);
    assert_true(ret[1] == TILED_CCS);
    assert_true(ret[2] == DRM_FORMAT_MOD_INVALID);
}

/* As NVIDIA has for some formats: no ordinary texture can be made of them, named or not. */
static void test_external_only(void **state GS_UNUSED)
{
    static const EGLuint64KHR modifiers[] = {DRM_FORMAT_MOD_LINEAR, TILED};
    static const EGLBoolean external[] = {EGL_TRUE, EGL_TRUE};
    uint64_t ret[GS_DMABUF_MODIFIERS + 1];

    assert_int_equal(choose(DRM_FORMAT_R8, modifiers, external, 2, ret), 0);
}

static void test_no_modifiers(void **state GS_UNUSED)
{
    uint64_t ret[GS_DMABUF_MODIFIERS + 1];

    assert_int_equal(choose(DRM_FORMAT_R8, NULL, NULL, 0, ret), 1);
    assert_true(ret[0] == DRM_FORMAT_MOD_INVALID);
}

/* A driver may report the unnamed one itself, and more than there is room for. */
static void test_bounds(void **state GS_UNUSED)
{
    EGLuint64KHR modifiers[GS_DMABUF_MODIFIERS + 9];
    EGLBoolean external[GS_DMABUF_MODIFIERS + 9] = {0};
    uint64_t ret[GS_DMABUF_MODIFIERS + 1];

    for (unsigned i = 0; i < GS_ARRAY_SIZE(modifiers); i++)
        modifiers[i] = i ? TILED + i : DRM_FORMAT_MOD_INVALID;
    assert_int_equal(choose(DRM_FORMAT_R8, modifiers, external, GS_ARRAY_SIZE(modifiers), ret),
                     GS_DMABUF_MODIFIERS);
    assert_true(ret[0] == TILED + 1);
    assert_true(ret[GS_DMABUF_MODIFIERS - 1] == DRM_FORMAT_MOD_INVALID);
}

static void test_never_in_software(void **state GS_UNUSED)
{
    const struct gs_egl egl = {.software = true, .dmabuf_import = false};
    const struct gs_dmabuf d = {.format = DRM_FORMAT_R8, .n_planes = 1};
    uint64_t ret[GS_DMABUF_MODIFIERS + 1];

    assert_int_equal(gs_dmabuf_modifiers(&egl, DRM_FORMAT_ARGB8888, ret), 0);
    assert_false(gs_dmabuf_supported(&egl, DRM_FORMAT_ARGB8888, DRM_FORMAT_MOD_LINEAR));
    assert_ptr_equal(gs_dmabuf_import(&egl, &d, 64, 64), EGL_NO_IMAGE_KHR);
}

/* The value of an attribute; -99: it is not there. */
static EGLint value(const EGLint *attributes, EGLint name)
{
    for (; *attributes != EGL_NONE; attributes += 2)
        if (attributes[0] == name)
            return attributes[1];
    return -99;
}

/* Colour and its compression data, as Intel and AMD lay them out. */
static void test_attributes_of_two_planes(void **state GS_UNUSED)
{
    const struct gs_dmabuf d = {.format = DRM_FORMAT_ARGB8888,
                                .modifier = TILED_CCS,
                                .n_planes = 2,
                                .fd = {7, 8},
                                .offset = {0, 65536},
                                .stride = {5120, 640}};
    EGLint a[GS_DMABUF_ATTRIBUTES];

    gs_dmabuf_attributes(&d, 1280, 720, a);
    assert_int_equal(value(a, EGL_WIDTH), 1280);
    assert_int_equal(value(a, EGL_HEIGHT), 720);
    assert_int_equal(value(a, EGL_LINUX_DRM_FOURCC_EXT), DRM_FORMAT_ARGB8888);
    assert_int_equal(value(a, EGL_DMA_BUF_PLANE0_FD_EXT), 7);
    assert_int_equal(value(a, EGL_DMA_BUF_PLANE0_PITCH_EXT), 5120);
    assert_int_equal(value(a, EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT), 8);
    assert_int_equal(value(a, EGL_DMA_BUF_PLANE0_MODIFIER_HI_EXT), 0x01000000);
    assert_int_equal(value(a, EGL_DMA_BUF_PLANE1_FD_EXT), 8);
    assert_int_equal(value(a, EGL_DMA_BUF_PLANE1_OFFSET_EXT), 65536);
    assert_int_equal(value(a, EGL_DMA_BUF_PLANE1_PITCH_EXT), 640);
    assert_int_equal(value(a, EGL_DMA_BUF_PLANE1_MODIFIER_HI_EXT), 0x01000000);
    assert_int_equal(value(a, EGL_DMA_BUF_PLANE2_FD_EXT), -99);
}

/* The unnamed modifier is not named to EGL either; four planes just fit. */
static void test_attributes_without_modifier(void **state GS_UNUSED)
{
    struct gs_dmabuf d = {.format = DRM_FORMAT_R8, .modifier = DRM_FORMAT_MOD_INVALID};
    EGLint a[GS_DMABUF_ATTRIBUTES];

    d.n_planes = GS_DMABUF_PLANES;
    gs_dmabuf_attributes(&d, 64, 64, a);
    assert_int_equal(value(a, EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT), -99);
    assert_int_equal(value(a, EGL_DMA_BUF_PLANE3_FD_EXT), 0);
    d.modifier = DRM_FORMAT_MOD_LINEAR;
    gs_dmabuf_attributes(&d, 64, 64, a);
    assert_int_equal(value(a, EGL_DMA_BUF_PLANE3_MODIFIER_HI_EXT), 0);
    assert_int_equal(a[GS_DMABUF_ATTRIBUTES - 1], EGL_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_format),
        cmocka_unit_test(test_ordinary_modifiers),
        cmocka_unit_test(test_external_only),
        cmocka_unit_test(test_no_modifiers),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_never_in_software),
        cmocka_unit_test(test_attributes_of_two_planes),
        cmocka_unit_test(test_attributes_without_modifier),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
