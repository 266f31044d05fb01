/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/refine.h"

#include "common/macros.h"

/* Rest before each, and the quality that it has at least. The first only takes what ordinary
 * pictures have a little further. */
static const struct step {
    uint64_t rest;
    uint32_t quality;
} steps[] = {
    {GS_REFINE_FIRST, 0},
    {250 * GS_NS_PER_MS, 12},
    {400 * GS_NS_PER_MS, 8},
    {500 * GS_NS_PER_MS, GS_REFINE_BEST},
};

#define FIRST_GAIN 8

void gs_refine_changed(struct gs_refine *r, uint64_t now)
{
    *r = (struct gs_refine){.since = now, .not_before = r->not_before};
}

void gs_refine_disturbed(struct gs_refine *r, uint64_t now)
{
    r->since = now;
}

uint64_t gs_refine_due(const struct gs_refine *r)
{
    uint64_t rest = r->limited ? GS_REFINE_FIRST : steps[r->step].rest;

    return r->over || !r->since ? UINT64_MAX : GS_MAX(r->since + rest, r->not_before);
}

uint32_t gs_refine_begin(const struct gs_refine *r, uint32_t quality)
{
    uint32_t first = quality > FIRST_GAIN ? quality - FIRST_GAIN : 1;
    uint32_t step = steps[r->step].quality;

    return step ? GS_MIN(first, step) : first;
}

void gs_refine_done(struct gs_refine *r, uint64_t now, uint64_t bytes, bool short_of,
                    uint32_t max_kbps)
{
    /* kb/s are bits a millisecond; half of them. */
    uint64_t pause = max_kbps ? bytes * 16 * GS_NS_PER_MS / max_kbps : 0;
    uint64_t part = GS_MAX(bytes, r->most) / GS_REFINE_PART;
    bool little = !short_of && bytes < GS_MAX(GS_REFINE_LITTLE, part);

    r->most = GS_MAX(r->most, bytes);
    r->n++;
    r->little = little ? r->little + 1 : 0;
    r->limited = short_of || (pause > GS_REFINE_GAP / 4 && !little);
    r->over = r->n >= GS_REFINE_MOST || (r->step == GS_ARRAY_SIZE(steps) - 1 &&
                                         r->little >= (max_kbps ? GS_REFINE_LULLS : 1));
    if (!r->limited)
        r->step = GS_MIN(r->step + 1, GS_ARRAY_SIZE(steps) - 1);
    r->not_before = now + GS_MAX(GS_REFINE_GAP, pause);
}
