/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the decoders of libavcodec share. Thread: that of the decoder. */
#pragma once

#include <libavcodec/avcodec.h>

#include "client/decode.h"

struct gs_libav_codec {
    struct gs_codec base;
    AVCodecContext *ctx;
    AVPacket *packet; /* describes the caller's access unit; owns no data */
};

/* Both: 0, -errno with the reason in why. Between them the caller sets what is its own in ctx. */
int gs_libav_codec_init(struct gs_libav_codec *codec, const struct gs_decoder_impl *impl, char *why,
                        size_t why_size) GS_MUST_CHECK;
int gs_libav_codec_open(struct gs_libav_codec *codec, char *why, size_t why_size) GS_MUST_CHECK;
/* Takes half-built ones; does not free codec itself. */
void gs_libav_codec_finish(struct gs_libav_codec *codec);
/* The frame of this access unit, for av_frame_free; errors as gs_decoder_impl.decode's. The codec
 * is flushed after one. */
int gs_libav_codec_decode(struct gs_libav_codec *codec, const struct gs_access_unit *au,
                          AVFrame **ret, char *why, size_t why_size) GS_MUST_CHECK;
/* Takes a frame in memory. NULL: it is not 8 bit 4:2:0 of a sane size. */
struct gs_picture *gs_libav_picture(AVFrame *frame, const struct gs_picture_info *info);
/* The planes of a frame in memory: false for other formats. */
bool gs_libav_pixels(const AVFrame *frame, struct gs_picture_pixels *ret);

extern const struct gs_decoder_impl gs_libav_vaapi, gs_libav_software;
