/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients: let in by their tickets, and connected with the worker of their session alone. */
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "host/admit.h"
#include "host/exit_status.h"
#include "host/sessions_internal.h"

/* ---- coming in ---- */

static const char *not_yet(enum gs_session_state state)
{
    switch (state) {
    case GS_SESSION_RUNNING:
        return NULL;
    case GS_SESSION_RESTARTING:
        return "the session is being restarted; try again";
    default:
        return "the session is not ready yet; try again";
    }
}

static void note_client(struct gs_session *session, uint32_t id, const struct gs_client_open *open)
{
    struct gs_sessions *s = session->all;
    struct gs_session_client c = {.id = id, .view = open->view, .since = gs_wall_s()};
    struct gs_visitor *v = g_new0(struct gs_visitor, 1);

    g_strlcpy(c.address, gs_door_address(s->door, id), sizeof(c.address));
    g_strlcpy(c.program, open->hello.client, sizeof(c.program));
    g_strlcpy(c.decoder, open->hello.decoder, sizeof(c.decoder));
    g_array_append_val(session->clients, c);
    v->session = session;
    g_strlcpy(v->resume, open->resume, sizeof(v->resume));
    g_hash_table_insert(s->visitors, GUINT_TO_POINTER(id), v);
    gs_sessions_say(s, session, "client-joined", "client %u joined from %s (%s%s)", id, c.address,
                    c.program, open->view ? ", watching" : "");
}

/* Whether there is such a session is told to those alone who have a ticket for it; one that must
 * wait loses no use of it. */
static bool may_come_now(struct gs_sessions *s, const struct gs_hello *hello,
                         const struct gs_session *session, struct gs_refusal *ret)
{
    const char *wait = session ? not_yet(session->state) : NULL;

    if (!wait ||
        gs_tickets_look(s->tickets, hello->session, hello->ticket, gs_wall_s()) != GS_TICKET_OK)
        return true;
    ret->reason = wait;
    ret->status = GS_EXIT_NOT_REACHABLE;
    return false;
}

static bool let_in(struct gs_sessions *s, uint32_t id, const struct gs_hello *hello,
                   struct gs_refusal *ret)
{
    struct gs_session *session = gs_session_find(s, hello->session);
    struct gs_client_open open;
    struct gs_ticket_pass pass;

    if (!may_come_now(s, hello, session, ret) ||
        !gs_admit(s->tickets, hello, gs_wall_s(), &open, ret, &pass))
        return false;
    if (!session || !session->worker || gs_worker_open_client(session->worker, id, &open) < 0) {
        ret->reason = "the session is ending";
        ret->status = GS_EXIT_NOT_REACHABLE;
        return false;
    }
    note_client(session, id, &open);
    if (pass.taken)
        gs_session_save_or_warn(session);
    return true;
}

static bool on_hello(void *user, uint32_t id, const struct gs_hello *hello, struct gs_refusal *ret)
{
    struct gs_sessions *s = user;
    bool ok = let_in(s, id, hello, ret);

    s->info.refused += !ok;
    return ok;
}

/* ---- in ---- */

static struct gs_visitor *find(struct gs_sessions *s, uint32_t id)
{
    return g_hash_table_lookup(s->visitors, GUINT_TO_POINTER(id));
}

static void on_message(void *user, uint32_t id, uint8_t type, const uint8_t *payload, size_t size)
{
    const struct gs_visitor *v = find(user, id);

    /* A link that is gone or stuck ends the worker, which ends the clients. */
    if (v && v->session->worker && gs_worker_send(v->session->worker, id, type, payload, size) < 0)
        gs_session_log(GS_LOG_DEBUG, v->session, "a message of client %u did not reach its worker",
                       id);
}

static bool sent_by_hosts(uint8_t type)
{
    return type == GS_MSG_WELCOME || type == GS_MSG_ERROR || type == GS_MSG_PONG ||
           type == GS_MSG_CURSOR || type == GS_MSG_POINTER || type == GS_MSG_VIDEO;
}

/* A worker reaches the clients of its own session, and nobody else's. */
static bool is_of(struct gs_session *session, uint32_t client)
{
    const struct gs_visitor *v = find(session->all, client);

    return v && v->session == session;
}

void gs_session_client_data(void *user, uint32_t client, uint8_t type, const uint8_t *payload,
                            size_t size)
{
    struct gs_session *session = user;

    if (!is_of(session, client))
        return;
    if (sent_by_hosts(type))
        gs_door_send(session->all->door, client, type, payload, size);
    else
        gs_session_log(GS_LOG_WARN, session,
                       "the worker sent a message of type %u, which hosts do not send", type);
}

void gs_session_client_close(void *user, uint32_t client, const struct gs_bye *bye)
{
    struct gs_session *session = user;

    if (is_of(session, client))
        gs_door_bye(session->all->door, client, bye);
}

/* ---- going ---- */

static void forget_client(struct gs_session *session, uint32_t id)
{
    for (guint i = 0; i < session->clients->len; i++) {
        if (g_array_index(session->clients, struct gs_session_client, i).id == id) {
            g_array_remove_index(session->clients, i);
            break;
        }
    }
    if (session->clients->len == 0)
        session->unwatched_ns = gs_now_ns();
}

static void on_gone(void *user, uint32_t id, bool was_let_in)
{
    struct gs_sessions *s = user;
    const struct gs_visitor *v = find(s, id);
    struct gs_session *session = v ? v->session : NULL;

    (void)was_let_in;
    if (!session)
        return;
    gs_tickets_release(s->tickets, session->kept.name, v->resume, gs_wall_s() + GS_RESUME_S);
    g_hash_table_remove(s->visitors, GUINT_TO_POINTER(id));
    forget_client(session, id);
    if (session->worker && gs_worker_close_client(session->worker, id) < 0)
        gs_session_log(GS_LOG_DEBUG, session, "the worker was not told that client %u left", id);
    gs_sessions_say(s, session, "client-left", "client %u left", id);
}

const struct gs_client_listener gs_sessions_door_listener = {on_hello, on_message, on_gone};

static uint32_t *list_ids(const struct gs_session *session, guint *ret_n)
{
    uint32_t *ids = g_new(uint32_t, session->clients->len + 1);

    for (guint i = 0; i < session->clients->len; i++)
        ids[i] = g_array_index(session->clients, struct gs_session_client, i).id;
    *ret_n = session->clients->len;
    return ids;
}

/* From here on they are nobody's: the session may be freed before their last message is out. */
static void release_clients(struct gs_session *session)
{
    for (guint i = 0; i < session->clients->len; i++) {
        uint32_t id = g_array_index(session->clients, struct gs_session_client, i).id;

        g_hash_table_remove(session->all->visitors, GUINT_TO_POINTER(id));
        gs_sessions_say(session->all, session, "client-left", "client %u left", id);
    }
    g_array_set_size(session->clients, 0);
    session->unwatched_ns = gs_now_ns();
}

void gs_session_dismiss(struct gs_session *session, const struct gs_bye *bye)
{
    guint n;
    g_autofree uint32_t *ids = list_ids(session, &n);

    release_clients(session);
    for (guint i = 0; i < n; i++)
        gs_door_bye(session->all->door, ids[i], bye);
}

void gs_session_drop_clients(struct gs_session *session, const char *why)
{
    guint n;
    g_autofree uint32_t *ids = list_ids(session, &n);

    for (guint i = 0; i < n; i++)
        gs_door_drop(session->all->door, ids[i], why);
}
