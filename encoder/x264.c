/* SPDX-License-Identifier: GPL-2.0-or-later */
/* H.264 in software, by libx264. */
#include <errno.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include <x264.h>

#include "common/clock.h"
#include "common/log.h"
#include "encoder/impls.h"
#include "encoder/level.h"
#include "encoder/x264_frame_num.h"
#include "encoder/x264_rate.h"

#define DEFAULT_QUALITY 22
/* Pictures that may be referred to. Only one of them is searched, but each has planes of half pels,
 * too. One that did not fit a limit takes a place until three more came: where there is a limit, as
 * many tries must not end in an IDR, which would fit even less. */
#define MOST_KEPT 4
#define USUALLY_KEPT 2
/* The middle of the range of quantizers, and x264's way to say how far it goes around it. */
#define QP_MIDDLE 26
#define QP_FACTOR 0.0557f /* 2^(-25/6) */

struct kept_picture {
    int64_t pts;
    uint32_t frame_id;
    bool valid; /* the receiver may have it */
};

struct x264_encoder {
    struct gs_encoder base;
    x264_t *x;
    x264_param_t param;
    struct gs_x264_rate rate;
    int64_t pts;                         /* of the next picture: counts them */
    int64_t idr_pts;                     /* of the last IDR */
    GByteArray *out;                     /* the last packet */
    struct kept_picture kept[MOST_KEPT]; /* as x264 keeps them, newest last */
    unsigned n_kept;
};

/* Bits a pixel that a limit must leave for CAVLC: 14 Mb/s for 1280×720 at 60 frames a second.
 * Above, a moving scene gains nothing by CABAC, and a page of text next to nothing. */
#define CAVLC_BITS 0.25

/* What x264 can change between two pictures; the entropy coder and the 8×8 transform it cannot.
 * Deblocking at the usual strength costs a fifth more bits for the same likeness on text, none a
 * tenth more on 3D scenes; this is between the two.
 * i_subpel_refine 0, as in x264's own fastest preset, doubles the bits of moving scenes and saves a
 * tenth of the time. */
static const struct effort {
    int subpel_refine, motion_search, trellis, deblock;
    unsigned partitions;
} efforts[] = {
    {1, X264_ME_DIA, 0, 0, 0},
    {2, X264_ME_DIA, 0, 1, X264_ANALYSE_I4x4 | X264_ANALYSE_I8x8},
    {4, X264_ME_HEX, 1, 1, X264_ANALYSE_I4x4 | X264_ANALYSE_I8x8 | X264_ANALYSE_PSUB16x16},
};

/* CABAC saves an eighth to a fifth of the bits; decoding it takes half as much processor time
 * again, encoding it a tenth more. So it is for those who ask for fewer bits, or have few. */
static bool wants_cabac(const struct gs_encoder_params *p)
{
    double pixels = (double)p->width * p->height * p->fps;

    return p->effort > 0 || (p->max_kbps && p->max_kbps * 1000.0 < CAVLC_BITS * pixels);
}

static void set_effort(x264_param_t *p, const struct effort *e)
{
    p->analyse.i_subpel_refine = e->subpel_refine;
    p->analyse.i_me_method = e->motion_search;
    /* With CAVLC it takes a fifth of the time for nothing. */
    p->analyse.i_trellis = p->b_cabac ? e->trellis : 0;
    p->analyse.inter = e->partitions;
    p->analyse.intra = e->partitions & (X264_ANALYSE_I4x4 | X264_ANALYSE_I8x8);
    p->b_deblocking_filter = e->deblock;
}

static void bridge_log(void *user GS_UNUSED, int level, const char *fmt, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(fmt, args);

    g_strchomp(text);
    gs_log(level <= X264_LOG_ERROR     ? GS_LOG_ERROR
           : level == X264_LOG_WARNING ? GS_LOG_WARN
                                       : GS_LOG_DEBUG,
           "x264: %s", text);
}

static void set_stream(x264_param_t *x, const struct gs_encoder_params *p)
{
    x->i_width = (int)p->width;
    x->i_height = (int)p->height;
    x->i_csp = X264_CSP_NV12;
    x->i_fps_num = p->fps;
    x->i_fps_den = 1;
    x->i_level_idc = gs_h264_level(p, p->kept);
    x->vui.b_fullrange = 0;
    x->vui.i_colorprim = 1;
    x->vui.i_transfer = 1;
    x->vui.i_colmatrix = 1;
    x->vui.i_chroma_loc = 0;
    x->b_repeat_headers = 1;
    x->b_annexb = 1;
    x->b_aud = 0;
    x->i_keyint_max = X264_KEYINT_MAX_INFINITE;
    x->i_scenecut_threshold = 0;
    x->i_frame_reference = 1;
    x->i_dpb_size = (int)p->kept;
}

