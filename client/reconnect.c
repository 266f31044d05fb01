/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/reconnect.h"

#include "common/macros.h"

#define ATTEMPT_MIN GS_NS_PER_S /* less is none over a slow network */

void gs_reconnect_begin(struct gs_reconnect *r, uint64_t limit, uint64_t patience, uint64_t now)
{
    *r = (struct gs_reconnect){.since = now, .limit = limit, .patience = patience};
}

static uint64_t backoff(unsigned failures)
{
    uint64_t delay = GS_RECONNECT_FIRST;

    while (failures-- > 0 && delay < GS_RECONNECT_SLOWEST)
        delay *= 2;
    return GS_MIN(delay, GS_RECONNECT_SLOWEST);
}

static uint64_t left(const struct gs_reconnect *r, uint64_t now)
{
    uint64_t passed = now - r->since;

    return passed < r->limit ? r->limit - passed : 0;
}

enum gs_reconnect_verdict gs_reconnect_failed(struct gs_reconnect *r,
                                              enum gs_reconnect_failure failure, uint64_t now,
                                              uint64_t *delay)
{
    bool refused = failure == GS_RECONNECT_REFUSED;

    if (refused && !r->refused)
        r->refused_since = now;
    r->refused = refused;
    if (refused && now - r->refused_since >= r->patience)
        return GS_RECONNECT_BELIEVED;
    if (left(r, now) == 0)
        return refused ? GS_RECONNECT_BELIEVED : GS_RECONNECT_TOO_LATE;
    *delay = GS_MIN(backoff(r->failures), left(r, now));
    r->failures++;
    return GS_RECONNECT_AGAIN;
}

uint64_t gs_reconnect_attempt(const struct gs_reconnect *r, uint64_t now)
{
    return GS_CLAMP(left(r, now), ATTEMPT_MIN, GS_RECONNECT_ATTEMPT);
}
