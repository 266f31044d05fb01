/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/control_json.h"

#include <stdlib.h>
#include <string.h>

#include "common/json.h"

#define TEXT(s) gs_json_text_new(s)
#define NUMBER(n) json_integer((json_int_t)(n))

static json_t *texts_new(char *const *list)
{
    json_t *array = json_array();

    for (; list && *list; list++)
        json_array_append_new(array, TEXT(*list));
    return array;
}

json_t *gs_control_settings_json(const struct gs_session_settings *s)
{
    char size[32];

    snprintf(size, sizeof(size), "%ux%u", s->width, s->height);
    return json_pack(
        "{ss so so so so so so so so so so ss ss ss so so so so so so}", "size", size, "fps",
        NUMBER(s->fps), "bitrate", NUMBER(s->max_kbps), "quality", NUMBER(s->quality), "encoder",
        TEXT(s->encoder), "converter", TEXT(s->converter), "effort", TEXT(s->effort), "weight",
        NUMBER(s->weight), "floor", NUMBER(s->floor_fps), "cap", NUMBER(s->cap_percent),
        "cpu-weight", s->cpu_weight == UINT32_MAX ? TEXT("auto") : NUMBER(s->cpu_weight), "sandbox",
        gs_sandbox_names[s->sandbox], "unwatched", gs_unwatched_names[s->unwatched], "restart",
        gs_restart_names[s->restart], "idle-timeout", NUMBER(s->idle_timeout_s), "viewers",
        NUMBER(s->viewers), "memory-max", NUMBER(s->memory_max), "tasks-max", NUMBER(s->tasks_max),
        "cpu-max", NUMBER(s->cpu_percent), "ticket-ttl", NUMBER(s->ticket_ttl_s));
}

static json_t *ready_new(const struct gs_worker_ready *ready)
{
    if (!ready)
        return json_null();
    return json_pack("{so so so so}", "encoder", TEXT(ready->encoder), "converter",
                     TEXT(ready->converter), "renderer", TEXT(ready->renderer), "udp_port",
                     NUMBER(ready->udp_port));
}

static json_t *stats_new(const struct gs_session_info *info)
{
    char *text = info->stats ? gs_worker_stats_to_json(info->stats) : NULL;
    json_t *stats = text ? json_loads(text, 0, NULL) : NULL;

    free(text);
    if (!stats)
        return json_null();
    json_object_del(stats, "v");
    json_object_set_new(stats, "age_ms", NUMBER(info->stats_age_ms));
    return stats;
}

static json_t *clients_new(const struct gs_session_info *info)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < info->n_clients; i++) {
        const struct gs_session_client *c = &info->clients[i];

        json_array_append_new(array, json_pack("{so so so so sb so}", "id", NUMBER(c->id),
                                               "address", TEXT(c->address), "program",
                                               TEXT(c->program), "decoder", TEXT(c->decoder),
                                               "view", c->view, "since", NUMBER(c->since)));
    }
    return array;
}

json_t *gs_control_session_json(const struct gs_session_info *info,
                                const struct gs_control_devices *devices)
{
    return json_pack(
        "{so so so so so ss so so so so so so so so so so so so so}", "name", TEXT(info->name),
        "user", TEXT(info->user), "uid", NUMBER(info->uid), "app", TEXT(info->app), "argv",
        texts_new(info->argv), "state", gs_session_state_names[info->state], "created",
        NUMBER(info->created), "unwatched_since", NUMBER(info->unwatched_since), "worker",
        NUMBER(info->worker), "keeper", NUMBER(info->keeper), "restarts", NUMBER(info->restarts),
        "last_error", TEXT(info->last_error), "settings", gs_control_settings_json(info->settings),
        "ready", ready_new(info->ready), "stats", stats_new(info), "clients", clients_new(info),
        "share", TEXT(info->share ? info->share : ""), "scheduler",
        gs_control_scheduler_json(info, devices), "queue", gs_control_queue_json(info));
}

json_t *gs_control_ticket_json(const struct gs_ticket_info *t, const char *url)
{
    json_t *ticket = json_pack("{so sb so so so}", "id", TEXT(t->id), "view", t->view, "uses_left",
                               NUMBER(t->uses_left), "expires", NUMBER(t->expires), "created",
                               NUMBER(t->created));

    if (url)
        json_object_set_new(ticket, "url", TEXT(url));
    return ticket;
}

json_t *gs_control_app_json(const struct gs_app *app)
{
    return json_pack("{so so so so so}", "name", TEXT(app->name), "title", TEXT(app->title),
                     "desktop_id", TEXT(app->desktop_id), "command", texts_new(app->command),
                     "settings", gs_control_settings_json(&app->settings));
}

json_t *gs_control_event_json(const struct gs_event *e)
{
    return json_pack("{si so so so so so so}", "v", GS_CONTROL_VERSION, "seq", NUMBER(e->seq),
                     "time", NUMBER(e->time), "kind", TEXT(e->kind), "session", TEXT(e->session),
                     "user", TEXT(e->user), "text", TEXT(e->text));
}

/* limit: null where none is known. */
static json_t *slots_new(const struct gs_slots_count *n)
{
    return json_pack("{so so so}", "limit",
                     n->limit == GS_SLOTS_AUTO ? json_null() : NUMBER(n->limit), "used",
                     NUMBER(n->used), "wanted", NUMBER(n->wanted));
}

json_t *gs_control_daemon_json(const struct gs_daemon_info *d)
{
    return json_pack("{so so so so so so so so so so so}", "started", NUMBER(d->started),
                     "sessions", NUMBER(d->sessions), "clients", NUMBER(d->clients), "waiting",
                     NUMBER(d->waiting), "created", NUMBER(d->created), "ended", NUMBER(d->ended),
                     "failed", NUMBER(d->failed), "hung", NUMBER(d->hung), "adopted",
                     NUMBER(d->adopted), "refused", NUMBER(d->refused), "encoder_slots",
                     slots_new(&d->encoder_slots));
}
