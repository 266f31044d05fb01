/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/tickets.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#define RANDOM_SIZE 24 /* 192 bits, 32 characters */
#define HASH_SIZE 32

struct ticket {
    char session[GS_PROTO_NAME_MAX];
    uint8_t hash[HASH_SIZE];
    bool limited;
    uint32_t uses_left;
    uint64_t expires_ns;
};

struct gs_tickets {
    GArray *all; /* struct ticket */
};

/* The session is part of what is hashed: a ticket of another one is just a wrong ticket. */
static void hash(const char *session, const char *ticket, uint8_t out[HASH_SIZE])
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize size = HASH_SIZE;

    g_checksum_update(sum, (const guchar *)session, (gssize)strlen(session) + 1);
    g_checksum_update(sum, (const guchar *)ticket, (gssize)strlen(ticket));
    g_checksum_get_digest(sum, out, &size);
}

static bool equal_in_constant_time(const uint8_t *a, const uint8_t *b)
{
    volatile uint8_t diff = 0;

    for (size_t i = 0; i < HASH_SIZE; i++)
        diff |= a[i] ^ b[i];
    return diff == 0;
}

struct gs_tickets *gs_tickets_create(void)
{
    struct gs_tickets *tickets = g_new0(struct gs_tickets, 1);

    tickets->all = g_array_new(FALSE, TRUE, sizeof(struct ticket));
    return tickets;
}

void gs_tickets_destroy(struct gs_tickets *tickets)
{
    if (!tickets)
        return;
    g_array_unref(tickets->all);
    g_free(tickets);
}

int gs_tickets_issue(struct gs_tickets *tickets, const char *session, uint32_t uses,
                     uint64_t expires_ns, char ret[GS_PROTO_TICKET_MAX])
{
    struct ticket ticket = {.limited = uses > 0, .uses_left = uses, .expires_ns = expires_ns};
    uint8_t random[RANDOM_SIZE];
    g_autofree char *text = NULL;

    if (getrandom(random, sizeof(random), 0) != sizeof(random))
        return -EIO;
    text = g_base64_encode(random, sizeof(random));
    g_strdelimit(text, "+", '-');
    g_strdelimit(text, "/", '_');
    g_strlcpy(ret, text, GS_PROTO_TICKET_MAX);
    g_strlcpy(ticket.session, session, sizeof(ticket.session));
    hash(session, ret, ticket.hash);
    g_array_append_val(tickets->all, ticket);
    return 0;
}

enum gs_ticket_verdict gs_tickets_redeem(struct gs_tickets *tickets, const char *session,
                                         const char *text, uint64_t now_ns)
{
    struct ticket *found = NULL;
    uint8_t wanted[HASH_SIZE];

    hash(session, text, wanted);
    /* All are compared, so that the time says nothing about which one was near. */
    for (guint i = 0; i < tickets->all->len; i++) {
        struct ticket *ticket = &g_array_index(tickets->all, struct ticket, i);

        if (equal_in_constant_time(ticket->hash, wanted))
            found = ticket;
    }
    if (!found)
        return GS_TICKET_UNKNOWN;
    if (found->expires_ns && now_ns >= found->expires_ns)
        return GS_TICKET_EXPIRED;
    if (found->limited && found->uses_left == 0)
        return GS_TICKET_USED_UP;
    if (found->limited)
        found->uses_left--;
    return GS_TICKET_OK;
}

void gs_tickets_forget(struct gs_tickets *tickets, const char *session)
{
    for (guint i = tickets->all->len; i > 0; i--) {
        if (strcmp(g_array_index(tickets->all, struct ticket, i - 1).session, session) == 0)
            g_array_remove_index_fast(tickets->all, i - 1);
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
