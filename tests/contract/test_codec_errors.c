/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every encoder and every decoder does with what it cannot use: it says so, and goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "tests/support/codec_pairs.h"

static void test_create_bad_params(void **state)
{
    static const struct gs_encoder_params bad[] = {
        {.width = 0, .height = 64, .fps = 60},
        {.width = 62, .height = 64, .fps = 60},
        {.width = 65, .height = 64, .fps = 60},
        {.width = 64, .height = 8194, .fps = 60},
        {.width = 64, .height = 64, .fps = 0},
        {.width = 64, .height = 64, .fps = 60, .quality = 52},
        {.width = 64, .height = 64, .fps = 60, .threads = 1000},
        {.width = 64, .height = 64, .fps = 60, .effort = 3},
        {.width = 64, .height = 64, .fps = 60, .max_kbps = UINT32_MAX},
    };
    struct gs_encoder *enc = NULL;

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(bad); i++) {
        assert_int_equal(gs_encoder_create(NULL, &bad[i], &enc), -EINVAL);
        assert_int_equal(gs_encoder_create("null", &bad[i], &enc), -EINVAL);
    }
    assert_null(enc);
}

static void test_encode_other_size(void **state)
{
    struct gs_encoder_params p = {.width = 64, .height = 64, .fps = 60};
    struct gs_packet pkt;
    struct gs_nv12 src;
    struct codec_pair pair;
    size_t at = 0;

    (void)state;
    assert_int_equal(gs_nv12_alloc(64, 66, &src), 0);
    while (codec_next_pair(&at, &pair)) {
        struct gs_encoder *enc = codec_create_encoder(pair.enc->name, p);

        assert_int_equal(gs_encoder_encode(enc, &src, NULL, &pkt), -EINVAL);
        gs_encoder_destroy(enc);
    }
    gs_nv12_free(&src);
}

static void assert_recovers(struct gs_encoder *enc, struct gs_decoder *dec)
{
    struct gs_picture *pic = NULL;
    struct gs_packet pkt;

    codec_next_packet(enc, 1, false, &pkt);
    assert_int_equal(codec_decode(dec, &pkt, 1, false, &pic), -EBADMSG);
    codec_next_packet(enc, 2, true, &pkt);
    assert_int_equal(codec_decode(dec, &pkt, 2, true, &pic), 0);
    gs_picture_unref(pic);
    codec_next_packet(enc, 3, false, &pkt);
    assert_int_equal(codec_decode(dec, &pkt, 3, false, &pic), 0);
    gs_picture_unref(pic);
}

static void test_decode_waits_for_keyframe(void **state)
{
    struct gs_encoder_params p = {.width = 320, .height = 240, .fps = 60};
    struct codec_pair pair;
    size_t at = 0;

    (void)state;
    while (codec_next_pair(&at, &pair)) {
        struct gs_encoder *enc = codec_create_encoder(pair.enc->name, p);
        struct gs_decoder *dec = codec_create_decoder(pair.dec->name);
        struct gs_picture *pic = NULL;
        struct gs_packet pkt;

        codec_next_packet(enc, 0, false, &pkt);
        assert_recovers(enc, dec);
        codec_next_packet(enc, 4, false, &pkt);
        codec_next_packet(enc, 5, false, &pkt);
        assert_int_equal(codec_decode(dec, &pkt, 5, true, &pic), -EBADMSG);
        assert_recovers(enc, dec);
        gs_decoder_destroy(dec);
        gs_encoder_destroy(enc);
    }
}

static void test_decode_garbage(void **state)
{
    struct gs_encoder_params p = {.width = 320, .height = 240, .fps = 60};
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);
    uint8_t noise[2000];
    struct codec_pair pair;
    size_t at = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (uint8_t)g_rand_int(rand);
    memcpy(noise, (uint8_t[]){0, 0, 0, 1, 0x65}, 5);
    while (codec_next_pair(&at, &pair)) {
        struct gs_encoder *enc = codec_create_encoder(pair.enc->name, p);
        struct gs_decoder *dec = codec_create_decoder(pair.dec->name);
        struct gs_picture *pic = NULL;
        struct gs_packet pkt;

        codec_next_packet(enc, 0, false, &pkt);
        for (int round = 0; round < 3 && !pair.null; round++) {
            pkt = (struct gs_packet){noise, round ? sizeof(noise) >> round : 0, true, 0};
            assert_int_equal(codec_decode(dec, &pkt, 9, false, &pic), -EBADMSG);
            assert_null(pic);
            assert_recovers(enc, dec);
            pic = NULL;
        }
        gs_decoder_destroy(dec);
        gs_encoder_destroy(enc);
    }
}

/* Broken bits need not be noticed, but they crash nothing, and an IDR mends everything. */
static void test_decode_broken_bits(void **state)
{
    struct gs_encoder_params p = {.width = 320, .height = 240, .fps = 60};
    g_autoptr(GRand) rand = g_rand_new_with_seed(2);
    struct codec_pair pair;
    size_t at = 0;

    (void)state;
    while (codec_next_pair(&at, &pair)) {
        struct gs_encoder *enc = codec_create_encoder(pair.enc->name, p);
        struct gs_decoder *dec = codec_create_decoder(pair.dec->name);

        for (uint32_t i = 0; i < 200; i++) {
            g_autofree uint8_t *data = NULL;
            struct gs_picture *pic = NULL;
            struct gs_packet pkt;
            int err;

            codec_next_packet(enc, i % 4, i % 4 == 0, &pkt);
            data = g_memdup2(pkt.data, pkt.size);
            for (int n = 0; n < 5 && i % 4; n++)
                data[g_rand_int_range(rand, 5, (gint32)pkt.size)] ^= (uint8_t)g_rand_int(rand);
            pkt.data = data;
            err = codec_decode(dec, &pkt, i, false, &pic);
            assert_true(err == 0 || (i % 4 && (err == -EBADMSG || err == -EPROTO)));
            assert_true(!err == !!pic);
            gs_picture_unref(pic);
        }
        gs_decoder_destroy(dec);
        gs_encoder_destroy(enc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create_bad_params),         cmocka_unit_test(test_encode_other_size),
        cmocka_unit_test(test_decode_waits_for_keyframe), cmocka_unit_test(test_decode_garbage),
        cmocka_unit_test(test_decode_broken_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
