/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/clients.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/keyframes.h"
#include "session/places.h"
#include "session/viewer.h"

#define REPLACED "another client took over the session"

/* Place i of places is client[i]. */
struct client {
    struct gs_viewer viewer;
    struct gs_stream *stream;
    struct gs_welcome media; /* SSRCs, port and keys of the stream */
};

struct gs_clients {
    struct gs_clients_params params;
    struct gs_places places;
    struct gs_keyframes keyframes;
    struct client client[GS_VIEWERS_MAX];
    const struct client *only; /* what is said to all is for this one; NULL: for all */
    bool watched;
    guint timer;
};

static void on_input_applied(void *user, uint32_t input_id)
{
    struct gs_clients *c = user;

    c->params.listener->input_applied(c->params.user, input_id);
}

/* Of those who only watch nobody asks. */
static void on_report(void *user, const struct gs_client_report *report)
{
    struct gs_clients *c = user;

    c->params.listener->report(c->params.user, report);
}

static void ignore_report(void *user GS_UNUSED, const struct gs_client_report *report GS_UNUSED)
{
}

struct gs_clients *gs_clients_create(const struct gs_clients_params *params)
{
    struct gs_clients *c = g_new0(struct gs_clients, 1);

    c->params = *params;
    return c;
}

void gs_clients_destroy(struct gs_clients *c)
{
    if (!c)
        return;
    if (c->timer)
        g_source_remove(c->timer);
    explicit_bzero(c->client, sizeof(c->client));
    g_free(c);
}

/* ---- what is due by the clock ---- */

static void schedule(struct gs_clients *c);

static uint64_t keyframe_sent(const struct gs_clients *c)
{
    return atomic_load(&c->params.parts->transport->keyframe_sent);
}

static void leave(struct gs_clients *c, int place);

static gboolean on_due(gpointer user)
{
    struct gs_clients *c = user;
    uint64_t now = gs_now_ns();
    int place;

    c->timer = 0;
    while ((place = gs_places_overdue(&c->places, now)) >= 0) {
        gs_info("viewer %d did not come back", place);
        leave(c, place);
    }
    if (gs_keyframes_take(&c->keyframes, keyframe_sent(c), now))
        gs_pipeline_request_keyframe(c->params.parts->pipeline);
    schedule(c);
    return G_SOURCE_REMOVE;
}

static void schedule(struct gs_clients *c)
{
    uint64_t now = gs_now_ns(), due = gs_keyframes_due(&c->keyframes, keyframe_sent(c));

    due = GS_MIN(due, gs_places_due(&c->places));
    if (c->timer)
        g_source_remove(c->timer);
    c->timer = 0;
    if (due != UINT64_MAX)
        c->timer = g_timeout_add(
            due <= now ? 0 : (guint)((due - now + GS_NS_PER_MS - 1) / GS_NS_PER_MS), on_due, c);
}

/* ---- leaving ---- */

static void note_watched(struct gs_clients *c)
{
    bool watched = gs_places_receiving(&c->places) > 0;

    if (c->watched == watched)
        return;
    c->watched = watched;
    c->params.listener->watched(c->params.user, watched);
}

/* What the client with the control held down must not stay down without it, and what it said last
 * of how it goes is not true any more. */
static void release_input(struct gs_clients *c, int place)
{
    const struct gs_viewer *v = &c->client[place].viewer;
    const struct gs_input reset = {.id = v->id, .kind = GS_INPUT_RESET};

    if (v->view || !v->id)
        return;
    v->source->impl->input(v->source, &reset);
    c->params.listener->report(c->params.user, NULL);
}

/* Its place is free already. */
static void end_stream(struct gs_clients *c, int place)
{
    struct client *cl = &c->client[place];

    gs_transport_detach(c->params.parts->transport, cl->stream);
    explicit_bzero(cl, sizeof(*cl));
    note_watched(c);
    schedule(c);
}

static void leave(struct gs_clients *c, int place)
{
    release_input(c, place);
    gs_places_leave(&c->places, place);
    end_stream(c, place);
}

static void send_away(struct gs_clients *c, int place, int status, const char *reason)
{
    release_input(c, place);
    gs_viewer_close(&c->client[place].viewer, status, reason);
    leave(c, place);
}

static void break_connection(struct gs_clients *c, int place)
{
    bool stays;

    release_input(c, place);
    c->client[place].viewer.id = 0;
    stays = gs_places_broke(&c->places, place, gs_now_ns());
    gs_info("viewer %d: the connection broke%s", place, stays ? ", its stream goes on" : "");
    if (stays)
        schedule(c);
    else
        leave(c, place);
}

