/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module "gpushare-session-decode", over libavcodec. */
#include "session/doctor_decode.h"

#include <libavcodec/avcodec.h>
#include <stdlib.h>
#include <string.h>

#include "common/module.h"

#define MAX_ERROR 6.0 /* mean luma difference of a picture that came back */

static double difference(const struct gs_nv12 *pic, const AVFrame *frame)
{
    uint64_t sum = 0;

    for (uint32_t y = 0; y < pic->height; y++)
        for (uint32_t x = 0; x < pic->width; x++)
            sum += (uint64_t)abs((int)pic->y[(size_t)y * pic->y_stride + x] -
                                 frame->data[0][y * (ptrdiff_t)frame->linesize[0] + x]);
    return (double)sum / ((double)pic->width * pic->height);
}

static const char *compare(void *decoder, const struct gs_packet *packet, const struct gs_nv12 *pic)
{
    AVPacket *in = av_packet_alloc();
    AVFrame *frame = av_frame_alloc();
    const char *why = NULL;

    if (!in || !frame || av_new_packet(in, (int)packet->size) < 0)
        return "there is no memory";
    memcpy(in->data, packet->data, packet->size);
    if (avcodec_send_packet(decoder, in) < 0)
        why = "a decoder refuses its stream";
    else if (avcodec_receive_frame(decoder, frame) < 0)
        why = "a decoder does not give its picture at once";
    else if (frame->width != (int)pic->width || frame->height != (int)pic->height)
        why = "its picture comes back in another size";
    else if (difference(pic, frame) > MAX_ERROR)
        why = "its picture comes back changed";
    av_packet_free(&in);
    av_frame_free(&frame);
    return why;
}

static void *open_decoder(void)
{
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_H264);
    AVCodecContext *c = codec ? avcodec_alloc_context3(codec) : NULL;

    if (c) {
        c->flags |= AV_CODEC_FLAG_LOW_DELAY;
        c->thread_count = 1;
        c->flags2 |= AV_CODEC_FLAG2_SHOW_ALL;
    }
    if (c && avcodec_open2(c, codec, NULL) < 0)
        avcodec_free_context(&c);
    return c;
}

static void close_decoder(void *decoder)
{
    AVCodecContext *c = decoder;

    avcodec_free_context(&c);
}

const void *gs_module_start(const struct gs_log_context *log)
{
    static const struct gs_doctor_decoder module = {
        .open = open_decoder,
        .compare = compare,
        .close = close_decoder,
    };

    gs_log_set_context(log);
    return &module;
}
