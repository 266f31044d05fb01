/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RTCP compound packets (RFC 3550, feedback: RFC 4585, reduced size: RFC 5506). Pure; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"

#define GS_RTCP_MAX_PACKET 1200
#define GS_RTCP_MAX_NACKS 256 /* sequence numbers in one packet */

struct gs_rtcp_sender_info {
    uint64_t ntp; /* 32.32, wall clock */
    uint32_t rtp_timestamp, packets, octets;
};

struct gs_rtcp_report_block {
    uint32_t ssrc; /* whose packets */
    uint8_t fraction_lost;
    int32_t cumulative_lost; /* 24 bit */
    uint32_t highest_seq, jitter, last_sr, delay_since_sr;
};

/* What is known after parsing, and what is to be written. */
struct gs_rtcp {
    uint32_t sender_ssrc;
    bool has_sr;
    struct gs_rtcp_sender_info sr;
    bool has_report; /* the first report block */
    struct gs_rtcp_report_block report;
    uint32_t media_ssrc; /* of NACK and PLI */
    bool pli;
    bool bye;
    unsigned n_nacks;
    uint16_t nacks[GS_RTCP_MAX_NACKS];
};

/* SR or RR first (an empty RR if neither is set), SDES CNAME, then NACK, PLI, BYE as set. Returns
 * the length, or -EMSGSIZE. */
int gs_rtcp_write(const struct gs_rtcp *rtcp, const char *cname, uint8_t *out, size_t size);
/* Ignores unknown packet types. 0 or -EBADMSG, *ret untouched. More NACKs than fit are dropped. */
int gs_rtcp_parse(const void *data, size_t size, struct gs_rtcp *ret) GS_MUST_CHECK;
/* Whether a datagram is RTCP rather than RTP on a shared port (RFC 5761, section 4). */
bool gs_rtcp_is_rtcp(const void *data, size_t size);
