/* SPDX-License-Identifier: GPL-2.0-or-later */
/* H.264 on Intel and AMD GPUs, by VA-API over libavcodec. The picture is always in the GPU's
 * memory: uploaded there, or drawn there by the converter. */
#include <errno.h>
#include <glib.h>
#include <libavutil/hwcontext.h>
#include <limits.h>

#include "common/clock.h"
#include "common/ffmpeg.h"
#include "encoder/hardware_impls.h"
#include "encoder/impls.h"
#include "encoder/lavc.h"
#include "encoder/rate_gate.h"
#include "encoder/vaapi_device.h"

#define DEFAULT_QUALITY 23
#define MAX_QP 51
#define LIMITED_MODES (VA_RC_QVBR | VA_RC_CBR | VA_RC_VBR)

struct vaapi_encoder {
    struct gs_encoder base;
    struct gs_lavc lavc;
    AVBufferRef *device, *frames;
    AVFrame *surface;
    struct gs_va_way way;
    struct gs_rate_gate gate;
    bool fresh;                       /* no picture yet since the codec was opened */
    VADRMPRIMESurfaceDescriptor held; /* what export opened */
    struct gs_encoder_surface exported;
};

/* A quality where there is no limit. With one: a quality below the limit if the driver has that,
 * else the rate for itself. */
static void set_rate_control(struct vaapi_encoder *enc, AVDictionary **options)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } limited[] = {{VA_RC_QVBR, "QVBR"}, {VA_RC_CBR, "CBR"}, {VA_RC_VBR, "VBR"}};
    const struct gs_encoder_params *p = &enc->base.params;
    AVCodecContext *ctx = enc->lavc.ctx;

    ctx->global_quality = (int)p->quality;
    for (size_t i = 0; i < GS_ARRAY_SIZE(limited) && p->max_kbps; i++) {
        if (!(enc->way.rate_modes & limited[i].bit))
            continue;
        ctx->bit_rate = ctx->rc_max_rate = p->max_kbps * INT64_C(1000);
        ctx->rc_buffer_size = gs_lavc_rate_buffer(p->max_kbps, p->fps);
        av_dict_set(options, "rc_mode", limited[i].name, 0);
        return;
    }
    if (p->max_kbps)
        gs_warn("encoder vaapi: the driver keeps no limit; %u kb/s may be exceeded", p->max_kbps);
    av_dict_set(options, "rc_mode", enc->way.rate_modes & VA_RC_CQP ? "CQP" : "ICQ", 0);
}

static void set_options(void *user, AVDictionary **options)
{
    struct vaapi_encoder *enc = user;

    enc->lavc.ctx->gop_size = INT_MAX;
    enc->lavc.ctx->slices = enc->base.params.threads ? (int)enc->base.params.threads : 1;
    av_dict_set_int(options, "low_power", enc->way.low_power, 0);
    av_dict_set(options, "async_depth", "1", 0);
    av_dict_set(options, "sei", "0", 0);
    set_rate_control(enc, options);
}

static int open_once(struct vaapi_encoder *enc)
{
    enc->gate.applied = enc->base.params.max_kbps;
    enc->fresh = true;
    return gs_lavc_open(&enc->lavc, "h264_vaapi", &enc->base.params, enc->frames, set_options, enc);
}

static bool has_limit(const struct vaapi_encoder *enc)
{
    return enc->base.params.max_kbps && enc->way.rate_modes & LIMITED_MODES;
}

/* What a driver offers is not always what it does: a picture without a limit is better than none.
 */
static int open_without_limit(struct vaapi_encoder *enc)
{
    gs_warn("encoder vaapi: the driver's rate control fails");
    enc->way.rate_modes &= ~(uint32_t)LIMITED_MODES;
    gs_lavc_finish(&enc->lavc);
    return open_once(enc);
}

static int open_codec(struct vaapi_encoder *enc)
{
    int err = open_once(enc);

    return err && has_limit(enc) ? open_without_limit(enc) : err;
}

static int encode_surface(struct vaapi_encoder *enc, const struct gs_encode_options *options,
                          struct gs_packet *ret)
{
    int err = gs_lavc_encode_frame(&enc->lavc, enc->surface, options, ret);

    if (err && enc->fresh && has_limit(enc)) {
        err = open_without_limit(enc);
        if (!err)
            err = gs_lavc_encode_frame(&enc->lavc, enc->surface, options, ret);
    }
    enc->fresh &= err != 0;
    return err;
}

static void vaapi_close(struct gs_encoder *base)
{
    struct vaapi_encoder *enc = (struct vaapi_encoder *)base;

    if (!enc)
        return;
    gs_va_unexport(&enc->held);
    gs_lavc_finish(&enc->lavc);
    av_frame_free(&enc->surface);
    av_buffer_unref(&enc->frames);
    av_buffer_unref(&enc->device);
    g_free(enc);
}

/* Some drivers offer the low-power way and fail in it for want of firmware, at times only when the
 * first picture comes. */
