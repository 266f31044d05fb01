/* SPDX-License-Identifier: GPL-2.0-or-later */
/* H.264 in software, by libx264 over libavcodec. */
#include <errno.h>
#include <glib.h>
#include <libavutil/opt.h>

#include "encoder/impls.h"
#include "encoder/lavc.h"

#define DEFAULT_CRF 23

struct x264_encoder {
    struct gs_encoder base;
    struct gs_lavc lavc;
};

static int x264_probe(char *why, size_t why_size)
{
    return gs_lavc_probe("libx264", why, why_size);
}

/* The rate buffer. On a dense page of text at 1280×720 and 20 Mb/s an IDR came out with 16.8 dB in
 * 1.5 frames, 21.7 in 3, 23.7 in 4, 29.3 in 6 (31.1 without a limit), while a moving 3D scene never
 * filled even 1.5. 50 ms is where a new page can be read at once and the link is still clear again
 * soon; at low frame rates 1.5 frames are more than that. x264 cannot turn the buffer on or off
 * while it runs, and it costs 1 %: so it is always there, and no limit is a very high one. */
static void set_vbv(struct x264_encoder *enc, uint32_t max_kbps)
{
    AVCodecContext *ctx = enc->lavc.ctx;
    int64_t rate = (max_kbps ? max_kbps : GS_ENCODER_MAX_KBPS) * INT64_C(1000);

    ctx->rc_max_rate = rate;
    ctx->rc_buffer_size = (int)GS_MAX(rate / 20, rate * 3 / 2 / enc->base.params.fps);
}

static int x264_set_rate(struct gs_encoder *base, uint32_t max_kbps)
{
    set_vbv((struct x264_encoder *)base, max_kbps);
    return 0;
}

/* The least level for the size and frame rate (H.264 table A-1). x264 would reckon with the rate
 * buffer's ceiling too, and name a level that hardware decoders refuse. */
static int level_for(const struct gs_encoder_params *p)
{
    static const struct {
        int level;
        uint32_t frame_mbs, mbs_per_s;
    } levels[] = {
        {31, 3600, 108000},   {32, 5120, 216000},    {40, 8192, 245760},
        {42, 8704, 522240},   {50, 22080, 589824},   {51, 36864, 983040},
        {52, 36864, 2073600}, {60, 139264, 4177920}, {61, 139264, 8355840},
    };
    uint32_t mbs = (p->width + 15) / 16 * ((p->height + 15) / 16);

    for (size_t i = 0; i < GS_ARRAY_SIZE(levels); i++) {
        if (mbs <= levels[i].frame_mbs && (uint64_t)mbs * p->fps <= levels[i].mbs_per_s)
            return levels[i].level;
    }
    return 62;
}

/* Two slices on two threads: 2.2 instead of 3.3 ms for a 3D frame of 1280×720, for 3 % more CPU and
 * 0.3 % more bits, and the decoder gains as much. With every core taken it is no slower than one.
 */
static uint32_t choose_threads(const struct gs_encoder_params *p)
{
    return p->threads ? p->threads : GS_MIN(g_get_num_processors(), 2);
}

static int open_codec(struct x264_encoder *enc)
{
    static const char *const presets[] = {"ultrafast", "superfast", "veryfast"};
    const struct gs_encoder_params *p = &enc->base.params;
    AVDictionary *options = NULL;
    int err = gs_lavc_init(&enc->lavc, "libx264", p);

    if (err)
        return err;
    set_vbv(enc, p->max_kbps);
    enc->lavc.ctx->level = level_for(p);
    enc->lavc.ctx->thread_count = (int)p->threads;
    enc->lavc.ctx->slices = (int)p->threads;
    av_dict_set(&options, "preset", presets[p->effort], 0);
    av_dict_set(&options, "tune", "zerolatency", 0);
    av_dict_set(&options, "forced-idr", "1", 0);
    av_dict_set(&options, "aud", "0", 0);
    av_dict_set_int(&options, "crf", p->quality, 0);
    av_dict_set_int(&options, "rc-lookahead", 0, 0);
    av_dict_set(&options, "x264-params", "keyint=infinite:scenecut=0:sliced-threads=1", 0);
    err = gs_lavc_open(&enc->lavc, &options);
    av_dict_free(&options);
    return err;
}

static void x264_close(struct gs_encoder *base)
{
    struct x264_encoder *enc = (struct x264_encoder *)base;

    if (enc)
        gs_lavc_finish(&enc->lavc);
    g_free(enc);
}

static int x264_open(const struct gs_encoder_params *p, struct gs_encoder **ret)
{
    struct x264_encoder *enc = g_new0(struct x264_encoder, 1);
    int err;

    enc->base.impl = &gs_encoder_x264;
    enc->base.params = *p;
    enc->base.params.threads = choose_threads(p);
    enc->base.params.quality = p->quality ? p->quality : DEFAULT_CRF;
    err = open_codec(enc);
    if (err) {
        x264_close(&enc->base);
        return err;
    }
    *ret = &enc->base;
    return 0;
}

/* libavcodec looks at the factor before every picture. */
static int x264_encode(struct gs_encoder *base, const struct gs_nv12 *pic,
                       const struct gs_encode_options *options, struct gs_packet *ret)
{
    struct gs_lavc *lavc = &((struct x264_encoder *)base)->lavc;
    uint32_t crf = options->quality ? options->quality : base->params.quality;

    if (av_opt_set_double(lavc->ctx->priv_data, "crf", crf, 0) < 0)
        return -EINVAL;
    return gs_lavc_encode(lavc, pic, options, ret);
}

const struct gs_encoder_impl gs_encoder_x264 = {
    .name = "x264",
    .probe = x264_probe,
    .open = x264_open,
    .encode = x264_encode,
    .set_rate = x264_set_rate,
    .close = x264_close,
};
