/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/picture.h"

#include <glib.h>
#include <libavutil/frame.h>
#include <stdatomic.h>

struct gs_picture *gs_picture_create(struct AVFrame *frame, const struct gs_picture_info *info)
{
    struct gs_picture *pic = g_new0(struct gs_picture, 1);

    pic->frame = frame;
    pic->info = *info;
    atomic_init(&pic->refs, 1);
    return pic;
}

struct gs_picture *gs_picture_ref(struct gs_picture *pic)
{
    atomic_fetch_add_explicit(&pic->refs, 1, memory_order_relaxed);
    return pic;
}

void gs_picture_unref(struct gs_picture *pic)
{
    if (!pic || atomic_fetch_sub_explicit(&pic->refs, 1, memory_order_acq_rel) > 1)
        return;
    av_frame_free(&pic->frame);
    g_free(pic);
}
