/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the text of a DRM client: what comes out of it is whole. */
#include <string.h>

#include "host/meter_fdinfo_text.h"
#include "tests/fuzz/fuzz.h"

static void check_name(const char *name, bool may_be_empty)
{
    assert(memchr(name, '\0', GS_FDINFO_NAME_SIZE));
    assert(may_be_empty || name[0]);
    assert(!strpbrk(name, "\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gs_fdinfo f;
    bool client = gs_fdinfo_parse((const char *)data, size, &f);

    assert(client == (f.driver[0] && f.has_client));
    check_name(f.driver, true);
    check_name(f.device, true);
    assert(f.n_engines <= GS_FDINFO_ENGINES_MOST);
    for (unsigned i = 0; i < f.n_engines; i++) {
        check_name(f.engines[i].name, false);
        assert(f.engines[i].capacity > 0);
        for (unsigned other = 0; other < i; other++)
            assert(strcmp(f.engines[i].name, f.engines[other].name) != 0);
    }
    return 0;
}
