/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks any bytes as an Annex B stream, and parses and completes every unit as an SPS. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "encoder/h264.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An assert that release builds keep. */
static void check(bool holds)
{
    if (!holds)
        abort();
}

/* What could be parsed can be completed, unless it is larger than any that makes sense. */
static void complete(const uint8_t *data, size_t size)
{
    uint8_t out[GS_H264_SPS_MAX];
    struct gs_h264_sps before, after;
    int n = gs_h264_complete_sps(data, size, out, sizeof(out));

    if (gs_h264_parse_sps(data, size, &before) < 0) {
        check(n < 0);
        return;
    }
    if (n < 0)
        return;
    check(gs_h264_parse_sps(out, (size_t)n, &after) == 0 && gs_h264_sps_tells_all(&after));
    check(before.width == after.width && before.height == after.height);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *last = data;
    struct gs_h264_sps sps;
    struct gs_nal nal;
    size_t pos = 0;

    while (gs_h264_next_nal(data, size, &pos, &nal)) {
        check(nal.data >= last + 3 && nal.size > 0);
        check(nal.data + nal.size <= data + pos && pos <= size);
        check(nal.data[nal.size - 1] != 0);
        last = nal.data + nal.size;
        complete(nal.data, nal.size);
        if (gs_h264_parse_sps(nal.data, nal.size, &sps) == 0)
            check(sps.width > 0 && sps.width <= 16384 && sps.height > 0 && sps.height <= 32768);
    }
    check(pos >= size);
    if (gs_h264_parse_sps(data, size, &sps) == 0)
        check(sps.width > 0 && sps.height > 0);
    return 0;
}
