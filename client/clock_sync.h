/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Round trip time and the offset between the host's clock and ours, from PING and PONG (the
 * on-wire calculation of NTP, RFC 5905 section 8). The sample with the smallest round trip of the
 * last GS_CLOCK_SAMPLES wins: it waited least in queues, so its offset is off by least. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"

#define GS_CLOCK_SAMPLES 30

struct gs_clock_sync {
    struct {
        uint64_t rtt;
        int64_t offset;
    } sample[GS_CLOCK_SAMPLES];
    unsigned n, next;
    unsigned best; /* index; meaningful when n > 0 */
    /* Of the connection before, until this one's are settled. */
    bool held;
    uint64_t held_rtt;
    int64_t held_offset;
};

void gs_clock_sync_init(struct gs_clock_sync *cs);
/* Another connection: its samples take the place of those so far as soon as they are settled. */
void gs_clock_sync_renew(struct gs_clock_sync *cs);
/* t0: PING left (our clock), t1: arrived, t2: PONG left (host clock), t3: arrived (our clock), ns.
 * -EBADMSG for times that can't be, which are not used. */
int gs_clock_sync_add(struct gs_clock_sync *cs, uint64_t t0, uint64_t t1, uint64_t t2,
                      uint64_t t3) GS_MUST_CHECK;
/* Something is known. */
bool gs_clock_sync_ready(const struct gs_clock_sync *cs);
/* Enough samples for one to have been undisturbed: the first waits for the start of everything. */
bool gs_clock_sync_settled(const struct gs_clock_sync *cs);
/* Host clock minus ours, ns; 0 when nothing is known. */
int64_t gs_clock_sync_offset(const struct gs_clock_sync *cs);
/* The smallest of the window, ns; 0 when nothing is known. */
uint64_t gs_clock_sync_rtt(const struct gs_clock_sync *cs);
/* When the PING after the one with this number (from 0) is due, ns later: five quick ones first.
 * idle: no frame came since the one before; a still picture must cost next to nothing. */
uint64_t gs_clock_sync_interval(unsigned sent, bool idle);
