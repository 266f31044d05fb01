/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The routes of sessions and of their tickets. */
#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "host/control_call.h"
#include "host/control_json.h"
#include "host/control_request.h"

static struct gs_sessions *sessions_of(struct gs_control_call *call)
{
    return call->control->params.sessions;
}

/* ---- reading ---- */

/* Names of sessions that the caller may not see are no business of theirs either. */
static void hide_strangers(struct gs_control_call *call, json_t *session)
{
    json_t *scheduler = json_object_get(session, "scheduler"), *culprit;
    size_t i;

    if (call->caller.admin)
        return;
    json_array_foreach (json_object_get(scheduler, "culprits"), i, culprit) {
        const char *name = json_string_value(json_object_get(culprit, "session"));
        struct gs_session_info info;
        g_autofree char *why = NULL;

        if (gs_sessions_find(sessions_of(call), &call->caller, name, &info, &why) < 0)
            json_object_set_new(culprit, "session", json_string(""));
    }
}

static json_t *session_new(struct gs_control_call *call, const struct gs_session_info *info,
                           const struct gs_control_devices *devices)
{
    json_t *session = gs_control_session_json(info, devices);

    hide_strangers(call, session);
    return session;
}

struct listing {
    struct gs_control_call *call;
    struct gs_control_devices devices;
    json_t *list;
};

static bool add_session(void *user, const struct gs_session_info *info)
{
    struct listing *l = user;

    json_array_append_new(l->list, session_new(l->call, info, &l->devices));
    return true;
}

void gs_control_get_sessions(struct gs_control_call *call)
{
    struct listing l = {.call = call, .list = json_array()};

    gs_control_devices_get(sessions_of(call), &l.devices);
    gs_sessions_each(sessions_of(call), &call->caller, add_session, &l);
    gs_control_answer(
        call, 200,
        json_pack("{so so}", "sessions", l.list, "devices", gs_control_devices_json(&l.devices)));
}

/* NULL: it was refused. */
static json_t *find_session(struct gs_control_call *call, const char *name)
{
    struct gs_control_devices devices;
    struct gs_session_info info;
    char *why = NULL;
    int err = gs_sessions_find(sessions_of(call), &call->caller, name, &info, &why);

    if (!err) {
        gs_control_devices_get(sessions_of(call), &devices);
        return session_new(call, &info, &devices);
    }
    gs_control_refuse_errno(call, err, why);
    return NULL;
}

void gs_control_get_session(struct gs_control_call *call)
{
    json_t *session = find_session(call, call->args[0]);

    if (session)
        gs_control_answer(call, 200, json_pack("{so}", "session", session));
}

/* ---- tickets ---- */

/* NULL, with the error in *ret_err and *ret_why. */
static json_t *issue(struct gs_control_call *call, const char *name,
                     const struct gs_ticket_request *request, int *ret_err, char **ret_why)
{
    struct gs_ticket_info info;
    g_autofree char *url = NULL;

    *ret_err =
        gs_sessions_ticket(sessions_of(call), &call->caller, name, request, &info, &url, ret_why);
    return *ret_err ? NULL : gs_control_ticket_json(&info, url);
}

void gs_control_issue_ticket(struct gs_control_call *call)
{
    struct gs_ticket_request request;
    json_t *ticket = NULL;
    char *why = NULL;
    int err = gs_control_ticket_parse(call->body, &request, &why);

    if (!err)
        ticket = issue(call, call->args[0], &request, &err, &why);
    if (ticket)
        gs_control_answer(call, 201, json_pack("{so}", "ticket", ticket));
    else
        gs_control_refuse_errno(call, err, why);
}

void gs_control_get_tickets(struct gs_control_call *call)
{
    g_autofree struct gs_ticket_info *tickets = NULL;
    json_t *list = json_array();
    char *why = NULL;
    unsigned n = 0;
    int err =
        gs_sessions_tickets(sessions_of(call), &call->caller, call->args[0], &tickets, &n, &why);

    for (unsigned i = 0; i < n && !err; i++)
        json_array_append_new(list, gs_control_ticket_json(&tickets[i], NULL));
    if (!err) {
        gs_control_answer(call, 200, json_pack("{so}", "tickets", list));
        return;
    }
    json_decref(list);
    gs_control_refuse_errno(call, err, why);
}

