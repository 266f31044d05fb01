/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Turns the payloads of one access unit (RFC 6184, packetization-mode 1) back into Annex B. Pure;
 * one thread. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"

#define GS_DEPACKETIZER_PADDING 64 /* zero bytes after the access unit */

struct gs_depacketizer {
    GByteArray *data; /* what was added; grows to the largest access unit and stays */
    bool idr;         /* has an IDR slice */
    bool fragment;    /* inside of a FU-A */
    uint8_t header;   /* of the NAL unit that it will be */
};

void gs_depacketizer_init(struct gs_depacketizer *dp);
void gs_depacketizer_finish(struct gs_depacketizer *dp);
/* Begins an access unit. */
void gs_depacketizer_reset(struct gs_depacketizer *dp);
/* Adds the next payload. -EBADMSG: it is none, or does not fit what came before; the access unit
 * is then lost. */
int gs_depacketizer_add(struct gs_depacketizer *dp, const uint8_t *payload,
                        size_t size) GS_MUST_CHECK;
/* The access unit is complete: adds the padding and returns its size without it. -EBADMSG: it has
 * no NAL unit, or an unfinished one. */
int gs_depacketizer_end(struct gs_depacketizer *dp, size_t *ret_size) GS_MUST_CHECK;
/* Whether a payload holds an SPS, which is how a key frame of ours begins. */
bool gs_depacketizer_has_sps(const uint8_t *payload, size_t size);
