/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libavcodec's own H.264 decoder: low delay, two threads at most, one per slice. */
#include <errno.h>
#include <glib.h>
#include <libavcodec/avcodec.h>
#include <stdio.h>

#include "client/decode_impls.h"
#include "common/ffmpeg.h"

#define MAX_SIDE 8192

struct software_decoder {
    struct gs_decoder base;
    AVCodecContext *ctx;
    AVPacket *packet; /* describes the caller's access unit; owns no data */
};

static void software_close(struct gs_decoder *base)
{
    struct software_decoder *dec = (struct software_decoder *)base;

    if (dec) {
        av_packet_free(&dec->packet);
        avcodec_free_context(&dec->ctx);
    }
    g_free(dec);
}

static void no_free(void *opaque GS_UNUSED, uint8_t *data GS_UNUSED)
{
}

static int open_codec(struct software_decoder *dec, const AVCodec *codec)
{
    AVCodecContext *ctx = avcodec_alloc_context3(codec);

    dec->ctx = ctx;
    dec->packet = av_packet_alloc();
    if (!ctx || !dec->packet)
        return -ENOMEM;
    /* libavcodec copies a packet that has no buffer reference. This one only says that there is an
     * owner: the data is the caller's, and is read before decode returns. */
    dec->packet->buf =
        av_buffer_create((uint8_t *)dec, sizeof(*dec), no_free, NULL, AV_BUFFER_FLAG_READONLY);
    if (!dec->packet->buf)
        return -ENOMEM;
    ctx->flags |= AV_CODEC_FLAG_LOW_DELAY;
    ctx->err_recognition = AV_EF_EXPLODE | AV_EF_BITSTREAM | AV_EF_BUFFER;
    ctx->thread_type = FF_THREAD_SLICE;
    /* The host cuts pictures into two slices; one more thread costs nothing with one slice. */
    ctx->thread_count = (int)GS_MIN(g_get_num_processors(), 2);
    ctx->max_pixels = MAX_SIDE * MAX_SIDE;
    /* What is wrong with the stream is the caller's to say, and may be so on every frame. */
    ctx->log_level_offset = AV_LOG_INFO - AV_LOG_ERROR;
    return gs_ffmpeg_errno(avcodec_open2(ctx, codec, NULL));
}

static int software_open(struct gs_decoder **ret, char *why, size_t why_size)
{
    const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_H264);
    struct software_decoder *dec;
    int err;

    gs_ffmpeg_bridge_log();
    if (!codec) {
        snprintf(why, why_size, "libavcodec was built without H.264");
        return -ENOENT;
    }
    dec = g_new0(struct software_decoder, 1);
    dec->base.impl = &gs_decoder_software;
    err = open_codec(dec, codec);
    if (err) {
        snprintf(why, why_size, "libavcodec does not open: %s", strerror(-err));
        software_close(&dec->base);
        return err;
    }
    *ret = &dec->base;
    return 0;
}

/* Nothing of ours is broken, or anything but 8 bit 4:2:0; a stream that is came from elsewhere. */
static int check_frame(const AVFrame *f)
{
    if (f->decode_error_flags || f->flags & AV_FRAME_FLAG_CORRUPT)
        return -EBADMSG;
    if (f->format != AV_PIX_FMT_YUV420P && f->format != AV_PIX_FMT_YUVJ420P)
        return -EBADMSG;
    return f->width > 0 && f->width <= MAX_SIDE && f->height > 0 && f->height <= MAX_SIDE
               ? 0
               : -EBADMSG;
}

static int decode_frame(struct software_decoder *dec, const struct gs_access_unit *au, AVFrame *f)
{
    int err;

    if (au->size > INT32_MAX)
        return -EBADMSG;
    dec->packet->data = (uint8_t *)au->data;
    dec->packet->size = (int)au->size;
    dec->packet->pts = au->info.frame_id;
    err = avcodec_send_packet(dec->ctx, dec->packet);
    if (!err)
        err = avcodec_receive_frame(dec->ctx, f);
    if (err == AVERROR(EAGAIN) || (!err && f->pts != au->info.frame_id))
        return -EPROTO;
    if (err)
        return err == AVERROR(ENOMEM) ? -ENOMEM : -EBADMSG;
    return check_frame(f);
}

static int software_decode(struct gs_decoder *base, const struct gs_access_unit *au,
                           struct gs_picture **ret)
{
    struct software_decoder *dec = (struct software_decoder *)base;
    AVFrame *f = av_frame_alloc();
    int err;

    if (!f)
        return -ENOMEM;
    err = decode_frame(dec, au, f);
    if (err) {
        av_frame_free(&f);
        avcodec_flush_buffers(dec->ctx);
        return err;
    }
    *ret = gs_picture_create(f, &au->info);
    return 0;
}

const struct gs_decoder_impl gs_decoder_software = {
    .name = "software",
    .open = software_open,
    .decode = software_decode,
    .close = software_close,
};
