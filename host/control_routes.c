/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that can be asked. docs/openapi.yaml says the same in full; a test compares them. */
#include "host/control_call.h"

static const char *const log_params[] = {"file", "lines", "follow", NULL};
static const char *const event_params[] = {"since", "follow", NULL};

const struct gs_control_route gs_control_routes[] = {
    {"GET", "/v1", false, false, NULL, "What runs here, and what can be asked",
     gs_control_get_daemon},
    {"GET", "/v1/sessions", false, false, NULL, "All sessions that the caller may see",
     gs_control_get_sessions},
    {"POST", "/v1/sessions", false, true, NULL, "Make a session; answered when it is ready",
     gs_control_create_session},
    {"GET", "/v1/sessions/{name}", false, false, NULL, "One session", gs_control_get_session},
    {"PATCH", "/v1/sessions/{name}", false, true, NULL, "Change settings while it runs",
     gs_control_set_session},
    {"DELETE", "/v1/sessions/{name}", false, false, NULL,
     "End a session; answered when it has ended", gs_control_close_session},
    {"GET", "/v1/sessions/{name}/tickets", false, false, NULL, "Tickets that are still good",
     gs_control_get_tickets},
    {"POST", "/v1/sessions/{name}/tickets", false, true, NULL, "Issue a ticket",
     gs_control_issue_ticket},
    {"DELETE", "/v1/sessions/{name}/tickets/{id}", false, false, NULL,
     "Revoke a ticket, or all of them", gs_control_revoke_ticket},
    {"GET", "/v1/sessions/{name}/logs", false, false, log_params,
     "What application or worker printed", gs_control_get_logs},
    {"GET", "/v1/apps", false, false, NULL, "Published applications that the caller may launch",
     gs_control_get_apps},
    {"GET", "/v1/events", false, false, event_params, "What happened, and happens",
     gs_control_get_events},
    {"GET", "/v1/config", true, false, NULL, "The configuration that holds", gs_control_get_config},
    {"POST", "/v1/reload", true, false, NULL, "Read the configuration again", gs_control_reload},
    {"GET", "/metrics", true, false, NULL, "Measurements, in the form of Prometheus",
     gs_control_get_metrics},
    {.method = NULL},
};
