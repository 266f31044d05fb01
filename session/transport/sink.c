/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/transport/sink.h"

static gboolean on_announce(gpointer user)
{
    struct gs_sink *sink = user;
    const struct gs_transport_params *p = &sink->base.params;

    g_clear_pointer(&sink->announce, g_source_unref);
    p->listener->receiver_changed(p->user, true);
    p->listener->keyframe_wanted(p->user);
    return G_SOURCE_REMOVE;
}

int gs_sink_attach(struct gs_transport *t, struct gs_welcome *welcome)
{
    struct gs_sink *sink = (struct gs_sink *)t;
    GMainContext *context = g_main_context_ref_thread_default();

    (void)welcome;
    gs_sink_detach(t);
    sink->announce = g_idle_source_new();
    g_source_set_callback(sink->announce, on_announce, sink, NULL);
    g_source_attach(sink->announce, context);
    g_main_context_unref(context);
    return 0;
}

void gs_sink_detach(struct gs_transport *t)
{
    struct gs_sink *sink = (struct gs_sink *)t;

    if (sink->announce)
        g_source_destroy(sink->announce);
    g_clear_pointer(&sink->announce, g_source_unref);
}
