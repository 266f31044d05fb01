/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A GPU's decoder by VAAPI. Pictures stay in the GPU's memory, exported as dma-bufs for a presenter
 * that can draw them; another one has them copied into memory. Never run on hardware so far.
 */
#include <errno.h>
#include <glib.h>
#include <libavutil/hwcontext.h>
#include <libavutil/hwcontext_vaapi.h>
#include <stdatomic.h>
#include <stdio.h>
#include <va/va.h>

#include "client/drm_layers.h"
#include "client/libav_codec.h"
#include "common/ffmpeg.h"

/* One on the screen, one that waits for it, one that is being replaced. */
#define HELD_PICTURES 3

struct surface {
    AVFrame *frame, *exported, *memory; /* exported, memory: NULL until they are wanted */
    struct gs_picture_gpu gpu;
};

static void vaapi_close(struct gs_codec *base)
{
    gs_libav_codec_finish((struct gs_libav_codec *)base);
    g_free(base);
}

/* Called again without what turned out not to work. What comes after us must be another decoder,
 * not libavcodec's own one behind our back. */
static enum AVPixelFormat choose_format(AVCodecContext *ctx GS_UNUSED,
                                        const enum AVPixelFormat *offered)
{
    for (; *offered != AV_PIX_FMT_NONE; offered++) {
        if (*offered == AV_PIX_FMT_VAAPI)
            return *offered;
    }
    return AV_PIX_FMT_NONE;
}

static int open_device(AVBufferRef **ret, char *why, size_t why_size)
{
    int err = -ENODEV;

    snprintf(why, why_size, "no render node can be opened");
    for (int i = 128; i < 192; i++) {
        g_autofree char *node = g_strdup_printf("/dev/dri/renderD%d", i);

        if (!g_file_test(node, G_FILE_TEST_EXISTS))
            continue;
        err = gs_ffmpeg_errno(av_hwdevice_ctx_create(ret, AV_HWDEVICE_TYPE_VAAPI, node, NULL, 0));
        if (!err)
            return 0;
        snprintf(why, why_size, "%s has no VAAPI driver: %s", node, g_strerror(-err));
    }
    return err;
}

static int vaapi_open(struct gs_codec **ret, char *why, size_t why_size)
{
    struct gs_libav_codec *codec = g_new0(struct gs_libav_codec, 1);
    int err = gs_libav_codec_init(codec, &gs_libav_vaapi, why, why_size);

    if (!err)
        err = open_device(&codec->ctx->hw_device_ctx, why, why_size);
    if (!err) {
        codec->ctx->get_format = choose_format;
        codec->ctx->thread_count = 1;
        codec->ctx->extra_hw_frames = HELD_PICTURES;
        err = gs_libav_codec_open(codec, why, why_size);
    }
    if (err) {
        vaapi_close(&codec->base);
        return err;
    }
    *ret = &codec->base;
    return 0;
}

static void release(void *owner)
{
    struct surface *s = owner;

    av_frame_free(&s->memory);
    av_frame_free(&s->exported);
    av_frame_free(&s->frame);
    g_free(s);
}

static int download(void *owner, struct gs_picture_pixels *ret)
{
    struct surface *s = owner;
    int err;

    if (!s->memory) {
        s->memory = av_frame_alloc();
        if (!s->memory)
            return -ENOMEM;
        s->memory->format = AV_PIX_FMT_NV12;
        err = av_hwframe_transfer_data(s->memory, s->frame, 0);
        if (err < 0) {
            av_frame_free(&s->memory);
            return gs_ffmpeg_errno(err);
        }
        s->memory->color_range = s->frame->color_range;
    }
    return gs_libav_pixels(s->memory, ret) ? 0 : -ENOTSUP;
}

/* Only when it is drawn has it been decoded: the time stamps must not lie, and not every driver
 * makes those wait who read an exported surface. */
static int wait_for(const AVFrame *frame)
{
    const AVHWFramesContext *frames = (const AVHWFramesContext *)frame->hw_frames_ctx->data;
    const AVVAAPIDeviceContext *device = frames->device_ctx->hwctx;
    VASurfaceID id = (VASurfaceID)(uintptr_t)frame->data[3];

    return vaSyncSurface(device->display, id) == VA_STATUS_SUCCESS ? 0 : -EIO;
}

static bool export(struct surface *s)
{
    static _Atomic uint64_t last_id;
    const AVHWFramesContext *frames = (const AVHWFramesContext *)s->frame->hw_frames_ctx->data;

    s->exported = av_frame_alloc();
    if (!s->exported)
        return false;
    s->exported->format = AV_PIX_FMT_DRM_PRIME;
    if (av_hwframe_map(s->exported, s->frame, AV_HWFRAME_MAP_READ) < 0 ||
        gs_drm_layers_split((const AVDRMFrameDescriptor *)s->exported->data[0],
                            atomic_fetch_add(&last_id, 1) + 1, &s->gpu) != 0)
        return false;
    s->gpu.width = (uint32_t)frames->width;
    s->gpu.height = (uint32_t)frames->height;
    s->gpu.full_range = s->frame->color_range == AVCOL_RANGE_JPEG;
    return true;
}

static const struct gs_picture_owner surface_owner = {.release = release, .download = download};

/* Takes the frame. */
static struct gs_picture *create_picture(AVFrame *frame, const struct gs_picture_info *info)
{
    struct surface *s = g_new0(struct surface, 1);
    struct gs_picture *pic =
        gs_picture_create((uint32_t)frame->width, (uint32_t)frame->height, info, &surface_owner, s);

    s->frame = frame;
    if (export(s))
        pic->gpu = &s->gpu;
    return pic;
}

static int vaapi_decode(struct gs_codec *base, const struct gs_access_unit *au,
                        struct gs_picture **ret, char *why, size_t why_size)
{
    AVFrame *frame = NULL;
    int err = gs_libav_codec_decode((struct gs_libav_codec *)base, au, &frame, why, why_size);

    if (err)
        return err;
    if (frame->format != AV_PIX_FMT_VAAPI || !frame->hw_frames_ctx) {
        snprintf(why, why_size, "the driver does not decode this profile");
        err = -ENOTSUP;
    } else {
        err = wait_for(frame);
        if (err)
            snprintf(why, why_size, "vaSyncSurface fails");
    }
    if (err) {
        av_frame_free(&frame);
        return err;
    }
    *ret = create_picture(frame, &au->info);
    return 0;
}

const struct gs_decoder_impl gs_libav_vaapi = {
    .name = "vaapi",
    .open = vaapi_open,
    .decode = vaapi_decode,
    .close = vaapi_close,
};
