/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tickets of sessions, and the URLs that they come in. */
#include <errno.h>
#include <string.h>

#include "common/url.h"
#include "host/address.h"
#include "host/certificate.h"
#include "host/sessions_internal.h"

#define TTL_MAX_S (10 * 366 * 86400LL)

static char *make_url(struct gs_sessions *s, const char *session, const char *ticket)
{
    const struct gs_host_config *c = s->config;
    struct gs_url url = {.port = gs_door_port(s->door)};
    g_autofree char *machine = gs_address_of_this_machine();
    bool one = *c->listen && strcmp(c->listen, "0.0.0.0") != 0 && strcmp(c->listen, "::") != 0;
    const char *host = *c->advertise ? c->advertise : one ? c->listen : machine;

    g_strlcpy(url.host, host, sizeof(url.host));
    g_strlcpy(url.session, session, sizeof(url.session));
    g_strlcpy(url.ticket, ticket, sizeof(url.ticket));
    gs_certificate_fingerprint(s->certificate, url.fingerprint);
    return gs_url_format(&url); /* malloc's, which is g_malloc's */
}

static void fill_info(const struct gs_ticket *t, struct gs_ticket_info *ret)
{
    *ret = (struct gs_ticket_info){.view = t->view,
                                   .uses_left = t->limited ? t->uses_left : 0,
                                   .expires = t->expires,
                                   .created = t->created};
    g_strlcpy(ret->id, t->id, sizeof(ret->id));
}

static int issue(struct gs_session *session, const struct gs_ticket_terms *terms,
                 struct gs_ticket_info *ret_info, char text[GS_PROTO_TICKET_MAX], char **ret_why)
{
    struct gs_tickets *tickets = session->all->tickets;
    const char *name = session->kept.name;
    int err = gs_tickets_issue(tickets, name, terms, gs_wall_s(), ret_info->id, text);

    if (err) {
        *ret_why = err == -EDQUOT
                       ? g_strdup_printf("the session has %d tickets already; revoke some",
                                         GS_TICKETS_PER_SESSION)
                       : g_strdup("the system gives no random numbers");
        return err;
    }
    err = gs_session_save(session);
    if (!err)
        return 0;
    if (gs_tickets_revoke(tickets, name, ret_info->id) < 0)
        g_assert_not_reached();
    *ret_why = g_strdup_printf("the ticket cannot be kept: %s", g_strerror(-err));
    return err == -EDQUOT ? -ENOSPC : err;
}

int gs_sessions_ticket(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                       const struct gs_ticket_request *request, struct gs_ticket_info *ret_info,
                       char **ret_url, char **ret_why)
{
    struct gs_ticket_info info = {.view = request->view, .uses_left = request->uses};
    struct gs_ticket_terms terms = {.uses = request->uses, .view = request->view};
    char text[GS_PROTO_TICKET_MAX];
    struct gs_session *session;
    int64_t ttl = request->ttl_s;
    int err = gs_session_lookup(s, caller, name, &session, ret_why);

    if (err)
        return err;
    if (ttl < -1 || ttl > TTL_MAX_S) {
        *ret_why = g_strdup("a ticket lasts at most ten years");
        return -EINVAL;
    }
    if (session->state == GS_SESSION_ENDING) {
        *ret_why = g_strdup("the session is ending");
        return -EAGAIN;
    }
    ttl = ttl < 0 ? session->kept.settings.ticket_ttl_s : ttl;
    terms.expires = ttl ? gs_wall_s() + (uint64_t)ttl : 0;
    err = issue(session, &terms, &info, text, ret_why);
    if (err)
        return err;
    info.expires = terms.expires;
    info.created = gs_wall_s();
    *ret_info = info;
    *ret_url = make_url(s, name, text);
    gs_sessions_say(s, session, "ticket-issued", "ticket %s to %s was issued to %s", info.id,
                    info.view ? "watch" : "control", *caller->user ? caller->user : "somebody");
    return 0;
}

int gs_sessions_tickets(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                        struct gs_ticket_info **ret, unsigned *ret_n, char **ret_why)
{
    g_autofree struct gs_ticket *list = NULL;
    struct gs_session *session;
    uint64_t now = gs_wall_s();
    unsigned n = 0, good = 0;
    int err = gs_session_lookup(s, caller, name, &session, ret_why);

    if (err)
        return err;
    list = gs_tickets_list(s->tickets, name, &n);
    *ret = g_new0(struct gs_ticket_info, n + 1);
    for (unsigned i = 0; i < n; i++) {
        if (gs_ticket_is_good(&list[i], now))
            fill_info(&list[i], &(*ret)[good++]);
    }
    *ret_n = good;
    return 0;
}

int gs_sessions_revoke(struct gs_sessions *s, const struct gs_caller *caller, const char *name,
                       const char *id, char **ret_why)
{
    struct gs_session *session;
    int err = gs_session_lookup(s, caller, name, &session, ret_why);

    if (err)
        return err;
    err = gs_tickets_revoke(s->tickets, name, id);
    if (err) {
        *ret_why = g_strdup_printf("session %s has no ticket %s", name, id);
        return err;
    }
    if (strcmp(id, "all") == 0)
        gs_sessions_say(s, session, "ticket-revoked", "all tickets were revoked");
    else
        gs_sessions_say(s, session, "ticket-revoked", "ticket %s was revoked", id);
    err = gs_session_save(session);
    if (err)
        *ret_why = g_strdup_printf("it opens nothing from now on, but would do so again after a "
                                   "restart of the daemon, which cannot write it down: %s",
                                   g_strerror(-err));
    return err == -EDQUOT ? -ENOSPC : err;
}
