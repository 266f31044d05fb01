/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The surfaces of encoders: as dmabufs they are what they say, and what is drawn there is encoded.
 * On the mock of libva, whose dmabufs can be mapped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <drm_fourcc.h>
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/support/codec_pairs.h"
#include "tests/support/codec_scene.h"
#include "tests/support/mock/mock_va.h"

#define WIDTH 320
#define HEIGHT 180

static const struct gs_encoder_params params = {
    .width = WIDTH, .height = HEIGHT, .fps = 60, .quality = 18};

/* A surface's memory as a picture, to draw with the processor. */
static void map_surface(const struct gs_encoder_surface *s, struct gs_nv12 *ret, void **ret_map,
                        size_t *ret_size)
{
    *ret_size = s->chroma.offset[0] + (size_t)s->chroma.stride[0] * HEIGHT / 2;
    *ret_map = mmap(NULL, *ret_size, PROT_READ | PROT_WRITE, MAP_SHARED, s->luma.fd[0], 0);
    assert_ptr_not_equal(*ret_map, MAP_FAILED);
    *ret = (struct gs_nv12){
        .y = (uint8_t *)*ret_map + s->luma.offset[0],
        .uv = (uint8_t *)*ret_map + s->chroma.offset[0],
        .y_stride = s->luma.stride[0],
        .uv_stride = s->chroma.stride[0],
        .width = WIDTH,
        .height = HEIGHT,
    };
}

static void assert_shows(struct gs_decoder *dec, const struct gs_packet *pkt, uint32_t id,
                         const struct gs_nv12 *pic)
{
    struct gs_picture *got = NULL;

    assert_int_equal(codec_decode(dec, pkt, id, false, &got), 0);
    assert_true(scene_psnr(pic->y, pic->y_stride, got->pixels.data[0],
                           (uint32_t)got->pixels.stride[0], WIDTH, HEIGHT) > 32);
    gs_picture_unref(got);
}

static void test_dmabuf(void **state)
{
    struct gs_encoder *enc = codec_create_encoder("vaapi", params);
    struct gs_decoder *dec = codec_create_decoder("software");
    struct gs_encoder_surface surface, again;
    struct gs_nv12 pic;
    size_t size;
    void *map;

    (void)state;
    assert_int_equal(gs_encoder_surface(enc, &surface), 0);
    assert_int_equal(surface.kind, GS_SURFACE_DMABUF);
    assert_int_equal(surface.luma.format, DRM_FORMAT_R8);
    assert_int_equal(surface.chroma.format, DRM_FORMAT_GR88);
    assert_true(surface.luma.modifier == MOCK_VA_MODIFIER);
    assert_true(surface.chroma.modifier == MOCK_VA_MODIFIER);
    assert_int_equal(surface.luma.n_planes, 1);
    assert_int_not_equal(surface.luma.buffer_id, surface.chroma.buffer_id);
    assert_int_equal(gs_encoder_surface(enc, &again), 0);
    assert_memory_equal(&surface, &again, sizeof(surface));
    map_surface(&surface, &pic, &map, &size);
    for (uint32_t i = 0; i < 6; i++) {
        struct gs_packet pkt;

        /* A new limit opens the encoder anew: the surface stays. */
        if (i == 3)
            assert_int_equal(gs_encoder_set_rate(enc, 50000), 0);
        scene_draw(SCENE_3D, i, &pic);
        assert_int_equal(gs_encoder_encode(enc, NULL, NULL, &pkt), 0);
        assert_int_equal(pkt.keyframe, i == 0 || i == 3);
        assert_shows(dec, &pkt, i, &pic);
    }
    munmap(map, size);
    gs_decoder_destroy(dec);
    gs_encoder_destroy(enc);
}

static void test_try_surface(void **state)
{
    struct gs_encoder *enc = codec_create_encoder("vaapi", params), *x264;
    struct gs_encoder_surface surface;
    struct gs_packet pkt;

    (void)state;
    assert_int_equal(gs_encoder_surface(enc, &surface), 0);
    assert_int_equal(gs_encoder_try_surface(enc), 0);
    assert_int_equal(gs_encoder_encode(enc, NULL, NULL, &pkt), 0);
    assert_true(pkt.keyframe);
    assert_int_equal(gs_encoder_load_textures(enc, 1, 2), -ENOTSUP);
    gs_encoder_destroy(enc);
    x264 = codec_create_encoder("x264", params);
    assert_int_equal(gs_encoder_surface(x264, &surface), -ENOTSUP);
    assert_int_equal(gs_encoder_try_surface(x264), -ENOTSUP);
    assert_int_equal(gs_encoder_encode(x264, NULL, NULL, &pkt), -EINVAL);
    gs_encoder_destroy(x264);
}

