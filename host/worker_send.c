/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host says to a worker. */
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/channel.h"
#include "host/worker.h"
#include "host/worker_internal.h"

int gs_worker_open_client(struct gs_worker *w, uint32_t client, const struct gs_client_open *open)
{
    char *json = gs_client_open_to_json(open);
    uint8_t head[4];
    struct gs_writer out;
    int err;

    gs_writer_init(&out, head, sizeof(head));
    gs_write_u32(&out, client);
    err = gs_channel_send2(gs_worker_link(w), GS_LINK_CLIENT_OPEN, head, sizeof(head), json,
                           strlen(json));
    free(json);
    return err;
}

int gs_worker_send(struct gs_worker *w, uint32_t client, uint8_t type, const void *payload,
                   size_t size)
{
    uint8_t head[GS_WORKER_HEAD_SIZE];
    struct gs_writer out;

    gs_writer_init(&out, head, sizeof(head));
    gs_write_u32(&out, client);
    gs_write_u8(&out, type);
    return gs_channel_send2(gs_worker_link(w), GS_LINK_CLIENT_DATA, head, sizeof(head), payload,
                            size);
}

static int send_number(struct gs_worker *w, uint8_t type, uint32_t number)
{
    uint8_t payload[4];
    struct gs_writer out;

    gs_writer_init(&out, payload, sizeof(payload));
    gs_write_u32(&out, number);
    return gs_channel_send(gs_worker_link(w), type, payload, sizeof(payload));
}

int gs_worker_close_client(struct gs_worker *w, uint32_t client)
{
    return send_number(w, GS_LINK_CLIENT_CLOSE, client);
}

int gs_worker_send_set(struct gs_worker *w, const struct gs_worker_set *set)
{
    char *json = gs_worker_set_to_json(set);
    int err = gs_channel_send(gs_worker_link(w), GS_LINK_SET, json, strlen(json));

    free(json);
    return err;
}

int gs_worker_resize(struct gs_worker *w, const struct gs_video *video)
{
    uint8_t payload[GS_VIDEO_SIZE];

    gs_video_write(video, payload);
    return gs_channel_send(gs_worker_link(w), GS_LINK_RESIZE, payload, sizeof(payload));
}

int gs_worker_slot_given(struct gs_worker *w)
{
    return gs_channel_send(gs_worker_link(w), GS_LINK_SLOT_GIVEN, NULL, 0);
}

int gs_worker_slot_taken(struct gs_worker *w, uint32_t slots)
{
    return send_number(w, GS_LINK_SLOT_TAKEN, slots);
}
