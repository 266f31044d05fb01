/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/tickets.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/random.h>

#define RANDOM_SIZE 24 /* 192 bits, 32 characters */
#define HASH_SIZE GS_TICKET_HASH_SIZE

struct entry {
    char session[GS_PROTO_NAME_MAX];
    bool resume;
    struct gs_ticket ticket;
};

struct gs_tickets {
    GArray *all; /* struct entry, oldest first */
};

/* The session is part of what is hashed: a ticket of another one is just a wrong ticket. */
void gs_ticket_hash(const char *session, const char *ticket, uint8_t out[GS_TICKET_HASH_SIZE])
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize size = HASH_SIZE;

    g_checksum_update(sum, (const guchar *)session, (gssize)strlen(session) + 1);
    g_checksum_update(sum, (const guchar *)ticket, (gssize)strlen(ticket));
    g_checksum_get_digest(sum, out, &size);
}

bool gs_ticket_hash_equal(const uint8_t a[GS_TICKET_HASH_SIZE],
                          const uint8_t b[GS_TICKET_HASH_SIZE])
{
    volatile uint8_t diff = 0;

    for (size_t i = 0; i < HASH_SIZE; i++)
        diff |= a[i] ^ b[i];
    return diff == 0;
}

static struct entry *at(const struct gs_tickets *tickets, guint i)
{
    return &g_array_index(tickets->all, struct entry, i);
}

static bool is_of(const struct entry *e, const char *session, bool resume)
{
    return e->resume == resume && strcmp(e->session, session) == 0;
}

struct gs_tickets *gs_tickets_create(void)
{
    struct gs_tickets *tickets = g_new0(struct gs_tickets, 1);

    tickets->all = g_array_new(FALSE, TRUE, sizeof(struct entry));
    return tickets;
}

void gs_tickets_destroy(struct gs_tickets *tickets)
{
    if (!tickets)
        return;
    g_array_unref(tickets->all);
    g_free(tickets);
}

/* ---- issuing ---- */

static int make_text(char ret[GS_PROTO_TICKET_MAX])
{
    uint8_t random[RANDOM_SIZE];
    g_autofree char *text = NULL;

    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return -EIO;
    text = g_base64_encode(random, sizeof(random));
    g_strdelimit(text, "+", '-');
    g_strdelimit(text, "/", '_');
    g_strlcpy(ret, text, GS_PROTO_TICKET_MAX);
    return 0;
}

static struct entry *find_id(const struct gs_tickets *tickets, const char *session, const char *id)
{
    for (guint i = 0; i < tickets->all->len; i++) {
        struct entry *e = at(tickets, i);

        if (is_of(e, session, false) && strcmp(e->ticket.id, id) == 0)
            return e;
    }
    return NULL;
}

static int make_id(const struct gs_tickets *tickets, const char *session,
                   char ret[GS_TICKET_ID_SIZE])
{
    uint32_t random;

    do {
        if (getrandom(&random, sizeof(random), 0) != sizeof(random))
            return -EIO;
        g_snprintf(ret, GS_TICKET_ID_SIZE, "%08x", random);
    } while (find_id(tickets, session, ret));
    return 0;
}

static unsigned count(const struct gs_tickets *tickets, const char *session, bool resume)
{
    unsigned n = 0;

    for (guint i = 0; i < tickets->all->len; i++)
        n += is_of(at(tickets, i), session, resume);
    return n;
}

static void drop_useless(struct gs_tickets *tickets, const char *session, uint64_t now)
{
    for (guint i = tickets->all->len; i > 0; i--) {
        const struct entry *e = at(tickets, i - 1);

        if (is_of(e, session, false) && !gs_ticket_is_good(&e->ticket, now))
            g_array_remove_index(tickets->all, i - 1);
    }
}

/* Useless ones are kept as long as there is room, for a better answer to who comes with them. */
static bool has_room(struct gs_tickets *tickets, const char *session, uint64_t now)
{
    if (count(tickets, session, false) < GS_TICKETS_PER_SESSION)
        return true;
    drop_useless(tickets, session, now);
    return count(tickets, session, false) < GS_TICKETS_PER_SESSION;
}

int gs_tickets_issue(struct gs_tickets *tickets, const char *session,
                     const struct gs_ticket_terms *terms, uint64_t now,
                     char ret_id[GS_TICKET_ID_SIZE], char ret[GS_PROTO_TICKET_MAX])
{
    struct gs_ticket ticket = {.view = terms->view,
                               .limited = terms->uses > 0,
                               .uses_left = terms->uses,
                               .expires = terms->expires,
                               .created = now};
    int err;

    if (!has_room(tickets, session, now))
        return -EDQUOT;
    err = make_id(tickets, session, ticket.id);
    err = err ? err : make_text(ret);
    if (err)
        return err;
    gs_ticket_hash(session, ret, ticket.hash);
    gs_tickets_add(tickets, session, &ticket);
    if (ret_id)
        memcpy(ret_id, ticket.id, GS_TICKET_ID_SIZE);
    return 0;
}

void gs_tickets_add(struct gs_tickets *tickets, const char *session, const struct gs_ticket *ticket)
{
    struct entry e = {.ticket = *ticket};

    g_strlcpy(e.session, session, sizeof(e.session));
    g_array_append_val(tickets->all, e);
}

/* ---- redeeming ---- */

static struct entry *find(const struct gs_tickets *tickets, const char *session, const char *text)
{
    struct entry *found = NULL;
    uint8_t wanted[HASH_SIZE];

