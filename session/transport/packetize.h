/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cuts an Annex B access unit into RTP payloads for H.264 (RFC 6184, packetization-mode 1): NAL
 * units that fit together become one STAP-A, one alone a single NAL unit packet, a large one FU-As.
 * Pure; every byte is copied once, into the buffer of its packet. Any thread.
 *
 *     gs_packetizer_init(&pk, data, size);
 *     while (!pk.done) {
 *         n = write the RTP header, marker if pk.last;
 *         n += gs_packetizer_write(&pk, out + n);
 *     }
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/rtp.h"
#include "encoder/h264.h"

/* The same for every packet, so that all fragments of a NAL unit but the last have one size, as
 * UDP segmentation offload wants it. */
#define GS_PACKETIZER_MAX_PAYLOAD (GS_RTP_MAX_PACKET - GS_RTP_MAX_HEADER)
#define GS_PACKETIZER_MAX_AGGREGATED 8

struct gs_packetizer {
    bool done; /* nothing more to write */
    bool last; /* the next packet is the last one of the access unit */

    /* private */
    const uint8_t *data; /* borrowed */
    size_t size, pos;
    bool have_ahead; /* the NAL unit after those of the next packet */
    struct gs_nal ahead;
    unsigned n_nals; /* of the next packet */
    struct gs_nal nals[GS_PACKETIZER_MAX_AGGREGATED];
    size_t offset; /* > 0: nals[0] is being fragmented and this much of it is sent */
};

/* NAL units whose type RFC 6184 has no packet for (0, 24–31) are left out. */
void gs_packetizer_init(struct gs_packetizer *pk, const uint8_t *data, size_t size);
/* Writes the payload of the next packet, at most GS_PACKETIZER_MAX_PAYLOAD bytes, and returns its
 * size. Not to be called when done. */
size_t gs_packetizer_write(struct gs_packetizer *pk, uint8_t *out);
