/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/present.h"

#include "client/present_impls.h"

#include <stddef.h>

const struct gs_presenter_impl *const gs_presenter_impls[] = {
    &gs_presenter_window,
    &gs_presenter_headless,
    NULL,
};