    gs_ticket_hash(session, text, wanted);
    /* All are compared, so that the time says nothing about which one was near. */
    for (guint i = 0; i < tickets->all->len; i++) {
        if (gs_ticket_hash_equal(at(tickets, i)->ticket.hash, wanted))
            found = at(tickets, i);
    }
    return found;
}

static enum gs_ticket_verdict judge(const struct entry *e, uint64_t now)
{
    if (!e)
        return GS_TICKET_UNKNOWN;
    if (e->ticket.expires && now >= e->ticket.expires)
        return GS_TICKET_EXPIRED;
    if (e->ticket.limited && e->ticket.uses_left == 0)
        return GS_TICKET_USED_UP;
    return GS_TICKET_OK;
}

enum gs_ticket_verdict gs_tickets_look(const struct gs_tickets *tickets, const char *session,
                                       const char *text, uint64_t now)
{
    return judge(find(tickets, session, text), now);
}

enum gs_ticket_verdict gs_tickets_redeem(struct gs_tickets *tickets, const char *session,
                                         const char *text, uint64_t now, struct gs_ticket_pass *ret)
{
    struct entry *e = find(tickets, session, text);
    struct gs_ticket *ticket = e ? &e->ticket : NULL;
    enum gs_ticket_verdict verdict = judge(e, now);

    if (verdict != GS_TICKET_OK)
        return verdict;
    if (ticket->limited)
        ticket->uses_left--;
    if (e->resume)
        ticket->expires = 0;
    *ret = (struct gs_ticket_pass){
        .view = ticket->view, .resume = e->resume, .taken = ticket->limited};
    return GS_TICKET_OK;
}

int gs_tickets_revoke(struct gs_tickets *tickets, const char *session, const char *id)
{
    bool all = strcmp(id, "all") == 0;
    bool found = all;

    for (guint i = tickets->all->len; i > 0; i--) {
        const struct entry *e = at(tickets, i - 1);

        if (!is_of(e, session, false) || (!all && strcmp(e->ticket.id, id) != 0))
            continue;
        found = true;
        g_array_remove_index(tickets->all, i - 1);
    }
    return found ? 0 : -ENOENT;
}

void gs_tickets_forget(struct gs_tickets *tickets, const char *session)
{
    for (guint i = tickets->all->len; i > 0; i--) {
        if (strcmp(at(tickets, i - 1)->session, session) == 0)
            g_array_remove_index(tickets->all, i - 1);
    }
}

bool gs_ticket_is_good(const struct gs_ticket *ticket, uint64_t now)
{
    return (!ticket->expires || now < ticket->expires) &&
           (!ticket->limited || ticket->uses_left > 0);
}

struct gs_ticket *gs_tickets_list(const struct gs_tickets *tickets, const char *session,
                                  unsigned *ret_n)
{
    struct gs_ticket *list = g_new0(struct gs_ticket, count(tickets, session, false) + 1);
    unsigned n = 0;

    for (guint i = 0; i < tickets->all->len; i++) {
        if (is_of(at(tickets, i), session, false))
            list[n++] = at(tickets, i)->ticket;
    }
    *ret_n = n;
    return list;
}

/* ---- resume tickets ---- */

/* Of those that run out the next one, else the oldest. */
static void make_room_for_resume(struct gs_tickets *tickets, const char *session)
{
    const struct entry *victim = NULL;
    guint place = 0;

    if (count(tickets, session, true) < GS_TICKETS_PER_SESSION)
        return;
    for (guint i = 0; i < tickets->all->len; i++) {
        const struct entry *e = at(tickets, i);

        if (!is_of(e, session, true))
            continue;
        if (!victim || e->ticket.expires - 1 < victim->ticket.expires - 1) { /* 0 is the latest */
            victim = e;
            place = i;
        }
    }
    g_array_remove_index(tickets->all, place);
}

void gs_tickets_add_resume(struct gs_tickets *tickets, const char *session, const char *text,
                           bool view, uint64_t expires)
{
    struct entry e = {.resume = true, .ticket = {.view = view, .expires = expires}};

    make_room_for_resume(tickets, session);
    g_strlcpy(e.session, session, sizeof(e.session));
    gs_ticket_hash(session, text, e.ticket.hash);
    g_array_append_val(tickets->all, e);
}

int gs_tickets_issue_resume(struct gs_tickets *tickets, const char *session, bool view,
                            char ret[GS_PROTO_TICKET_MAX])
{
    int err = make_text(ret);

    if (!err)
        gs_tickets_add_resume(tickets, session, ret, view, 0);
    return err;
}

void gs_tickets_release(struct gs_tickets *tickets, const char *session, const char *text,
                        uint64_t expires)
{
    struct entry *e = find(tickets, session, text);

    if (e && e->resume)
        e->ticket.expires = expires;
}

void gs_tickets_sweep(struct gs_tickets *tickets, uint64_t now)
{
    for (guint i = tickets->all->len; i > 0; i--) {
        const struct entry *e = at(tickets, i - 1);

        if (e->resume && e->ticket.expires && now >= e->ticket.expires)
            g_array_remove_index(tickets->all, i - 1);
    }
}

const char *gs_ticket_verdict_text(enum gs_ticket_verdict verdict)
{
    switch (verdict) {
    case GS_TICKET_UNKNOWN:
        return "there is no such session, or the ticket is wrong";
    case GS_TICKET_USED_UP:
        return "this ticket was used up; ask for a new one";
    case GS_TICKET_EXPIRED:
        return "this ticket has expired; ask for a new one";
    default:
        return NULL;
    }
}
