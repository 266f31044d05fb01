/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/fake_host.h"

#include <errno.h>
#include <glib-unix.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/url.h"
#include "encoder/encoder.h"
#include "host/certificate.h"
#include "host/door.h"
#include "session/transport/transport.h"

#define FRAME_MS 20
#define FRAMES_A_STEP 10
#define LIMIT_S 30
#define CURSOR_SIDE 8
#define URL_TICKET "secret-ticket"
#define RESUME_TICKET "resume-ticket"

struct gs_fake_host {
    struct gs_fake_host_params params;
    GTlsCertificate *certificate;
    struct gs_door *door;
    uint16_t port;
    struct gs_transport *transport;
    struct gs_stream *stream;
    struct gs_encoder *encoder;
    struct gs_nv12 picture;
    GArray *inputs, *reports;
    char *keymap;
    uint32_t client; /* 0: none */
    struct gs_welcome welcome;
    unsigned clients, frames, next_step, ticks_away, refused;
    uint32_t frame_id, last_input, display_width, display_height;
    bool swapped, keyframe, bye, dropped, view;
    guint frame_timer;
};

static const struct {
    uint8_t y, cb, cr; /* BT.709, limited range */
} colours[4] = {{63, 102, 240}, {173, 42, 26}, {32, 240, 118}, {235, 128, 128}};

static void paint(struct gs_fake_host *h)
{
    struct gs_nv12 *p = &h->picture;

    for (uint32_t y = 0; y < p->height; y++) {
        for (uint32_t x = 0; x < p->width; x++) {
            unsigned right = (x >= p->width / 2) ^ (h->swapped ? 1u : 0u);
            unsigned i = (y >= p->height / 2 ? 2u : 0u) + right;

            p->y[(size_t)y * p->y_stride + x] = colours[i].y;
            p->uv[(size_t)(y / 2) * p->uv_stride + x] = x % 2 ? colours[i].cr : colours[i].cb;
        }
    }
}

static void send_frame(struct gs_fake_host *h)
{
    struct gs_frame_trace trace = {.input_id = h->last_input};
    struct gs_packet packet;

    trace.frame_id = ++h->frame_id;
    trace.commit = trace.grant = trace.convert_start = gs_now_ns();
    paint(h);
    trace.convert_end = trace.encode_start = gs_now_ns();
    if (gs_encoder_encode(h->encoder, &h->picture, &(struct gs_encode_options){.idr = h->keyframe},
                          &packet) != 0)
        abort();
    trace.encode_end = gs_now_ns();
    h->keyframe = false;
    if (gs_transport_send(h->transport, &packet, &trace) != 0)
        g_printerr("fake host: a frame was not sent\n");
}

static int open_door(struct gs_fake_host *h);

static int open_encoder(struct gs_fake_host *h, uint32_t width, uint32_t height)
{
    const struct gs_encoder_params p = {.width = width, .height = height, .fps = 50, .quality = 10};
    int err = gs_nv12_alloc(width, height, &h->picture);

    return err ? err : gs_encoder_create("x264", &p, &h->encoder);
}

/* Coded sizes are even. */
static void resize(struct gs_fake_host *h)
{
    uint8_t payload[8];
    struct gs_writer w;

    gs_writer_init(&w, payload, sizeof(payload));
    gs_write_u32(&w, h->params.width);
    gs_write_u32(&w, h->params.height);
    gs_door_send(h->door, h->client, GS_MSG_VIDEO, payload, w.pos);
    gs_encoder_destroy(g_steal_pointer(&h->encoder));
    gs_nv12_free(&h->picture);
    if (open_encoder(h, (h->params.width + 1) & ~1U, (h->params.height + 1) & ~1U) != 0)
        abort();
    h->keyframe = true;
}

static void end_stream(struct gs_fake_host *h)
{
    if (h->stream)
        gs_transport_detach(h->transport, h->stream);
    h->stream = NULL;
}

static bool there_is(const char *path)
{
    return path && g_file_test(path, G_FILE_TEST_EXISTS);
}

static bool cut_is_due(const struct gs_fake_host *h)
{
    if (h->dropped || !h->client)
        return false;
    return there_is(h->params.cut_file) ||
           (h->params.drop_after && h->frames >= h->params.drop_after);
}

