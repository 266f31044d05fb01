/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state of the srtp transport: srtp.c owns its life and sends frames, feedback.c hears the
 * receiver and does what is due by the clock. Lock order: send_lock, lock; the lock of the ring is
 * never held together with another. */
#pragma once

#include <glib.h>
#include <pthread.h>

#include "session/transport/retransmit.h"
#include "session/transport/transport.h"
#include "session/transport/udp.h"

struct gs_srtp_transport {
    struct gs_transport base;
    struct gs_udp udp; /* segmentation: encode thread */
    struct gs_retransmit *ring;
    GMainContext *context; /* of the main thread */
    GSource *socket_source, *clock;

    /* Main thread. */
    bool attached;
    uint32_t ssrc, client_ssrc;
    struct gs_srtp *rtcp_out, *rtcp_in;
    bool present;      /* the receiver was heard within the timeout */
    uint64_t heard;    /* last authenticated packet, 0: none yet */
    uint64_t asked;    /* last time that keyframe_wanted was called */
    uint64_t rtt;      /* 0: unknown */
    uint64_t reported; /* last sender report */
    uint32_t reported_packets;
    uint64_t rejected, resent; /* datagrams */

    /* Held by send for as long as it takes; the main thread takes it to begin and end a stream. */
    pthread_mutex_t send_lock;
    struct gs_srtp *rtp_out;
    uint16_t next_seq;
    uint32_t timestamp_base; /* also read by the main thread, the only writer */

    /* What both threads touch; held for moments. */
    pthread_mutex_t lock;
    struct gs_udp_peer peer;
    bool need_keyframe;    /* a new receiver can't use anything before one */
    uint64_t sleeps_until; /* the loop looks at the clock then, if not before */
    bool probing;          /* the clock looks after the last frame */
    unsigned probes;       /* how often its last packet was sent again for that */
    uint64_t last_sent;
    uint16_t last_seq;
    uint32_t packets, octets;
    uint64_t dropped;                      /* packets that the socket had no room for */
    struct gs_transport_counters counters; /* lost: of the receivers before */
    uint32_t lost;                         /* of this one */
};

/* Starts listening on t->udp. Main thread, like all below. */
void gs_feedback_start(struct gs_srtp_transport *t);
void gs_feedback_stop(struct gs_srtp_transport *t);
/* Forgets the receiver; says BYE to it if it was there. */
void gs_feedback_reset(struct gs_srtp_transport *t);
/* After a frame: makes sure that the clock looks after it. lock is held. Encode thread. */
void gs_feedback_frame_sent(struct gs_srtp_transport *t, uint64_t now);
uint32_t gs_srtp_transport_timestamp(const struct gs_srtp_transport *t, uint64_t ns);
