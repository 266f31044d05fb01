/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/transport/transport.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"

extern const struct gs_transport_impl gs_transport_srtp, gs_transport_file, gs_transport_null;

const struct gs_transport_impl *const gs_transport_impls[] = {
    &gs_transport_srtp,
    &gs_transport_file,
    &gs_transport_null,
    NULL,
};

static const struct gs_transport_impl *find(const char *name)
{
    for (unsigned i = 0; gs_transport_impls[i]; i++)
        if (strcmp(gs_transport_impls[i]->name, name) == 0)
            return gs_transport_impls[i];
    return NULL;
}

int gs_transport_create(const char *name, const struct gs_transport_params *params,
                        struct gs_transport **ret)
{
    const struct gs_transport_impl *impl = name && *name ? find(name) : gs_transport_impls[0];
    struct gs_transport *t;
    int err;

    if (!impl) {
        gs_error("transport: there is none named \"%s\"", name);
        return -ENOENT;
    }
    err = impl->open(params, &t);
    if (err < 0)
        return err;
    t->impl = impl;
    *ret = t;
    return 0;
}

void gs_transport_destroy(struct gs_transport *t)
{
    if (t)
        t->impl->close(t);
}

int gs_transport_attach(struct gs_transport *t, bool first, struct gs_welcome *welcome,
                        struct gs_stream **ret)
{
    return t->impl->attach(t, first, welcome, ret);
}

void gs_transport_detach(struct gs_transport *t, struct gs_stream *stream)
{
    t->impl->detach(t, stream);
}

int gs_transport_send(struct gs_transport *t, const struct gs_packet *packet,
                      struct gs_frame_trace *trace)
{
    if (packet->keyframe)
        atomic_store(&t->keyframe_sent, gs_now_ns());
    return t->impl->send(t, packet, trace);
}

void gs_transport_counters(struct gs_transport *t, struct gs_transport_counters *ret)
{
    t->impl->counters(t, ret);
}