static int try_way(struct vaapi_encoder *enc, const struct gs_va_way *way)
{
    struct gs_packet pkt;
    int err;

    enc->way = *way;
    err = open_codec(enc);
    if (!err)
        err = encode_surface(enc, &(struct gs_encode_options){.idr = true}, &pkt);
    if (!err)
        return 0;
    gs_encoder_refuse("the driver's%s H.264 encoder fails: %s", way->low_power ? " low-power" : "",
                      g_strerror(-err));
    gs_lavc_finish(&enc->lavc);
    return err;
}

static int open_some(struct vaapi_encoder *enc)
{
    struct gs_va_way ways[GS_VA_WAYS];
    int n, err = gs_va_open(enc->base.params.device, &enc->device);

    if (err)
        return err;
    n = gs_va_ways(enc->device, ways);
    if (n < 0)
        return n;
    err = gs_lavc_make_surface(enc->device, AV_PIX_FMT_VAAPI, &enc->base.params, &enc->frames,
                               &enc->surface);
    if (err) {
        gs_encoder_refuse("the driver gives no NV12 surface: %s", g_strerror(-err));
        return err;
    }
    for (int i = 0; i < n; i++) {
        err = try_way(enc, &ways[i]);
        if (!err)
            break;
    }
    return err;
}

static int vaapi_open(const struct gs_encoder_params *p, struct gs_encoder **ret)
{
    struct vaapi_encoder *enc = g_new0(struct vaapi_encoder, 1);
    int err;

    gs_ffmpeg_bridge_log();
    enc->base.impl = &gs_hardware_vaapi;
    enc->base.params = *p;
    enc->base.params.quality = p->quality ? p->quality : DEFAULT_QUALITY;
    err = open_some(enc);
    if (err) {
        vaapi_close(&enc->base);
        return err;
    }
    *ret = &enc->base;
    return 0;
}

/* Another quality for one picture: all of it is a region, by so much better or worse. */
static int set_region(struct vaapi_encoder *enc, uint32_t quality)
{
    AVFrame *f = enc->surface;
    AVFrameSideData *data;

    av_frame_remove_side_data(f, AV_FRAME_DATA_REGIONS_OF_INTEREST);
    if (!enc->way.roi || !quality || quality == enc->base.params.quality)
        return 0;
    data = av_frame_new_side_data(f, AV_FRAME_DATA_REGIONS_OF_INTEREST, sizeof(AVRegionOfInterest));
    if (!data)
        return -ENOMEM;
    *(AVRegionOfInterest *)data->data = (AVRegionOfInterest){
        .self_size = sizeof(AVRegionOfInterest),
        .bottom = f->height,
        .right = f->width,
        .qoffset = {(int)quality - (int)enc->base.params.quality, MAX_QP},
    };
    return 0;
}

/* libavcodec tells the driver its rate when it opens, and never again. */
static int follow_rate(struct vaapi_encoder *enc, bool idr)
{
    uint64_t now = gs_now_ns();
    int err;

    if (!gs_rate_gate_open(&enc->gate, enc->base.params.max_kbps, idr, now))
        return 0;
    gs_lavc_finish(&enc->lavc);
    err = open_codec(enc);
    gs_rate_gate_applied(&enc->gate, enc->base.params.max_kbps, now);
    return err;
}

static int vaapi_encode(struct gs_encoder *base, const struct gs_nv12 *pic,
                        const struct gs_encode_options *options, struct gs_packet *ret)
{
    struct vaapi_encoder *enc = (struct vaapi_encoder *)base;
    int err = pic ? gs_lavc_upload(enc->surface, pic) : 0;

    if (!err && !enc->lavc.ctx)
        err = open_codec(enc);
    if (!err)
        err = follow_rate(enc, options->idr);
    if (!err)
        err = set_region(enc, options->quality);
    if (!err)
        err = encode_surface(enc, options, ret);
    return err;
}

/* What is wanted; follow_rate reads it. */
static int vaapi_set_rate(struct gs_encoder *base, uint32_t max_kbps GS_UNUSED)
{
    const struct vaapi_encoder *enc = (struct vaapi_encoder *)base;

    return enc->way.rate_modes & LIMITED_MODES ? 0 : -ENOTSUP;
}

static int vaapi_surface(struct gs_encoder *base, struct gs_encoder_surface *ret)
{
    struct vaapi_encoder *enc = (struct vaapi_encoder *)base;
    int err = 0;

    if (!enc->held.num_objects) {
        err =
            gs_va_export(gs_va_display(enc->device), (VASurfaceID)(uintptr_t)enc->surface->data[3],
                         &enc->held, &enc->exported);
        enc->exported.luma.buffer_id = 1;
        enc->exported.chroma.buffer_id = 2;
    }
    *ret = enc->exported;
    return err;
}

const struct gs_encoder_impl gs_hardware_vaapi = {
    .name = "vaapi",
    .open = vaapi_open,
    .encode = vaapi_encode,
    .surface = vaapi_surface,
    .set_rate = vaapi_set_rate,
    .close = vaapi_close,
};
