/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state of the srtp transport: srtp.c owns the life of it and of its streams, srtp_send.c sends
 * frames, feedback.c hears the receivers and does what is due by the clock. Lock order: send_lock,
 * then a stream's protect_lock or lock; the lock of the ring is never held together with another.
 *
 * Packets have a number in the transport (index), under which the ring keeps them in the clear, as
 * if for an SSRC, a timestamp's beginning and a first sequence number of 0. Each stream puts its
 * own into them and protects them with its own key, when they are sent and once more when they are
 * asked for. The same index always gives the same sequence number of a stream: AES-GCM must never
 * protect two different packets under one number.
 */
#pragma once

#include <glib.h>
#include <pthread.h>

#include "common/link.h"
#include "session/transport/retransmit.h"
#include "session/transport/transport.h"
#include "session/transport/udp.h"

struct gs_srtp_stream {
    struct gs_stream base;

    /* From attach to detach. */
    uint32_t ssrc, client_ssrc;
    uint32_t timestamp_base;

    /* Main thread. */
    struct gs_srtp *rtcp_out, *rtcp_in;
    bool gone;         /* detached while the feedback is at work: to be freed after it */
    uint64_t heard;    /* last authenticated packet, 0: none yet */
    uint64_t asked;    /* last time that keyframe_wanted was called */
    uint64_t rtt;      /* 0: unknown */
    uint64_t reported; /* last sender report */
    uint32_t reported_packets;
    uint32_t repaired, lost; /* packets */
    /* How often which packet was sent again: index × 4 + times, by index. */
    uint32_t again[GS_RETRANSMIT_PACKETS];

    pthread_mutex_t protect_lock; /* held for one packet */
    struct gs_srtp *rtp_out;

    /* The lock of the transport. */
    struct gs_udp_peer peer;
    bool need_keyframe;   /* a new receiver can't use anything before one */
    uint32_t since, next; /* indices of what it was sent without a gap; next: not yet */
    uint16_t next_seq;    /* of `next` */
    bool probing;         /* the clock looks after the last frame */
    unsigned probes;      /* how often its last packet was sent again for that */
    uint64_t last_sent;   /* 0: nothing yet */
    uint32_t packets, octets;
    uint64_t bytes;   /* of packets, before protection */
    uint64_t dropped; /* packets that the socket had no room for */
};

struct gs_srtp_transport {
    struct gs_transport base;
    struct gs_udp udp; /* segmentation: encode thread */
    struct gs_retransmit *ring;
    GMainContext *context; /* of the main thread */
    GSource *socket_source, *clock;

    /* Main thread. */
    bool busy;                          /* feedback is at work */
    GPtrArray *gone;                    /* streams, to be freed when it is not */
    uint64_t rejected;                  /* datagrams */
    struct gs_transport_counters ended; /* of streams that are no more */

    /* Held by send for as long as it takes; the main thread takes it to begin and end a stream. */
    pthread_mutex_t send_lock;
    uint8_t (*scratch)[GS_RETRANSMIT_PACKET_SIZE]; /* GS_UDP_BATCH of them */

    /* What both threads touch; held for moments. */
    pthread_mutex_t lock;
    /* Written by the main thread with both locks held: so it may read without any, and send with
     * send_lock alone. */
    unsigned n_streams;
    struct gs_srtp_stream *streams[GS_VIEWERS_MAX];
    uint32_t next_index;
    uint64_t sleeps_until; /* the loop looks at the clock then, if not before */
    uint64_t dropped_frames;
};

/* Starts listening on t->udp. Main thread, like all below. */
void gs_feedback_start(struct gs_srtp_transport *t);
void gs_feedback_stop(struct gs_srtp_transport *t);
/* Says BYE to a receiver that is there, and forgets it. */
void gs_feedback_leave(struct gs_srtp_transport *t, struct gs_srtp_stream *s);
/* After a frame to s: makes sure that the clock looks after it. lock is held. Encode thread. */
void gs_feedback_frame_sent(struct gs_srtp_transport *t, struct gs_srtp_stream *s, uint64_t now);

/* srtp_send.c */
int gs_srtp_transport_send(struct gs_transport *base, const struct gs_packet *packet,
                           struct gs_frame_trace *trace);
uint32_t gs_srtp_timestamp(uint64_t ns); /* 90 kHz */
/* Packet `index` as s gets it. 0: it is not there any more, or could not be protected. Encode
 * thread with the seq that it will have, main thread with the one that it had. */
size_t gs_srtp_stream_packet(struct gs_srtp_transport *t, struct gs_srtp_stream *s, uint32_t index,
                             uint16_t seq, uint8_t out[GS_RETRANSMIT_PACKET_SIZE]);

/* srtp.c: frees it. */
void gs_srtp_stream_free(struct gs_srtp_stream *s);
