/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the scheduler says of sessions and devices, as JSON. */
#include "common/json.h"
#include "host/control_json.h"

#define NS_PER_US 1000
#define NUMBER(n) json_integer((json_int_t)(n))

const char *gs_control_device_name(const char *gpu)
{
    return *gpu ? gpu : "software";
}

static const struct gs_grants_device *device_of(const struct gs_sched_info *s,
                                                const struct gs_control_devices *devices)
{
    static const struct gs_grants_device unknown = {.engines = 1};

    return s->device < devices->n ? &devices->list[s->device] : &unknown;
}

static json_t *culprits_new(const struct gs_sched_info *s)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < s->n_culprits && i < GS_SCHED_CULPRITS_MAX; i++)
        json_array_append_new(array,
                              json_pack("{so so}", "session", gs_json_text_new(s->culprits[i].name),
                                        "misses", NUMBER(s->culprits[i].misses)));
    return array;
}

static json_t *counters_new(const struct gs_grants_info *g)
{
    const struct gs_sched_info *s = &g->sched;

    return json_pack("{so so so so so so so so so so so so}", "used_us",
                     NUMBER(s->used_ns / NS_PER_US), "frames", NUMBER(s->frames), "waits",
                     NUMBER(s->waits), "waited_us", NUMBER(s->waited_ns / NS_PER_US), "starved",
                     NUMBER(s->starved), "liberties", NUMBER(s->liberties), "lapsed",
                     NUMBER(s->lapsed), "misses", NUMBER(s->misses), "culprits", culprits_new(s),
                     "floods", NUMBER(g->floods), "nonsense", NUMBER(g->nonsense), "cost_us",
                     NUMBER(s->cost_ns / NS_PER_US));
}

json_t *gs_control_scheduler_json(const struct gs_session_info *info,
                                  const struct gs_control_devices *devices)
{
    const struct gs_sched_info *s = &info->grants.sched;
    const struct gs_grants_device *device = device_of(s, devices);
    json_t *all;

    if (!info->scheduled)
        return json_null();
    all = counters_new(&info->grants);
    json_object_update_new(
        all,
        json_pack("{ss ss sb so so so so so so sb sb}", "device",
                  gs_control_device_name(device->gpu), "meter",
                  info->grants.meter ? info->grants.meter : "", "connected",
                  (int)info->grants.connected, "cost_p90_us", NUMBER(s->cost_p90_ns / NS_PER_US),
                  "ms_per_s", NUMBER((uint64_t)s->got_permille * device->engines),
                  "entitled_permille", NUMBER(s->share_permille), "asked_permille",
                  NUMBER(s->asked_permille), "got_permille", NUMBER(s->got_permille), "floor",
                  NUMBER(s->floor_fps), "active", (int)s->active, "policed", (int)s->policed));
    return all;
}

json_t *gs_control_queue_json(const struct gs_session_info *info)
{
    if (info->state != GS_SESSION_QUEUED)
        return json_null();
    return json_pack("{so so so}", "place", NUMBER(info->queue_place), "waited_s",
                     NUMBER(info->queued_s), "why",
                     gs_json_text_new(info->queue_why ? info->queue_why : ""));
}

json_t *gs_control_devices_json(const struct gs_control_devices *devices)
{
    json_t *array = json_array();

    for (unsigned i = 0; i < devices->n; i++) {
        const struct gs_grants_device *d = &devices->list[i];

        json_array_append_new(
            array, json_pack("{ss so so so so so}", "device", gs_control_device_name(d->gpu),
                             "engines", NUMBER(d->engines), "depth", NUMBER(d->depth),
                             "used_permille", NUMBER(d->used_permille), "promised_permille",
                             NUMBER(d->promised_permille), "sessions", NUMBER(d->sessions)));
    }
    return array;
}

void gs_control_devices_get(struct gs_sessions *sessions, struct gs_control_devices *ret)
{
    unsigned n = gs_sessions_devices(sessions, ret->list, GS_SCHED_DEVICES_MAX);

    ret->n = n < GS_SCHED_DEVICES_MAX ? n : GS_SCHED_DEVICES_MAX;
}
