/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/codec_pairs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "tests/support/codec_scene.h"

#define PADDING 64

static bool opens(const struct gs_decoder_impl *impl)
{
    char why[GS_DECODER_WHY];
    struct gs_codec *codec;

    if (impl->open(&codec, why, sizeof(why)) != 0)
        return false;
    codec->impl->close(codec);
    return true;
}

bool codec_next_pair(size_t *at, struct codec_pair *ret)
{
    size_t decoders = 0;
    char why[GS_DECODER_WHY];

    while (gs_decoder_impls[decoders])
        decoders++;
    for (; gs_encoder_impls[*at / decoders]; ++*at) {
        const struct gs_encoder_impl *enc = gs_encoder_impls[*at / decoders];
        const struct gs_decoder_impl *dec = gs_decoder_impls[*at % decoders];
        bool null = strcmp(enc->name, "null") == 0;

        if (null != (strcmp(dec->name, "null") == 0) ||
            (enc->probe && enc->probe(why, sizeof(why)) < 0) || !opens(dec))
            continue;
        *ret = (struct codec_pair){enc, dec, null};
        ++*at;
        return true;
    }
    return false;
}

struct gs_encoder *codec_create_encoder(const char *name, struct gs_encoder_params p)
{
    struct gs_encoder *enc = NULL;

    assert_int_equal(gs_encoder_create(name, &p, &enc), 0);
    assert_string_equal(enc->impl->name, name);
    assert_true(enc->why[0]);
    return enc;
}

struct gs_decoder *codec_create_decoder(const char *name)
{
    struct gs_decoder *dec = NULL;

    assert_int_equal(gs_decoder_create(name, &dec), 0);
    return dec;
}

void codec_next_packet(struct gs_encoder *enc, uint32_t frame, bool idr, struct gs_packet *pkt)
{
    struct gs_nv12 src;

    assert_int_equal(gs_nv12_alloc(enc->params.width, enc->params.height, &src), 0);
    scene_draw(SCENE_3D, frame, &src);
    assert_int_equal(gs_encoder_encode(enc, &src, &(struct gs_encode_options){.idr = idr}, pkt), 0);
    gs_nv12_free(&src);
}

int codec_decode(struct gs_decoder *dec, const struct gs_packet *pkt, uint32_t id,
                 bool discontinuity, struct gs_picture **ret)
{
    g_autofree uint8_t *data = g_malloc0(pkt->size + PADDING);
    struct gs_access_unit au = {.data = data,
                                .size = pkt->size,
                                .keyframe = pkt->keyframe,
                                .discontinuity = discontinuity,
                                .info = {.frame_id = id, .input_id = 1000 + id, .bytes = 7}};

    memcpy(data, pkt->data, pkt->size);
    return gs_decoder_decode(dec, &au, ret);
}
