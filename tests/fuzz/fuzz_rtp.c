/* SPDX-License-Identifier: GPL-2.0-or-later */
#undef NDEBUG /* the assertions are what it checks */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/rtp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t out[GS_RTP_MAX_HEADER];
    struct gs_rtp_packet p, again;
    size_t n;

    if (gs_rtp_parse(data, size, &p) < 0)
        return 0;
    assert(p.payload >= data && p.payload + p.payload_size <= data + size);
    n = gs_rtp_write_header(&p, out);
    assert(n <= sizeof(out));
    if (gs_rtp_parse(out, n, &again) < 0)
        assert(false);
    assert(p.frame_id == again.frame_id && p.capture_us == again.capture_us);
    assert(memcmp(p.stages, again.stages, sizeof(p.stages)) == 0);
    return 0;
}
