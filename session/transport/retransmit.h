/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last packets that were sent, in the clear, for those who ask for one again. As many
 * as were sent in a time are kept, and memory follows: in chunks that are used again when all of
 * their packets are older than that. Neither the newest GS_RETRANSMIT_LEAST packets are given up
 * nor more than GS_RETRANSMIT_PACKETS kept. The encode thread writes (slot, publish), the main
 * thread reads (copy); only those calls lock, and briefly.
 *
 * Time is an argument (CLOCK_MONOTONIC, ns).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/rtp.h"
#include "common/srtp.h"

#define GS_RETRANSMIT_PACKETS 2048
#define GS_RETRANSMIT_LEAST 64 /* so many may be on their way into the socket at once */
#define GS_RETRANSMIT_PACKET_SIZE (GS_RTP_MAX_PACKET + GS_SRTP_TAG_SIZE)

struct gs_retransmit;

struct gs_retransmit *gs_retransmit_create(void);
void gs_retransmit_destroy(struct gs_retransmit *ring);
/* Forgets everything. Not while a slot is being written. */
void gs_retransmit_reset(struct gs_retransmit *ring);
/* How long packets are kept, from now on: longer than their receiver goes on asking. At first a
 * second. */
void gs_retransmit_keep_for(struct gs_retransmit *ring, uint64_t ns);
/* Where to write packet seq, the one after the last or that one once more:
 * GS_RETRANSMIT_PACKET_SIZE bytes, aligned to 8, which the writer may read until
 * GS_RETRANSMIT_LEAST packets later. */
uint8_t *gs_retransmit_slot(struct gs_retransmit *ring, uint16_t seq, uint64_t now);
/* The slot is whole and may be sent again. */
void gs_retransmit_publish(struct gs_retransmit *ring, uint16_t seq, size_t size);
/* Copies the packet for sending it once more. 0: it is not there any more. */
size_t gs_retransmit_copy(struct gs_retransmit *ring, uint16_t seq,
                          uint8_t out[GS_RETRANSMIT_PACKET_SIZE]);
/* Bytes that the packets take, those to be used again included. */
size_t gs_retransmit_memory(struct gs_retransmit *ring);