static void cut(struct gs_fake_host *h)
{
    h->dropped = true;
    h->client = 0;
    g_clear_pointer(&h->door, gs_door_destroy);
    if (h->params.back.ends)
        end_stream(h);
}

static bool return_is_due(struct gs_fake_host *h)
{
    const struct gs_fake_return *back = &h->params.back;

    return !h->door && !back->never && h->ticks_away++ >= back->after &&
           (!back->file || there_is(back->file));
}

static void come_back(struct gs_fake_host *h)
{
    if (h->params.back.other_certificate) {
        g_clear_object(&h->certificate);
        if (gs_certificate_create(&h->certificate) != 0)
            abort();
    }
    if (open_door(h) != 0)
        abort();
}

static gboolean on_frame(void *user)
{
    struct gs_fake_host *h = user;

    if (cut_is_due(h))
        cut(h);
    if (return_is_due(h))
        come_back(h);
    if (h->params.mute || (h->params.still_after && h->frames >= h->params.still_after) ||
        (!h->client && !(h->dropped && h->params.back.resume)))
        return G_SOURCE_CONTINUE;
    if (h->params.resize_after && h->frames == h->params.resize_after)
        resize(h);
    send_frame(h);
    h->frames++;
    if (h->params.bye_after && h->frames >= h->params.bye_after && h->client) {
        const struct gs_bye bye = {.reason = "the application ended", .status = 0};

        gs_door_bye(h->door, h->client, &bye);
        h->client = 0;
    }
    return G_SOURCE_CONTINUE;
}

static void on_keyframe_wanted(void *user, struct gs_stream *stream GS_UNUSED)
{
    ((struct gs_fake_host *)user)->keyframe = true;
}

static void on_receiver_changed(void *user GS_UNUSED, struct gs_stream *stream GS_UNUSED,
                                bool present GS_UNUSED)
{
}

static const struct gs_transport_listener transport_listener = {on_keyframe_wanted,
                                                                on_receiver_changed};

/* That of the URL, but for a client that was told another. */
static const char *right_ticket(const struct gs_fake_host *h)
{
    return h->dropped && !h->params.old ? RESUME_TICKET : URL_TICKET;
}

static const char *on_hello(void *user, uint32_t id, const struct gs_hello *hello,
                            struct gs_refusal *ret)
{
    struct gs_fake_host *h = user;

    if (h->params.refuse)
        return "the ticket is not valid";
    if (h->dropped && h->refused < h->params.back.refusals) {
        h->refused++;
        ret->status = h->params.back.status;
        return ret->status == 4 ? "the session is being looked for" : "there is no such session";
    }
    if (strcmp(hello->session, "test") != 0 || strcmp(hello->ticket, right_ticket(h)) != 0)
        return "the client did not say what its URL said";
    h->client = id;
    h->bye = false;
    h->clients++;
    h->view = hello->view;
    h->display_width = hello->display_width;
    h->display_height = hello->display_height;
    return NULL;
}

/* The client is let in when on_hello has returned. */
static gboolean welcome(void *user)
{
    struct gs_fake_host *h = user;
    struct gs_welcome *w = &h->welcome;
    uint8_t pixels[CURSOR_SIDE * CURSOR_SIDE * 4], cursor[sizeof(pixels) + GS_CURSOR_HEADER_SIZE];
    const struct gs_cursor_msg msg = {true, CURSOR_SIDE, CURSOR_SIDE, 0, 0, pixels};
    uint8_t mode = h->params.relative ? GS_POINTER_RELATIVE : GS_POINTER_ABSOLUTE;
    char *json;

    w->resumed = h->dropped && h->params.back.resume;
    if (!w->resumed)
        end_stream(h);
    if (!w->resumed && gs_transport_attach(h->transport, true, w, &h->stream) != 0)
        abort();
    json = gs_welcome_to_json(w);
    gs_door_send(h->door, h->client, GS_MSG_WELCOME, json, strlen(json));
    free(json);
    /* Black, opaque. */
    for (size_t i = 0; i < sizeof(pixels); i++)
        pixels[i] = i % 4 == 3 ? 255 : 0;
    gs_cursor_write(&msg, cursor);
    gs_door_send(h->door, h->client, GS_MSG_CURSOR, cursor, gs_cursor_size(&msg));
    gs_door_send(h->door, h->client, GS_MSG_POINTER, &mode, 1);
    h->keyframe |= !w->resumed;
    return G_SOURCE_REMOVE;
}

