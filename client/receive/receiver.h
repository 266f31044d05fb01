/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Receives the media of one session: SRTP datagrams in, whole access units out, in order; asks for
 * what was lost (NACK), for an IDR when that fails (PLI), and reports (RR). Runs a thread of its
 * own on its socket.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/picture.h"
#include "common/macros.h"
#include "common/proto.h"

struct gs_receiver;

struct gs_access_unit {
    const uint8_t *data; /* Annex B; borrowed; followed by 64 zero bytes (decoders read past) */
    size_t size;
    bool keyframe;
    bool discontinuity; /* frames before this one are missing */
    struct gs_picture_info info;
};

/* Called on the receiver's thread. */
struct gs_receiver_listener {
    void (*access_unit)(void *user, const struct gs_access_unit *au);
};

/* Counters since creation; a copy. */
struct gs_receiver_stats {
    uint64_t packets, bytes; /* received, as datagrams, RTP only */
    uint64_t frames;         /* delivered as access units */
    uint64_t keyframes;
    uint64_t packets_lost;     /* missing when their frame was needed, repaired ones included */
    uint64_t packets_repaired; /* of those, came by retransmission */
    uint64_t frames_lost;
    uint64_t nacks_sent, plis_sent;
    uint64_t rejected; /* datagrams that were not ours: wrong tag, malformed; copies don't count */
};

/* address: of the host; the port, keys and SSRCs come from welcome. Sends the first report at once,
 * which opens the stream. 0, -errno. */
int gs_receiver_create(GInetAddress *address, const struct gs_welcome *welcome,
                       const struct gs_receiver_listener *listener, void *user,
                       struct gs_receiver **ret) GS_MUST_CHECK;
/* Joins the thread: no callback after it, and the counters stay as they are. */
void gs_receiver_stop(struct gs_receiver *rx);
/* Stops it where that was not done. Accepts NULL. */
void gs_receiver_destroy(struct gs_receiver *rx);
/* Any thread. */
void gs_receiver_get_stats(struct gs_receiver *rx, struct gs_receiver_stats *ret);
/* The host said that this stream ends (RTCP BYE). Any thread. */
bool gs_receiver_ended(const struct gs_receiver *rx);
/* The decoder could not go on: an IDR is needed. Any thread. */
void gs_receiver_request_keyframe(struct gs_receiver *rx);
/* The round trip time as the control channel measured it; times retransmission. Any thread. */
void gs_receiver_set_rtt(struct gs_receiver *rx, uint64_t rtt_ns);
