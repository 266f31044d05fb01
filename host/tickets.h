/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tickets that let clients into sessions. Only hashes of them are kept. There are two sorts:
 * those that somebody asked for, and resume tickets, which let a client in again whose connection
 * broke. Times are seconds since 1970, so that they mean the same after a restart. Pure but for the
 * random numbers of new tickets; one owner, no thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/macros.h"
#include "common/proto.h"

#define GS_TICKET_ID_SIZE 16
#define GS_TICKET_HASH_SIZE 32
#define GS_TICKETS_PER_SESSION 256 /* of each sort */

struct gs_tickets;

enum gs_ticket_verdict {
    GS_TICKET_OK,
    GS_TICKET_UNKNOWN, /* wrong ticket, other session, or no such session: never told apart */
    GS_TICKET_USED_UP,
    GS_TICKET_EXPIRED,
};

/* What a new ticket opens, and how often. */
struct gs_ticket_terms {
    uint32_t uses;    /* 0: any number of times */
    uint64_t expires; /* 0: never */
    bool view;        /* to watch only */
};

/* A ticket as it is kept. */
struct gs_ticket {
    char id[GS_TICKET_ID_SIZE]; /* to name it; tells nothing of the ticket */
    uint8_t hash[GS_TICKET_HASH_SIZE];
    bool view, limited;
    uint32_t uses_left; /* of a limited one */
    uint64_t expires;   /* 0: never */
    uint64_t created;
};

/* What a ticket opened. */
struct gs_ticket_pass {
    bool view;
    bool resume; /* of a client that was in */
    bool taken;  /* a use was taken off */
};

struct gs_tickets *gs_tickets_create(void);
void gs_tickets_destroy(struct gs_tickets *tickets);
/* ret_id may be NULL. 0; -EDQUOT: the session has too many; -EIO: there are no random numbers. */
int gs_tickets_issue(struct gs_tickets *tickets, const char *session,
                     const struct gs_ticket_terms *terms, uint64_t now,
                     char ret_id[GS_TICKET_ID_SIZE], char ret[GS_PROTO_TICKET_MAX]) GS_MUST_CHECK;
/* Takes one use off where the verdict is OK; *ret is filled then. A resume ticket holds again until
 * its client goes. */
enum gs_ticket_verdict gs_tickets_redeem(struct gs_tickets *tickets, const char *session,
                                         const char *ticket, uint64_t now,
                                         struct gs_ticket_pass *ret) GS_MUST_CHECK;
/* The same verdict, and nothing is taken. */
enum gs_ticket_verdict gs_tickets_look(const struct gs_tickets *tickets, const char *session,
                                       const char *ticket, uint64_t now) GS_MUST_CHECK;
/* id "all": each of them. Resume tickets stay. -ENOENT. */
int gs_tickets_revoke(struct gs_tickets *tickets, const char *session,
                      const char *id) GS_MUST_CHECK;
/* From now on nobody gets into this session. */
void gs_tickets_forget(struct gs_tickets *tickets, const char *session);

/* ---- to be kept ---- */

/* All but the resume tickets, oldest first; for g_free. */
struct gs_ticket *gs_tickets_list(const struct gs_tickets *tickets, const char *session,
                                  unsigned *ret_n);
/* Whether it still opens anything. */
bool gs_ticket_is_good(const struct gs_ticket *ticket, uint64_t now);
void gs_tickets_add(struct gs_tickets *tickets, const char *session,
                    const struct gs_ticket *ticket);

/* ---- resume tickets ---- */

/* For a client that is in; when there are too many, the one that ends first gives way. 0; -EIO. */
int gs_tickets_issue_resume(struct gs_tickets *tickets, const char *session, bool view,
                            char ret[GS_PROTO_TICKET_MAX]) GS_MUST_CHECK;
/* One that another owner issued. */
void gs_tickets_add_resume(struct gs_tickets *tickets, const char *session, const char *ticket,
                           bool view, uint64_t expires);
/* Its client went. */
void gs_tickets_release(struct gs_tickets *tickets, const char *session, const char *ticket,
                        uint64_t expires);
/* Forgets the resume tickets whose time has come. */
void gs_tickets_sweep(struct gs_tickets *tickets, uint64_t now);

/* ---- hashes, of other secrets, too ---- */

void gs_ticket_hash(const char *session, const char *ticket, uint8_t ret[GS_TICKET_HASH_SIZE]);
/* Takes the same time whatever they are. */
bool gs_ticket_hash_equal(const uint8_t a[GS_TICKET_HASH_SIZE],
                          const uint8_t b[GS_TICKET_HASH_SIZE]);

/* A sentence for the user, static; NULL for OK. */
const char *gs_ticket_verdict_text(enum gs_ticket_verdict verdict);
