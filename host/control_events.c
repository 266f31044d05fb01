/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The route of events: one JSON object a line. */
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "host/control_call.h"
#include "host/control_json.h"

#define SEQ_MAX ((uint64_t)1 << 62)

struct follower {
    struct gs_control_call *call;
    unsigned listener;
    uint64_t seq; /* of the last one that was written */
};

static char *line_of(const struct gs_event *event)
{
    char *text = gs_json_dump(gs_control_event_json(event));
    char *line = g_strconcat(text, "\n", NULL);

    free(text);
    return line;
}

static void follower_free(struct gs_control_call *call)
{
    struct follower *f = call->state;

    gs_sessions_unlisten(call->control->params.sessions, f->listener);
    g_free(f);
    gs_control_call_free(call);
}

static void on_event(void *user, const struct gs_event *event)
{
    struct follower *f = user;
    struct gs_control_call *call = f->call;
    g_autofree char *line = NULL;

    if (event->seq <= f->seq || (!call->caller.admin && event->uid != call->caller.uid))
        return;
    f->seq = event->seq;
    line = line_of(event);
    if (gs_control_stream_write(call, line, strlen(line)) < 0)
        follower_free(call);
}

struct history {
    GString *lines;
    uint64_t last;
};

static void collect(void *user, const struct gs_event *event)
{
    struct history *h = user;
    g_autofree char *line = line_of(event);

    g_string_append(h->lines, line);
    h->last = event->seq;
}

static void follow(struct gs_control_call *call, const struct history *h)
{
    struct follower *f = g_new0(struct follower, 1);

    f->call = call;
    f->seq = h->last;
    call->state = f;
    call->gone = follower_free;
    f->listener = gs_sessions_listen(call->control->params.sessions, on_event, f);
    gs_control_stream_begin(call, "application/x-ndjson");
    if (h->lines->len && gs_control_stream_write(call, h->lines->str, h->lines->len) < 0)
        follower_free(call);
}

void gs_control_get_events(struct gs_control_call *call)
{
    g_autoptr(GString) lines = g_string_new(NULL);
    struct history h = {.lines = lines};
    bool since = gs_control_query_get(&call->query, "since") != NULL;
    uint64_t seq = 0, followed = 0;

    if (!gs_control_number(call, "since", SEQ_MAX, &seq) ||
        !gs_control_number(call, "follow", 1, &followed))
        return;
    if (since || !followed)
        gs_sessions_events(call->control->params.sessions, &call->caller, seq, collect, &h);
    if (followed)
        follow(call, &h);
    else
        gs_control_answer_text(call, "application/x-ndjson", lines->str, lines->len);
}
