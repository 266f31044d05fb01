/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/worker_client.h"

#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"

/* ---- what the worker says ---- */

static void on_message(struct worker_client *c, const uint8_t *payload, size_t size)
{
    switch (payload[0]) {
    case GS_MSG_WELCOME:
        if (gs_welcome_from_json((const char *)payload + 1, size - 1, &c->welcome) == 0)
            c->welcomes++;
        break;
    case GS_MSG_CURSOR:
        c->cursors++;
        break;
    case GS_MSG_POINTER:
        c->modes++;
        break;
    case GS_MSG_PONG:
        c->pongs++;
        break;
    case GS_MSG_VIDEO:
        c->sizes++;
        break;
    default:
        break;
    }
}

static bool on_link(struct worker_rig *rig, uint8_t type, const uint8_t *payload, size_t size)
{
    GPtrArray *clients = rig->others_data;
    struct gs_reader r;
    uint32_t id;

    if (type != GS_LINK_CLIENT_DATA && type != GS_LINK_CLIENT_CLOSE)
        return false;
    gs_reader_init(&r, payload, size);
    id = gs_read_u32(&r);
    for (unsigned i = 0; i < clients->len; i++) {
        struct worker_client *c = clients->pdata[i];

        if (c->id != id)
            continue;
        if (type == GS_LINK_CLIENT_DATA && size > 4)
            on_message(c, payload + 4, size - 4);
        else if (gs_bye_from_json((const char *)payload + 4, size - 4, &c->bye) == 0)
            c->closed = true;
        return true;
    }
    return id != 1; /* the rig's own */
}

static void on_access_unit(void *user, const struct gs_access_unit *au)
{
    struct worker_client *c = user;

    pthread_mutex_lock(&c->lock);
    c->stream.frames++;
    c->stream.keyframes += au->keyframe;
    c->stream.gaps += au->discontinuity && c->stream.frames > 1;
    c->stream.last_id = au->info.frame_id;
    c->stream.last_input = au->info.input_id;
    c->stream.foreign_input |= au->info.input_id == WORKER_CLIENT_FOREIGN;
    pthread_mutex_unlock(&c->lock);
    g_main_context_wakeup(NULL);
}

/* ---- life ---- */

static void send_with_id(struct worker_client *c, uint8_t type, const void *payload, size_t size)
{
    uint8_t id[4];
    struct gs_writer w;

    gs_writer_init(&w, id, sizeof(id));
    gs_write_u32(&w, c->id);
    if (gs_channel_send2(c->rig->link, type, id, sizeof(id), payload, size) < 0)
        fprintf(stderr, "worker client: message %u was not sent\n", type);
}

static bool is_answered(struct worker_rig *rig, void *user)
{
    const struct worker_client *c = user;

    return rig->closed || c->closed || c->welcomes;
}

static bool say_open(struct worker_client *c, bool view, const char *resume)
{
    struct gs_client_open open = {
        .hello = {.session = "rig", .client = "test", .decoder = "none", .view = view},
        .view = view};
    char *json;

    g_strlcpy(open.resume, resume ? resume : "", sizeof(open.resume));
    json = gs_client_open_to_json(&open);
    c->welcomes = 0;
    c->closed = false;
    send_with_id(c, GS_LINK_CLIENT_OPEN, json, strlen(json));
    free(json);
    return worker_rig_wait(c->rig, is_answered, c) && !c->rig->closed;
}

static bool begin_stream(struct worker_client *c, const struct gs_relay_params *network)
{
    static const struct gs_receiver_listener listener = {.access_unit = on_access_unit};
    g_autoptr(GInetAddress) host = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    struct gs_welcome welcome = c->welcome;

    if (network) {
        struct gs_relay_params relay = *network;

        relay.server_port = welcome.udp_port;
        if (gs_relay_create(&relay, &c->relay) < 0)
            return false;
        welcome.udp_port = gs_relay_port(c->relay);
    }
    return gs_receiver_create(host, &welcome, &listener, c, &c->rx) == 0;
}

bool worker_client_enter(struct worker_rig *rig, struct worker_client *c,
                         const struct worker_client_params *params)
{
    *c = (struct worker_client){.rig = rig, .id = params->id};
    pthread_mutex_init(&c->lock, NULL);
    if (!rig->others_data)
        rig->others_data = g_ptr_array_new();
    rig->others = on_link;
    g_ptr_array_add(rig->others_data, c);
    if (!say_open(c, params->view, params->resume))
        return false;
    return !c->welcomes || begin_stream(c, params->network);
}

bool worker_client_return(struct worker_client *c, uint32_t id)
{
    c->id = id;
    return say_open(c, c->welcome.view, c->welcome.resume);
}

void worker_client_finish(struct worker_client *c)
{
    GPtrArray *clients = c->rig->others_data;

    gs_receiver_destroy(g_steal_pointer(&c->rx));
    gs_relay_destroy(g_steal_pointer(&c->relay));
    g_ptr_array_remove_fast(clients, c);
    if (!clients->len) {
        c->rig->others = NULL;
        g_ptr_array_unref(g_steal_pointer(&c->rig->others_data));
    }
    pthread_mutex_destroy(&c->lock);
}

/* ---- use ---- */

void worker_client_send(struct worker_client *c, uint8_t type, const void *payload, size_t size)
{
    g_autofree uint8_t *buffer = g_malloc(size + 1);

    buffer[0] = type;
    if (size)
        memcpy(buffer + 1, payload, size);
    send_with_id(c, GS_LINK_CLIENT_DATA, buffer, size + 1);
}

void worker_client_press(struct worker_client *c, uint32_t input_id, bool down)
{
    const struct gs_input in = {
        .id = input_id, .kind = GS_INPUT_BUTTON, .state = down, .code = BTN_LEFT};
    uint8_t payload[GS_INPUT_SIZE];

    gs_input_write(&in, payload);
    worker_client_send(c, GS_MSG_INPUT, payload, sizeof(payload));
}

void worker_client_break(struct worker_client *c)
{
    send_with_id(c, GS_LINK_CLIENT_CLOSE, NULL, 0);
}

void worker_client_send_away(struct worker_client *c)
{
    const struct gs_bye bye = {.reason = "the ticket was revoked"};
    char *json = gs_bye_to_json(&bye);

    send_with_id(c, GS_LINK_CLIENT_CLOSE, json, strlen(json));
    free(json);
}

void worker_client_bye(struct worker_client *c)
{
    const struct gs_bye bye = {.reason = "enough"};
    char *json = gs_bye_to_json(&bye);

    worker_client_send(c, GS_MSG_BYE, json, strlen(json));
    free(json);
    worker_client_break(c);
}

struct worker_stream worker_client_stream(struct worker_client *c)
{
    struct worker_stream s;

    pthread_mutex_lock(&c->lock);
    s = c->stream;
    pthread_mutex_unlock(&c->lock);
    return s;
}

struct awaited {
    struct worker_client *c;
    const unsigned *count; /* NULL: frames */
    unsigned wanted;
};

static bool has_come(struct worker_rig *rig GS_UNUSED, void *user)
{
    const struct awaited *a = user;

    return (a->count ? *a->count : worker_client_stream(a->c).frames) >= a->wanted;
}

bool worker_client_await(struct worker_client *c, const unsigned *count, unsigned wanted)
{
    return worker_rig_wait(c->rig, has_come, &(struct awaited){c, count, wanted});
}

bool worker_client_await_frames(struct worker_client *c, unsigned more)
{
    return worker_client_await(c, NULL, worker_client_stream(c).frames + more);
}
