/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tickets that let clients into sessions. Only hashes of them are kept. Pure but for the random
 * numbers of new tickets; one owner, no thread. */
#pragma once

#include <stdint.h>

#include "common/macros.h"
#include "common/proto.h"

struct gs_tickets;

enum gs_ticket_verdict {
    GS_TICKET_OK,
    GS_TICKET_UNKNOWN, /* wrong ticket, other session, or no such session: never told apart */
    GS_TICKET_USED_UP,
    GS_TICKET_EXPIRED,
};

struct gs_tickets *gs_tickets_create(void);
void gs_tickets_destroy(struct gs_tickets *tickets);
/* uses: how often it opens the session, 0: any number of times. expires_ns: on the clock that
 * gs_tickets_redeem is given, 0: never. 0 or -errno of the random source. */
int gs_tickets_issue(struct gs_tickets *tickets, const char *session, uint32_t uses,
                     uint64_t expires_ns, char ret[GS_PROTO_TICKET_MAX]) GS_MUST_CHECK;
/* Takes one use off where the verdict is OK. */
enum gs_ticket_verdict gs_tickets_redeem(struct gs_tickets *tickets, const char *session,
                                         const char *ticket, uint64_t now_ns) GS_MUST_CHECK;
/* From now on nobody gets into this session. */
void gs_tickets_forget(struct gs_tickets *tickets, const char *session);
/* A sentence for the user, static; NULL for OK. */
const char *gs_ticket_verdict_text(enum gs_ticket_verdict verdict);
