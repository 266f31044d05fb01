/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SRTP and SRTCP with AEAD_AES_128_GCM (RFC 3711, RFC 7714) by libsrtp2. One object is one
 * direction of one stream and belongs to one thread; several may exist for the same key as long as
 * only one protects RTP and only one protects RTCP. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"
#include "common/proto.h"

#define GS_SRTP_TAG_SIZE 16
#define GS_SRTCP_TRAILER_SIZE 20 /* tag and index */
#define GS_SRTP_AGAIN 2048       /* packets */

struct gs_srtp;

/* Begins, on a thread of its own, what libsrtp does once per process: it tests its ciphers for some
 * 30 ms. Call it early and the first gs_srtp_create finds it done. Optional; main thread, once. */
void gs_srtp_prepare(void);
/* Waits until that has ended: a process must not exit in the midst of it. Main thread. */
void gs_srtp_finish_prepare(void);

enum gs_srtp_direction {
    GS_SRTP_SEND,
    /* Sends each of the last GS_SRTP_AGAIN packets again, when it is given the very same plaintext:
     * the result is the same byte for byte. Another plaintext under the same sequence number would
     * betray the key (RFC 5116, 5.1.1); that is the caller's to prevent. */
    GS_SRTP_SEND_AGAIN,
    GS_SRTP_RECEIVE,
};

/* ssrc: of the sender of the stream. 0, -EINVAL, -ENOMEM. */
int gs_srtp_create(const uint8_t key[GS_SRTP_KEY_SIZE], uint32_t ssrc, enum gs_srtp_direction dir,
                   struct gs_srtp **ret) GS_MUST_CHECK;
void gs_srtp_destroy(struct gs_srtp *srtp);
/* In place. *size grows (protect; the caller leaves GS_SRTP_TAG_SIZE or GS_SRTCP_TRAILER_SIZE
 * bytes of room) or shrinks (unprotect). unprotect: -EACCES for a wrong tag, -EALREADY for a
 * replayed packet, -EBADMSG for anything else; the buffer is then undefined. */
int gs_srtp_protect(struct gs_srtp *srtp, void *packet, size_t *size) GS_MUST_CHECK;
int gs_srtp_unprotect(struct gs_srtp *srtp, void *packet, size_t *size) GS_MUST_CHECK;
int gs_srtp_protect_rtcp(struct gs_srtp *srtp, void *packet, size_t *size) GS_MUST_CHECK;
int gs_srtp_unprotect_rtcp(struct gs_srtp *srtp, void *packet, size_t *size) GS_MUST_CHECK;