void gs_control_revoke_ticket(struct gs_control_call *call)
{
    char *why = NULL;
    int err =
        gs_sessions_revoke(sessions_of(call), &call->caller, call->args[0], call->args[1], &why);

    if (err)
        gs_control_refuse_errno(call, err, why);
    else
        gs_control_answer(call, 200, json_pack("{so}", "revoked", gs_json_text_new(call->args[1])));
}

/* ---- making, changing, ending ---- */

struct creation {
    struct gs_control_call *call;
    bool wants_ticket;
    struct gs_ticket_request ticket;
};

static void answer_created(struct gs_control_call *call, const struct creation *creation,
                           const char *name)
{
    json_t *ticket = json_null(), *session;
    char *why = NULL;
    int err;

    if (creation->wants_ticket)
        ticket = issue(call, name, &creation->ticket, &err, &why);
    if (!ticket) {
        gs_control_refuse_errno(
            call, err, g_strdup_printf("the session runs, but has no ticket: %s", why ? why : ""));
        g_free(why);
        return;
    }
    session = find_session(call, name);
    if (session)
        gs_control_answer(call, 201, json_pack("{so so}", "session", session, "ticket", ticket));
    else
        json_decref(ticket);
}

/* The session stays when the client did not wait for it, but for one that is queued. */
static void on_creator_gone(struct gs_control_call *call)
{
    struct creation *creation = call->state;

    if (gs_sessions_abandon(sessions_of(call), creation)) {
        g_free(creation);
        gs_control_call_free(call);
        return;
    }
    g_queue_unlink(&call->control->calls, &call->link);
    call->control = NULL; /* on_created frees it */
}

static void on_created(void *user, const char *name, int err, const char *why)
{
    g_autofree struct creation *creation = user;
    struct gs_control_call *call = creation->call;

    call->gone = NULL;
    if (!call->control || !call->x)
        gs_control_call_free(call);
    else if (err)
        gs_control_refuse_errno(call, err, g_strdup(why));
    else
        answer_created(call, creation, name);
}

void gs_control_create_session(struct gs_control_call *call)
{
    struct creation *creation;
    struct gs_control_create create;
    char *why = NULL;
    int err = gs_control_create_parse(call->body, &create, &why);

    if (err) {
        gs_control_refuse_errno(call, err, why);
        return;
    }
    creation = g_new0(struct creation, 1);
    *creation = (struct creation){call, create.wants_ticket, create.ticket};
    call->state = creation;
    call->gone = on_creator_gone;
    err = gs_sessions_create(sessions_of(call), &call->caller, &create.session, on_created,
                             creation, &why);
    gs_control_create_finish(&create);
    if (!err)
        return;
    call->gone = NULL;
    g_free(creation);
    gs_control_refuse_errno(call, err, why);
}

void gs_control_set_session(struct gs_control_call *call)
{
    g_auto(GStrv) settings = NULL;
    char *why = NULL;
    int err = gs_control_set_parse(call->body, &settings, &why);

    if (!err)
        err = gs_sessions_set(sessions_of(call), &call->caller, call->args[0], settings, &why);
    if (err)
        gs_control_refuse_errno(call, err, why);
    else
        gs_control_get_session(call);
}

static void on_closed(void *user, const char *name, int err, const char *why)
{
    struct gs_control_call *call = user;

    if (err)
        gs_control_refuse_errno(call, err, g_strdup(why));
    else
        gs_control_answer(call, 200,
                          json_pack("{so ss}", "name", gs_json_text_new(name), "state",
                                    gs_session_state_names[GS_SESSION_ENDED]));
}

void gs_control_close_session(struct gs_control_call *call)
{
    char *why = NULL;
    int err =
        gs_sessions_close(sessions_of(call), &call->caller, call->args[0], on_closed, call, &why);

    if (err)
        gs_control_refuse_errno(call, err, why);
}
