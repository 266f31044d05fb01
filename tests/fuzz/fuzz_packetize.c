/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as an access unit: whatever has a packet in RFC 6184 comes out of the depacketizer as
 * it went in, in payloads that fit. */
#include <glib.h>
#include <string.h>

#include "client/receive/depacketize.h"
#include "session/transport/packetize.h"
#include "tests/fuzz/fuzz.h"

/* The NAL units that can be carried, with four byte start codes as the depacketizer writes them. */
static GByteArray *expected(const uint8_t *data, size_t size, bool *ret_valid)
{
    static const uint8_t start_code[] = {0, 0, 0, 1};
    GByteArray *out = g_byte_array_new();
    struct gs_nal nal;
    size_t pos = 0;

    *ret_valid = true;
    while (gs_h264_next_nal(data, size, &pos, &nal)) {
        if (!nal.type || nal.type > 23)
            continue;
        *ret_valid &= !(nal.data[0] & 0x80);
        g_byte_array_append(out, start_code, sizeof(start_code));
        g_byte_array_append(out, nal.data, (guint)nal.size);
    }
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool valid, last = false;
    GByteArray *want = expected(data, size, &valid);
    struct gs_depacketizer dp;
    struct gs_packetizer pk;
    size_t n;

    gs_depacketizer_init(&dp);
    gs_depacketizer_reset(&dp);
    gs_packetizer_init(&pk, data, size);
    assert(pk.done == (want->len == 0));
    while (!pk.done) {
        uint8_t out[GS_PACKETIZER_MAX_PAYLOAD];

        assert(!last);
        last = pk.last;
        n = gs_packetizer_write(&pk, out);
        assert(n > 0 && n <= sizeof(out));
        gs_depacketizer_has_sps(out, n);
        if (valid)
            assert(gs_depacketizer_add(&dp, out, n) == 0);
        else if (gs_depacketizer_add(&dp, out, n) < 0)
            continue;
    }
    assert(last == (want->len > 0));
    if (valid && want->len) {
        assert(gs_depacketizer_end(&dp, &n) == 0);
        assert(n == want->len && memcmp(dp.data->data, want->data, n) == 0);
    }
    gs_depacketizer_finish(&dp);
    g_byte_array_unref(want);
    return 0;
}
