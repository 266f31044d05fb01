/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of a decoder's surface into the presenter's GL, as far as it goes without a GPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <drm_fourcc.h>
#include <errno.h>

#include "client/dmabuf_egl.h"
#include "client/drm_layers.h"

/* As iHD and radeonsi export with VA_EXPORT_SURFACE_SEPARATE_LAYERS. */
static AVDRMFrameDescriptor separate(void)
{
    return (AVDRMFrameDescriptor){
        .nb_objects = 2,
        .objects = {{.fd = 10, .format_modifier = I915_FORMAT_MOD_Y_TILED},
                    {.fd = 11, .format_modifier = I915_FORMAT_MOD_Y_TILED}},
        .nb_layers = 2,
        .layers = {{.format = DRM_FORMAT_R8, .nb_planes = 1, .planes = {{0, 64, 1280}}},
                   {.format = DRM_FORMAT_GR88, .nb_planes = 1, .planes = {{1, 4096, 1344}}}},
    };
}

static void test_separate_layers(void **state)
{
    AVDRMFrameDescriptor desc = separate();
    struct gs_picture_gpu gpu = {0};

    (void)state;
    assert_int_equal(gs_drm_layers_split(&desc, 5, &gpu), 0);
    assert_int_equal(gpu.luma.format, DRM_FORMAT_R8);
    assert_int_equal(gpu.luma.n_planes, 1);
    assert_int_equal(gpu.luma.fd[0], 10);
    assert_int_equal(gpu.luma.offset[0], 64);
    assert_int_equal(gpu.luma.stride[0], 1280);
    assert_true(gpu.luma.modifier == I915_FORMAT_MOD_Y_TILED);
    assert_int_equal(gpu.chroma.format, DRM_FORMAT_GR88);
    assert_int_equal(gpu.chroma.fd[0], 11);
    assert_int_equal(gpu.chroma.offset[0], 4096);
    assert_int_equal(gpu.chroma.stride[0], 1344);
    assert_int_equal(gpu.luma.buffer_id, 5);
}

/* A modifier with compression data has one plane more a layer. */
static void test_compressed_layers(void **state)
{
    AVDRMFrameDescriptor desc = separate();
    struct gs_picture_gpu gpu = {0};

    (void)state;
    desc.layers[0].nb_planes = 2;
    desc.layers[0].planes[1] = (AVDRMPlaneDescriptor){0, 1 << 20, 64};
    assert_int_equal(gs_drm_layers_split(&desc, 1, &gpu), 0);
    assert_int_equal(gpu.luma.n_planes, 2);
    assert_int_equal(gpu.luma.offset[1], 1 << 20);
    assert_int_equal(gpu.chroma.n_planes, 1);
}

static void test_one_layer(void **state)
{
    AVDRMFrameDescriptor desc = {
        .nb_objects = 1,
        .objects = {{.fd = 20, .format_modifier = DRM_FORMAT_MOD_LINEAR}},
        .nb_layers = 1,
        .layers = {{.format = DRM_FORMAT_NV12,
                    .nb_planes = 2,
                    .planes = {{0, 0, 1280}, {0, 921600, 1280}}}},
    };
    struct gs_picture_gpu gpu = {0};

    (void)state;
    assert_int_equal(gs_drm_layers_split(&desc, 1, &gpu), 0);
    assert_int_equal(gpu.luma.format, DRM_FORMAT_R8);
    assert_int_equal(gpu.chroma.format, DRM_FORMAT_GR88);
    assert_int_equal(gpu.chroma.fd[0], 20);
    assert_int_equal(gpu.chroma.offset[0], 921600);
}

static void test_bad_layers(void **state)
{
    struct gs_picture_gpu gpu = {.width = 77};
    AVDRMFrameDescriptor desc = separate();

    (void)state;
    desc.layers[0].format = DRM_FORMAT_R16; /* P010 */
    assert_int_equal(gs_drm_layers_split(&desc, 1, &gpu), -ENOTSUP);
    desc = separate();
    desc.nb_layers = 0;
    assert_int_equal(gs_drm_layers_split(&desc, 1, &gpu), -ENOTSUP);
    desc = separate();
    desc.layers[1].planes[0].object_index = 2;
    assert_int_equal(gs_drm_layers_split(&desc, 1, &gpu), -EBADMSG);
    desc = separate();
    desc.layers[1].planes[0].offset = -1;
    assert_int_equal(gs_drm_layers_split(&desc, 1, &gpu), -EBADMSG);
    desc = separate();
    desc.layers[0].nb_planes = 0;
    assert_int_equal(gs_drm_layers_split(&desc, 1, &gpu), -EBADMSG);
    assert_int_equal(gpu.width, 77);
}

