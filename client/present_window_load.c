/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The windows as the registry lists them: they load the module, and what they open is its. */
#include <errno.h>

#include "client/present_impls.h"
#include "client/window_module.h"
#include "common/module.h"

static const struct gs_window_module *load(void)
{
    char why[200];
    const struct gs_window_module *module =
        gs_module_load("gpushare-client-window", why, sizeof(why));

    if (!module)
        gs_error("no window: %s (--headless needs none)", why);
    return module;
}

static int window_create(struct gs_presenter **ret)
{
    const struct gs_window_module *module = load();

    return module ? module->window->create(ret) : -ENOENT;
}

static int gl_create(struct gs_presenter **ret)
{
    const struct gs_window_module *module = load();

    return module ? module->gl->create(ret) : -ENOENT;
}

static int shm_create(struct gs_presenter **ret)
{
    const struct gs_window_module *module = load();

    return module ? module->shm->create(ret) : -ENOENT;
}

const struct gs_presenter_impl gs_presenter_window = {.name = "window", .create = window_create};
const struct gs_presenter_impl gs_presenter_gl = {.name = "gl", .create = gl_create};
const struct gs_presenter_impl gs_presenter_shm = {.name = "shm", .create = shm_create};
