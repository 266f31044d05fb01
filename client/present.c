/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/present.h"

#include <stddef.h>
#include <string.h>

#include "client/present_impls.h"

const struct gs_presenter_impl *const gs_presenter_impls[] = {
    &gs_presenter_window, &gs_presenter_gl, &gs_presenter_shm, &gs_presenter_headless, NULL,
};

const struct gs_presenter_impl *gs_presenter_find(const char *name)
{
    for (size_t i = 0; gs_presenter_impls[i]; i++) {
        if (strcmp(gs_presenter_impls[i]->name, name) == 0)
            return gs_presenter_impls[i];
    }
    return NULL;
}
