/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of hostile_app share: a connection, windows, and buffers of one sparse file. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <wayland-client.h>

#include "viewporter-client-protocol.h"
#include "xdg-shell-client-protocol.h"

#define POOL_SIZE (64 << 20)

struct wild {
    struct wl_display *display;
    struct wl_compositor *compositor;
    struct wl_subcompositor *subcompositor;
    struct wl_shm *shm;
    struct xdg_wm_base *shell;
    struct wp_viewporter *viewporter;
    struct wl_seat *seat;
    struct wl_data_device_manager *data;
    struct wl_shm_pool *pool; /* POOL_SIZE bytes, sparse */
    int fd;                   /* of the pool */
    unsigned configured;
    bool entered; /* the pointer is on a surface of ours */
    uint32_t serial;
};

/* Exits with 1 where the compositor lacks something. */
void wild_open(struct wild *w);
void wild_close(struct wild *w);
/* Whether the compositor still talks to us after all that was sent. To be called now and then: what
 * fits into no socket any more is lost. */
bool wild_alive(struct wild *w);
/* Memory that is shared with the compositor: the same for every buffer. */
struct wl_buffer *wild_buffer(struct wild *w, int32_t width, int32_t height);
void wild_show(struct wild *w, struct wl_surface *surface, int32_t width, int32_t height);
/* A toplevel that was configured, with nothing in it. */
struct wl_surface *wild_window(struct wild *w);
/* Answers its configure events. */
void wild_listen(struct wild *w, struct xdg_surface *xdg);
struct xdg_surface *wild_last_xdg(void);
struct xdg_toplevel *wild_last_toplevel(void);

struct wild_mode {
    const char *name;
    /* Many small crimes, each on a connection of its own; false: there are no more. */
    bool (*crime)(struct wild *w, unsigned i);
    /* Or one thing at length, which is no violation of a protocol. */
    void (*run)(struct wild *w);
};

extern const struct wild_mode wild_buffer_modes[], wild_surface_modes[], wild_window_modes[],
    wild_sync_modes[];
