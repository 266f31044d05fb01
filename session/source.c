/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/source.h"

#include <errno.h>
#include <string.h>

extern const struct gs_source_impl gs_source_desktop, gs_source_pattern;

const struct gs_source_impl *const gs_source_impls[] = {
    &gs_source_desktop,
    &gs_source_pattern,
    NULL,
};

int gs_source_create(const char *name, const struct gs_source_params *params,
                     struct gs_source **ret)
{
    if (!name || !name[0])
        name = "desktop";
    for (size_t i = 0; gs_source_impls[i]; i++) {
        if (strcmp(gs_source_impls[i]->name, name) == 0)
            return gs_source_impls[i]->open(params, ret);
    }
    return -ENOENT;
}

void gs_source_destroy(struct gs_source *src)
{
    if (src)
        src->impl->close(src);
}
