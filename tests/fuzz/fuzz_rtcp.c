/* SPDX-License-Identifier: GPL-2.0-or-later */
#undef NDEBUG /* the assertions are what it checks */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/rtcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool asks_for(const struct gs_rtcp *rtcp, uint16_t seq)
{
    for (unsigned i = 0; i < rtcp->n_nacks; i++)
        if (rtcp->nacks[i] == seq)
            return true;
    return false;
}

/* A packet may be named twice; writing it again names it once. */
static bool asks_for_all(const struct gs_rtcp *rtcp, const struct gs_rtcp *of)
{
    for (unsigned i = 0; i < of->n_nacks; i++)
        if (!asks_for(rtcp, of->nacks[i]))
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t out[2 * GS_RTCP_MAX_PACKET];
    struct gs_rtcp rtcp, again;
    int n;

    gs_rtcp_is_rtcp(data, size);
    if (gs_rtcp_parse(data, size, &rtcp) < 0)
        return 0;
    assert(rtcp.n_nacks <= GS_RTCP_MAX_NACKS);
    n = gs_rtcp_write(&rtcp, "fuzz", out, sizeof(out));
    assert(n > 0);
    if (gs_rtcp_parse(out, (size_t)n, &again) < 0)
        assert(false);
    assert(again.pli == rtcp.pli && again.bye == rtcp.bye);
    assert(asks_for_all(&again, &rtcp) && asks_for_all(&rtcp, &again));
    return 0;
}