static EGLint value_of(const EGLint *list, EGLint name)
{
    for (; *list != EGL_NONE; list += 2) {
        if (list[0] == name)
            return list[1];
    }
    return -12345;
}

static void test_egl_attributes(void **state)
{
    struct gs_dmabuf d = {.format = DRM_FORMAT_GR88,
                          .modifier = UINT64_C(0x0123456789abcdef),
                          .n_planes = 4,
                          .fd = {3, 4, 5, 6},
                          .offset = {0, 1, 2, 3},
                          .stride = {64, 65, 66, 67}};
    EGLint a[GS_DMABUF_EGL_ATTRIBUTES];

    (void)state;
    assert_int_equal(gs_dmabuf_egl_attributes(&d, 640, 360, true, a), 0);
    assert_int_equal(a[GS_DMABUF_EGL_ATTRIBUTES - 1], EGL_NONE);
    assert_int_equal(value_of(a, EGL_WIDTH), 640);
    assert_int_equal(value_of(a, EGL_HEIGHT), 360);
    assert_int_equal(value_of(a, EGL_LINUX_DRM_FOURCC_EXT), DRM_FORMAT_GR88);
    assert_int_equal(value_of(a, EGL_DMA_BUF_PLANE3_FD_EXT), 6);
    assert_int_equal(value_of(a, EGL_DMA_BUF_PLANE2_OFFSET_EXT), 2);
    assert_int_equal(value_of(a, EGL_DMA_BUF_PLANE1_PITCH_EXT), 65);
    assert_int_equal(value_of(a, EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT), (EGLint)0x89abcdef);
    assert_int_equal(value_of(a, EGL_DMA_BUF_PLANE3_MODIFIER_HI_EXT), 0x01234567);
    assert_int_equal(gs_dmabuf_egl_attributes(&d, 0, 360, true, a), -EINVAL);
    d.n_planes = 0;
    assert_int_equal(gs_dmabuf_egl_attributes(&d, 640, 360, true, a), -EINVAL);
    d.n_planes = 5;
    assert_int_equal(gs_dmabuf_egl_attributes(&d, 640, 360, true, a), -EINVAL);
}

/* A driver that knows nothing of modifiers must not be given a tiled buffer for a linear one. */
static void test_egl_attributes_without_modifiers(void **state)
{
    struct gs_dmabuf d = {.format = DRM_FORMAT_R8, .n_planes = 1, .fd = {3}, .stride = {64}};
    EGLint a[GS_DMABUF_EGL_ATTRIBUTES];

    (void)state;
    d.modifier = I915_FORMAT_MOD_Y_TILED;
    assert_int_equal(gs_dmabuf_egl_attributes(&d, 64, 64, false, a), -ENOTSUP);
    d.modifier = DRM_FORMAT_MOD_LINEAR;
    assert_int_equal(gs_dmabuf_egl_attributes(&d, 64, 64, false, a), 0);
    assert_int_equal(value_of(a, EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT), -12345);
    d.modifier = DRM_FORMAT_MOD_INVALID;
    assert_int_equal(gs_dmabuf_egl_attributes(&d, 64, 64, true, a), 0);
    assert_int_equal(value_of(a, EGL_DMA_BUF_PLANE0_MODIFIER_LO_EXT), -12345);
    assert_int_equal(value_of(a, EGL_DMA_BUF_PLANE0_FD_EXT), 3);
}

static void test_list_has(void **state)
{
    (void)state;
    assert_true(gs_egl_list_has("EGL_A EGL_AB EGL_B", "EGL_AB"));
    assert_true(gs_egl_list_has("EGL_A  EGL_B", "EGL_B"));
    assert_false(gs_egl_list_has("EGL_A_x EGL_AB", "EGL_A"));
    assert_false(gs_egl_list_has("", "EGL_A"));
    assert_false(gs_egl_list_has(NULL, "EGL_A"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_separate_layers),
        cmocka_unit_test(test_compressed_layers),
        cmocka_unit_test(test_one_layer),
        cmocka_unit_test(test_bad_layers),
        cmocka_unit_test(test_egl_attributes),
        cmocka_unit_test(test_egl_attributes_without_modifiers),
        cmocka_unit_test(test_list_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
