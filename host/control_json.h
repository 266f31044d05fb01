/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What administrators see, as JSON; docs/openapi.yaml describes it. Keys may be added; those that
 * are there keep their meaning. Times are seconds since 1970. Pure; each is a new reference. */
#pragma once

#include <jansson.h>

#include "host/sessions.h"

#define GS_CONTROL_VERSION 1

json_t *gs_control_session_json(const struct gs_session_info *info);
/* Keys and units are those of the configuration's [session]. */
json_t *gs_control_settings_json(const struct gs_session_settings *settings);
/* url NULL: it is not known any more. */
json_t *gs_control_ticket_json(const struct gs_ticket_info *ticket, const char *url);
json_t *gs_control_app_json(const struct gs_app *app);
json_t *gs_control_event_json(const struct gs_event *event);
json_t *gs_control_daemon_json(const struct gs_daemon_info *daemon);