/* Given quantizers only: x264 then makes no reduced copies of the pictures and analyses none.
 * Weighted prediction would need them. */
static void set_rate_control(x264_param_t *x)
{
    x->rc.i_rc_method = X264_RC_CQP;
    x->rc.i_qp_constant = QP_MIDDLE;
    x->rc.f_ip_factor = x->rc.f_pb_factor = QP_FACTOR;
    x->analyse.i_weighted_pred = X264_WEIGHTP_NONE;
}

static int open_codec(struct x264_encoder *enc)
{
    const struct gs_encoder_params *p = &enc->base.params;
    x264_param_t *x = &enc->param;

    if (x264_param_default_preset(x, "superfast", "zerolatency") < 0)
        return -EINVAL;
    x->pf_log = bridge_log;
    x->i_log_level = X264_LOG_WARNING;
    x->i_threads = (int)p->threads;
    x->analyse.b_transform_8x8 = 1;
    x->b_cabac = wants_cabac(p);
    x->i_deblocking_filter_alphac0 = x->i_deblocking_filter_beta = -3;
    set_stream(x, p);
    set_rate_control(x);
    set_effort(x, &efforts[p->effort]);
    enc->x = x264_encoder_open(x);
    /* It does not say why. The parameters are ours: that leaves memory. */
    return enc->x ? 0 : -ENOMEM;
}

/* Two slices on two threads: the packet is there after little more than half the time, for 3 % more
 * processor time and 0.5 % more bits, and the decoder gains as much. With every core taken it is no
 * slower than one. */
static uint32_t choose_threads(const struct gs_encoder_params *p)
{
    return p->threads ? p->threads : GS_MIN(g_get_num_processors(), 2);
}

static uint32_t choose_kept(const struct gs_encoder_params *p)
{
    if (p->kept)
        return p->kept;
    return p->max_kbps ? MOST_KEPT : USUALLY_KEPT;
}

static void x264_impl_close(struct gs_encoder *base)
{
    struct x264_encoder *enc = (struct x264_encoder *)base;

    if (enc && enc->x)
        x264_encoder_close(enc->x);
    if (enc && enc->out)
        g_byte_array_unref(enc->out);
    g_free(enc);
}

static int x264_impl_open(const struct gs_encoder_params *p, struct gs_encoder **ret)
{
    struct x264_encoder *enc = g_new0(struct x264_encoder, 1);
    int err;

    enc->base.impl = &gs_encoder_x264;
    enc->base.params = *p;
    enc->base.params.threads = choose_threads(p);
    enc->base.params.quality = p->quality ? p->quality : DEFAULT_QUALITY;
    enc->base.params.kept = choose_kept(p);
    enc->out = g_byte_array_new();
    gs_x264_rate_init(&enc->rate, p->width, p->height, p->fps, enc->base.params.quality);
    gs_x264_rate_set_limit(&enc->rate, p->max_kbps);
    err = open_codec(enc);
    if (err) {
        x264_impl_close(&enc->base);
        return err;
    }
    *ret = &enc->base;
    return 0;
}

/* What x264 does with its own list: an IDR empties it, the oldest makes room. */
static void keep(struct x264_encoder *enc, bool idr, uint32_t frame_id)
{
    if (idr)
        enc->n_kept = 0;
    if (enc->n_kept == enc->base.params.kept)
        memmove(enc->kept, enc->kept + 1, --enc->n_kept * sizeof(enc->kept[0]));
    enc->kept[enc->n_kept++] = (struct kept_picture){enc->pts, frame_id, true};
}

static bool can_refer(const struct x264_encoder *enc)
{
    for (unsigned i = 0; i < enc->n_kept; i++) {
        if (enc->kept[i].valid)
            return true;
    }
    return false;
}

/* From the i-th on. */
static void forget(struct x264_encoder *enc, unsigned i)
{
    x264_encoder_invalidate_reference(enc->x, enc->kept[i].pts);
    for (; i < enc->n_kept; i++)
        enc->kept[i].valid = false;
}

