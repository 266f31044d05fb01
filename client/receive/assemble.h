/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Puts RTP packets into order and H.264 access units together (RFC 6184: single NAL unit, STAP-A,
 * FU-A), and decides what to ask the sender for. No jitter buffer: a frame is delivered as soon as
 * all of it is there and all before it were delivered or given up.
 *
 * A missing packet is asked for (NACK) once three later ones came or 2 ms passed, and again after
 * max(1.2 RTT, 5 ms, then 10, then 20), four times in all. What has not come after max(4 RTT,
 * 60 ms), or when more than 16 frames are missing at once, is given up: everything is dropped until
 * a key frame, which is asked for (PLI) until it comes.
 *
 * Pure: time (ns, monotonic) is an argument. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/receive/receiver.h"
#include "common/rtcp.h"
#include "common/rtp.h"

#define GS_ASSEMBLER_WINDOW 4096 /* packets from the oldest frame not delivered */
#define GS_ASSEMBLER_MAX_PAYLOAD 1500

struct gs_assembler;

/* What to tell the sender now. */
struct gs_assembler_wish {
    unsigned n_nacks;
    uint16_t nacks[GS_RTCP_MAX_NACKS];
    bool pli;
    /* Poll again then, at the latest: now, where more is missing than fits; UINT64_MAX: not before
     * a packet comes. */
    uint64_t next;
};

/* For a report block (RFC 3550, 6.4.1). */
struct gs_assembler_report {
    uint32_t highest_seq; /* extended */
    uint8_t fraction_lost;
    int32_t cumulative_lost;
};

struct gs_assembler *gs_assembler_create(const struct gs_receiver_listener *listener, void *user,
                                         uint64_t now);
void gs_assembler_destroy(struct gs_assembler *as);
/* Takes a packet of the stream, in any order, and delivers what became whole. Packets that came
 * before, or too late, are dropped. */
void gs_assembler_push(struct gs_assembler *as, const struct gs_rtp_packet *packet, uint64_t now);
/* Gives up what is overdue, and says what to ask for; that counts as asked. */
void gs_assembler_poll(struct gs_assembler *as, uint64_t now, struct gs_assembler_wish *ret);
/* Until this is called a round trip is taken to be 50 ms. */
void gs_assembler_set_rtt(struct gs_assembler *as, uint64_t rtt);
/* The decoder can't use anything before an IDR. */
void gs_assembler_request_keyframe(struct gs_assembler *as, uint64_t now);
/* false: no packet came yet. Begins a new interval for fraction_lost. */
bool gs_assembler_report(struct gs_assembler *as, struct gs_assembler_report *ret);
/* Adds to the counters that are kept here: frames, keyframes, packets_lost, packets_repaired,
 * frames_lost. */
void gs_assembler_get_stats(const struct gs_assembler *as, struct gs_receiver_stats *ret);
