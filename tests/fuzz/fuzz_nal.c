/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walks any bytes as an Annex B stream and parses every unit as an SPS. */
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
        if (gs_h264_parse_sps(nal.data, nal.size, &sps) == 0)
            check(sps.width > 0 && sps.width <= 16384 && sps.height > 0 && sps.height <= 32768);
    }
    check(pos >= size);
    if (gs_h264_parse_sps(data, size, &sps) == 0)
        check(sps.width > 0 && sps.height > 0);
    return 0;
}