/* A driver that exports nothing still encodes from memory. */
static void test_no_export(void **state)
{
    struct gs_encoder_surface surface;
    struct gs_encoder *enc;
    struct gs_packet pkt;

    (void)state;
    g_setenv("GS_MOCK_VA", "noexport", TRUE);
    enc = codec_create_encoder("vaapi", params);
    assert_int_equal(gs_encoder_surface(enc, &surface), -ENOTSUP);
    codec_next_packet(enc, 1, false, &pkt);
    assert_true(pkt.keyframe);
    gs_encoder_destroy(enc);
    g_unsetenv("GS_MOCK_VA");
}

/* The QP's change of the region that the driver was told; 99: none. */
static int region_of(const struct gs_packet *pkt)
{
    static const uint8_t name[] = {0x67, 0x73, 0x6d, 0x6b, 0x67, 0x73, 0x6d, 0x6b};
    const uint8_t *at = memmem(pkt->data, pkt->size, name, sizeof(name));

    return at ? (int8_t)at[16] : 99;
}

/* One picture of another quality, without another IDR, where the driver takes regions. */
static void test_quality_of_one_picture(void **state)
{
    static const uint32_t qualities[] = {0, 10, 18, 30};
    static const int regions[][4] = {{99, 99, 99, 99}, {99, -8, 99, 12}};

    (void)state;
    for (int roi = 0; roi < 2; roi++) {
        struct gs_encoder *enc;
        struct gs_packet pkt;

        g_setenv("GS_MOCK_VA", roi ? "roi" : "", TRUE);
        enc = codec_create_encoder("vaapi", params);
        codec_next_packet(enc, 0, false, &pkt);
        for (size_t i = 0; i < GS_ARRAY_SIZE(qualities); i++) {
            struct gs_nv12 pic;

            assert_int_equal(gs_nv12_alloc(WIDTH, HEIGHT, &pic), 0);
            assert_int_equal(gs_encoder_encode(enc, &pic,
                                               &(struct gs_encode_options){.quality = qualities[i]},
                                               &pkt),
                             0);
            assert_false(pkt.keyframe);
            assert_int_equal(region_of(&pkt), regions[roi][i]);
            gs_nv12_free(&pic);
        }
        gs_encoder_destroy(enc);
    }
    g_unsetenv("GS_MOCK_VA");
}

/* A driver whose rate control fails when it is needed: the session goes on without a limit. */
static void test_rate_control_fails(void **state)
{
    struct gs_encoder_params limited = params;
    struct gs_encoder *enc;
    struct gs_packet pkt;

    (void)state;
    g_setenv("GS_MOCK_VA", "ratefails", TRUE);
    enc = codec_create_encoder("vaapi", params);
    codec_next_packet(enc, 0, false, &pkt);
    assert_int_equal(gs_encoder_set_rate(enc, 500), 0);
    codec_next_packet(enc, 1, false, &pkt);
    assert_true(pkt.keyframe);
    codec_next_packet(enc, 2, false, &pkt);
    assert_false(pkt.keyframe);
    assert_int_equal(gs_encoder_set_rate(enc, 400), -ENOTSUP);
    gs_encoder_destroy(enc);
    limited.max_kbps = 500;
    enc = codec_create_encoder("vaapi", limited);
    codec_next_packet(enc, 0, false, &pkt);
    gs_encoder_destroy(enc);
    g_unsetenv("GS_MOCK_VA");
}

static unsigned count_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned n = 0;

    assert_non_null(dir);
    while (g_dir_read_name(dir))
        n++;
    return n;
}

/* The descriptors that were exported are closed again. */
static void test_no_descriptor_leaks(void **state)
{
    unsigned before = 0;

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct gs_encoder *enc = codec_create_encoder("vaapi", params);
        struct gs_encoder_surface surface;

        assert_int_equal(gs_encoder_surface(enc, &surface), 0);
        gs_encoder_destroy(enc);
        if (i == 0)
            before = count_descriptors();
    }
    assert_int_equal(count_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dmabuf),
        cmocka_unit_test(test_try_surface),
        cmocka_unit_test(test_no_export),
        cmocka_unit_test(test_quality_of_one_picture),
        cmocka_unit_test(test_rate_control_fails),
        cmocka_unit_test(test_no_descriptor_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
