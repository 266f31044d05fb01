/* SPDX-License-Identifier: GPL-2.0-or-later */
/* H.264 on NVIDIA GPUs, by NVENC over libavcodec. The picture is always in the GPU's memory: copied
 * there by CUDA from the caller's, or from GL textures. */
#include "encoder/nvenc.h"

#include <errno.h>
#include <glib.h>
#include <libavutil/hwcontext.h>
#include <limits.h>

#include "common/clock.h"
#include "common/ffmpeg.h"
#include "encoder/hardware_impls.h"
#include "encoder/impls.h"
#include "encoder/level.h"

#define DEFAULT_QUALITY 23

/* A quality, and a ceiling where there is one. NVENC's modes: without a ceiling the quantiser is
 * constant; with one, the quality is a goal and the rate a limit. */
static void set_rate_control(struct gs_nvenc *enc, AVDictionary **options)
{
    const struct gs_encoder_params *p = &enc->base.params;

    enc->lavc.ctx->i_quant_factor = 1;
    enc->lavc.ctx->bit_rate = 0;
    if (p->max_kbps) {
        enc->lavc.ctx->rc_max_rate = p->max_kbps * INT64_C(1000);
        av_dict_set(options, "rc", "vbr", 0);
        av_dict_set_int(options, "cq", p->quality, 0);
    } else {
        av_dict_set(options, "rc", "constqp", 0);
        av_dict_set_int(options, "qp", p->quality, 0);
    }
}

static void set_options(void *user, AVDictionary **options)
{
    static const char *const presets[] = {"p1", "p3", "p4"};
    struct gs_nvenc *enc = user;
    const struct gs_encoder_params *p = &enc->base.params;

    /* A number is a demand that older GPUs refuse; none lets NVENC take its one. */
    enc->lavc.ctx->refs = 0;
    enc->lavc.ctx->gop_size = INT_MAX;
    enc->lavc.ctx->slices = p->threads ? (int)p->threads : 1;
    av_dict_set(options, "preset", presets[p->effort], 0);
    av_dict_set(options, "tune", "ull", 0);
    av_dict_set(options, "profile", "high", 0);
    av_dict_set_int(options, "level", gs_h264_level(p, 1), 0);
    av_dict_set(options, "delay", "0", 0);
    av_dict_set(options, "zerolatency", "1", 0);
    av_dict_set(options, "surfaces", "1", 0);
    av_dict_set(options, "dpb_size", "1", 0);
    av_dict_set(options, "forced-idr", "1", 0);
    set_rate_control(enc, options);
}

static void set_limit(struct gs_nvenc *enc)
{
    const struct gs_encoder_params *p = &enc->base.params;

    enc->lavc.ctx->rc_max_rate = p->max_kbps * INT64_C(1000);
    enc->lavc.ctx->rc_buffer_size = gs_lavc_rate_buffer(p->max_kbps, p->fps);
}

static int open_codec(struct gs_nvenc *enc)
{
    int err =
        gs_lavc_open(&enc->lavc, "h264_nvenc", &enc->base.params, enc->frames, set_options, enc);

    if (err)
        return err;
    /* With a quality goal libavcodec opens NVENC without a rate buffer; what is set now it notices
     * with the first picture, an IDR anyway. */
    if (enc->base.params.max_kbps)
        set_limit(enc);
    enc->gate.applied = enc->base.params.max_kbps;
    return 0;
}

static void close_device(struct gs_nvenc *enc)
{
    gs_lavc_finish(&enc->lavc);
    av_frame_free(&enc->surface);
    av_buffer_unref(&enc->frames);
    gs_cuda_shut(&enc->cuda);
}

static void nvenc_close(struct gs_encoder *base)
{
    struct gs_nvenc *enc = (struct gs_nvenc *)base;

    if (!enc)
        return;
    gs_nvenc_forget_textures(enc);
    close_device(enc);
    gs_cuda_finish(&enc->cuda);
    g_free(enc);
}

