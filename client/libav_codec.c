/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/libav_codec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/ffmpeg.h"

static void no_free(void *opaque GS_UNUSED, uint8_t *data GS_UNUSED)
{
}

int gs_libav_codec_init(struct gs_libav_codec *codec, const struct gs_decoder_impl *impl, char *why,
                        size_t why_size)
{
    const AVCodec *h264 = avcodec_find_decoder(AV_CODEC_ID_H264);

    gs_ffmpeg_bridge_log();
    codec->base.impl = impl;
    if (!h264) {
        snprintf(why, why_size, "libavcodec was built without H.264");
        return -ENOENT;
    }
    codec->ctx = avcodec_alloc_context3(h264);
    codec->packet = av_packet_alloc();
    /* libavcodec copies a packet that has no buffer reference. This one only says that there is an
     * owner: the data is the caller's, and is read before decode returns. */
    if (codec->packet)
        codec->packet->buf = av_buffer_create((uint8_t *)codec, sizeof(*codec), no_free, NULL,
                                              AV_BUFFER_FLAG_READONLY);
    if (!codec->ctx || !codec->packet || !codec->packet->buf) {
        snprintf(why, why_size, "no memory");
        return -ENOMEM;
    }
    codec->ctx->flags |= AV_CODEC_FLAG_LOW_DELAY;
    codec->ctx->err_recognition = AV_EF_EXPLODE | AV_EF_BITSTREAM | AV_EF_BUFFER;
    codec->ctx->max_pixels = GS_PICTURE_MAX_SIDE * GS_PICTURE_MAX_SIDE;
    /* What is wrong with the stream is the caller's to say, and may be so on every frame. */
    codec->ctx->log_level_offset = AV_LOG_INFO - AV_LOG_ERROR;
    return 0;
}

int gs_libav_codec_open(struct gs_libav_codec *codec, char *why, size_t why_size)
{
    int err = gs_ffmpeg_errno(avcodec_open2(codec->ctx, codec->ctx->codec, NULL));

    if (err)
        snprintf(why, why_size, "libavcodec does not open: %s", strerror(-err));
    return err;
}

void gs_libav_codec_finish(struct gs_libav_codec *codec)
{
    av_packet_free(&codec->packet);
    avcodec_free_context(&codec->ctx);
}

/* Nothing of ours is broken; a stream that is came from elsewhere. */
static int check_frame(const AVFrame *f)
{
    if (f->decode_error_flags || f->flags & AV_FRAME_FLAG_CORRUPT)
        return -EBADMSG;
    return f->width > 0 && f->width <= GS_PICTURE_MAX_SIDE && f->height > 0 &&
                   f->height <= GS_PICTURE_MAX_SIDE
               ? 0
               : -EBADMSG;
}

/* Rather than the stream's; this is what hwaccels return when the driver refuses. */
static bool is_own_failure(int err)
{
    return err == AVERROR(ENOMEM) || err == AVERROR(EIO) || err == AVERROR(ENOSYS) ||
           err == AVERROR_EXTERNAL || err == AVERROR_UNKNOWN;
}

static int decode(struct gs_libav_codec *codec, const struct gs_access_unit *au, AVFrame *f,
                  char *why, size_t why_size)
{
    AVPacket *packet = codec->packet;
    int err;

    if (au->size == 0 || au->size > INT32_MAX)
        return -EBADMSG;
    packet->data = (uint8_t *)au->data;
    packet->size = (int)au->size;
    packet->pts = au->info.frame_id;
    err = avcodec_send_packet(codec->ctx, packet);
    if (!err)
        err = avcodec_receive_frame(codec->ctx, f);
    if (err == AVERROR(EAGAIN) || (!err && f->pts != au->info.frame_id))
        return -EPROTO;
    if (!err)
        return check_frame(f);
    av_strerror(err, why, why_size);
    return is_own_failure(err) ? gs_ffmpeg_errno(err) : -EBADMSG;
}

int gs_libav_codec_decode(struct gs_libav_codec *codec, const struct gs_access_unit *au,
                          AVFrame **ret, char *why, size_t why_size)
{
    AVFrame *f = av_frame_alloc();
    int err = f ? decode(codec, au, f, why, why_size) : -ENOMEM;

    if (err) {
        av_frame_free(&f);
        avcodec_flush_buffers(codec->ctx);
        return err;
    }
    *ret = f;
    return 0;
}

bool gs_libav_pixels(const AVFrame *f, struct gs_picture_pixels *ret)
{
    bool i420 = f->format == AV_PIX_FMT_YUV420P || f->format == AV_PIX_FMT_YUVJ420P;

    if (!i420 && f->format != AV_PIX_FMT_NV12)
        return false;
    *ret = (struct gs_picture_pixels){
        .format = i420 ? GS_PICTURE_I420 : GS_PICTURE_NV12,
        .full_range = f->format == AV_PIX_FMT_YUVJ420P || f->color_range == AVCOL_RANGE_JPEG,
        .data = {f->data[0], f->data[1], f->data[2]},
        .stride = {f->linesize[0], f->linesize[1], f->linesize[2]},
    };
    return true;
}

static void release(void *owner)
{
    AVFrame *f = owner;

    av_frame_free(&f);
}

static const struct gs_picture_owner frame_owner = {.release = release};

struct gs_picture *gs_libav_picture(AVFrame *f, const struct gs_picture_info *info)
{
    struct gs_picture_pixels pixels;
    struct gs_picture *pic;

    if (!gs_libav_pixels(f, &pixels)) {
        av_frame_free(&f);
        return NULL;
    }
    pic = gs_picture_create((uint32_t)f->width, (uint32_t)f->height, info, &frame_owner, f);
    pic->pixels = pixels;
    return pic;
}