/* ---- coming ---- */

static void welcome_client(struct gs_clients *c, int place, bool resumed)
{
    const struct gs_worker_config *config = c->params.config;
    const struct gs_worker_ready *ready = c->params.ready;
    struct client *cl = &c->client[place];
    struct gs_source *source = cl->viewer.source;
    struct gs_welcome welcome = cl->media;
    char *text;

    g_strlcpy(welcome.session, config->session, sizeof(welcome.session));
    welcome.width = config->width;
    welcome.height = config->height;
    welcome.fps = config->fps;
    g_strlcpy(welcome.encoder, ready->encoder, sizeof(welcome.encoder));
    g_strlcpy(welcome.converter, ready->converter, sizeof(welcome.converter));
    g_strlcpy(welcome.renderer, ready->renderer, sizeof(welcome.renderer));
    g_strlcpy(welcome.why, c->params.why, sizeof(welcome.why));
    g_strlcpy(welcome.resume, c->places.place[place].resume, sizeof(welcome.resume));
    welcome.resumed = resumed;
    welcome.view = cl->viewer.view;
    text = gs_welcome_to_json(&welcome);
    gs_viewer_send(&cl->viewer, GS_MSG_WELCOME, text, strlen(text));
    free(text);
    explicit_bzero(&welcome, sizeof(welcome));
    c->only = cl;
    if (source->impl->announce)
        source->impl->announce(source);
    c->only = NULL;
}

static struct gs_viewer make_viewer(struct gs_clients *c, uint32_t id, bool view)
{
    return (struct gs_viewer){
        .id = id,
        .link = c->params.link,
        .source = c->params.parts->source,
        .view = view,
        .input_applied = on_input_applied,
        .report = view ? ignore_report : on_report,
        .user = c,
    };
}

static void come_back(struct gs_clients *c, int place, uint32_t id,
                      const struct gs_client_open *open)
{
    struct client *cl = &c->client[place];

    release_input(c, place);
    gs_viewer_close(&cl->viewer, 0, "the same client connected again");
    gs_places_back(&c->places, place, id, open->view);
    cl->viewer = make_viewer(c, id, c->places.place[place].view);
    gs_info("viewer %d is back as client %u: %s", place, id, open->hello.client);
    welcome_client(c, place, true);
    schedule(c);
}

/* Sends it away before it has a place. */
static void refuse(struct gs_clients *c, uint32_t id, int status, const char *reason)
{
    struct gs_viewer v = make_viewer(c, id, true);

    gs_info("client %u: %s", id, reason);
    gs_viewer_close(&v, status, reason);
}

static void replace(struct gs_clients *c, int place)
{
    release_input(c, place);
    gs_viewer_close(&c->client[place].viewer, 0, REPLACED);
    gs_places_replace(&c->places, place, gs_now_ns());
    end_stream(c, place);
}

static bool make_room(struct gs_clients *c, uint32_t id, bool view)
{
    g_autofree char *full = NULL;
    int place;

    if (gs_places_make_room(&c->places, view, &place)) {
        if (place >= 0 && place == gs_places_controls(&c->places))
            replace(c, place);
        else if (place >= 0)
            leave(c, place);
        return true;
    }
    full = g_strdup_printf("the session has as many viewers as it may have (%u); "
                           "come again when one has left",
                           c->places.max);
    refuse(c, id, 3, full);
    return false;
}

static void come(struct gs_clients *c, uint32_t id, const struct gs_client_open *open)
{
    struct gs_welcome media = {0};
    struct gs_stream *stream;
    struct client *cl;
    int err, place;

    if (gs_places_was_replaced(&c->places, open->resume, gs_now_ns())) {
        refuse(c, id, 0, REPLACED);
        return;
    }
    if (!make_room(c, id, open->view))
        return;
    err = gs_transport_attach(c->params.parts->transport, !open->view, &media, &stream);
    if (err < 0) {
        gs_warn("client %u: no stream: %s", id, g_strerror(-err));
        refuse(c, id, 1, "the session could not open a stream");
        return;
    }
    place = gs_places_take(&c->places, id, open->view, open->resume);
    cl = &c->client[place];
    *cl = (struct client){make_viewer(c, id, open->view), stream, media};
    explicit_bzero(&media, sizeof(media));
    gs_info("client %u is viewer %d%s: %s, decoder %s", id, place, open->view ? " and watches" : "",
            open->hello.client, open->hello.decoder);
    welcome_client(c, place, false);
}

