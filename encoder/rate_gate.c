/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "encoder/rate_gate.h"

#include "common/clock.h"

/* Smaller changes are within what a rate control misses by; they wait for the next IDR. */
#define WORTH_PERCENT 20
/* An IDR is 5 to 20 pictures long: at most one a second to gain quality. */
#define UP_NS GS_NS_PER_S
/* A rate that is 20 % too high puts 0.2 s of packets a second into the queue of the narrowest link,
 * for as long as it lasts. After a quarter of a second that is 50 ms: as much as the rate buffer
 * allows an IDR to take, so waiting longer costs more than the IDR. */
#define DOWN_NS (GS_NS_PER_S / 4)

/* No limit is the highest. */
static uint64_t height(uint32_t kbps)
{
    return kbps ? kbps : UINT32_MAX;
}

bool gs_rate_gate_open(const struct gs_rate_gate *gate, uint32_t wanted, bool idr, uint64_t now)
{
    uint64_t old = height(gate->applied), new = height(wanted);
    uint64_t change = old > new ? old - new : new - old;

    if (!change)
        return false;
    if (idr)
        return true;
    if (change * 100 < old * WORTH_PERCENT)
        return false;
    return !gate->since || now - gate->since >= (new < old ? DOWN_NS : UP_NS);
}

void gs_rate_gate_applied(struct gs_rate_gate *gate, uint32_t kbps, uint64_t now)
{
    gate->applied = kbps;
    gate->since = now;
}
