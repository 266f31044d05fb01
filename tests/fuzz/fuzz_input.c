/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Input records and cursor images: what is accepted is written back byte for byte. */
#include <stdlib.h>
#include <string.h>

#include "common/proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_cursor(const uint8_t *data, size_t size)
{
    struct gs_cursor_msg msg;
    uint8_t *out;

    if (gs_cursor_read(data, size, &msg) < 0)
        return;
    if (gs_cursor_size(&msg) != size || (msg.visible && msg.width > GS_CURSOR_MAX))
        abort();
    out = malloc(size);
    gs_cursor_write(&msg, out);
    if (msg.visible && memcmp(out, data, size) != 0)
        abort();
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gs_input in;
    uint8_t out[GS_INPUT_SIZE];

    fuzz_cursor(data, size);
    for (size_t i = 0; i + GS_INPUT_SIZE <= size; i += GS_INPUT_SIZE) {
        if (gs_input_read(data + i, &in) < 0)
            continue;
        gs_input_write(&in, out);
        if (memcmp(out, data + i, sizeof(out)) != 0)
            abort();
    }
    return 0;
}
