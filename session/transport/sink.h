/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What transports without a network share: one receiver at most, which is there as soon as the
 * stream is attached, and says so from the main loop. Main thread, but for gs_sink_sent. */
#pragma once

#include <glib.h>
#include <stdatomic.h>

#include "session/transport/transport.h"

/* First member of their own structs. */
struct gs_sink {
    struct gs_transport base;
    struct gs_stream stream;
    atomic_bool attached;
    GSource *announce; /* pending; NULL: none */
    atomic_ullong frames, bytes, dropped;
};

/* Leaves welcome as it is. */
int gs_sink_attach(struct gs_transport *t, bool first, struct gs_welcome *welcome,
                   struct gs_stream **ret);
void gs_sink_detach(struct gs_transport *t, struct gs_stream *stream);
/* For close: whether or not it is attached. */
void gs_sink_finish(struct gs_sink *sink);
/* A frame went where it goes. Encode thread. */
void gs_sink_sent(struct gs_sink *sink, size_t size);
/* A frame is a packet. */
void gs_sink_counters(struct gs_transport *t, struct gs_transport_counters *ret);
