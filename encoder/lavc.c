/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "encoder/lavc.h"

#include <errno.h>
#include <libavutil/hwcontext.h>

#include "common/ffmpeg.h"
#include "encoder/impls.h"
#include "encoder/level.h"

static void set_stream(AVCodecContext *ctx, const struct gs_encoder_params *p)
{
    ctx->width = (int)p->width;
    ctx->height = (int)p->height;
    ctx->pix_fmt = AV_PIX_FMT_NV12;
    ctx->time_base = (AVRational){1, (int)p->fps};
    ctx->framerate = (AVRational){(int)p->fps, 1};
    ctx->color_range = AVCOL_RANGE_MPEG;
    ctx->color_primaries = AVCOL_PRI_BT709;
    ctx->color_trc = AVCOL_TRC_BT709;
    ctx->colorspace = AVCOL_SPC_BT709;
    ctx->chroma_sample_location = AVCHROMA_LOC_LEFT;
    ctx->max_b_frames = 0;
    ctx->refs = 1;
    ctx->level = gs_h264_level(p, 1);
    ctx->flags |= AV_CODEC_FLAG_LOW_DELAY;
}

static int use_frames(AVCodecContext *ctx, AVBufferRef *frames)
{
    ctx->pix_fmt = ((AVHWFramesContext *)frames->data)->format;
    ctx->sw_pix_fmt = AV_PIX_FMT_NV12;
    ctx->hw_frames_ctx = av_buffer_ref(frames);
    return ctx->hw_frames_ctx ? 0 : -ENOMEM;
}

static int alloc_codec(struct gs_lavc *lavc, const char *codec)
{
    const AVCodec *c = avcodec_find_encoder_by_name(codec);

    gs_ffmpeg_bridge_log();
    if (!c) {
        gs_encoder_refuse("libavcodec was built without %s", codec);
        return -ENOENT;
    }
    lavc->ctx = avcodec_alloc_context3(c);
    lavc->packet = av_packet_alloc();
    return lavc->ctx && lavc->packet ? 0 : -ENOMEM;
}

static int open_with(AVCodecContext *ctx, AVDictionary **options)
{
    const AVDictionaryEntry *e;
    int err = avcodec_open2(ctx, NULL, options);

    if (err < 0)
        return gs_ffmpeg_errno(err);
    e = av_dict_get(*options, "", NULL, AV_DICT_IGNORE_SUFFIX);
    if (!e)
        return 0;
    gs_error("encoder %s knows no option %s", ctx->codec->name, e->key);
    return -EINVAL;
}

int gs_lavc_open(struct gs_lavc *lavc, const char *codec, const struct gs_encoder_params *p,
                 AVBufferRef *frames, gs_lavc_set_fn set, void *enc)
{
    AVDictionary *options = NULL;
    int err = alloc_codec(lavc, codec);

    if (!err) {
        set_stream(lavc->ctx, p);
        err = use_frames(lavc->ctx, frames);
    }
    if (!err) {
        set(enc, &options);
        err = open_with(lavc->ctx, &options);
        av_dict_free(&options);
    }
    if (err)
        gs_lavc_finish(lavc);
    return err;
}

int gs_lavc_encode_frame(struct gs_lavc *lavc, AVFrame *frame,
                         const struct gs_encode_options *options, struct gs_packet *ret)
{
    AVPacket *pkt = lavc->packet;
    int err;

    av_packet_unref(pkt);
    frame->pts = lavc->pts++;
    frame->pict_type = options->idr ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    err = avcodec_send_frame(lavc->ctx, frame);
    if (!err)
        err = avcodec_receive_packet(lavc->ctx, pkt);
    if (err == AVERROR(EAGAIN))
        return -EPROTO;
    if (err)
        return gs_ffmpeg_errno(err);
    if (pkt->pts != frame->pts)
        return -EPROTO;
    *ret = (struct gs_packet){
        .data = pkt->data, .size = (size_t)pkt->size, .keyframe = pkt->flags & AV_PKT_FLAG_KEY};
    return gs_headers_apply(&lavc->headers, ret);
}

void gs_lavc_finish(struct gs_lavc *lavc)
{
    av_packet_free(&lavc->packet);
    avcodec_free_context(&lavc->ctx);
    gs_headers_finish(&lavc->headers);
    *lavc = (struct gs_lavc){0};
}

static int make_frames(AVBufferRef *device, enum AVPixelFormat format,
                       const struct gs_encoder_params *p, AVBufferRef **ret)
{
    AVBufferRef *frames = av_hwframe_ctx_alloc(device);
    AVHWFramesContext *ctx;

    if (!frames)
        return -ENOMEM;
    *ret = frames;
    ctx = (AVHWFramesContext *)frames->data;
    ctx->format = format;
    ctx->sw_format = AV_PIX_FMT_NV12;
    ctx->width = (int)p->width;
    ctx->height = (int)p->height;
    return gs_ffmpeg_errno(av_hwframe_ctx_init(frames));
}

int gs_lavc_make_surface(AVBufferRef *device, enum AVPixelFormat format,
                         const struct gs_encoder_params *p, AVBufferRef **ret_frames,
                         AVFrame **ret_surface)
{
    int err = make_frames(device, format, p, ret_frames);

    if (err < 0)
        return err;
    *ret_surface = av_frame_alloc();
    if (!*ret_surface)
        return -ENOMEM;
    return gs_ffmpeg_errno(av_hwframe_get_buffer(*ret_frames, *ret_surface, 0));
}

int gs_lavc_upload(AVFrame *surface, const struct gs_nv12 *pic)
{
    AVFrame *f = av_frame_alloc();
    int err;

    if (!f)
        return -ENOMEM;
    f->format = AV_PIX_FMT_NV12;
    f->width = (int)pic->width;
    f->height = (int)pic->height;
    f->data[0] = pic->y;
    f->data[1] = pic->uv;
    f->linesize[0] = (int)pic->y_stride;
    f->linesize[1] = (int)pic->uv_stride;
    err = gs_ffmpeg_errno(av_hwframe_transfer_data(surface, f, 0));
    av_frame_free(&f);
    return err;
}

int gs_lavc_rate_buffer(uint32_t max_kbps, uint32_t fps)
{
    int64_t rate = max_kbps * INT64_C(1000);

    return (int)GS_MAX(rate / 20, rate * 3 / 2 / fps);
}
