/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every encoder and every decoder promises, over all that were built in. The null ones, which
 * only go with each other, show no picture; everything else holds for them too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "encoder/h264.h"
#include "tests/support/codec_pairs.h"
#include "tests/support/codec_scene.h"

static void assert_keyframe(const struct gs_packet *pkt)
{
    struct gs_nal nal;
    size_t pos = 0;

    assert_true(pkt->keyframe);
    assert_true(gs_h264_next_nal(pkt->data, pkt->size, &pos, &nal));
    assert_int_equal(nal.type, GS_NAL_SPS);
    assert_true(gs_h264_next_nal(pkt->data, pkt->size, &pos, &nal));
    assert_int_equal(nal.type, GS_NAL_PPS);
    while (gs_h264_next_nal(pkt->data, pkt->size, &pos, &nal))
        assert_true(nal.type == GS_NAL_IDR || nal.type == GS_NAL_SEI);
}

static void assert_not_keyframe(const struct gs_packet *pkt)
{
    struct gs_nal nal;
    size_t pos = 0, slices = 0;

    assert_false(pkt->keyframe);
    while (gs_h264_next_nal(pkt->data, pkt->size, &pos, &nal)) {
        assert_true(nal.type == GS_NAL_SLICE || nal.type == GS_NAL_SEI);
        slices += nal.type == GS_NAL_SLICE;
    }
    assert_true(slices > 0);
}

static void assert_sps(const struct gs_packet *pkt, const struct gs_encoder_params *p, bool null)
{
    struct gs_h264_sps sps;
    struct gs_nal nal;
    size_t pos = 0;

    assert_true(gs_h264_next_nal(pkt->data, pkt->size, &pos, &nal));
    assert_int_equal(gs_h264_parse_sps(nal.data, nal.size, &sps), 0);
    if (!null) {
        assert_int_equal(sps.width, p->width);
        assert_int_equal(sps.height, p->height);
    }
    assert_true(sps.has_bitstream_restriction);
    assert_int_equal(sps.max_num_reorder_frames, 0);
    /* Pictures that are kept to be referred to delay nothing; missing ones must be foreseen. */
    assert_in_range(sps.max_dec_frame_buffering, 1, 4);
    assert_true(sps.max_dec_frame_buffering == 1 || sps.gaps_allowed);
    assert_true(sps.has_colour);
    assert_int_equal(sps.primaries, 1);
    assert_int_equal(sps.transfer, 1);
    assert_int_equal(sps.matrix, 1);
    assert_false(sps.full_range);
    assert_int_equal(sps.chroma_loc_top, 0);
}

/* The picture came at once, is that of this frame, and looks like it. */
static void assert_picture(struct gs_picture *pic, uint32_t id, const struct gs_nv12 *src,
                           bool null)
{
    assert_int_equal(pic->info.frame_id, id);
    assert_int_equal(pic->info.input_id, 1000 + id);
    assert_int_equal(pic->info.bytes, 7);
    assert_true(pic->info.decoded >= pic->info.decode_start && pic->info.decode_start);
    if (null)
        return;
    assert_int_equal(pic->width, src->width);
    assert_int_equal(pic->height, src->height);
    assert_int_equal(gs_picture_map(pic), 0);
    assert_true(scene_psnr(src->y, src->y_stride, pic->pixels.data[0],
                           (uint32_t)pic->pixels.stride[0], src->width, src->height) > 32);
}

static void round_trip(const struct codec_pair *pair, uint32_t width, uint32_t height)
{
    struct gs_encoder_params p = {.width = width, .height = height, .fps = 60};
    struct gs_encoder *enc = codec_create_encoder(pair->enc->name, p);
    struct gs_decoder *dec = codec_create_decoder(pair->dec->name);
    struct gs_nv12 src;

    assert_int_equal(gs_nv12_alloc(width, height, &src), 0);
    for (uint32_t i = 0; i < 5; i++) {
        struct gs_picture *pic = NULL;
        struct gs_packet pkt;

        scene_draw(SCENE_3D, i, &src);
        assert_int_equal(
            gs_encoder_encode(enc, &src, &(struct gs_encode_options){.idr = i == 3}, &pkt), 0);
        if (i == 0 || i == 3) {
            assert_keyframe(&pkt);
            assert_sps(&pkt, &p, pair->null);
        } else {
            assert_not_keyframe(&pkt);
        }
        assert_int_equal(codec_decode(dec, &pkt, i, false, &pic), 0);
        assert_picture(pic, i, &src, pair->null);
        gs_picture_unref(pic);
    }
    gs_nv12_free(&src);
    gs_decoder_destroy(dec);
    gs_encoder_destroy(enc);
}

