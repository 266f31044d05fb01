/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FFmpeg's errors and log in our terms, for the parts that use its libraries. In a header, so that
 * programs without a codec do not link them. Any thread. */
#pragma once

#include <errno.h>
#include <libavutil/error.h>
#include <libavutil/log.h>
#include <stdarg.h>
#include <string.h>

#include "common/log.h"

/* AVERROR to -errno: those made of an errno stay, the tags become their nearest relative. */
static inline int gs_ffmpeg_errno(int err)
{
    if (err >= 0 || err > -4096)
        return err;
    switch (err) {
    case AVERROR_INVALIDDATA:
        return -EBADMSG;
    case AVERROR_EOF:
        return -ENODATA;
    case AVERROR_ENCODER_NOT_FOUND:
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_MUXER_NOT_FOUND:
        return -ENOENT;
    case AVERROR_OPTION_NOT_FOUND:
        return -EINVAL;
    case AVERROR_PATCHWELCOME:
        return -ENOTSUP;
    default:
        return -EIO;
    }
}

/* Its errors are warnings of ours: whether something was lost is for the caller to say. */
static inline enum gs_log_level gs_ffmpeg_log_level(int level)
{
    if (level <= AV_LOG_FATAL)
        return GS_LOG_ERROR;
    if (level <= AV_LOG_ERROR)
        return GS_LOG_WARN;
    return level <= AV_LOG_INFO ? GS_LOG_DEBUG : GS_LOG_TRACE;
}

static inline void gs_ffmpeg_log(void *object, int level, const char *fmt, va_list args)
{
    char line[512];
    int prefix = 1;

    if (level > AV_LOG_VERBOSE || !gs_log_enabled(gs_ffmpeg_log_level(level)))
        return;
    av_log_format_line2(object, level, fmt, args, line, sizeof(line), &prefix);
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0])
        gs_log(gs_ffmpeg_log_level(level), "%s", line);
}

/* Sends FFmpeg's log lines of this process to ours; once is enough, more do no harm. */
static inline void gs_ffmpeg_bridge_log(void)
{
    av_log_set_callback(gs_ffmpeg_log);
}
