/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/clients.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "session/viewer.h"

struct gs_clients {
    struct gs_clients_params params;
    struct gs_viewer viewer;
    struct gs_worker_viewer known; /* resume "": no stream */
    bool receiving;
};

static void on_input_applied(void *user, uint32_t input_id)
{
    struct gs_clients *c = user;

    c->params.listener->input_applied(c->params.user, input_id);
}

static void on_report(void *user, const struct gs_client_report *report)
{
    struct gs_clients *c = user;

    c->params.listener->report(c->params.user, report);
}

struct gs_clients *gs_clients_create(const struct gs_clients_params *params)
{
    struct gs_clients *c = g_new0(struct gs_clients, 1);

    c->params = *params;
    c->viewer = (struct gs_viewer){
        .link = params->link,
        .input_applied = on_input_applied,
        .report = on_report,
        .user = c,
    };
    return c;
}

void gs_clients_destroy(struct gs_clients *c)
{
    g_free(c);
}

static void set_receiving(struct gs_clients *c, bool receiving)
{
    if (c->receiving == receiving)
        return;
    c->receiving = receiving;
    c->params.listener->watched(c->params.user, receiving);
}

static void release_client(struct gs_clients *c)
{
    const struct gs_input reset = {.id = c->viewer.id, .kind = GS_INPUT_RESET};
    struct gs_source *source = c->params.parts->source;

    /* What the client held down must not stay down without it. */
    source->impl->input(source, &reset);
    set_receiving(c, false);
    gs_transport_detach(c->params.parts->transport);
    c->known.resume[0] = '\0';
}

static void welcome_client(struct gs_clients *c, struct gs_welcome *welcome)
{
    const struct gs_worker_config *config = c->params.config;
    const struct gs_worker_ready *ready = c->params.ready;
    char *text;

    g_strlcpy(welcome->session, config->session, sizeof(welcome->session));
    welcome->width = config->width;
    welcome->height = config->height;
    welcome->fps = config->fps;
    g_strlcpy(welcome->encoder, ready->encoder, sizeof(welcome->encoder));
    g_strlcpy(welcome->converter, ready->converter, sizeof(welcome->converter));
    g_strlcpy(welcome->renderer, ready->renderer, sizeof(welcome->renderer));
    g_strlcpy(welcome->why, c->params.why, sizeof(welcome->why));
    text = gs_welcome_to_json(welcome);
    gs_viewer_send(&c->viewer, GS_MSG_WELCOME, text, strlen(text));
    free(text);
}

void gs_clients_open(struct gs_clients *c, uint32_t id, const char *json, size_t size)
{
    struct gs_source *source = c->params.parts->source;
    struct gs_welcome welcome = {0};
    struct gs_client_open open;
    int err;

    if (c->viewer.id) {
        gs_viewer_close(&c->viewer, 0, "another client took over the session");
        release_client(c);
    }
    c->viewer.id = id;
    c->viewer.source = source;
    err = gs_client_open_from_json(json, size, &open);
    if (!err)
        err = gs_transport_attach(c->params.parts->transport, &welcome);
    if (err < 0) {
        gs_warn("client %u: %s", id, g_strerror(-err));
        gs_viewer_close(&c->viewer, 1, "the session could not open a stream");
        return;
    }
    set_receiving(c, false);
    c->known.view = open.view;
    g_strlcpy(c->known.resume, open.resume, sizeof(c->known.resume));
    welcome_client(c, &welcome);
    gs_info("client %u: %s, decoder %s", id, open.hello.client, open.hello.decoder);
    if (source->impl->announce)
        source->impl->announce(source);
}

void gs_clients_data(struct gs_clients *c, uint32_t id, struct gs_reader *r)
{
    uint8_t type = gs_read_u8(r);
    size_t size = gs_reader_left(r);
    const uint8_t *payload = gs_read_bytes(r, size);

    if (id != c->viewer.id || r->overrun)
        return;
    if (gs_viewer_handle(&c->viewer, type, payload, size) == 0)
        return;
    gs_warn("client %u broke the protocol with message %u", id, type);
    gs_viewer_close(&c->viewer, 1, "protocol error");
    release_client(c);
}

void gs_clients_closed(struct gs_clients *c, uint32_t id)
{
    if (id != c->viewer.id)
        return;
    c->viewer.id = 0;
    release_client(c);
}

void gs_clients_send(struct gs_clients *c, uint8_t type, const void *payload, size_t size)
{
    gs_viewer_send(&c->viewer, type, payload, size);
}

void gs_clients_send_cursor(struct gs_clients *c, const struct gs_cursor_msg *msg)
{
    gs_viewer_send_cursor(&c->viewer, msg);
}

void gs_clients_receiver_changed(struct gs_clients *c, bool present)
{
    gs_info("%s", present ? "the client receives" : "the client is not heard any more");
    set_receiving(c, present);
}

void gs_clients_link_lost(struct gs_clients *c)
{
    const struct gs_input reset = {.id = c->viewer.id, .kind = GS_INPUT_RESET};
    struct gs_source *source = c->params.parts->source;

    if (!c->viewer.id)
        return;
    source->impl->input(source, &reset);
    c->viewer.id = 0;
}

void gs_clients_link_back(struct gs_clients *c)
{
    struct gs_transport *t = c->params.parts->transport;

    /* It was not heard for too long to come back. */
    if (!c->viewer.id && !c->receiving && c->known.resume[0]) {
        gs_transport_detach(t);
        c->known.resume[0] = '\0';
    }
}

unsigned gs_clients_list(const struct gs_clients *c, struct gs_worker_viewer *ret)
{
    if (!c->known.resume[0])
        return 0;
    *ret = c->known;
    return 1;
}

unsigned gs_clients_receiving(const struct gs_clients *c)
{
    return c->receiving ? 1 : 0;
}
