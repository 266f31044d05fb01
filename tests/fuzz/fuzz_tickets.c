/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Issuing, redeeming, revoking, keeping and forgetting in any order, beside a model; and any text
 * as a ticket. */
#include <glib.h>
#include <string.h>

#include "host/tickets.h"
#include "tests/fuzz/fuzz.h"

#define MAX_ISSUED 16

struct issued {
    char ticket[GS_PROTO_TICKET_MAX];
    char id[GS_TICKET_ID_SIZE]; /* "": a resume ticket */
    char session[8];
    uint32_t uses; /* 0: any number */
    uint32_t used;
    uint64_t expires;
    bool view, forgotten;
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
    *i = (struct issued){.uses = (op >> 3) & 3, .view = op & 0x20};
    session_name(op, i->session);
    if (life == 255) {
        i->uses = 0;
        assert(gs_tickets_issue_resume(s->tickets, i->session, i->view, i->ticket) == 0);
    } else {
        i->expires = life ? s->now + life : 0;
        assert(gs_tickets_issue(s->tickets, i->session,
                                &(struct gs_ticket_terms){i->uses, i->expires, i->view}, s->now,
                                i->id, i->ticket) == 0);
        assert(*i->id);
    }
    assert(strlen(i->ticket) > 20);
    s->n++;
}

static void redeem(struct state *s, struct gs_reader *r, uint8_t op)
{
    struct issued *i = &s->issued[gs_read_u8(r) % MAX_ISSUED];
    struct gs_ticket_pass pass;
    enum gs_ticket_verdict verdict;
    char session[8];
    bool fits;

    session_name(op, session);
    verdict = gs_tickets_redeem(s->tickets, session, i->ticket, s->now, &pass);
    fits = *i->ticket && !i->forgotten && strcmp(session, i->session) == 0;
    assert(!gs_ticket_verdict_text(verdict) == (verdict == GS_TICKET_OK));
    if (!fits)
        assert(verdict == GS_TICKET_UNKNOWN);
    if (verdict != GS_TICKET_OK)
        return;
    assert(pass.view == i->view && pass.resume == !*i->id && pass.taken == (i->uses > 0));
    if (pass.resume)
        i->expires = 0;
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
    assert(gs_tickets_redeem(s->tickets, session, ticket, s->now, &(struct gs_ticket_pass){0}) ==
           GS_TICKET_UNKNOWN);
}

static void withdraw(struct state *s, struct gs_reader *r)
{
    struct issued *i = &s->issued[gs_read_u8(r) % MAX_ISSUED];
    int err;

    if (!*i->id)
        return;
    err = gs_tickets_revoke(s->tickets, i->session, i->id);
    assert((err == 0) == !i->forgotten);
    i->forgotten = true;
}

static void let_go(struct state *s, struct gs_reader *r)
{
    struct issued *i = &s->issued[gs_read_u8(r) % MAX_ISSUED];

    gs_tickets_release(s->tickets, i->session, i->ticket, s->now + 5);
    if (*i->ticket && !*i->id && !i->forgotten)
        i->expires = s->now + 5;
    gs_tickets_sweep(s->tickets, s->now);
    for (unsigned k = 0; k < s->n; k++) {
        struct issued *other = &s->issued[k];

        other->forgotten |= !*other->id && other->expires && s->now >= other->expires;
    }
}

/* Another owner gets what is kept: all but the resume tickets. */
static void hand_over(struct state *s)
{
    struct gs_tickets *next = gs_tickets_create();

    for (int k = 0; k < 4; k++) {
        char session[8];
        unsigned n;
        g_autofree struct gs_ticket *list = NULL;

        session_name((uint8_t)(k << 6), session);
        list = gs_tickets_list(s->tickets, session, &n);
        for (unsigned i = 0; i < n; i++)
            gs_tickets_add(next, session, &list[i]);
    }
    for (unsigned i = 0; i < s->n; i++)
        s->issued[i].forgotten |= !*s->issued[i].id;
    gs_tickets_destroy(s->tickets);
    s->tickets = next;
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
        case 4:
            withdraw(&s, &r);
            break;
        case 5:
            if (op & 8)
                let_go(&s, &r);
            else
                hand_over(&s);
            break;
        default:
            redeem(&s, &r, op);
            break;
        }
    }
    gs_tickets_destroy(s.tickets);
    return 0;
}
