/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "common/rtcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    assert(again.n_nacks == rtcp.n_nacks && again.pli == rtcp.pli && again.bye == rtcp.bye);
    return 0;
}
