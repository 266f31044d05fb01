/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends nothing anywhere; its receiver is always there. For tests and for measuring what comes
 * before the network. */
#include <glib.h>

#include "common/clock.h"
#include "session/transport/sink.h"

static int null_open(const struct gs_transport_params *p, struct gs_transport **ret)
{
    struct gs_sink *sink = g_new0(struct gs_sink, 1);

    sink->base.params = *p;
    *ret = &sink->base;
    return 0;
}

static int null_send(struct gs_transport *t, const struct gs_packet *packet,
                     struct gs_frame_trace *trace)
{
    trace->first_packet = trace->last_packet = gs_now_ns();
    gs_sink_sent((struct gs_sink *)t, packet->size);
    return 0;
}

static void null_close(struct gs_transport *t)
{
    gs_sink_finish((struct gs_sink *)t);
    g_free(t);
}

const struct gs_transport_impl gs_transport_null = {
    .name = "null",
    .open = null_open,
    .attach = gs_sink_attach,
    .detach = gs_sink_detach,
    .send = null_send,
    .counters = gs_sink_counters,
    .close = null_close,
};
