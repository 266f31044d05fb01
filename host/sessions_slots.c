/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sessions' slots of the hardware encoders: what the schedule (host/slots.h) decides is said to
 * the workers. */
#include <errno.h>

#include "common/clock.h"
#include "common/log.h"
#include "host/sessions_internal.h"

void gs_sessions_tell_slots(struct gs_sessions *s)
{
    struct gs_slot_order o;

    while (gs_slots_next(s->slots, gs_now_ns(), &o)) {
        struct gs_session *session = o.user;
        int err = -EPIPE;

        if (session->worker)
            err = o.kind == GS_SLOT_ORDER_GIVE ? gs_worker_slot_given(session->worker)
                                               : gs_worker_slot_taken(session->worker, o.slots);
        if (err)
            gs_debug("session %s is not told about its encoder slot", session->kept.name);
    }
}

void gs_session_add_slot(struct gs_session *session)
{
    session->slot =
        gs_slots_add(session->all->slots, session->kept.settings.weight, session, gs_now_ns());
}

void gs_session_remove_slot(struct gs_session *session)
{
    gs_slots_remove(g_steal_pointer(&session->slot));
    gs_sessions_tell_slots(session->all);
}

void gs_session_slot_wanted(void *user, bool fixed)
{
    struct gs_session *session = user;

    gs_slots_want(session->slot, fixed, gs_now_ns());
    gs_sessions_tell_slots(session->all);
}

void gs_session_slot_free(void *user, enum gs_slot_end how)
{
    struct gs_session *session = user;

    gs_slots_free(session->slot, how, gs_now_ns());
    gs_sessions_tell_slots(session->all);
}

void gs_session_slot_stats(struct gs_session *session, const struct gs_worker_stats *stats)
{
    bool spilled = session->stats_ns && session->stats.spilled[0];

    gs_slots_stats(session->slot, stats->viewers, stats->commits, gs_now_ns());
    gs_sessions_tell_slots(session->all);
    if (!spilled && stats->spilled[0])
        gs_sessions_say(session->all, session, "session-spilled", "%s encodes: %s", stats->encoder,
                        stats->spilled);
    else if (spilled && !stats->spilled[0])
        gs_sessions_say(session->all, session, "session-hardware", "%s encodes", stats->encoder);
}
