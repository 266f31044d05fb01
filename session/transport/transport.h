/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transports carry encoded frames away, each to all of its receivers. Threads: send is called on
 * the encode thread, everything else on the session's main thread; an implementation locks what
 * both touch.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/macros.h"
#include "common/proto.h"
#include "common/trace.h"
#include "encoder/encoder.h"

struct gs_transport;

/* What one receiver is sent. First member of every implementation's own struct; made by attach,
 * gone with detach or the transport. Main thread. */
struct gs_stream {
    bool first;   /* sent before the others, and waited for */
    bool present; /* its receiver was heard within the last 10 s, and has not said good-bye */
};

/* Called from the main context that was thread-default at creation, never from inside a call on the
 * transport. They may attach and detach any stream, but not destroy the transport. */
struct gs_transport_listener {
    /* The receiver needs an IDR: it is new, or lost what can't be repaired. Main thread. */
    void (*keyframe_wanted)(void *user, struct gs_stream *stream);
    /* The receiver was first heard / is not heard any more. Main thread. */
    void (*receiver_changed)(void *user, struct gs_stream *stream, bool present);
};

struct gs_transport_params {
    uint32_t fps;
    unsigned receivers;       /* most at a time, up to GS_VIEWERS_MAX; 0: one */
    const char *bind_address; /* numeric; NULL or "": any */
    uint16_t udp_first, udp_last;
    const char *path; /* file: where to */
    const struct gs_transport_listener *listener;
    void *user;
};

/* Since the start, over all receivers that there are and were; they never go back. */
struct gs_transport_counters {
    uint64_t packets, bytes; /* sent, without those sent again; from the RTP header on */
    uint64_t lost;           /* packets, as the receivers report */
    uint64_t repaired;       /* packets that were sent again because a receiver asked */
    uint64_t dropped_frames; /* given to send while nobody could use them */
};

struct gs_transport_impl {
    const char *name;
    int (*open)(const struct gs_transport_params *p, struct gs_transport **ret);
    int (*attach)(struct gs_transport *t, bool first, struct gs_welcome *welcome,
                  struct gs_stream **ret);
    void (*detach)(struct gs_transport *t, struct gs_stream *stream);
    int (*send)(struct gs_transport *t, const struct gs_packet *packet,
                struct gs_frame_trace *trace);
    void (*counters)(struct gs_transport *t, struct gs_transport_counters *ret);
    void (*close)(struct gs_transport *t); /* frees t and its streams; takes half-built ones */
};

/* First member of every implementation's own struct. */
struct gs_transport {
    const struct gs_transport_impl *impl;
    struct gs_transport_params params;
    uint16_t udp_port;              /* 0: has none */
    _Atomic uint64_t keyframe_sent; /* when the last began to be sent, 0: none was. Any thread */
};

/* NULL at the end: "srtp", "file", "null". */
extern const struct gs_transport_impl *const gs_transport_impls[];

/* name NULL or "": srtp. 0; -ENOENT for an unknown name, else what open returned; logged. */
int gs_transport_create(const char *name, const struct gs_transport_params *params,
                        struct gs_transport **ret) GS_MUST_CHECK;
void gs_transport_destroy(struct gs_transport *t);
/* Begins a new stream to one more receiver: new keys and SSRCs, written into welcome together with
 * the port. It begins with the next IDR. -EBUSY: there are as many as can be (params.receivers;
 * one where there is no network). attach and detach say nothing to the listener. */
int gs_transport_attach(struct gs_transport *t, bool first, struct gs_welcome *welcome,
                        struct gs_stream **ret) GS_MUST_CHECK;
/* The receiver is told. The others notice nothing. */
void gs_transport_detach(struct gs_transport *t, struct gs_stream *stream);
/* Sends one access unit to all that can use it; fills trace->first_packet and last_packet (of the
 * first receiver). A receiver that was not heard yet, or still waits for its first IDR, is left
 * out; one whose way is jammed loses packets, the others do not. -EINVAL: there is no NAL unit in
 * it. */
int gs_transport_send(struct gs_transport *t, const struct gs_packet *packet,
                      struct gs_frame_trace *trace) GS_MUST_CHECK;
void gs_transport_counters(struct gs_transport *t, struct gs_transport_counters *ret);
