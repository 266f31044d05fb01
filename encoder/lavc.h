/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all encoders over libavcodec share: context, frame, packet, errors. A back end's own file
 * holds only its device, its pixel format and its options. Thread: the encoder's. */
#pragma once

#include <libavcodec/avcodec.h>
#include <stdint.h>

#include "common/macros.h"
#include "encoder/encoder.h"

struct gs_lavc {
    AVCodecContext *ctx;
    AVFrame *frame;   /* describes the caller's picture; owns no pixels */
    AVPacket *packet; /* the last one given out */
    int64_t pts;      /* counts pictures */
};

/* Whether libavcodec has an encoder of this name; see gs_encoder_impl.probe. */
int gs_lavc_probe(const char *codec, char *why, size_t why_size);
/* Everything up to the options: size, time base, colour, low delay. The caller sets its own in
 * lavc->ctx and then opens. lavc is zeroed before; gs_lavc_finish takes half-built ones. */
int gs_lavc_init(struct gs_lavc *lavc, const char *codec,
                 const struct gs_encoder_params *p) GS_MUST_CHECK;
/* options: of the codec, consumed; one it does not know is an error. */
int gs_lavc_open(struct gs_lavc *lavc, AVDictionary **options) GS_MUST_CHECK;
/* As gs_encoder_impl.encode. The pixels are read in place. */
int gs_lavc_encode(struct gs_lavc *lavc, const struct gs_nv12 *pic,
                   const struct gs_encode_options *options, struct gs_packet *ret) GS_MUST_CHECK;
void gs_lavc_finish(struct gs_lavc *lavc);
