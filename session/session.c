/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/bytes.h"
#include "common/link.h"
#include "common/log.h"
#include "common/proto.h"
#include "session/change.h"
#include "session/clients.h"
#include "session/link.h"
#include "session/parts.h"
#include "session/slot.h"
#include "session/stats.h"
#include "session/turns.h"
#include "session/unwatched.h"

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
    struct gs_turns *turns;
    struct gs_unwatched_guard *unwatched;
    struct gs_stats *stats;
    struct gs_change *change;
    struct gs_slot *slot;
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
    gs_link_end(s->link, GS_LINK_ENDED, json, strlen(json), END_FLUSH_MS);
    free(json);
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

    gs_pipeline_damaged(s->parts.pipeline, commit_ns);
}

static void on_frame_wanted(void *user, bool keeps)
{
    struct gs_session *s = user;

    gs_pipeline_frame_wanted(s->parts.pipeline, keeps);
}

static void on_sync_wanted(void *user)
{
    struct gs_session *s = user;

    gs_pipeline_sync_wanted(s->parts.pipeline);
}

static void on_drawn(void *user, uint64_t now_ns)
{
    struct gs_session *s = user;

    gs_pipeline_drawn(s->parts.pipeline, now_ns);
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
    .sync_wanted = on_sync_wanted,
    .drawn = on_drawn,
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

    gs_unwatched_set_watched(s->unwatched, watched);
    gs_stats_begin(s->stats);
}

static void on_input_applied(void *user, uint32_t input_id)
{
    struct gs_session *s = user;

    gs_pipeline_input_applied(s->parts.pipeline, input_id);
}

static void on_report(void *user, const struct gs_client_report *report)
{
    struct gs_session *s = user;

    gs_stats_client_report(s->stats, report);
}

static const struct gs_clients_listener clients_listener = {
    .watched = on_watched,
    .input_applied = on_input_applied,
    .report = on_report,
};

static void on_turns_changed(void *user)
{
    struct gs_session *s = user;

    gs_pipeline_turns_changed(s->parts.pipeline);
}

static void on_hold(void *user, bool hold)
{
    struct gs_session *s = user;

    if (s->parts.freeze)
        gs_freeze_set(s->parts.freeze, GS_FREEZE_TURN, hold);
}

static const struct gs_turns_listener turns_listener = {
    .changed = on_turns_changed,
    .hold = on_hold,
};

/* ---- changes ---- */

static void note_kinds(struct gs_session *s)
{
    g_strlcpy(s->ready.encoder, s->parts.encoder->impl->name, sizeof(s->ready.encoder));
    g_strlcpy(s->ready.converter, s->parts.converter->impl->name, sizeof(s->ready.converter));
    g_snprintf(s->why, sizeof(s->why), "%s; %s", s->parts.encoder->why, s->parts.converter->why);
}

static void on_size_changed(void *user, const struct gs_video *video)
{
    struct gs_session *s = user;
    uint8_t payload[GS_VIDEO_SIZE];

    note_kinds(s);
    gs_video_write(video, payload);
    gs_clients_send(s->clients, GS_MSG_VIDEO, payload, sizeof(payload));
    gs_slot_look(s->slot, true);
}

static void on_settings_changed(void *user)
{
    struct gs_session *s = user;

    note_kinds(s);
    gs_unwatched_follow(s->unwatched);
    gs_slot_look(s->slot, false);
}

static void on_encoder_changed(void *user, int err, const char *reason)
{
    struct gs_session *s = user;

    gs_slot_reopened(s->slot, err, reason);
    note_kinds(s);
}

/* ---- beginning ---- */

