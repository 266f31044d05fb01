/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libavcodec's own H.264 decoder: low delay, two threads at most, one per slice. */
#include <errno.h>
#include <glib.h>
#include <stdio.h>

#include "client/libav_codec.h"

static void software_close(struct gs_codec *base)
{
    gs_libav_codec_finish((struct gs_libav_codec *)base);
    g_free(base);
}

static int software_open(struct gs_codec **ret, char *why, size_t why_size)
{
    struct gs_libav_codec *codec = g_new0(struct gs_libav_codec, 1);
    int err = gs_libav_codec_init(codec, &gs_libav_software, why, why_size);

    if (!err) {
        codec->ctx->thread_type = FF_THREAD_SLICE;
        /* The host cuts pictures into two slices; one more thread costs nothing with one slice. */
        codec->ctx->thread_count = (int)GS_MIN(g_get_num_processors(), 2);
        err = gs_libav_codec_open(codec, why, why_size);
    }
    if (err) {
        software_close(&codec->base);
        return err;
    }
    *ret = &codec->base;
    return 0;
}

static int software_decode(struct gs_codec *base, const struct gs_access_unit *au,
                           struct gs_picture **ret, char *why, size_t why_size)
{
    AVFrame *frame = NULL;
    int err = gs_libav_codec_decode((struct gs_libav_codec *)base, au, &frame, why, why_size);

    if (err)
        return err;
    *ret = gs_libav_picture(frame, &au->info);
    if (!*ret)
        snprintf(why, why_size, "it is not 8 bit 4:2:0");
    return *ret ? 0 : -EBADMSG;
}

const struct gs_decoder_impl gs_libav_software = {
    .name = "software",
    .open = software_open,
    .decode = software_decode,
    .close = software_close,
};
