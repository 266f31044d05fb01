/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "encoder/encoder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "encoder/h264.h"
#include "encoder/impls.h"

const struct gs_encoder_impl *const gs_encoder_impls[] = {
    &gs_encoder_nvenc, &gs_encoder_vaapi, &gs_encoder_x264, &gs_encoder_null, NULL,
};

static _Thread_local char failure[256];

static bool params_valid(const struct gs_encoder_params *p)
{
    return p->width >= 64 && p->width <= 8192 && p->width % 2 == 0 && p->height >= 64 &&
           p->height <= 8192 && p->height % 2 == 0 && p->fps >= 1 && p->fps <= 1000 &&
           p->max_kbps <= GS_ENCODER_MAX_KBPS && p->quality <= 51 && p->threads <= 64 &&
           p->effort <= 2 && p->kept <= 4;
}

/* What every receiver relies on: parameter sets before the IDR, and an order that needs no wait. */
static int check_first_packet(const struct gs_packet *pkt, char *why, size_t why_size)
{
    struct gs_h264_sps sps;
    struct gs_nal nal;
    size_t pos = 0;

    if (!pkt->keyframe || !gs_h264_next_nal(pkt->data, pkt->size, &pos, &nal) ||
        nal.type != GS_NAL_SPS || gs_h264_parse_sps(nal.data, nal.size, &sps) < 0) {
        snprintf(why, why_size, "its first picture is not an IDR that begins with an SPS");
        return -EPROTO;
    }
    if (!sps.has_bitstream_restriction || sps.max_num_reorder_frames) {
        snprintf(why, why_size, "its stream does not rule out reordering");
        return -EPROTO;
    }
    return 0;
}

static int try_picture(struct gs_encoder *enc, char *why, size_t why_size)
{
    struct gs_packet pkt;
    struct gs_nv12 pic;
    int err = gs_nv12_alloc(enc->params.width, enc->params.height, &pic);

    if (!err) {
        err = enc->impl->encode(enc, &pic, &(struct gs_encode_options){.idr = true}, &pkt);
        gs_nv12_free(&pic);
    }
    if (err) {
        snprintf(why, why_size, "does not encode: %s", strerror(-err));
        return err;
    }
    return check_first_packet(&pkt, why, why_size);
}

static int try_impl(const struct gs_encoder_impl *impl, const struct gs_encoder_params *p,
                    struct gs_encoder **ret, char *why, size_t why_size)
{
    struct gs_encoder *enc = NULL;
    int err = impl->probe ? impl->probe(why, why_size) : 0;

    if (err)
        return err;
    gs_encoder_forget_refusal();
    err = impl->open(p, &enc);
    if (err) {
        if (gs_encoder_refusal()[0])
            snprintf(why, why_size, "%s", gs_encoder_refusal());
        else
            snprintf(why, why_size, "does not open: %s", strerror(-err));
        return err;
    }
    err = try_picture(enc, why, why_size);
    if (err) {
        impl->close(enc);
        return err;
    }
    *ret = enc;
    return 0;
}

static int try_in_place(const struct gs_encoder_impl *impl, const struct gs_encoder_params *p,
                        const struct gs_encoder_room *room, struct gs_encoder **ret, char *why,
                        size_t why_size)
{
    int err = try_impl(impl, p, ret, why, why_size);

    if (err != -EBUSY || !room || strcmp(room->kind, impl->name) != 0)
        return err;
    gs_info("encoder %s refused: %s; the one before makes room", impl->name, why);
    room->make(room->user);
    return try_impl(impl, p, ret, why, why_size);
}

static int refuse_unknown(const char *name)
{
    size_t used = (size_t)snprintf(failure, sizeof(failure),
                                   "there is no encoder '%.32s'; there are: auto", name);

    for (size_t i = 0; gs_encoder_impls[i] && used < sizeof(failure); i++)
        used += (size_t)snprintf(failure + used, sizeof(failure) - used, " %s",
                                 gs_encoder_impls[i]->name);
    gs_error("%s", failure);
    return -ENOENT;
}

static int create_by_name(const char *name, const struct gs_encoder_params *p,
                          const struct gs_encoder_room *room, struct gs_encoder **ret)
{
    char why[160];

    for (size_t i = 0; gs_encoder_impls[i]; i++) {
        int err;

        if (strcmp(gs_encoder_impls[i]->name, name) != 0)
            continue;
        err = try_in_place(gs_encoder_impls[i], p, room, ret, why, sizeof(why));
        if (err) {
            gs_error("encoder %s was asked for and refused: %s", name, why);
            snprintf(failure, sizeof(failure),
                     "encoder %s: %s; try --encoder auto, or gpushare-host doctor", name, why);
        } else {
            snprintf((*ret)->why, sizeof((*ret)->why), "%s was asked for", name);
        }
        return err;
    }
    return refuse_unknown(name);
}

