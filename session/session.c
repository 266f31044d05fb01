/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/link.h"
#include "common/log.h"
#include "common/proto.h"
#include "session/clients.h"
#include "session/link.h"
#include "session/parts.h"
#include "session/resize.h"

#define END_FLUSH_MS 500

struct gs_session {
    GMainLoop *loop;
    struct gs_link *link;
    bool configured, ended;
    int exit_status;
    struct gs_worker_config config;
    struct gs_worker_ready ready;
    char why[256];

    struct gs_parts parts;
    struct gs_clients *clients;
    struct gs_resize resize;
    guint resize_timer;
};

/* ---- end ---- */

static void end(struct gs_session *s, int status, const char *reason)
{
    struct gs_bye bye = {.status = status};
    char *json;

    if (s->ended)
        return;
    s->ended = true;
    s->exit_status = status;
    gs_info("session ends: %s", reason);
    g_strlcpy(bye.reason, reason, sizeof(bye.reason));
    json = gs_bye_to_json(&bye);
    if (gs_link_send(s->link, GS_LINK_ENDED, json, strlen(json)) < 0)
        gs_warn("the host could not be told that the session ended");
    free(json);
    gs_link_end(s->link, END_FLUSH_MS);
}

void gs_session_stop(struct gs_session *s)
{
    end(s, 0, "the session was stopped");
}

int gs_session_exit_status(const struct gs_session *s)
{
    return s->exit_status;
}

/* ---- what the parts report ---- */

static void on_damaged(void *user, uint64_t commit_ns)
{
    struct gs_session *s = user;

    if (s->parts.pipeline)
        gs_pipeline_damaged(s->parts.pipeline, commit_ns);
}

static void on_frame_wanted(void *user)
{
    struct gs_session *s = user;

    if (s->parts.pipeline)
        gs_pipeline_frame_wanted(s->parts.pipeline);
}

static void on_cursor(void *user, const struct gs_cursor_msg *msg)
{
    struct gs_session *s = user;

    gs_clients_send_cursor(s->clients, msg);
}

static void on_pointer_mode(void *user, enum gs_pointer_mode mode)
{
    struct gs_session *s = user;
    uint8_t byte = (uint8_t)mode;

    gs_clients_send(s->clients, GS_MSG_POINTER, &byte, 1);
}

static void on_app_ended(void *user, int wait_status, const char *reason)
{
    bool ok = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;

    end(user, ok ? 0 : 1, reason);
}

static const struct gs_source_listener source_listener = {
    .damaged = on_damaged,
    .frame_wanted = on_frame_wanted,
    .cursor = on_cursor,
    .pointer_mode = on_pointer_mode,
    .ended = on_app_ended,
};

static void on_keyframe_wanted(void *user, struct gs_stream *stream)
{
    struct gs_session *s = user;

    if (s->parts.pipeline)
        gs_clients_keyframe_wanted(s->clients, stream);
}

static void on_receiver_changed(void *user, struct gs_stream *stream, bool present)
{
    struct gs_session *s = user;

    gs_clients_receiver_changed(s->clients, stream, present);
}

static const struct gs_transport_listener transport_listener = {
    .keyframe_wanted = on_keyframe_wanted,
    .receiver_changed = on_receiver_changed,
};

static void on_pipeline_failed(void *user, const char *reason)
{
    end(user, 1, reason);
}

static void on_watched(void *user, bool watched)
{
    struct gs_session *s = user;

    gs_pipeline_set_watched(s->parts.pipeline, watched);
}

static void on_input_applied(void *user, uint32_t input_id)
{
    struct gs_session *s = user;

    gs_pipeline_input_applied(s->parts.pipeline, input_id);
}

static void on_report(void *user GS_UNUSED, const struct gs_client_report *report)
{
    gs_trace("the client has decoded %u frames", report->frames);
}

static const struct gs_clients_listener clients_listener = {
    .watched = on_watched,
    .input_applied = on_input_applied,
    .report = on_report,
};

/* ---- beginning ---- */

static void note_kinds(struct gs_session *s)
{
    g_strlcpy(s->ready.encoder, s->parts.encoder->impl->name, sizeof(s->ready.encoder));
    g_strlcpy(s->ready.converter, s->parts.converter->impl->name, sizeof(s->ready.converter));
    g_snprintf(s->why, sizeof(s->why), "%s; %s", s->parts.encoder->why, s->parts.converter->why);
}

static void say_ready(struct gs_session *s)
{
    char *json;

    g_strlcpy(s->ready.renderer, s->parts.renderer, sizeof(s->ready.renderer));
    note_kinds(s);
    s->ready.udp_port = s->parts.transport->udp_port;
    s->ready.x11_display = s->parts.source->impl->x11_display
                               ? s->parts.source->impl->x11_display(s->parts.source)
                               : -1;
    gs_info("%ux%u at %u fps, encoder %s, converter %s, renderer %s, UDP port %u", s->config.width,
            s->config.height, s->config.fps, s->ready.encoder, s->ready.converter,
            s->ready.renderer, s->ready.udp_port);
    json = gs_worker_ready_to_json(&s->ready);
    if (gs_link_send(s->link, GS_LINK_READY, json, strlen(json)) < 0)
        gs_warn("the host could not be told that the session is ready");
    free(json);
}

