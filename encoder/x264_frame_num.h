/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Room for lost pictures in x264's streams. A picture that the receiver never sees leaves a gap in
 * frame_num, which the SPS has to allow (H.264 7.4.3); x264 never says so. It also lets frame_num
 * wrap after 16 pictures, and libavcodec's decoder (5.1) loses count of the output order when it
 * wraps inside a gap: it then shows nothing until the next IDR. So frame_num gets 12 bits instead
 * of 4. Eight more keep all that follows in the slice header on its place within the bytes, so that
 * nothing else is touched. Pure; any thread.
 */
#pragma once

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"

#define GS_X264_FRAME_NUM_BITS 12

/* nal: with its start code, from x264, whose frame_num has 4 bits. frame_num: pictures since the
 * IDR. Appends it to out, an SPS or slice changed. 0, or -EBADMSG, and out is of no use. */
int gs_x264_widen_frame_num(const uint8_t *nal, size_t size, uint64_t frame_num,
                            GByteArray *out) GS_MUST_CHECK;