static void test_round_trip_sizes(void **state)
{
    static const uint32_t sizes[][2] = {{64, 64},    {66, 130},   {640, 480},
                                        {1280, 720}, {1366, 768}, {1920, 1080}};
    struct codec_pair pair;
    size_t at = 0;

    (void)state;
    while (codec_next_pair(&at, &pair)) {
        for (size_t i = 0; i < GS_ARRAY_SIZE(sizes); i++)
            round_trip(&pair, sizes[i][0], sizes[i][1]);
    }
}

static void test_round_trip_settings(void **state)
{
    static const struct gs_encoder_params settings[] = {
        {.threads = 1, .effort = 0, .quality = 18, .fps = 30},
        {.threads = 1, .effort = 2, .quality = 28, .fps = 144, .max_kbps = 8000},
        {.threads = 4, .effort = 1, .fps = 1, .max_kbps = GS_ENCODER_MAX_KBPS},
    };
    struct gs_nv12 src;
    struct codec_pair pair;
    size_t at = 0;

    (void)state;
    assert_int_equal(gs_nv12_alloc(320, 240, &src), 0);
    scene_draw(SCENE_3D, 0, &src);
    while (codec_next_pair(&at, &pair)) {
        for (size_t i = 0; i < GS_ARRAY_SIZE(settings); i++) {
            struct gs_encoder_params p = settings[i];
            struct gs_decoder *dec = codec_create_decoder(pair.dec->name);
            struct gs_encoder *enc;

            p.width = 320;
            p.height = 240;
            enc = codec_create_encoder(pair.enc->name, p);
            for (uint32_t frame = 0; frame < 3; frame++) {
                struct gs_picture *pic = NULL;
                struct gs_packet pkt;

                assert_int_equal(gs_encoder_encode(enc, &src, NULL, &pkt), 0);
                assert_int_equal(codec_decode(dec, &pkt, frame, false, &pic), 0);
                gs_picture_unref(pic);
            }
            gs_decoder_destroy(dec);
            gs_encoder_destroy(enc);
        }
    }
    gs_nv12_free(&src);
}

/* Those whose every change of rate costs an IDR: see rate_gate.h. */
static bool rate_costs_idr(const struct gs_encoder *enc)
{
    return strcmp(enc->impl->name, "nvenc") == 0 || strcmp(enc->impl->name, "vaapi") == 0;
}

/* Returns the bytes without those of IDRs, of which there are at most `idrs`. */
static size_t encode_some(struct gs_encoder *enc, struct gs_nv12 *src, uint32_t *frame,
                          uint32_t count, unsigned idrs)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct gs_packet pkt;

        scene_draw(SCENE_3D, ++*frame, src);
        assert_int_equal(gs_encoder_encode(enc, src, NULL, &pkt), 0);
        if (idrs && pkt.keyframe) {
            assert_keyframe(&pkt);
            idrs--;
            continue;
        }
        assert_not_keyframe(&pkt);
        bytes += pkt.size;
    }
    return bytes;
}

/* An encoder may take its time to go up; that it does is all that counts. */
static void wait_until_larger(struct gs_encoder *enc, struct gs_nv12 *src, uint32_t *frame,
                              size_t bytes)
{
    unsigned idrs = rate_costs_idr(enc);
    uint64_t deadline = gs_now_ns() + 20 * GS_NS_PER_S;

    encode_some(enc, src, frame, 10, idrs);
    while (encode_some(enc, src, frame, 20, idrs) <= bytes)
        assert_true(rate_costs_idr(enc) && gs_now_ns() < deadline);
}

/* From every limit to every other, none included: the sizes follow, without an IDR where the
 * encoder can, with one else. */