static int open_on(struct gs_nvenc *enc, int index)
{
    const struct gs_encoder_params *p = &enc->base.params;
    int err = gs_cuda_open(&enc->cuda, index);

    if (err)
        return err;
    err = gs_lavc_make_surface(enc->cuda.device, AV_PIX_FMT_CUDA, p, &enc->frames, &enc->surface);
    if (!err)
        err = open_codec(enc);
    if (err) {
        err = gs_nvenc_explain(&enc->cuda, p, err);
        close_device(enc);
    }
    return err;
}

/* The GPU of the render node, if it is one of CUDA's, else the first that encodes. */
static int open_some(struct gs_nvenc *enc)
{
    const char *node = enc->base.params.device;
    int n = 0, err = gs_cuda_init(&enc->cuda, &n);

    if (err)
        return err;
    for (int i = 0; i < n && node[0]; i++)
        if (gs_cuda_is_node(&enc->cuda, i, node))
            return open_on(enc, i);
    for (int i = 0; i < n; i++) {
        err = open_on(enc, i);
        if (!err)
            break;
    }
    return err;
}

static int nvenc_open(const struct gs_encoder_params *p, struct gs_encoder **ret)
{
    struct gs_nvenc *enc = g_new0(struct gs_nvenc, 1);
    int err;

    gs_ffmpeg_bridge_log();
    enc->base.impl = &gs_hardware_nvenc;
    enc->base.params = *p;
    enc->base.params.quality = p->quality ? p->quality : DEFAULT_QUALITY;
    err = open_some(enc);
    if (err) {
        nvenc_close(&enc->base);
        return err;
    }
    *ret = &enc->base;
    return 0;
}

/* libavcodec (5.1) makes NVENC begin anew at every change of rate, with an IDR. From no limit to
 * one and back it takes another mode of NVENC, and another session. */
static int follow_rate(struct gs_nvenc *enc, bool idr)
{
    uint32_t wanted = enc->base.params.max_kbps, old = enc->gate.applied;
    uint64_t now = gs_now_ns();
    int err = 0;

    if (!gs_rate_gate_open(&enc->gate, wanted, idr, now))
        return 0;
    if (wanted && old) {
        set_limit(enc);
    } else {
        gs_lavc_finish(&enc->lavc);
        err = open_codec(enc);
    }
    gs_rate_gate_applied(&enc->gate, wanted, now);
    return err;
}

static int nvenc_encode(struct gs_encoder *base, const struct gs_nv12 *pic,
                        const struct gs_encode_options *options, struct gs_packet *ret)
{
    struct gs_nvenc *enc = (struct gs_nvenc *)base;
    int err = pic ? gs_lavc_upload(enc->surface, pic) : 0;

    if (!err && !enc->lavc.ctx)
        err = open_codec(enc);
    if (!err)
        err = follow_rate(enc, options->idr);
    if (!err)
        err = gs_lavc_encode_frame(&enc->lavc, enc->surface, options, ret);
    return err;
}

/* What is wanted; follow_rate reads it. */
static int nvenc_set_rate(struct gs_encoder *base GS_UNUSED, uint32_t max_kbps GS_UNUSED)
{
    return 0;
}

static int nvenc_surface(struct gs_encoder *base GS_UNUSED, struct gs_encoder_surface *ret)
{
    *ret = (struct gs_encoder_surface){.kind = GS_SURFACE_TEXTURE};
    return 0;
}

static int nvenc_load_textures(struct gs_encoder *base, uint32_t luma, uint32_t chroma)
{
    return gs_nvenc_load_textures((struct gs_nvenc *)base, luma, chroma);
}

const struct gs_encoder_impl gs_hardware_nvenc = {
    .name = "nvenc",
    .open = nvenc_open,
    .encode = nvenc_encode,
    .surface = nvenc_surface,
    .load_textures = nvenc_load_textures,
    .set_rate = nvenc_set_rate,
    .close = nvenc_close,
};
