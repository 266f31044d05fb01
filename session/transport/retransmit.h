/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last packets that were sent, in the clear, in fixed memory, for those who ask for one again.
 * The encode thread writes (slot, publish), the main thread reads (resend, copy); only
 * those calls lock, and briefly.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/rtp.h"
#include "common/srtp.h"

#define GS_RETRANSMIT_PACKETS 2048 /* a power of two */
#define GS_RETRANSMIT_TIMES 3      /* how often one packet is sent again at most */
#define GS_RETRANSMIT_PACKET_SIZE (GS_RTP_MAX_PACKET + GS_SRTP_TAG_SIZE)

struct gs_retransmit;

struct gs_retransmit *gs_retransmit_create(void);
void gs_retransmit_destroy(struct gs_retransmit *ring);
/* Forgets everything. Not while a slot is being written. */
void gs_retransmit_reset(struct gs_retransmit *ring);
/* Where to write packet seq: GS_RETRANSMIT_PACKET_SIZE bytes, aligned to 8, which the writer may
 * read until GS_RETRANSMIT_PACKETS later. The packet that was there is gone. */
uint8_t *gs_retransmit_slot(struct gs_retransmit *ring, uint16_t seq);
/* The slot is whole and may be resent. */
void gs_retransmit_publish(struct gs_retransmit *ring, uint16_t seq, size_t size);
/* Copies the packet for sending it once more. 0: not there any more, or sent too often. */
size_t gs_retransmit_resend(struct gs_retransmit *ring, uint16_t seq,
                            uint8_t out[GS_RETRANSMIT_PACKET_SIZE]);
/* The same without counting. */
size_t gs_retransmit_copy(struct gs_retransmit *ring, uint16_t seq,
                          uint8_t out[GS_RETRANSMIT_PACKET_SIZE]);
