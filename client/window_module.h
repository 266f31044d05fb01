/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the module "window" offers: presenters that differ in who draws. */
#pragma once

#include "client/present.h"

struct gs_window_module {
    const struct gs_presenter_impl *window, *gl, *shm;
};
