/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes received access units into a Matroska (or whatever the name's ending says) file without
 * encoding them again. Thread: one at a time. */
#pragma once

#include <stdint.h>

#include "client/receive/receiver.h"
#include "common/macros.h"

struct gs_recorder;

/* 0, -errno; what failed is logged. Nothing is written before the first keyframe. */
int gs_recorder_create(const char *path, uint32_t width, uint32_t height,
                       struct gs_recorder **ret) GS_MUST_CHECK;
/* Time stamps come from the capture time; after a discontinuity writing goes on at a keyframe. A
 * keyframe of another size goes into the same file: its parameter sets are in it, and players that
 * read those follow (FFmpeg's libraries do); the header keeps the first size. */
int gs_recorder_write(struct gs_recorder *rec, const struct gs_access_unit *au) GS_MUST_CHECK;
/* Finishes the file. 0, or the first error of its life. Accepts NULL. */
int gs_recorder_destroy(struct gs_recorder *rec);
