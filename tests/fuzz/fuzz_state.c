/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of a session: what is taken is written again as it was. */
#include <stdlib.h>
#include <string.h>

#include "host/state.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gs_kept_session k, again;
    char *json, *second;

    if (gs_kept_session_from_json((const char *)data, size, &k) < 0)
        return 0;
    assert(gs_session_name_valid(k.name) && k.argv[0]);
    json = gs_kept_session_to_json(&k);
    assert(json && gs_kept_session_from_json(json, strlen(json), &again) == 0);
    second = gs_kept_session_to_json(&again);
    assert(strcmp(json, second) == 0);
    free(json);
    free(second);
    gs_kept_session_finish(&k);
    gs_kept_session_finish(&again);
    return 0;
}
