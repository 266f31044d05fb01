/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes keyframes of any encoder begin as gpushare promises: a complete SPS (gs_h264_sps_tells_all)
 * and the PPS, no access unit delimiter. Drivers leave out parts of that. Thread: the encoder's. */
#pragma once

#include <glib.h>

#include "common/macros.h"
#include "encoder/encoder.h"

/* Zeroed, it is ready. */
struct gs_headers {
    GByteArray *sets;   /* SPS and PPS as they go out, start codes included */
    GByteArray *packet; /* the last one that had to be made anew */
};

/* Points *pkt to a packet that is in order: itself, or one that lives until the next call. -EPROTO:
 * there is no parameter set to begin with. */
int gs_headers_apply(struct gs_headers *h, struct gs_packet *pkt) GS_MUST_CHECK;
/* Frees what it holds; ready again. */
void gs_headers_finish(struct gs_headers *h);