static void describe(const struct gs_nv12 *pic, x264_picture_t *ret)
{
    x264_picture_init(ret);
    ret->img.i_csp = X264_CSP_NV12;
    ret->img.i_plane = 2;
    ret->img.plane[0] = pic->y;
    ret->img.plane[1] = pic->uv;
    ret->img.i_stride[0] = (int)pic->y_stride;
    ret->img.i_stride[1] = (int)pic->uv_stride;
}

/* The packet, with frame numbers that leave room for lost pictures. */
static int write_out(struct x264_encoder *enc, const x264_nal_t *nals, int n)
{
    g_byte_array_set_size(enc->out, 0);
    for (int i = 0; i < n; i++) {
        int err = gs_x264_widen_frame_num(nals[i].p_payload, (size_t)nals[i].i_payload,
                                          (uint64_t)(enc->pts - enc->idr_pts), enc->out);

        if (err)
            return err;
    }
    return 0;
}

static int encode_at(struct x264_encoder *enc, x264_picture_t *in, int qp, uint32_t frame_id,
                     struct gs_packet *ret)
{
    x264_picture_t out;
    x264_nal_t *nals;
    int n, size, err;

    in->i_pts = enc->pts;
    in->i_qpplus1 = qp + 1;
    size = x264_encoder_encode(enc->x, &nals, &n, in, &out);
    if (size <= 0 || out.i_pts != enc->pts)
        return size < 0 ? -EIO : -EPROTO;
    keep(enc, out.b_keyframe, frame_id);
    if (out.b_keyframe)
        enc->idr_pts = enc->pts;
    err = write_out(enc, nals, n);
    enc->pts++;
    *ret = (struct gs_packet){enc->out->data, enc->out->len, out.b_keyframe, (uint32_t)qp};
    return err;
}

/* A picture too large for the limit is given up: nothing refers to it, nobody sees it. */
static int encode_again(struct x264_encoder *enc, x264_picture_t *in, int qp, uint32_t frame_id,
                        struct gs_packet *ret)
{
    bool lost = false;

    if (!ret->keyframe) {
        forget(enc, enc->n_kept - 1);
        lost = !can_refer(enc);
    }
    if (ret->keyframe || lost)
        in->i_type = X264_TYPE_IDR;
    return encode_at(enc, in, qp, frame_id, ret);
}

static int x264_impl_encode(struct gs_encoder *base, const struct gs_nv12 *pic,
                            const struct gs_encode_options *options, struct gs_packet *ret)
{
    struct x264_encoder *enc = (struct x264_encoder *)base;
    bool idr = options->idr || !can_refer(enc);
    int qp = gs_x264_rate_begin(&enc->rate, idr, options->quality, gs_now_ns()), again, err;
    x264_picture_t in;

    describe(pic, &in);
    in.i_type = idr ? X264_TYPE_IDR : X264_TYPE_P;
    err = encode_at(enc, &in, qp, options->frame_id, ret);
    while (!err && (again = gs_x264_rate_retry(&enc->rate, ret->keyframe, qp, ret->size * 8))) {
        qp = again;
        err = encode_again(enc, &in, qp, options->frame_id, ret);
    }
    if (!err)
        gs_x264_rate_sent(&enc->rate, ret->keyframe, qp, ret->size * 8);
    return err;
}

static int x264_impl_invalidate(struct gs_encoder *base, uint32_t frame_id)
{
    struct x264_encoder *enc = (struct x264_encoder *)base;

    for (unsigned i = 0; i < enc->n_kept; i++) {
        const struct kept_picture *k = &enc->kept[i];

        if (!k->frame_id || (int32_t)(k->frame_id - frame_id) < 0)
            continue;
        forget(enc, i);
        break;
    }
    return can_refer(enc) ? 0 : -ENOENT;
}

static int x264_impl_set_effort(struct gs_encoder *base, uint32_t effort)
{
    struct x264_encoder *enc = (struct x264_encoder *)base;
    x264_param_t next = enc->param;

    set_effort(&next, &efforts[effort]);
    if (x264_encoder_reconfig(enc->x, &next) < 0)
        return -EINVAL;
    enc->param = next;
    return 0;
}

static int x264_impl_set_rate(struct gs_encoder *base, uint32_t max_kbps)
{
    gs_x264_rate_set_limit(&((struct x264_encoder *)base)->rate, max_kbps);
    return 0;
}

const struct gs_encoder_impl gs_encoder_x264 = {
    .name = "x264",
    .open = x264_impl_open,
    .encode = x264_impl_encode,
    .invalidate = x264_impl_invalidate,
    .set_effort = x264_impl_set_effort,
    .set_rate = x264_impl_set_rate,
    .close = x264_impl_close,
};
