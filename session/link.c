/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/link.h"

#include "common/proto.h"

struct gs_link {
    struct gs_channel *channel;
};

struct gs_link *gs_link_create(GIOStream *stream, const struct gs_channel_handler *handler,
                               void *user)
{
    struct gs_link *l = g_new0(struct gs_link, 1);

    l->channel = gs_channel_create(stream, GS_PROTO_MAX_FRAME, handler, user);
    return l;
}

void gs_link_destroy(struct gs_link *l)
{
    if (!l)
        return;
    gs_channel_destroy(l->channel);
    g_free(l);
}

int gs_link_send2(struct gs_link *l, uint8_t type, const void *head, size_t head_size,
                  const void *body, size_t body_size)
{
    return gs_channel_send2(l->channel, type, head, head_size, body, body_size);
}

int gs_link_send(struct gs_link *l, uint8_t type, const void *payload, size_t size)
{
    return gs_link_send2(l, type, NULL, 0, payload, size);
}

void gs_link_end(struct gs_link *l, unsigned timeout_ms)
{
    gs_channel_close_after_flush(l->channel, timeout_ms);
}
