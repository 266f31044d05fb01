/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/transport/sink.h"

#include <errno.h>

static gboolean on_announce(gpointer user)
{
    struct gs_sink *sink = user;
    const struct gs_transport_params *p = &sink->base.params;

    g_clear_pointer(&sink->announce, g_source_unref);
    sink->stream.present = true;
    p->listener->receiver_changed(p->user, &sink->stream, true);
    if (atomic_load(&sink->attached))
        p->listener->keyframe_wanted(p->user, &sink->stream);
    return G_SOURCE_REMOVE;
}

int gs_sink_attach(struct gs_transport *t, bool first, struct gs_welcome *welcome GS_UNUSED,
                   struct gs_stream **ret)
{
    struct gs_sink *sink = (struct gs_sink *)t;
    GMainContext *context;

    if (atomic_load(&sink->attached))
        return -EBUSY;
    atomic_store(&sink->attached, true);
    sink->stream = (struct gs_stream){.first = first};
    context = g_main_context_ref_thread_default();
    sink->announce = g_idle_source_new();
    g_source_set_callback(sink->announce, on_announce, sink, NULL);
    g_source_attach(sink->announce, context);
    g_main_context_unref(context);
    *ret = &sink->stream;
    return 0;
}

void gs_sink_finish(struct gs_sink *sink)
{
    if (sink->announce)
        g_source_destroy(sink->announce);
    g_clear_pointer(&sink->announce, g_source_unref);
    sink->stream.present = false;
    atomic_store(&sink->attached, false);
}

void gs_sink_detach(struct gs_transport *t, struct gs_stream *stream GS_UNUSED)
{
    gs_sink_finish((struct gs_sink *)t);
}

void gs_sink_sent(struct gs_sink *sink, size_t size)
{
    if (!atomic_load(&sink->attached))
        atomic_fetch_add(&sink->dropped, 1);
    atomic_fetch_add(&sink->frames, 1);
    atomic_fetch_add(&sink->bytes, size);
}

void gs_sink_counters(struct gs_transport *t, struct gs_transport_counters *ret)
{
    struct gs_sink *sink = (struct gs_sink *)t;

    *ret = (struct gs_transport_counters){
        .packets = atomic_load(&sink->frames),
        .bytes = atomic_load(&sink->bytes),
        .dropped_frames = atomic_load(&sink->dropped),
    };
}
