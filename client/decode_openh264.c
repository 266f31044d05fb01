/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cisco's OpenH264: no threads, a tenth of libavcodec's memory. Of profiles above Baseline it keeps
 * pictures back to put them in order, whatever the stream says about reordering, until it is told
 * that the stream ends; so it is told that after each.
 */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <wels/codec_api.h>

#include "client/decode_impls.h"
#include "common/log.h"

struct openh264_codec {
    struct gs_codec base;
    ISVCDecoder *decoder;
    bool initialised;
    struct gs_picture_pool *pool;
};

static void on_trace(void *user GS_UNUSED, int level, const char *text)
{
    gs_log(level <= WELS_LOG_WARNING ? GS_LOG_DEBUG : GS_LOG_TRACE, "openh264: %s", text);
}

static void finish(struct openh264_codec *codec)
{
    if (codec->initialised)
        (*codec->decoder)->Uninitialize(codec->decoder);
    codec->initialised = false;
    if (codec->decoder)
        WelsDestroyDecoder(codec->decoder);
    codec->decoder = NULL;
}

static void openh264_close(struct gs_codec *base)
{
    struct openh264_codec *codec = (struct openh264_codec *)base;

    finish(codec);
    gs_picture_pool_unref(codec->pool);
    g_free(codec);
}

static int initialise(struct openh264_codec *codec)
{
    const SDecodingParam param = {
        .uiTargetDqLayer = UCHAR_MAX,
        .eEcActiveIdc = ERROR_CON_DISABLE,
        .sVideoProperty = {.size = sizeof(SVideoProperty), .eVideoBsType = VIDEO_BITSTREAM_AVC},
    };
    WelsTraceCallback trace = on_trace;
    int level = gs_log_enabled(GS_LOG_TRACE) ? WELS_LOG_INFO : WELS_LOG_QUIET;

    if (WelsCreateDecoder(&codec->decoder) != 0)
        return -ENOMEM;
    (*codec->decoder)->SetOption(codec->decoder, DECODER_OPTION_TRACE_LEVEL, &level);
    (*codec->decoder)->SetOption(codec->decoder, DECODER_OPTION_TRACE_CALLBACK, &trace);
    if ((*codec->decoder)->Initialize(codec->decoder, &param) != cmResultSuccess)
        return -EIO;
    codec->initialised = true;
    return 0;
}

static int openh264_open(struct gs_codec **ret, char *why, size_t why_size)
{
    struct openh264_codec *codec = g_new0(struct openh264_codec, 1);
    int err = initialise(codec);

    codec->base.impl = &gs_decoder_openh264;
    codec->pool = gs_picture_pool_create();
    if (err) {
        snprintf(why, why_size, "OpenH264 does not open: %s", g_strerror(-err));
        openh264_close(&codec->base);
        return err;
    }
    *ret = &codec->base;
    return 0;
}

/* Its planes are overwritten by what comes next, and the picture is used at the same time. */
static struct gs_picture *copy(struct gs_picture_pool *pool, unsigned char *const planes[3],
                               const SBufferInfo *info, const struct gs_picture_info *about)
{
    const SSysMEMBuffer *b = &info->UsrData.sSystemBuffer;
    struct gs_picture *pic =
        gs_picture_alloc(pool, GS_PICTURE_I420, (uint32_t)b->iWidth, (uint32_t)b->iHeight, about);

    for (int i = 0; pic && i < 3; i++) {
        const uint8_t *from = planes[i];
        uint8_t *to = (uint8_t *)pic->pixels.data[i];

        for (uint32_t row = gs_picture_rows(pic, i); row > 0; row--) {
            memcpy(to, from, gs_picture_row_size(pic, i));
            from += b->iStride[i > 0];
            to += pic->pixels.stride[i];
        }
    }
    return pic;
}

static bool size_is_sane(const SSysMEMBuffer *b)
{
    return b->iFormat == videoFormatI420 && b->iWidth > 0 && b->iWidth <= GS_PICTURE_MAX_SIDE &&
           b->iHeight > 0 && b->iHeight <= GS_PICTURE_MAX_SIDE;
}

/* One access unit, and the picture that was kept back. */
static DECODING_STATE feed(struct openh264_codec *codec, const struct gs_access_unit *au,
                           unsigned char *planes[3], SBufferInfo *info)
{
    ISVCDecoder *d = codec->decoder;
    DECODING_STATE state = (*d)->DecodeFrameNoDelay(d, au->data, (int)au->size, planes, info);
    int end = 1;

    if (state != dsErrorFree || info->iBufferStatus == 1)
        return state;
    (*d)->SetOption(d, DECODER_OPTION_END_OF_STREAM, &end);
    state = (*d)->FlushFrame(d, planes, info);
    end = 0;
    (*d)->SetOption(d, DECODER_OPTION_END_OF_STREAM, &end);
    return state;
}

static int decode(struct openh264_codec *codec, const struct gs_access_unit *au,
                  struct gs_picture **ret)
{
    unsigned char *planes[3] = {NULL};
    SBufferInfo info = {.uiInBsTimeStamp = au->info.frame_id};
    DECODING_STATE state;

    if (!codec->initialised)
        return -EIO;
    if (au->size == 0 || au->size > INT32_MAX)
        return -EBADMSG;
    state = feed(codec, au, planes, &info);
    if (state & dsOutOfMemory)
        return -ENOMEM;
    if (state != dsErrorFree)
        return -EBADMSG;
    if (info.iBufferStatus != 1 || !planes[0] || info.uiOutYuvTimeStamp != au->info.frame_id)
        return -EPROTO;
    if (!size_is_sane(&info.UsrData.sSystemBuffer))
        return -EBADMSG;
    *ret = copy(codec->pool, planes, &info, &au->info);
    return *ret ? 0 : -ENOMEM;
}

static int openh264_decode(struct gs_codec *base, const struct gs_access_unit *au,
                           struct gs_picture **ret, char *why, size_t why_size)
{
    struct openh264_codec *codec = (struct openh264_codec *)base;
    int err = decode(codec, au, ret);

    if (!err)
        return 0;
    snprintf(why, why_size, "OpenH264 does not decode it");
    /* What is left of it must not appear in what comes next. */
    finish(codec);
    return initialise(codec) == 0 ? err : -EIO;
}

const struct gs_decoder_impl gs_decoder_openh264 = {
    .name = "openh264",
    .open = openh264_open,
    .decode = openh264_decode,
    .close = openh264_close,
};