static void say_ready(struct gs_session *s)
{
    char *json;

    g_strlcpy(s->ready.renderer, s->parts.renderer, sizeof(s->ready.renderer));
    g_strlcpy(s->ready.gpu, s->parts.gpu, sizeof(s->ready.gpu));
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

static void build_around_parts(struct gs_session *s)
{
    s->unwatched = gs_unwatched_create(&s->parts, &s->config);
    s->stats = gs_stats_create(&(struct gs_stats_params){
        .link = s->link,
        .parts = &s->parts,
        .clients = s->clients,
        .unwatched = s->unwatched,
    });
    s->change = gs_change_create(&(struct gs_change_params){
        .parts = &s->parts,
        .config = &s->config,
        .size_changed = on_size_changed,
        .settings_changed = on_settings_changed,
        .encoder_changed = on_encoder_changed,
        .failed = on_pipeline_failed,
        .user = s,
    });
}

/* failure: the encoder that was asked for is not to be had. */
static void on_slot_settled(void *user, const char *failure)
{
    struct gs_session *s = user;
    const struct gs_parts_params params = {
        .config = &s->config,
        .source_listener = &source_listener,
        .transport_listener = &transport_listener,
        .turns = s->turns,
        .failed = on_pipeline_failed,
        .user = s,
    };
    g_autofree char *reason = NULL;

    if (s->ended)
        return;
    if (failure) {
        end(s, 1, failure);
        return;
    }
    if (gs_parts_build(&s->parts, &params, &reason) < 0) {
        end(s, 1, reason);
        return;
    }
    build_around_parts(s);
    gs_slot_look(s->slot, false);
    say_ready(s);
    gs_turns_connect(s->turns, &s->config);
}

static void on_reopen_wanted(void *user)
{
    struct gs_session *s = user;

    gs_change_encoder(s->change);
}

static void on_reason_changed(void *user)
{
    note_kinds(user);
}

static void ask_for_slot(struct gs_session *s)
{
    s->slot = gs_slot_create(&(struct gs_slot_params){
        .link = s->link,
        .parts = &s->parts,
        .config = &s->config,
        .begin = on_slot_settled,
        .reopen = on_reopen_wanted,
        .reason_changed = on_reason_changed,
        .user = s,
    });
    gs_slot_begin(s->slot);
}

static void configure(struct gs_session *s, const uint8_t *payload, size_t size)
{
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
    gs_log_set_user(getenv("USER"));
    gs_link_set_path(s->link, s->config.adopt_path);
    ask_for_slot(s);
}

/* ---- link ---- */

static void pong(struct gs_session *s, const uint8_t *payload, size_t size)
{
    if (size == 8 && gs_link_send(s->link, GS_LINK_PONG, payload, size) < 0)
        gs_warn("the host's question could not be answered");
}

static void on_client_frame(struct gs_session *s, uint8_t type, const uint8_t *payload, size_t size)
{
    struct gs_reader r;
    uint32_t id;

    gs_reader_init(&r, payload, size);
    id = gs_read_u32(&r);
    if (r.overrun || id == 0)
        return;
    if (type == GS_LINK_CLIENT_OPEN)
        gs_clients_open(s->clients, id, (const char *)payload + 4, size - 4);
    else if (type == GS_LINK_CLIENT_DATA)
        gs_clients_data(s->clients, id, &r);
    else if (type == GS_LINK_CLIENT_CLOSE)
        gs_clients_closed(s->clients, id, size > 4);
}

static void on_link_frame(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    struct gs_session *s = user;

    if (s->ended)
        return;
    if (type == GS_LINK_CONFIG)
        configure(s, payload, size);
    else if (type == GS_LINK_STOP)
        gs_session_stop(s);
    else if (type == GS_LINK_PING)
        pong(s, payload, size);
    else if (s->slot && (type == GS_LINK_SLOT_GIVEN || type == GS_LINK_SLOT_TAKEN))
        gs_slot_frame(s->slot, type, payload, size);
    else if (!s->change)
        gs_debug("message %u came before the configuration", type);
    else if (type == GS_LINK_RESIZE)
        gs_change_size(s->change, payload, size);
    else if (type == GS_LINK_SET)
        gs_change_settings(s->change, (const char *)payload, size);
    else
        on_client_frame(s, type, payload, size);
}

static void on_link_lost(void *user, int err)
{
    struct gs_session *s = user;

    gs_warn("the host is gone%s%s; the session goes on without it", err ? ": " : "",
            err ? g_strerror(-err) : "");
    gs_stats_pause(s->stats);
    gs_clients_link_lost(s->clients);
    gs_turns_lost(s->turns);
}

static char *introduce(void *user)
{
    struct gs_session *s = user;
    struct gs_worker_adopt a = {.ready = s->ready};

    g_strlcpy(a.session, s->config.session, sizeof(a.session));
    g_strlcpy(a.secret, s->config.secret, sizeof(a.secret));
    a.unwatched_s = s->unwatched ? gs_unwatched_seconds(s->unwatched) : 1;
    a.n_viewers = gs_clients_list(s->clients, a.viewers);
    gs_slot_introduce(s->slot, &a);
    return gs_worker_adopt_to_json(&a);
}

static void on_link_back(void *user)
{
    struct gs_session *s = user;

    gs_slot_link_back(s->slot);
    gs_clients_link_back(s->clients);
    gs_stats_begin(s->stats);
    if (s->parts.pipeline)
        gs_turns_connect(s->turns, &s->config);
}

static void on_link_closed(void *user, int err)
{
    struct gs_session *s = user;

    if (!s->ended) {
        gs_error("the host is gone%s%s", err ? ": " : "", err ? g_strerror(-err) : "");
        s->ended = true;
        s->exit_status = 1;
    } else if (err) {
        gs_warn("the host could not be told that the session ended: %s", g_strerror(-err));
    }
    g_main_loop_quit(s->loop);
}

static const struct gs_link_handler link_handler = {
    .frame = on_link_frame,
    .lost = on_link_lost,
    .introduce = introduce,
    .back = on_link_back,
    .closed = on_link_closed,
};

struct gs_session *gs_session_create(GIOStream *stream, GMainLoop *loop)
{
    struct gs_session *s = g_new0(struct gs_session, 1);

    s->loop = loop;
    s->link = gs_link_create(stream, &link_handler, s);
    s->turns = gs_turns_create(&turns_listener, s);
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
    gs_slot_destroy(g_steal_pointer(&s->slot));
    gs_stats_destroy(g_steal_pointer(&s->stats));
    gs_change_destroy(g_steal_pointer(&s->change));
    gs_unwatched_destroy(g_steal_pointer(&s->unwatched));
    gs_parts_finish(&s->parts);
    gs_turns_destroy(s->turns);
    gs_clients_destroy(s->clients);
    gs_link_destroy(s->link);
    gs_worker_config_finish(&s->config);
    g_free(s);
}
