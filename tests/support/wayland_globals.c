/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/wayland_globals.h"

#include <stdio.h>
#include <string.h>

static void on_global(void *data, struct wl_registry *registry, uint32_t name,
                      const char *interface, uint32_t version)
{
    struct wayland_globals *g = data;
    struct wayland_global *one;

    (void)registry;
    if (!g || g->n == WAYLAND_GLOBALS_MAX)
        return;
    one = &g->all[g->n++];
    *one = (struct wayland_global){.name = name, .version = version};
    snprintf(one->interface, sizeof(one->interface), "%s", interface);
}

static void on_global_remove(void *data, struct wl_registry *registry, uint32_t name)
{
    (void)data;
    (void)registry;
    (void)name;
}

static const struct wl_registry_listener registry_listener = {on_global, on_global_remove};

void wayland_globals_read(struct wl_display *display, struct wayland_globals *ret)
{
    *ret = (struct wayland_globals){.registry = wl_display_get_registry(display)};
    wl_registry_add_listener(ret->registry, &registry_listener, ret);
    wl_display_roundtrip(display);
    wl_registry_set_user_data(ret->registry, NULL); /* `ret` may be gone when there are more */
}

void *wayland_globals_bind(const struct wayland_globals *globals,
                           const struct wl_interface *interface, uint32_t version)
{
    for (unsigned i = 0; i < globals->n; i++) {
        const struct wayland_global *one = &globals->all[i];

        if (strcmp(one->interface, interface->name) == 0)
            return wl_registry_bind(globals->registry, one->name, interface,
                                    one->version < version ? one->version : version);
    }
    return NULL;
}