static void test_set_rate_live(void **state)
{
    struct gs_encoder_params p = {.width = 640, .height = 360, .fps = 60};
    struct gs_nv12 src;
    struct codec_pair pair;
    size_t at = 0;

    (void)state;
    assert_int_equal(gs_nv12_alloc(p.width, p.height, &src), 0);
    while (codec_next_pair(&at, &pair)) {
        struct gs_encoder *enc = codec_create_encoder(pair.enc->name, p);
        struct gs_packet pkt;
        uint32_t frame = 0;
        size_t low, free_size;

        assert_int_equal(gs_encoder_encode(enc, &src, NULL, &pkt), 0);
        free_size = encode_some(enc, &src, &frame, 20, 0);
        if (gs_encoder_set_rate(enc, 500) != -ENOTSUP) {
            assert_int_equal(enc->params.max_kbps, 500);
            encode_some(enc, &src, &frame, 10, rate_costs_idr(enc));
            low = encode_some(enc, &src, &frame, 20, 0);
            assert_true(low < free_size / 2);
            assert_true(low < 2 * 20 * 500 * 125 / 60);
            assert_int_equal(gs_encoder_set_rate(enc, 0), 0);
            wait_until_larger(enc, &src, &frame, 2 * low);
        }
        assert_int_equal(gs_encoder_set_rate(enc, GS_ENCODER_MAX_KBPS + 1), -EINVAL);
        gs_encoder_destroy(enc);
    }
    gs_nv12_free(&src);
}

static void test_gop_is_infinite(void **state)
{
    struct gs_encoder_params p = {.width = 64, .height = 64, .fps = 60};
    struct gs_nv12 pictures[2];
    struct codec_pair pair;
    size_t at = 0;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(gs_nv12_alloc(64, 64, &pictures[i]), 0);
        scene_draw((enum scene_kind)i, 0, &pictures[i]);
    }
    while (codec_next_pair(&at, &pair)) {
        struct gs_encoder *enc = codec_create_encoder(pair.enc->name, p);
        struct gs_packet pkt;

        assert_int_equal(gs_encoder_encode(enc, &pictures[0], NULL, &pkt), 0);
        for (int i = 0; i < 700; i++) {
            assert_int_equal(gs_encoder_encode(enc, &pictures[i / 10 % 2], NULL, &pkt), 0);
            assert_not_keyframe(&pkt);
        }
        gs_encoder_destroy(enc);
    }
    for (int i = 0; i < 2; i++)
        gs_nv12_free(&pictures[i]);
}

static void test_create_ladder(void **state)
{
    struct gs_encoder_params p = {.width = 64, .height = 64, .fps = 60};
    struct gs_encoder *enc = NULL;
    struct gs_decoder *dec = NULL;

    (void)state;
    assert_int_equal(gs_encoder_create("no such", &p, &enc), -ENOENT);
    assert_int_equal(gs_decoder_create("no such", &dec), -ENOENT);
    assert_int_equal(gs_encoder_create("", &p, &enc), 0);
    assert_string_not_equal(enc->impl->name, "null");
    assert_non_null(strstr(enc->why, enc->impl->name));
    assert_int_equal(gs_decoder_create("", &dec), 0);
    assert_string_not_equal(gs_decoder_name(dec), "null");
    gs_encoder_destroy(enc);
    gs_decoder_destroy(dec);
    gs_encoder_destroy(NULL);
    gs_decoder_destroy(NULL);
}

/* The host may change the size by taking another encoder; the decoder stays. */
static void test_decode_size_change(void **state)
{
    static const uint32_t sizes[][2] = {{320, 240}, {640, 400}, {128, 64}};
    struct codec_pair pair;
    size_t at = 0;

    (void)state;
    while (codec_next_pair(&at, &pair)) {
        struct gs_decoder *dec = codec_create_decoder(pair.dec->name);

        for (uint32_t i = 0; i < 3 * GS_ARRAY_SIZE(sizes); i++) {
            struct gs_encoder_params p = {
                .width = sizes[i % 3][0], .height = sizes[i % 3][1], .fps = 60};
            struct gs_encoder *enc = codec_create_encoder(pair.enc->name, p);

            for (uint32_t n = 0; n < 2; n++) {
                struct gs_picture *pic = NULL;
                struct gs_packet pkt;

                codec_next_packet(enc, n, false, &pkt);
                assert_int_equal(codec_decode(dec, &pkt, 2 * i + n, false, &pic), 0);
                assert_true(pair.null || pic->width == p.width);
                gs_picture_unref(pic);
            }
            gs_encoder_destroy(enc);
        }
        gs_decoder_destroy(dec);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_sizes), cmocka_unit_test(test_round_trip_settings),
        cmocka_unit_test(test_set_rate_live),    cmocka_unit_test(test_gop_is_infinite),
        cmocka_unit_test(test_create_ladder),    cmocka_unit_test(test_decode_size_change),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
