/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RTP packets (RFC 3550) with one-byte header extensions (RFC 8285) as gpushare sends them. Pure;
 * any thread.
 *
 * Extension 1, on every packet, 16 bytes: u32 frame id, u64 capture time (host clock, µs), u32 last
 * input id. Extension 2, on the last packet of a frame (marker bit), 14 bytes: seven u16, stage
 * times after the capture in units of 10 µs, 65535 for "longer": grant, convert start, convert end,
 * encode start, encode end, first packet, last packet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"
#include "common/trace.h"

#define GS_RTP_PAYLOAD_TYPE 96
#define GS_RTP_CLOCK_HZ 90000
#define GS_RTP_MAX_PACKET 1200 /* RTP header to end of payload, before SRTP adds its 16 bytes */
#define GS_RTP_EXT_FRAME 1
#define GS_RTP_EXT_STAGES 2
#define GS_RTP_STAGES 7
/* Header with both extensions: 12 + 4 + 17 + 15. */
#define GS_RTP_MAX_HEADER 48

struct gs_rtp_packet {
    bool marker;
    uint8_t payload_type;
    uint16_t seq;
    uint32_t timestamp, ssrc;
    bool has_frame; /* extension 1 */
    uint32_t frame_id, input_id;
    uint64_t capture_us;
    bool has_stages; /* extension 2 */
    uint16_t stages[GS_RTP_STAGES];
    const uint8_t *payload; /* borrowed */
    size_t payload_size;
};

/* Writes header and extensions (not the payload); returns its length, at most GS_RTP_MAX_HEADER.
 * out must hold that many bytes. */
size_t gs_rtp_write_header(const struct gs_rtp_packet *p, uint8_t *out);
/* Skips CSRCs, unknown extensions and padding. 0 or -EBADMSG, *ret untouched. */
int gs_rtp_parse(const void *data, size_t size, struct gs_rtp_packet *ret) GS_MUST_CHECK;
/* Fills stages from a trace; times that are 0 count as the capture. */
void gs_rtp_stages_from_trace(const struct gs_frame_trace *t, uint16_t stages[GS_RTP_STAGES]);
/* The full sequence number nearest to `highest` (RFC 3711, 3.3.1) that ends in seq. */
uint64_t gs_rtp_extend_seq(uint64_t highest, uint16_t seq);
