/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a Wayland compositor offers when a client comes; what it offers later is of no interest. */
#pragma once

#include <stdint.h>
#include <wayland-client.h>

#define WAYLAND_GLOBALS_MAX 128

struct wayland_globals {
    struct wl_registry *registry; /* lives as long as the display */
    unsigned n;
    struct wayland_global {
        uint32_t name, version;
        char interface[64];
    } all[WAYLAND_GLOBALS_MAX];
};

/* With a roundtrip. */
void wayland_globals_read(struct wl_display *display, struct wayland_globals *ret);
/* The first of that interface in this version, or the one that is offered if that is lower. NULL:
 * there is none. */
void *wayland_globals_bind(const struct wayland_globals *globals,
                           const struct wl_interface *interface, uint32_t version);
