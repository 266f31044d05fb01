/* SPDX-License-Identifier: GPL-2.0-or-later */
/* First byte: which message; the rest: its JSON. What is accepted can be written and read again. */
#include <stdlib.h>
#include <string.h>

#include "common/link.h"
#include "common/proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ROUNDTRIP(type)                                                                            \
    static void fuzz_##type(const char *json, size_t size)                                         \
    {                                                                                              \
        struct gs_##type msg, again;                                                               \
        char *out;                                                                                 \
                                                                                                   \
        if (gs_##type##_from_json(json, size, &msg) < 0)                                           \
            return;                                                                                \
        out = gs_##type##_to_json(&msg);                                                           \
        if (!out || gs_##type##_from_json(out, strlen(out), &again) < 0)                           \
            abort();                                                                               \
        free(out);                                                                                 \
        FINISH(&msg);                                                                              \
        FINISH(&again);                                                                            \
    }

#define FINISH(m) (void)(m)
ROUNDTRIP(hello)
ROUNDTRIP(welcome)
ROUNDTRIP(bye)
ROUNDTRIP(worker_ready)
ROUNDTRIP(client_open)
ROUNDTRIP(worker_adopt)
ROUNDTRIP(worker_set)
ROUNDTRIP(worker_stats)
ROUNDTRIP(worker_grants)
#undef FINISH
#define FINISH(m) gs_worker_config_finish(m)
ROUNDTRIP(worker_config)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const targets[])(const char *, size_t) = {
        fuzz_hello,         fuzz_welcome,      fuzz_bye,          fuzz_worker_ready,
        fuzz_worker_config, fuzz_client_open,  fuzz_worker_adopt, fuzz_worker_set,
        fuzz_worker_stats,  fuzz_worker_grants};

    if (size > 0 && data[0] >= '0' && (size_t)(data[0] - '0') < GS_ARRAY_SIZE(targets))
        targets[data[0] - '0']((const char *)data + 1, size - 1);
    return 0;
}
