/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What administrators see, as JSON; docs/openapi.yaml describes it. Keys may be added; those that
 * are there keep their meaning. Times are seconds since 1970. Pure; each is a new reference. */
#pragma once

#include <jansson.h>

#include "host/sessions.h"

#define GS_CONTROL_VERSION 1

/* GPUs, and software, as of one moment. */
struct gs_control_devices {
    unsigned n;
    struct gs_grants_device list[GS_SCHED_DEVICES_MAX];
};

void gs_control_devices_get(struct gs_sessions *sessions, struct gs_control_devices *ret);
json_t *gs_control_devices_json(const struct gs_control_devices *devices);
/* "software" where it is none. */
const char *gs_control_device_name(const char *gpu);

json_t *gs_control_session_json(const struct gs_session_info *info,
                                const struct gs_control_devices *devices);
/* null: it is not scheduled (yet); it is not queued. */
json_t *gs_control_scheduler_json(const struct gs_session_info *info,
                                  const struct gs_control_devices *devices);
json_t *gs_control_queue_json(const struct gs_session_info *info);
/* Keys and units are those of the configuration's [session]. */
json_t *gs_control_settings_json(const struct gs_session_settings *settings);
/* url NULL: it is not known any more. */
json_t *gs_control_ticket_json(const struct gs_ticket_info *ticket, const char *url);
json_t *gs_control_app_json(const struct gs_app *app);
json_t *gs_control_event_json(const struct gs_event *event);
json_t *gs_control_daemon_json(const struct gs_daemon_info *daemon);