static bool hello_then_welcome(void *user, uint32_t id, const struct gs_hello *hello,
                               struct gs_refusal *ret)
{
    struct gs_fake_host *h = user;

    ret->reason = on_hello(h, id, hello, ret);
    if (!ret->reason)
        g_idle_add_full(G_PRIORITY_HIGH, welcome, h, NULL);
    return !ret->reason;
}

static void on_ping(struct gs_fake_host *h, const uint8_t *payload, size_t size)
{
    uint8_t pong[24];
    struct gs_writer w;

    if (size != 8 || (h->params.silent && !h->dropped))
        return;
    gs_writer_init(&w, pong, sizeof(pong));
    gs_write_bytes(&w, payload, size);
    gs_write_u64(&w, gs_now_ns());
    gs_write_u64(&w, gs_now_ns());
    gs_door_send(h->door, h->client, GS_MSG_PONG, pong, w.pos);
}

static void on_inputs(struct gs_fake_host *h, const uint8_t *payload, size_t size)
{
    for (; size >= GS_INPUT_SIZE; payload += GS_INPUT_SIZE, size -= GS_INPUT_SIZE) {
        struct gs_input in;

        if (gs_input_read(payload, &in) != 0)
            abort();
        g_array_append_val(h->inputs, in);
        h->last_input = in.id;
        if (in.kind == GS_INPUT_KEY && in.code == KEY_SPACE && in.state == 1)
            h->swapped = !h->swapped;
    }
}

static void on_report(struct gs_fake_host *h, const uint8_t *payload, size_t size)
{
    struct gs_client_report report;

    if (gs_client_report_read(payload, size, &report) != 0)
        abort();
    g_array_append_val(h->reports, report);
}

static void on_message(void *user, uint32_t id, uint8_t type, const uint8_t *payload, size_t size)
{
    struct gs_fake_host *h = user;

    (void)id;
    if (type == GS_MSG_PING)
        on_ping(h, payload, size);
    else if (type == GS_MSG_INPUT)
        on_inputs(h, payload, size);
    else if (type == GS_MSG_REPORT)
        on_report(h, payload, size);
    else if (type == GS_MSG_BYE)
        h->bye = true;
    if (type != GS_MSG_KEYMAP)
        return;
    g_free(h->keymap);
    h->keymap = g_strndup((const char *)payload, size);
}

static void on_gone(void *user, uint32_t id, bool was_let_in)
{
    struct gs_fake_host *h = user;

    (void)was_let_in;
    if (id != h->client)
        return;
    h->client = 0;
    h->dropped |= !h->bye;
}

static const struct gs_client_listener client_listener = {hello_then_welcome, on_message, on_gone};

static int open_door(struct gs_fake_host *h)
{
    const struct gs_door_params p = {.address = "127.0.0.1",
                                     .port = h->port,
                                     .last_port = h->port,
                                     .deadline_ms = 10000,
                                     .certificate = h->certificate,
                                     .listener = &client_listener,
                                     .user = h};
    int err = gs_door_create(&p, &h->door);

    if (!err)
        h->port = gs_door_port(h->door);
    return err;
}

