/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/viewer.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/link.h"
#include "common/log.h"

#define MAX_KEYMAP_SIZE 262144

void gs_viewer_send(struct gs_viewer *v, uint8_t type, const void *payload, size_t size)
{
    uint8_t head[5];
    struct gs_writer w;
    int err;

    if (!v->id)
        return;
    gs_writer_init(&w, head, sizeof(head));
    gs_write_u32(&w, v->id);
    gs_write_u8(&w, type);
    err = gs_link_send2(v->link, GS_LINK_CLIENT_DATA, head, sizeof(head), payload, size);
    if (err < 0)
        gs_warn("message %u to the client was lost: %s", type, g_strerror(-err));
}

void gs_viewer_close(struct gs_viewer *v, int status, const char *reason)
{
    struct gs_bye bye = {.status = status};
    uint8_t head[4];
    struct gs_writer w;
    char *json;
    int err;

    if (!v->id)
        return;
    g_strlcpy(bye.reason, reason, sizeof(bye.reason));
    json = gs_bye_to_json(&bye);
    gs_writer_init(&w, head, sizeof(head));
    gs_write_u32(&w, v->id);
    err = gs_link_send2(v->link, GS_LINK_CLIENT_CLOSE, head, sizeof(head), json, strlen(json));
    if (err < 0)
        gs_warn("could not send the client away: %s", g_strerror(-err));
    free(json);
    v->id = 0;
}

static int handle_ping(struct gs_viewer *v, const uint8_t *payload, size_t size)
{
    uint64_t received = gs_now_ns();
    struct gs_reader r;
    struct gs_writer w;
    uint8_t pong[24];

    if (size != 8)
        return -EBADMSG;
    gs_reader_init(&r, payload, size);
    gs_writer_init(&w, pong, sizeof(pong));
    gs_write_u64(&w, gs_read_u64(&r));
    gs_write_u64(&w, received);
    gs_write_u64(&w, gs_now_ns());
    gs_viewer_send(v, GS_MSG_PONG, pong, sizeof(pong));
    return 0;
}

static int handle_input(struct gs_viewer *v, const uint8_t *payload, size_t size)
{
    if (size == 0 || size % GS_INPUT_SIZE)
        return -EBADMSG;
    for (size_t at = 0; at < size; at += GS_INPUT_SIZE) {
        struct gs_input in;
        int err = gs_input_read(payload + at, &in);

        if (err < 0)
            return err;
        v->source->impl->input(v->source, &in);
        v->input_applied(v->user, in.id);
    }
    return 0;
}

static int handle_keymap(struct gs_viewer *v, const uint8_t *payload, size_t size)
{
    g_autofree char *text = NULL;

    if (size == 0 || size > MAX_KEYMAP_SIZE || memchr(payload, 0, size))
        return -EBADMSG;
    if (!v->source->impl->set_keymap)
        return 0;
    text = g_strndup((const char *)payload, size);
    if (v->source->impl->set_keymap(v->source, text) < 0)
        gs_warn("the client's keyboard layout is not a valid XKB keymap; keeping the one before");
    return 0;
}

static int handle_report(struct gs_viewer *v, const uint8_t *payload, size_t size)
{
    struct gs_client_report report;
    int err = gs_client_report_read(payload, size, &report);

    if (!err)
        v->report(v->user, &report);
    return err;
}

int gs_viewer_handle(struct gs_viewer *v, uint8_t type, const uint8_t *payload, size_t size)
{
    switch (type) {
    case GS_MSG_PING:
        return handle_ping(v, payload, size);
    case GS_MSG_INPUT:
        return v->view ? 0 : handle_input(v, payload, size);
    case GS_MSG_KEYMAP:
        return v->view ? 0 : handle_keymap(v, payload, size);
    case GS_MSG_REPORT:
        return handle_report(v, payload, size);
    case GS_MSG_BYE:
        v->bye = true;
        return 0; /* the host closes the connection and says so */
    default:
        return -EBADMSG;
    }
}
