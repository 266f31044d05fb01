/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The encoders and decoders that go together, and one way to drive them. For cmocka tests: what
 * should not fail is asserted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/decode.h"
#include "encoder/encoder.h"

struct codec_pair {
    const struct gs_encoder_impl *enc;
    const struct gs_decoder_impl *dec;
    bool null; /* both are: no picture to look at */
};

/* Walks the pairs that go together; *at starts at 0. Skips what this machine lacks. */
bool codec_next_pair(size_t *at, struct codec_pair *ret);
struct gs_encoder *codec_create_encoder(const char *name, struct gs_encoder_params p);
struct gs_decoder *codec_create_decoder(const char *name);
/* Fills pkt with one encoded picture, which lasts until the next. */
void codec_next_packet(struct gs_encoder *enc, uint32_t frame, bool idr, struct gs_packet *pkt);
/* Decodes pkt as frame id, with input_id 1000 + id and 7 bytes; returns what the decoder does. */
int codec_decode(struct gs_decoder *dec, const struct gs_packet *pkt, uint32_t id,
                 bool discontinuity, struct gs_picture **ret);
