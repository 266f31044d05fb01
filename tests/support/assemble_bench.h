/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An assembler and the sender before it, which keeps all it made: the packets, to be pushed in any
 * order, and the frames, against which each delivered access unit is asserted. For cmocka tests. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/receive/assemble.h"
#include "common/clock.h"
#include "session/transport/packetize.h"

#define MS GS_NS_PER_MS

struct packet {
    struct gs_rtp_packet rtp;
    uint8_t payload[GS_PACKETIZER_MAX_PAYLOAD];
};

struct bench {
    GRand *rand;
    GPtrArray *packets; /* struct packet */
    GPtrArray *frames;  /* GByteArray; frame id - 1 is the index */
    uint16_t first_seq;

    struct gs_assembler *as;
    uint64_t now;
    struct gs_assembler_wish wish;
    uint32_t last_id; /* delivered */
    unsigned delivered, discontinuities;
    struct gs_picture_info info; /* of the last delivered */
};

/* Begins at one second with a round trip of 20 ms. The bench must stay where it is. */
void bench_init(struct bench *b, uint32_t seed, uint16_t first_seq);
void bench_clear(struct bench *b);
/* Makes the next frame; returns the index of its first packet. */
unsigned bench_make_frame(struct bench *b, bool keyframe, size_t size);
/* Makes a frame and pushes all of it but the packet at `hole` (-1: none); returns its first. */
unsigned bench_send_frame(struct bench *b, bool keyframe, size_t size, int hole);
/* Pushes the packet at that index, now. */
void bench_push(struct bench *b, unsigned index);
/* Polls the assembler now, into b->wish. */
void bench_poll(struct bench *b);
struct gs_receiver_stats bench_stats(struct bench *b);
