/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/unwatched_rule.h"

#include "common/macros.h"

void gs_unwatched_rule_init(struct gs_unwatched_rule *r, enum gs_unwatched policy, uint64_t now)
{
    *r = (struct gs_unwatched_rule){
        .policy = policy, .since = now, .freeze_after = GS_FREEZE_AT_FIRST};
}

void gs_unwatched_rule_set_watched(struct gs_unwatched_rule *r, bool watched, uint64_t now)
{
    if (r->watched && !watched) {
        r->since = now;
        r->freeze_after = GS_FREEZE_AFTER;
    }
    r->watched = watched;
}

uint32_t gs_unwatched_rule_fps(const struct gs_unwatched_rule *r, uint32_t fps)
{
    return r->policy == GS_UNWATCHED_RUN ? fps : GS_MIN(fps, GS_UNWATCHED_FPS);
}

uint64_t gs_unwatched_rule_due(const struct gs_unwatched_rule *r)
{
    if (r->watched || r->policy != GS_UNWATCHED_FREEZE)
        return UINT64_MAX;
    return r->since + r->freeze_after;
}

bool gs_unwatched_rule_frozen(const struct gs_unwatched_rule *r, uint64_t now)
{
    return now >= gs_unwatched_rule_due(r);
}

uint32_t gs_unwatched_rule_seconds(const struct gs_unwatched_rule *r, uint64_t now)
{
    return r->watched ? 0 : (uint32_t)GS_MAX((now - r->since) / GS_NS_PER_S, 1);
}
