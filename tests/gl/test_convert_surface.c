/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scene → converter → the encoder's own surface → packet → picture, without a copy in memory where
 * both sides can, and through memory where one of them cannot. On mock devices and llvmpipe: the
 * whole way of the textures to NVENC, and the refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <drm_fourcc.h>
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "session/convert.h"
#include "session/egl.h"
#include "tests/support/codec_pairs.h"
#include "tests/support/codec_scene.h"
#include "tests/support/colour_reference.h"
#include "tests/support/test_scene.h"

#define WIDTH 320
#define HEIGHT 240

static struct gs_egl *egl;
static const char *encoder_name; /* "nvenc" or "vaapi": what the mocks offer */

struct way {
    struct test_scene s;
    struct gs_converter *conv;
    struct gs_encoder *enc;
    struct gs_decoder *dec;
    struct gs_nv12 pic, expected;
    uint32_t frame;
};

static void way_init(struct way *w)
{
    struct gs_encoder_params p = {.width = WIDTH, .height = HEIGHT, .fps = 60, .quality = 18};

    *w = (struct way){0};
    test_scene_init(&w->s, WIDTH, HEIGHT, 7);
    w->enc = codec_create_encoder(encoder_name, p);
    w->dec = codec_create_decoder("software");
    assert_int_equal(gs_converter_create("gl", egl, WIDTH, HEIGHT, &w->conv), 0);
    assert_int_equal(gs_nv12_alloc(WIDTH, HEIGHT, &w->pic), 0);
    assert_int_equal(gs_nv12_alloc(WIDTH, HEIGHT, &w->expected), 0);
}

/* The order of gs_parts_finish: the converter first. */
static void way_finish(struct way *w)
{
    gs_converter_destroy(w->conv);
    gs_encoder_destroy(w->enc);
    gs_decoder_destroy(w->dec);
    gs_nv12_free(&w->pic);
    gs_nv12_free(&w->expected);
    test_scene_finish(&w->s);
}

static double chroma_psnr(const struct way *w, const struct gs_picture *got)
{
    g_autofree uint8_t *cb = g_malloc(WIDTH / 2 * HEIGHT / 2);

    for (unsigned i = 0; i < WIDTH / 2 * HEIGHT / 2; i++)
        cb[i] = w->expected.uv[i / (WIDTH / 2) * w->expected.uv_stride + i % (WIDTH / 2) * 2];
    return scene_psnr(cb, WIDTH / 2, got->pixels.data[1], (uint32_t)got->pixels.stride[1],
                      WIDTH / 2, HEIGHT / 2);
}

/* One picture all the way: it looks like the scene. */
static void send_one(struct way *w)
{
    struct gs_nv12 *pic = w->conv->surface_of ? NULL : &w->pic;
    struct gs_picture *got = NULL;
    struct gs_packet pkt;

    assert_int_equal(gs_converter_convert(w->conv, &w->s.scene, pic), 0);
    gs_reference_convert(&w->s.scene, &w->expected);
    test_scene_forget_damage(&w->s);
    assert_int_equal(gs_encoder_encode(w->enc, pic, NULL, &pkt), 0);
    assert_int_equal(pkt.keyframe, w->frame == 0);
    assert_int_equal(codec_decode(w->dec, &pkt, w->frame++, false, &got), 0);
    assert_true(scene_psnr(w->expected.y, w->expected.y_stride, got->pixels.data[0],
                           (uint32_t)got->pixels.stride[0], WIDTH, HEIGHT) > 34);
    assert_true(chroma_psnr(w, got) > 34);
    gs_picture_unref(got);
}

/* A whole picture, and then damage only: what was not drawn anew is still there. */
static void send_some(struct way *w)
{
    test_scene_add(&w->s, DRM_FORMAT_XRGB8888, WIDTH, HEIGHT, 0, 0, 0);
    test_scene_add(&w->s, DRM_FORMAT_ARGB8888, 64, 48, 21, 33, 8);
    test_scene_damage_all(&w->s);
    send_one(w);
    for (int i = 0; i < 5; i++) {
        test_scene_draw(&w->s, i % 2u);
        send_one(w);
    }
    test_scene_move(&w->s, 1, 200, 100);
    send_one(w);
    /* Nothing changed, a keyframe is wanted all the same. */
    send_one(w);
}

static bool on_nvidia(void)
{
    return strcmp(encoder_name, "nvenc") == 0;
}

static void test_textures(void **state GS_UNUSED)
{
    struct way w;

    if (!on_nvidia())
        skip();
    way_init(&w);
    assert_int_equal(gs_converter_attach(w.conv, w.enc), 0);
    assert_ptr_equal(w.conv->surface_of, w.enc);
    send_some(&w);
    way_finish(&w);
}

/* Another encoder for the same converter type, after the first: nothing stays registered. */
static void test_textures_again(void **state GS_UNUSED)
{
    if (!on_nvidia())
        skip();
    for (int i = 0; i < 3; i++) {
        struct way w;

        way_init(&w);
        assert_int_equal(gs_converter_attach(w.conv, w.enc), 0);
        assert_int_equal(gs_converter_convert(w.conv, &w.s.scene, &w.pic), -EINVAL);
        send_some(&w);
        way_finish(&w);
    }
}

static void assert_falls_back(void)
{
    struct way w;

    way_init(&w);
    assert_true(gs_converter_attach(w.conv, w.enc) < 0);
    assert_null(w.conv->surface_of);
    send_some(&w);
    way_finish(&w);
}

static void test_textures_refused(void **state GS_UNUSED)
{
    if (!on_nvidia())
        skip();
    g_setenv("GS_MOCK_NVIDIA", "nogl", TRUE);
    assert_falls_back();
    g_unsetenv("GS_MOCK_NVIDIA");
}

/* A renderer in software imports no buffers, and is not asked to. */
static void test_dmabuf_refused(void **state GS_UNUSED)
{
    if (on_nvidia() || egl->dmabuf_import)
        skip();
    assert_falls_back();
    g_setenv("GS_MOCK_VA", "noexport", TRUE);
    assert_falls_back();
    g_unsetenv("GS_MOCK_VA");
}

/* cpu draws into no surface. */
static void test_cpu_converter(void **state GS_UNUSED)
{
    struct way w;

    way_init(&w);
    gs_converter_destroy(w.conv);
    assert_int_equal(gs_converter_create("cpu", NULL, WIDTH, HEIGHT, &w.conv), 0);
    assert_int_equal(gs_converter_attach(w.conv, w.enc), -ENOTSUP);
    send_some(&w);
    way_finish(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_textures),         cmocka_unit_test(test_textures_again),
        cmocka_unit_test(test_textures_refused), cmocka_unit_test(test_dmabuf_refused),
        cmocka_unit_test(test_cpu_converter),
    };
    int failed;

    if (gs_egl_create(NULL, &egl) < 0) {
        printf("skipped: no EGL display\n");
        return 77;
    }
    encoder_name = g_getenv("GPUSHARE_RENDER_NODE") ? "vaapi" : "nvenc";
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    gs_egl_destroy(egl);
    return failed;
}
