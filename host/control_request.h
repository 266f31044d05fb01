/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the bodies of requests say: JSON objects, of which every key must be known. Pure. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "host/sessions.h"

#define GS_CONTROL_DEPTH 16 /* objects and arrays within each other */
#define GS_CONTROL_ARGS 4096

/* All return 0, or -EINVAL with a sentence for the user in *ret_why, for g_free. */

/* An object; for json_decref. */
int gs_control_body_parse(const char *body, size_t size, json_t **ret,
                          char **ret_why) GS_MUST_CHECK;

/* POST /v1/sessions. */
struct gs_control_create {
    struct gs_session_request session; /* its lists are owned, by finish */
    bool wants_ticket;
    struct gs_ticket_request ticket;
};

int gs_control_create_parse(const json_t *body, struct gs_control_create *ret,
                            char **ret_why) GS_MUST_CHECK;
void gs_control_create_finish(struct gs_control_create *create);

/* POST /v1/sessions/{name}/tickets; what is not said is as configured. */
int gs_control_ticket_parse(const json_t *body, struct gs_ticket_request *ret,
                            char **ret_why) GS_MUST_CHECK;
/* PATCH /v1/sessions/{name}: "key=value", for g_strfreev. */
int gs_control_set_parse(const json_t *body, char ***ret, char **ret_why) GS_MUST_CHECK;
