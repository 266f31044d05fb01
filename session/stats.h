/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Says how the session goes to the host (GS_LINK_STATS): once a second; every fifth second while
 * nobody looks and nothing changes; not at all while there is no host. Thread: main; attaches to
 * its thread-default GMainContext.
 */
#pragma once

#include <stdbool.h>

#include "common/link.h"
#include "common/proto.h"
#include "session/clients.h"
#include "session/link.h"
#include "session/parts.h"
#include "session/unwatched.h"

struct gs_stats;

/* All are borrowed; the parts are built. */
struct gs_stats_params {
    struct gs_link *link;
    struct gs_parts *parts;
    const struct gs_clients *clients;
    const struct gs_unwatched_guard *unwatched;
};

struct gs_stats *gs_stats_create(const struct gs_stats_params *params);
/* Accepts NULL. */
void gs_stats_destroy(struct gs_stats *s);
/* The host went or came back; or somebody looks from now on, and the next is said within a second.
 * Accepts NULL. */
void gs_stats_begin(struct gs_stats *s);
void gs_stats_pause(struct gs_stats *s);
/* What the client with the control said; NULL: there is none now. Accepts NULL for s. */
void gs_stats_client_report(struct gs_stats *s, const struct gs_client_report *report);
