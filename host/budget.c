/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/budget.h"

#include "common/clock.h"

void gs_budget_init(struct gs_budget *b, uint64_t rate, uint64_t burst, uint64_t now_ns)
{
    *b = (struct gs_budget){.rate = rate, .burst = burst, .left = burst, .last_ns = now_ns};
}

bool gs_budget_take(struct gs_budget *b, uint64_t bytes, uint64_t now_ns)
{
    /* Longer than it takes to fill the bucket makes no difference, and would overflow. */
    uint64_t full_ns = b->burst * GS_NS_PER_S / b->rate;
    uint64_t passed_ns = GS_MIN(now_ns - b->last_ns, full_ns);
    uint64_t gained = b->rate * passed_ns / GS_NS_PER_S;

    if (gained > 0) {
        b->left = GS_MIN(b->left + gained, b->burst);
        b->last_ns = now_ns;
    }
    if (bytes > b->left)
        return false;
    b->left -= bytes;
    return true;
}
