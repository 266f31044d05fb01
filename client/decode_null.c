/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decodes nothing, for load tests: every access unit is a black picture of 64×64. */
#include <errno.h>
#include <glib.h>
#include <libavutil/frame.h>
#include <stdio.h>
#include <string.h>

#include "client/decode_impls.h"

struct null_decoder {
    struct gs_decoder base;
    AVFrame *black;
};

static void null_close(struct gs_decoder *base)
{
    struct null_decoder *dec = (struct null_decoder *)base;

    if (dec)
        av_frame_free(&dec->black);
    g_free(dec);
}

static AVFrame *create_black(void)
{
    AVFrame *f = av_frame_alloc();

    if (!f)
        return NULL;
    f->format = AV_PIX_FMT_YUV420P;
    f->width = f->height = 64;
    if (av_frame_get_buffer(f, 0) < 0) {
        av_frame_free(&f);
        return NULL;
    }
    memset(f->data[0], 16, (size_t)f->linesize[0] * 64);
    memset(f->data[1], 128, (size_t)f->linesize[1] * 32);
    memset(f->data[2], 128, (size_t)f->linesize[2] * 32);
    return f;
}

static int null_open(struct gs_decoder **ret, char *why, size_t why_size)
{
    struct null_decoder *dec = g_new0(struct null_decoder, 1);

    dec->base.impl = &gs_decoder_null;
    dec->black = create_black();
    if (!dec->black) {
        snprintf(why, why_size, "no memory");
        null_close(&dec->base);
        return -ENOMEM;
    }
    *ret = &dec->base;
    return 0;
}

static int null_decode(struct gs_decoder *base, const struct gs_access_unit *au,
                       struct gs_picture **ret)
{
    AVFrame *f = av_frame_clone(((struct null_decoder *)base)->black);

    if (!f)
        return -ENOMEM;
    *ret = gs_picture_create(f, &au->info);
    return 0;
}

const struct gs_decoder_impl gs_decoder_null = {
    .name = "null",
    .open = null_open,
    .decode = null_decode,
    .close = null_close,
};
