/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First byte: 'c' a configuration, 'e' an end; the rest: its JSON. What is accepted can be written
 * and read again, and is the same then. */
#include <stdlib.h>
#include <string.h>

#include "host/keeper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROUNDTRIP(type)                                                                            \
    static void fuzz_##type(const char *json, size_t size)                                         \
    {                                                                                              \
        struct gs_keeper_##type msg, again;                                                        \
        char *out;                                                                                 \
                                                                                                   \
        memset(&msg, 0, sizeof(msg));                                                              \
        memset(&again, 0, sizeof(again));                                                          \
        if (gs_keeper_##type##_from_json(json, size, &msg) < 0)                                    \
            return;                                                                                \
        out = gs_keeper_##type##_to_json(&msg);                                                    \
        if (gs_keeper_##type##_from_json(out, strlen(out), &again) < 0 ||                          \
            memcmp(&msg, &again, sizeof(msg)) != 0)                                                \
            abort();                                                                               \
        free(out);                                                                                 \
    }

ROUNDTRIP(config)
ROUNDTRIP(exit)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && data[0] == 'c')
        fuzz_config((const char *)data + 1, size - 1);
    if (size > 0 && data[0] == 'e')
        fuzz_exit((const char *)data + 1, size - 1);
    return 0;
}