int gs_fake_host_create(const struct gs_fake_host_params *params, struct gs_fake_host **ret)
{
    struct gs_fake_host *h = g_new0(struct gs_fake_host, 1);
    const struct gs_transport_params tp = {.fps = 50,
                                           .bind_address = "127.0.0.1",
                                           .udp_first = GS_PROTO_UDP_FIRST,
                                           .udp_last = GS_PROTO_UDP_LAST,
                                           .listener = &transport_listener,
                                           .user = h};
    int err;

    h->params = *params;
    h->inputs = g_array_new(FALSE, FALSE, sizeof(struct gs_input));
    h->reports = g_array_new(FALSE, FALSE, sizeof(struct gs_client_report));
    h->welcome = (struct gs_welcome){.session = "test",
                                     .width = FAKE_WIDTH,
                                     .height = FAKE_HEIGHT,
                                     .fps = 50,
                                     .encoder = "x264",
                                     .converter = "none",
                                     .renderer = "fake",
                                     .why = "a test",
                                     .view = params->view};
    if (!params->old)
        strcpy(h->welcome.resume, RESUME_TICKET);
    err = gs_certificate_create(&h->certificate);
    if (!err)
        err = open_encoder(h, FAKE_WIDTH, FAKE_HEIGHT);
    if (!err)
        err = gs_transport_create("srtp", &tp, &h->transport);
    if (!err)
        err = open_door(h);
    if (err) {
        gs_fake_host_destroy(h);
        return err;
    }
    if (params->late)
        g_clear_pointer(&h->door, gs_door_destroy);
    h->frame_timer = g_timeout_add(FRAME_MS, on_frame, h);
    *ret = h;
    return 0;
}

void gs_fake_host_destroy(struct gs_fake_host *h)
{
    if (!h)
        return;
    g_clear_handle_id(&h->frame_timer, g_source_remove);
    gs_door_destroy(h->door);
    gs_transport_destroy(h->transport);
    gs_encoder_destroy(h->encoder);
    gs_nv12_free(&h->picture);
    g_clear_object(&h->certificate);
    g_array_unref(h->inputs);
    g_array_unref(h->reports);
    g_free(h->keymap);
    g_free(h);
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

char *gs_fake_host_url(const struct gs_fake_host *h, bool wrong_fingerprint)
{
    struct gs_url url = {
        .host = "127.0.0.1", .port = h->port, .session = "test", .ticket = URL_TICKET};
    char *text, *copy;

    gs_certificate_fingerprint(h->certificate, url.fingerprint);
    if (wrong_fingerprint)
        url.fingerprint[5] ^= 1;
    text = gs_url_format(&url);
    copy = g_strdup(text);
    free(text);
    return copy;
}

static gboolean set_flag(void *user)
{
    *(bool *)user = true;
    return G_SOURCE_CONTINUE;
}

static gboolean on_exit_fd(gint fd, GIOCondition condition, void *user)
{
    (void)fd;
    (void)condition;
    return set_flag(user);
}

/* Steps begin when there are pictures, and are spaced by pictures, not by time. */
static void run_step(struct gs_fake_host *h)
{
    const char *step = h->params.steps ? h->params.steps[h->next_step] : NULL;

    if (!step || (strcmp(step, GS_FAKE_AWAIT_CLIENT) == 0 && !h->client) ||
        h->frames < (h->next_step + 1) * FRAMES_A_STEP)
        return;
    h->next_step++;
    if (strcmp(step, GS_FAKE_AWAIT_CLIENT) != 0 && system(step) != 0)
        g_printerr("fake host: “%s” failed\n", step);
}

int gs_fake_host_run_program(struct gs_fake_host *h, struct gs_process *program)
{
    bool ended = false, late = false;
    guint exit_source = g_unix_fd_add(program->pidfd, G_IO_IN, on_exit_fd, &ended);
    guint limit = g_timeout_add_seconds(LIMIT_S, set_flag, &late);

    while (!ended && !late) {
        g_main_context_iteration(NULL, TRUE);
        run_step(h);
    }
    g_source_remove(exit_source);
    g_source_remove(limit);
    return late ? -ETIMEDOUT : gs_process_wait(program, 1000);
}

const GArray *gs_fake_host_inputs(const struct gs_fake_host *h)
{
    return h->inputs;
}

void gs_fake_host_display(const struct gs_fake_host *h, uint32_t *width, uint32_t *height)
{
    *width = h->display_width;
    *height = h->display_height;
}

const char *gs_fake_host_keymap(const struct gs_fake_host *h)
{
    return h->keymap;
}

const GArray *gs_fake_host_reports(const struct gs_fake_host *h)
{
    return h->reports;
}

bool gs_fake_host_view(const struct gs_fake_host *h)
{
    return h->view;
}

unsigned gs_fake_host_clients(const struct gs_fake_host *h)
{
    return h->clients;
}

bool gs_fake_host_heard_bye(const struct gs_fake_host *h)
{
    return h->bye;
}
