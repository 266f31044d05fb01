/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Says when a session is policed, when a floor is lowered or kept again, and when one that does not
 * stand still is frozen, or can't be. */
#include "host/sessions_internal.h"

#define LOW_FOR 3 /* seconds */

static void say_policed(struct gs_session *session, bool policed)
{
    if (policed == session->said_policed)
        return;
    session->said_policed = policed;
    gs_sessions_say(session->all, session, policed ? "session-policed" : "session-released",
                    policed ? "it uses more of the GPU than its share without asking, and runs by "
                              "turns from now on"
                            : "it keeps to its share, and runs freely");
}

/* Of one that did not draw yet nothing is known, and one that was raised takes its time. */
static void say_floor(struct gs_session *session, uint32_t kept)
{
    uint32_t wished = session->kept.settings.floor_fps;
    bool low = kept > 0 && kept < wished;

    session->low_for = low ? session->low_for + 1 : 0;
    if (low && session->low_for >= LOW_FOR && kept != session->said_floor) {
        session->said_floor = kept;
        gs_sessions_say(session->all, session, "floor-lowered",
                        "%u of %u frames/s are kept: frames cost more than when the floors were "
                        "promised",
                        kept, wished);
    } else if (!low && session->said_floor) {
        session->said_floor = 0;
        gs_sessions_say(session->all, session, "floor-kept", "%u frames/s are kept again", wished);
    }
}

static void say_held(struct gs_session *session, enum gs_grants_held held)
{
    if (held == session->held)
        return;
    session->held = held;
    if (held == GS_GRANTS_HELD_FORCED)
        gs_sessions_say(session->all, session, "session-held",
                        "it goes on using the GPU while it is not its turn, and is frozen as a "
                        "whole between its turns from now on");
    else if (held == GS_GRANTS_HELD_FREE)
        gs_sessions_say(session->all, session, "session-held",
                        "it goes on using the GPU while it is not its turn, and can't be stopped: "
                        "there is no control group of it that could be frozen. Its limits, and the "
                        "shares of others, are not kept");
}

void gs_session_say_grants(struct gs_session *session, const struct gs_grants_info *info)
{
    say_policed(session, info->sched.policed);
    if (session->all->config->policy == GS_SCHED_SHARES)
        say_floor(session, info->sched.floor_fps);
    say_held(session, info->held);
}
