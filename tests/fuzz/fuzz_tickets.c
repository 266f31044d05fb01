/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Issuing, redeeming and forgetting in any order, beside a model; and any text as a ticket. */
#include <glib.h>
#include <string.h>

#include "host/tickets.h"
#include "tests/fuzz/fuzz.h"

#define MAX_ISSUED 16

struct issued {
    char ticket[GS_PROTO_TICKET_MAX];
    char session[8];
    uint32_t uses; /* 0: any number */
    uint32_t used;
    uint64_t expires;
    bool forgotten;
};

struct state {
    struct gs_tickets *tickets;
    struct issued issued[MAX_ISSUED];
    unsigned n;
    uint64_t now;
};

static void session_name(uint8_t op, char ret[8])
{
    g_snprintf(ret, 8, "s%u", op >> 6);
}

static void issue(struct state *s, struct gs_reader *r, uint8_t op)
{
    struct issued *i = &s->issued[s->n];
    uint8_t life = gs_read_u8(r);

    if (s->n == MAX_ISSUED)
        return;
    *i = (struct issued){.uses = (op >> 3) & 3, .expires = life ? s->now + life : 0};
    session_name(op, i->session);
    assert(gs_tickets_issue(s->tickets, i->session, i->uses, i->expires, i->ticket) == 0);
    assert(strlen(i->ticket) > 20);
    s->n++;
}

static void redeem(struct state *s, struct gs_reader *r, uint8_t op)
{
    struct issued *i = &s->issued[gs_read_u8(r) % MAX_ISSUED];
    enum gs_ticket_verdict verdict;
    char session[8];
    bool fits;

    session_name(op, session);
    verdict = gs_tickets_redeem(s->tickets, session, i->ticket, s->now);
    fits = *i->ticket && !i->forgotten && strcmp(session, i->session) == 0;
    assert(!gs_ticket_verdict_text(verdict) == (verdict == GS_TICKET_OK));
    if (!fits)
        assert(verdict == GS_TICKET_UNKNOWN);
    if (verdict != GS_TICKET_OK)
        return;
    assert(!i->uses || i->used < i->uses);
    assert(!i->expires || s->now <= i->expires);
    i->used++;
}

static void guess(struct state *s, struct gs_reader *r, uint8_t op)
{
    char ticket[GS_PROTO_TICKET_MAX] = "", session[8];
    size_t n;
    const uint8_t *bytes = fuzz_bytes(r, &n);

    if (n)
        memcpy(ticket, bytes, GS_MIN(n, sizeof(ticket) - 1));
    session_name(op, session);
    assert(gs_tickets_redeem(s->tickets, session, ticket, s->now) == GS_TICKET_UNKNOWN);
}

static void forget(struct state *s, uint8_t op)
{
    char session[8];

    session_name(op, session);
    gs_tickets_forget(s->tickets, session);
    for (unsigned i = 0; i < s->n; i++)
        s->issued[i].forgotten |= strcmp(s->issued[i].session, session) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct state s = {.tickets = gs_tickets_create(), .now = 1000};
    struct gs_reader r;

    gs_reader_init(&r, data, size);
    while (gs_reader_left(&r)) {
        uint8_t op = gs_read_u8(&r);

        switch (op & 7) {
        case 0:
            issue(&s, &r, op);
            break;
        case 1:
            guess(&s, &r, op);
            break;
        case 2:
            forget(&s, op);
            break;
        case 3:
            s.now += op >> 3;
            break;
        default:
            redeem(&s, &r, op);
            break;
        }
    }
    gs_tickets_destroy(s.tickets);
    return 0;
}
