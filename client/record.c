/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/record.h"

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <libavformat/avformat.h>
#include <stdbool.h>
#include <string.h>

#include "common/clock.h"
#include "common/ffmpeg.h"

/* The longest step between two pictures that is believed. */
#define MAX_STEP_US INT64_C(86400000000)

struct gs_recorder {
    AVFormatContext *format;
    AVStream *stream;
    AVPacket *packet; /* describes the caller's access unit; owns no data */
    char *path;
    bool opened, started; /* the file is open; its header is written */
    bool waiting;         /* for a keyframe */
    uint64_t last_capture;
    int64_t time_us, last_pts; /* of the picture before: since the first one; in the file's units */
    int error;
};

static int fail(struct gs_recorder *rec, int err, const char *what)
{
    err = gs_ffmpeg_errno(err);
    gs_error("recording %s: %s: %s", rec->path, what, strerror(-err));
    if (!rec->error)
        rec->error = err;
    return err;
}

static int open_format(struct gs_recorder *rec, uint32_t width, uint32_t height)
{
    const AVOutputFormat *type = av_guess_format(NULL, rec->path, NULL);
    int err =
        avformat_alloc_output_context2(&rec->format, type, type ? NULL : "matroska", rec->path);

    if (err < 0)
        return fail(rec, err, "no such format");
    rec->stream = avformat_new_stream(rec->format, NULL);
    rec->packet = av_packet_alloc();
    if (!rec->stream || !rec->packet)
        return fail(rec, AVERROR(ENOMEM), "stream");
    rec->stream->codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
    rec->stream->codecpar->codec_id = AV_CODEC_ID_H264;
    rec->stream->codecpar->width = (int)width;
    rec->stream->codecpar->height = (int)height;
    rec->stream->time_base = (AVRational){1, 1000000};
    err = avio_open(&rec->format->pb, rec->path, AVIO_FLAG_WRITE);
    if (err < 0)
        return fail(rec, err, "open");
    rec->opened = true;
    return 0;
}

static void destroy(struct gs_recorder *rec)
{
    if (rec->opened)
        avio_closep(&rec->format->pb);
    avformat_free_context(rec->format);
    av_packet_free(&rec->packet);
    g_free(rec->path);
    g_free(rec);
}

int gs_recorder_create(const char *path, uint32_t width, uint32_t height, struct gs_recorder **ret)
{
    struct gs_recorder *rec = g_new0(struct gs_recorder, 1);
    int err;

    gs_ffmpeg_bridge_log();
    rec->path = g_strdup(path);
    rec->waiting = true;
    err = open_format(rec, width, height);
    if (err) {
        destroy(rec);
        return err;
    }
    *ret = rec;
    return 0;
}

/* Length of the units before the first slice: the parameter sets, in a keyframe. */
static size_t headers_size(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i + 3 < size; i++) {
        uint8_t type = data[i + 3] & 0x1f;

        if (!data[i] && !data[i + 1] && data[i + 2] == 1 && type >= 1 && type <= 5)
            return i;
    }
    return 0;
}

/* The muxers make an avcC of Annex B parameter sets, and turn the access units over likewise. */
static int start(struct gs_recorder *rec, const struct gs_access_unit *au)
{
    AVCodecParameters *par = rec->stream->codecpar;
    size_t size = headers_size(au->data, au->size);
    int err;

    if (!size || size > 65536)
        return fail(rec, -EBADMSG, "keyframe without parameter sets");
    par->extradata = av_mallocz(size + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!par->extradata)
        return fail(rec, AVERROR(ENOMEM), "header");
    memcpy(par->extradata, au->data, size);
    par->extradata_size = (int)size;
    err = avformat_write_header(rec->format, NULL);
    if (err < 0)
        return fail(rec, err, "header");
    rec->last_capture = au->info.host_capture;
    rec->last_pts = -1;
    rec->started = true;
    return 0;
}

/* Capture times come from the host: they may stand still or go back, what is written may not. */
static int64_t next_pts(struct gs_recorder *rec, uint64_t capture)
{
    int64_t step = (int64_t)(capture - rec->last_capture) / (int64_t)GS_NS_PER_US;
    int64_t pts;

    rec->last_capture = capture;
    if (step > 0 && step <= MAX_STEP_US)
        rec->time_us += step;
    pts = av_rescale_q(rec->time_us, (AVRational){1, 1000000}, rec->stream->time_base);
    rec->last_pts = GS_MAX(pts, rec->last_pts + 1);
    return rec->last_pts;
}

int gs_recorder_write(struct gs_recorder *rec, const struct gs_access_unit *au)
{
    AVPacket *pkt = rec->packet;
    int err;

    if (rec->error)
        return rec->error;
    rec->waiting = !au->keyframe && (rec->waiting || au->discontinuity);
    if (rec->waiting)
        return 0;
    if (!rec->started) {
        err = start(rec, au);
        if (err)
            return err;
    }
    pkt->data = (uint8_t *)au->data;
    pkt->size = (int)au->size;
    pkt->pts = pkt->dts = next_pts(rec, au->info.host_capture);
    pkt->flags = au->keyframe ? AV_PKT_FLAG_KEY : 0;
    pkt->stream_index = 0;
    err = av_write_frame(rec->format, pkt);
    return err < 0 ? fail(rec, err, "write") : 0;
}

int gs_recorder_destroy(struct gs_recorder *rec)
{
    int err;

    if (!rec)
        return 0;
    if (rec->started) {
        err = av_write_trailer(rec->format);
        if (err < 0)
            fail(rec, err, "end");
    } else if (!rec->error) {
        fail(rec, -ENODATA, "no keyframe came");
    }
    err = avio_closep(&rec->format->pb);
    rec->opened = false;
    if (err < 0)
        fail(rec, err, "close");
    if (!rec->started)
        g_unlink(rec->path);
    err = rec->error;
    destroy(rec);
    return err;
}
