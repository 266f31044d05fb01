/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all encoders over libavcodec share: context, frame, packet, headers, errors. A back end's
 * own file holds only its device, its pixel format and its options. Thread: the encoder's. */
#pragma once

#include <libavcodec/avcodec.h>
#include <stdint.h>

#include "common/macros.h"
#include "encoder/encoder.h"
#include "encoder/headers.h"

struct gs_lavc {
    AVCodecContext *ctx;
    AVPacket *packet; /* the last one given out */
    struct gs_headers headers;
    int64_t pts; /* counts pictures */
};

/* Sets what is the codec's own, in lavc->ctx and in options; an option that the codec does not know
 * is an error. */
typedef void (*gs_lavc_set_fn)(void *enc, AVDictionary **options);

/* Opens a codec for pictures of a pool on a GPU (referenced): size, time base, colour and low delay
 * are set, then enc sets its own. lavc is zeroed before, and again after an error, which comes
 * after gs_encoder_refuse where more is known. */
int gs_lavc_open(struct gs_lavc *lavc, const char *codec, const struct gs_encoder_params *p,
                 AVBufferRef *frames, gs_lavc_set_fn set, void *enc) GS_MUST_CHECK;
/* As gs_encoder_impl.encode, with a frame of the pool. */
int gs_lavc_encode_frame(struct gs_lavc *lavc, AVFrame *frame,
                         const struct gs_encode_options *options,
                         struct gs_packet *ret) GS_MUST_CHECK;
/* Zeroed again, ready for another init. */
void gs_lavc_finish(struct gs_lavc *lavc);

/* A pool of NV12 pictures of the encoder's size on a device, and one picture of it. Both are the
 * caller's, also after an error. */
int gs_lavc_make_surface(AVBufferRef *device, enum AVPixelFormat format,
                         const struct gs_encoder_params *p, AVBufferRef **ret_frames,
                         AVFrame **ret_surface) GS_MUST_CHECK;
/* Copies a picture in memory to one on a GPU. */
int gs_lavc_upload(AVFrame *surface, const struct gs_nv12 *pic) GS_MUST_CHECK;
/* The rate buffer, in bits, for a limit: 50 ms or 1.5 pictures, whichever is more. */
int gs_lavc_rate_buffer(uint32_t max_kbps, uint32_t fps);