/* Hardware that is not there is no news; hardware that refuses is. */
static void log_refusal(const struct gs_encoder_impl *impl, int err, const char *why)
{
    gs_log(err == -ENODEV ? GS_LOG_INFO : GS_LOG_WARN, "encoder %s refused: %s", impl->name, why);
}

static int create_best(const struct gs_encoder_params *p, const struct gs_encoder_room *room,
                       struct gs_encoder **ret)
{
    char refused[224] = "", why[160];
    bool spilled = false;
    int err = -ENOENT;

    for (size_t i = 0; gs_encoder_impls[i] != &gs_encoder_null; i++) {
        const struct gs_encoder_impl *impl = gs_encoder_impls[i];
        size_t used = strlen(refused);

        err = try_in_place(impl, p, room, ret, why, sizeof(why));
        if (!err) {
            snprintf((*ret)->why, sizeof((*ret)->why), "%s is the first that works%s", impl->name,
                     refused);
            (*ret)->spilled = spilled && impl == &gs_encoder_x264;
            if ((*ret)->spilled)
                gs_warn("this machine's GPU does not encode the session: it costs processor time");
            return 0;
        }
        log_refusal(impl, err, why);
        spilled |= err != -ENODEV;
        snprintf(refused + used, sizeof(refused) - used, "; %s: %s", impl->name, why);
    }
    snprintf(failure, sizeof(failure), "no encoder works here%s", refused);
    return err;
}

int gs_encoder_create(const char *name, const struct gs_encoder_params *params,
                      struct gs_encoder **ret)
{
    return gs_encoder_create_in_place(name, params, NULL, ret);
}

int gs_encoder_create_in_place(const char *name, const struct gs_encoder_params *params,
                               const struct gs_encoder_room *room, struct gs_encoder **ret)
{
    int err;

    if (!params_valid(params)) {
        snprintf(failure, sizeof(failure), "no encoder makes %ux%u pictures at %u a second",
                 params->width, params->height, params->fps);
        return -EINVAL;
    }
    if (name && name[0] && strcmp(name, "auto") != 0)
        err = create_by_name(name, params, room, ret);
    else
        err = create_best(params, room, ret);
    if (!err)
        gs_info("encoder %s %ux%u: %s", (*ret)->impl->name, params->width, params->height,
                (*ret)->why);
    return err;
}

const char *gs_encoder_failure(void)
{
    return failure;
}

void gs_encoder_destroy(struct gs_encoder *enc)
{
    if (enc)
        enc->impl->close(enc);
}

int gs_encoder_encode(struct gs_encoder *enc, const struct gs_nv12 *pic,
                      const struct gs_encode_options *options, struct gs_packet *ret)
{
    struct gs_encode_options o = options ? *options : (struct gs_encode_options){0};
    int err;

    if (pic ? pic->width != enc->params.width || pic->height != enc->params.height
            : !enc->impl->surface)
        return -EINVAL;
    if (o.quality > 51)
        return -EINVAL;
    /* The picture that was tried at creation went to nobody. */
    o.idr |= !enc->started;
    err = enc->impl->encode(enc, pic, &o, ret);
    enc->started |= !err;
    return err;
}

int gs_encoder_surface(struct gs_encoder *enc, struct gs_encoder_surface *ret)
{
    return enc->impl->surface ? enc->impl->surface(enc, ret) : -ENOTSUP;
}

int gs_encoder_load_textures(struct gs_encoder *enc, uint32_t luma, uint32_t chroma)
{
    return enc->impl->load_textures ? enc->impl->load_textures(enc, luma, chroma) : -ENOTSUP;
}

int gs_encoder_try_surface(struct gs_encoder *enc)
{
    struct gs_packet pkt;
    char why[160];
    int err;

    if (!enc->impl->surface)
        return -ENOTSUP;
    err = enc->impl->encode(enc, NULL, &(struct gs_encode_options){.idr = true}, &pkt);
    if (!err)
        err = check_first_packet(&pkt, why, sizeof(why));
    enc->started = false;
    return err;
}

int gs_encoder_invalidate(struct gs_encoder *enc, uint32_t frame_id)
{
    return enc->impl->invalidate ? enc->impl->invalidate(enc, frame_id) : -ENOTSUP;
}

int gs_encoder_set_effort(struct gs_encoder *enc, uint32_t effort)
{
    int err;

    if (effort > 2)
        return -EINVAL;
    err = enc->impl->set_effort ? enc->impl->set_effort(enc, effort) : -ENOTSUP;
    if (!err)
        enc->params.effort = effort;
    return err;
}

int gs_encoder_set_rate(struct gs_encoder *enc, uint32_t max_kbps)
{
    int err;

    if (max_kbps > GS_ENCODER_MAX_KBPS)
        return -EINVAL;
    if (!enc->impl->set_rate)
        return -ENOTSUP;
    err = enc->impl->set_rate(enc, max_kbps);
    if (!err)
        enc->params.max_kbps = max_kbps;
    return err;
}