void gs_clients_open(struct gs_clients *c, uint32_t id, const char *json, size_t size)
{
    struct gs_client_open open;
    int place;

    if (!c->places.max)
        gs_places_init(&c->places, c->params.config->viewers);
    if (gs_client_open_from_json(json, size, &open) < 0) {
        refuse(c, id, 1, "the session could not read what the host says of this client");
        return;
    }
    /* The host does not use a number again while it is in use. */
    place = gs_places_find(&c->places, id);
    if (place >= 0)
        break_connection(c, place);
    place = gs_places_find_back(&c->places, open.resume);
    if (place >= 0)
        come_back(c, place, id, &open);
    else
        come(c, id, &open);
}

/* ---- from the host ---- */

void gs_clients_data(struct gs_clients *c, uint32_t id, struct gs_reader *r)
{
    int place = gs_places_find(&c->places, id);
    uint8_t type = gs_read_u8(r);
    size_t size = gs_reader_left(r);
    const uint8_t *payload = gs_read_bytes(r, size);

    if (place < 0 || r->overrun)
        return;
    if (gs_viewer_handle(&c->client[place].viewer, type, payload, size) == 0)
        return;
    gs_warn("client %u broke the protocol with message %u", id, type);
    send_away(c, place, 1, "protocol error");
}

void gs_clients_closed(struct gs_clients *c, uint32_t id, bool away)
{
    int place = gs_places_find(&c->places, id);

    if (place < 0)
        return;
    if (away || c->client[place].viewer.bye)
        leave(c, place);
    else
        break_connection(c, place);
}

void gs_clients_link_lost(struct gs_clients *c)
{
    for (int i = 0; i < GS_VIEWERS_MAX; i++)
        if (c->places.place[i].taken && c->places.place[i].client)
            break_connection(c, i);
}

void gs_clients_link_back(struct gs_clients *c)
{
    gs_places_link_back(&c->places, gs_now_ns());
    schedule(c);
}

/* ---- to the clients ---- */

void gs_clients_send(struct gs_clients *c, uint8_t type, const void *payload, size_t size)
{
    for (unsigned i = 0; i < GS_VIEWERS_MAX; i++)
        if (!c->only || c->only == &c->client[i])
            gs_viewer_send(&c->client[i].viewer, type, payload, size);
}

void gs_clients_send_cursor(struct gs_clients *c, const struct gs_cursor_msg *msg)
{
    size_t size = gs_cursor_size(msg);
    g_autofree uint8_t *buffer = g_malloc(size);

    gs_cursor_write(msg, buffer);
    gs_clients_send(c, GS_MSG_CURSOR, buffer, size);
}

/* ---- from the transport ---- */

static int place_of(const struct gs_clients *c, const struct gs_stream *stream)
{
    for (int i = 0; i < GS_VIEWERS_MAX; i++)
        if (c->client[i].stream == stream)
            return i;
    return -1;
}

void gs_clients_receiver_changed(struct gs_clients *c, struct gs_stream *stream, bool present)
{
    int place = place_of(c, stream);

    if (place < 0)
        return;
    gs_info("viewer %d %s", place, present ? "receives" : "is not heard any more");
    if (gs_places_heard(&c->places, place, present))
        note_watched(c);
    else
        leave(c, place);
}

void gs_clients_keyframe_wanted(struct gs_clients *c, struct gs_stream *stream)
{
    int place = place_of(c, stream);

    if (place < 0)
        return;
    if (!c->places.place[place].view) {
        gs_pipeline_request_keyframe(c->params.parts->pipeline);
        return;
    }
    gs_keyframes_ask(&c->keyframes, gs_now_ns());
    if (gs_keyframes_take(&c->keyframes, keyframe_sent(c), gs_now_ns()))
        gs_pipeline_request_keyframe(c->params.parts->pipeline);
    else
        schedule(c);
}

/* ---- who they are ---- */

unsigned gs_clients_list(const struct gs_clients *c, struct gs_worker_viewer *ret)
{
    unsigned n = 0;

    for (unsigned i = 0; i < GS_VIEWERS_MAX; i++) {
        const struct gs_place *place = &c->places.place[i];

        if (!place->taken || !place->resume[0])
            continue;
        ret[n] = (struct gs_worker_viewer){.view = place->view};
        g_strlcpy(ret[n++].resume, place->resume, sizeof(ret[0].resume));
    }
    return n;
}

unsigned gs_clients_receiving(const struct gs_clients *c)
{
    return gs_places_receiving(&c->places);
}
