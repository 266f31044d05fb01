/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a client's hello and ticket come to. Main thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/link.h"
#include "common/macros.h"
#include "host/client.h"
#include "host/tickets.h"

/* Redeems the ticket. True: *ret holds all that the worker is told, a resume ticket with it: the
 * one that was shown, or a new one. ret_pass may be NULL. False: *ret_refusal says why. now:
 * seconds since 1970. */
bool gs_admit(struct gs_tickets *tickets, const struct gs_hello *hello, uint64_t now,
              struct gs_client_open *ret, struct gs_refusal *ret_refusal,
              struct gs_ticket_pass *ret_pass) GS_MUST_CHECK;
