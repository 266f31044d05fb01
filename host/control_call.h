/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request on its way through host/control.h: who asks, for what, and the answer. Main thread. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "host/control.h"
#include "host/control_path.h"
#include "host/http.h"

struct gs_control_call;

/* A row of the table of all that can be asked. */
struct gs_control_route {
    const char *method, *path;
    bool admin;                /* only for admins */
    bool body;                 /* it takes a JSON object */
    const char *const *params; /* after the path, that are known; NULL: none */
    const char *summary;
    /* Answers, or keeps the call and answers later. */
    void (*run)(struct gs_control_call *call);
};

struct gs_control {
    struct gs_control_params params;
    const struct gs_http *http;
    struct gs_http_server *server;
    char admin_group[64]; /* whose number admin_gid is */
    gid_t admin_gid;
    int64_t admin_gid_until; /* monotonic, microseconds */
    GHashTable *names;       /* of users, by their uid */
    GQueue calls;
};

struct gs_control_call {
    struct gs_control *control; /* NULL: it is destroyed */
    struct gs_http_exchange *x; /* NULL: the client went, or was answered */
    const struct gs_control_route *route;
    struct gs_caller caller;
    const struct gs_http_peer *peer; /* only until the route's run returns */
    struct gs_control_path path;
    const char *args[GS_PATH_SEGMENTS]; /* in braces in the route's path */
    struct gs_control_query query;
    json_t *body; /* NULL: none */
    GList link;
    void (*gone)(
        struct gs_control_call *call); /* NULL, or: the client went while it streamed or waited */
    void *state;                       /* of the route */
};

extern const struct gs_control_route gs_control_routes[]; /* ended by one without a method */

/* All that answer free the call, but for stream_begin. */

/* status 200 … 299. Takes the reference to body, an object, and adds the version. */
void gs_control_answer(struct gs_control_call *call, unsigned status, json_t *body);
void gs_control_answer_text(struct gs_control_call *call, const char *type, const char *text,
                            size_t size);
GS_PRINTF(4, 5)
void gs_control_refuse(struct gs_control_call *call, unsigned status, const char *code,
                       const char *fmt, ...);
/* By what host/sessions.h returned. Takes why, for g_free; may be NULL. */
void gs_control_refuse_errno(struct gs_control_call *call, int err, char *why);
/* A parameter after the path as a number; false: it was refused. */
bool gs_control_number(struct gs_control_call *call, const char *key, uint64_t max, uint64_t *ret);

/* An answer in parts: until write fails, or end, or call->gone, which then free it. */
void gs_control_stream_begin(struct gs_control_call *call, const char *type);
int gs_control_stream_write(struct gs_control_call *call, const char *data,
                            size_t size) GS_MUST_CHECK;
void gs_control_stream_end(struct gs_control_call *call);
/* Of one that has no exchange any more. */
void gs_control_call_free(struct gs_control_call *call);

/* ---- who asks ---- */

#define GS_CONTROL_NO_GROUP ((gid_t)-1)

/* GS_CONTROL_NO_GROUP: there is none of that name. */
gid_t gs_control_group(const char *name);
bool gs_control_is_in_group(const struct gs_http_peer *peer, gid_t gid);

/* ---- what is asked ---- */

void gs_control_get_daemon(struct gs_control_call *call);
void gs_control_get_sessions(struct gs_control_call *call);
void gs_control_create_session(struct gs_control_call *call);
void gs_control_get_session(struct gs_control_call *call);
void gs_control_set_session(struct gs_control_call *call);
void gs_control_close_session(struct gs_control_call *call);
void gs_control_get_tickets(struct gs_control_call *call);
void gs_control_issue_ticket(struct gs_control_call *call);
void gs_control_revoke_ticket(struct gs_control_call *call);
void gs_control_get_logs(struct gs_control_call *call);
void gs_control_get_apps(struct gs_control_call *call);
void gs_control_get_events(struct gs_control_call *call);
void gs_control_get_config(struct gs_control_call *call);
void gs_control_reload(struct gs_control_call *call);
void gs_control_get_metrics(struct gs_control_call *call);