static void configure(struct gs_session *s, const uint8_t *payload, size_t size)
{
    const struct gs_parts_params params = {
        .config = &s->config,
        .source_listener = &source_listener,
        .transport_listener = &transport_listener,
        .failed = on_pipeline_failed,
        .user = s,
    };
    g_autofree char *reason = NULL;
    int err;

    if (s->configured) {
        end(s, 1, "the host configured the session twice");
        return;
    }
    err = gs_worker_config_from_json((const char *)payload, size, &s->config);
    if (err < 0) {
        end(s, 1, "the host sent a configuration that is not valid");
        return;
    }
    s->configured = true;
    gs_log_init("gpushare-session", s->config.session);
    err = gs_parts_build(&s->parts, &params, &reason);
    if (err < 0) {
        end(s, 1, reason);
        return;
    }
    say_ready(s);
}

/* ---- size ---- */

static void schedule_resize(struct gs_session *s);

static void tell_size(struct gs_session *s, const struct gs_video *video)
{
    uint8_t payload[GS_VIDEO_SIZE];

    gs_video_write(video, payload);
    gs_clients_send(s->clients, GS_MSG_VIDEO, payload, sizeof(payload));
}

static void change_size(struct gs_session *s, const struct gs_video *video)
{
    struct gs_worker_config config = s->config;
    g_autofree char *reason = NULL;

    config.width = video->width;
    config.height = video->height;
    if (gs_parts_resize(&s->parts, &config, &reason) < 0) {
        gs_warn("the size stays %ux%u and does not become %ux%u: %s", s->config.width,
                s->config.height, video->width, video->height, reason);
        return;
    }
    s->config.width = video->width;
    s->config.height = video->height;
    note_kinds(s);
    /* All pictures of the old size have left. */
    tell_size(s, video);
    gs_info("%ux%u from now on", video->width, video->height);
}

/* No frame is in flight. */
static void on_idle_to_resize(void *user)
{
    struct gs_session *s = user;
    uint64_t begin = gs_now_ns();
    struct gs_video video;

    if (s->ended || !gs_resize_take(&s->resize, begin, &video))
        return;
    if (video.width != s->config.width || video.height != s->config.height) {
        change_size(s, &video);
        gs_resize_done(&s->resize, begin, gs_now_ns());
    }
    schedule_resize(s);
}

static gboolean on_resize_due(gpointer data)
{
    struct gs_session *s = data;

    s->resize_timer = 0;
    gs_pipeline_when_idle(s->parts.pipeline, on_idle_to_resize, s);
    return G_SOURCE_REMOVE;
}

static void schedule_resize(struct gs_session *s)
{
    uint64_t due = gs_resize_due(&s->resize), now = gs_now_ns();

    if (due == UINT64_MAX || s->resize_timer)
        return;
    s->resize_timer = g_timeout_add(
        due <= now ? 0 : (guint)((due - now + GS_NS_PER_MS - 1) / GS_NS_PER_MS), on_resize_due, s);
}

static void want_size(struct gs_session *s, const uint8_t *payload, size_t size)
{
    struct gs_video video;

    if (!s->parts.pipeline)
        return;
    if (gs_video_read(payload, size, &video) < 0) {
        gs_warn("the size stays %ux%u: the host asked for one that cannot be", s->config.width,
                s->config.height);
        return;
    }
    gs_resize_want(&s->resize, &video);
    schedule_resize(s);
}

/* ---- link ---- */

static void on_link_frame(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    struct gs_session *s = user;
    struct gs_reader r;
    uint32_t id;

    if (s->ended)
        return;
    if (type == GS_LINK_CONFIG) {
        configure(s, payload, size);
        return;
    }
    if (type == GS_LINK_STOP) {
        gs_session_stop(s);
        return;
    }
    if (type == GS_LINK_RESIZE) {
        want_size(s, payload, size);
        return;
    }
    gs_reader_init(&r, payload, size);
    id = gs_read_u32(&r);
    if (!s->parts.pipeline || r.overrun || id == 0)
        return;
    if (type == GS_LINK_CLIENT_OPEN)
        gs_clients_open(s->clients, id, (const char *)payload + 4, size - 4);
    else if (type == GS_LINK_CLIENT_DATA)
        gs_clients_data(s->clients, id, &r);
    else if (type == GS_LINK_CLIENT_CLOSE)
        gs_clients_closed(s->clients, id, size > 4);
}

static void on_link_closed(void *user, int err)
{
    struct gs_session *s = user;

    if (!s->ended) {
        gs_error("the host is gone%s%s", err ? ": " : "", err ? g_strerror(-err) : "");
        s->ended = true;
        s->exit_status = 1;
    }
    g_main_loop_quit(s->loop);
}

static const struct gs_channel_handler link_handler = {
    .frame = on_link_frame,
    .closed = on_link_closed,
};

struct gs_session *gs_session_create(GIOStream *stream, GMainLoop *loop)
{
    struct gs_session *s = g_new0(struct gs_session, 1);

    s->loop = loop;
    s->link = gs_link_create(stream, &link_handler, s);
    s->clients = gs_clients_create(&(struct gs_clients_params){
        .link = s->link,
        .parts = &s->parts,
        .config = &s->config,
        .ready = &s->ready,
        .why = s->why,
        .listener = &clients_listener,
        .user = s,
    });
    return s;
}

void gs_session_destroy(struct gs_session *s)
{
    if (!s)
        return;
    if (s->resize_timer)
        g_source_remove(s->resize_timer);
    gs_parts_finish(&s->parts);
    gs_clients_destroy(s->clients);
    gs_link_destroy(s->link);
    gs_worker_config_finish(&s->config);
    g_free(s);
}
