/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Wayland client that does everything that it should not, in one of many modes. Exit status: 0 it
 * was borne to the end, 9 every crime was punished by disconnection, 8 some were and some not, 1 it
 * could not start, 2 there is no such mode.
 */
#include "hostile_app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/wayland_globals.h"

/* It never cleans up: that is one of its crimes. */
__attribute__((visibility("default"))) int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}

static struct xdg_surface *last_xdg;
static struct xdg_toplevel *last_toplevel;

static void on_ping(void *data, struct xdg_wm_base *shell, uint32_t serial)
{
    (void)data;
    xdg_wm_base_pong(shell, serial);
}

static const struct xdg_wm_base_listener shell_listener = {on_ping};

static void on_configure(void *data, struct xdg_surface *surface, uint32_t serial)
{
    struct wild *w = data;

    xdg_surface_ack_configure(surface, serial);
    w->configured++;
    w->serial = serial;
}

static const struct xdg_surface_listener surface_listener = {on_configure};

static void bind_globals(struct wild *w)
{
    struct wayland_globals all;

    wayland_globals_read(w->display, &all);
    w->compositor = wayland_globals_bind(&all, &wl_compositor_interface, 4);
    w->subcompositor = wayland_globals_bind(&all, &wl_subcompositor_interface, 1);
    w->shm = wayland_globals_bind(&all, &wl_shm_interface, 1);
    w->shell = wayland_globals_bind(&all, &xdg_wm_base_interface, 1);
    w->viewporter = wayland_globals_bind(&all, &wp_viewporter_interface, 1);
    w->seat = wayland_globals_bind(&all, &wl_seat_interface, 1);
    w->data = wayland_globals_bind(&all, &wl_data_device_manager_interface, 3);
    if (!w->compositor || !w->subcompositor || !w->shm || !w->shell || !w->viewporter || !w->seat)
        exit(1);
}

void wild_open(struct wild *w)
{
    *w = (struct wild){.display = wl_display_connect(NULL), .fd = memfd_create("wild", 0)};
    if (!w->display || w->fd < 0 || ftruncate(w->fd, POOL_SIZE) < 0)
        exit(1);
    bind_globals(w);
    xdg_wm_base_add_listener(w->shell, &shell_listener, NULL);
    w->pool = wl_shm_create_pool(w->shm, w->fd, POOL_SIZE);
}

void wild_close(struct wild *w)
{
    wl_display_disconnect(w->display);
    close(w->fd);
}

bool wild_alive(struct wild *w)
{
    return wl_display_roundtrip(w->display) >= 0;
}

struct wl_buffer *wild_buffer(struct wild *w, int32_t width, int32_t height)
{
    return wl_shm_pool_create_buffer(w->pool, 0, width, height, width * 4, WL_SHM_FORMAT_XRGB8888);
}

void wild_show(struct wild *w, struct wl_surface *surface, int32_t width, int32_t height)
{
    wl_surface_attach(surface, wild_buffer(w, width, height), 0, 0);
    wl_surface_damage_buffer(surface, 0, 0, INT32_MAX, INT32_MAX);
    wl_surface_commit(surface);
}

void wild_listen(struct wild *w, struct xdg_surface *xdg)
{
    xdg_surface_add_listener(xdg, &surface_listener, w);
}

struct wl_surface *wild_window(struct wild *w)
{
    struct wl_surface *surface = wl_compositor_create_surface(w->compositor);
    unsigned before = w->configured;

    last_xdg = xdg_wm_base_get_xdg_surface(w->shell, surface);
    wild_listen(w, last_xdg);
    last_toplevel = xdg_surface_get_toplevel(last_xdg);
    wl_surface_commit(surface);
    while (w->configured == before && wl_display_dispatch(w->display) >= 0)
        ;
    return surface;
}

struct xdg_surface *wild_last_xdg(void)
{
    return last_xdg;
}

struct xdg_toplevel *wild_last_toplevel(void)
{
    return last_toplevel;
}

static int commit_crimes(const struct wild_mode *mode)
{
    unsigned punished = 0, borne = 0;
    bool more = true;

    for (unsigned i = 0; more; i++) {
        struct wild w;

        wild_open(&w);
        more = mode->crime(&w, i);
        if (more && wild_alive(&w)) {
            fprintf(stderr, "%s %u was borne\n", mode->name, i);
            borne++;
        } else if (more) {
            punished++;
        }
        wild_close(&w);
    }
    return !punished ? 0 : borne ? 8 : 9;
}

static int run_mode(const struct wild_mode *mode)
{
    const struct timespec linger = {.tv_nsec = 20000000};
    struct wild w;
    bool alive;

    if (mode->crime)
        return commit_crimes(mode);
    wild_open(&w);
    mode->run(&w);
    alive = wild_alive(&w);
    /* So that what it made is shown, and asked to be shown again. */
    for (int i = 0; alive && i < 20; i++) {
        nanosleep(&linger, NULL);
        alive = wild_alive(&w);
    }
    wild_close(&w);
    return alive ? 0 : 9;
}

int main(int argc, char **argv)
{
    const struct wild_mode *const tables[] = {wild_buffer_modes, wild_surface_modes,
                                              wild_window_modes, wild_sync_modes};

    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++)
        for (const struct wild_mode *mode = tables[t]; mode->name; mode++)
            if (argc > 1 && strcmp(mode->name, argv[1]) == 0)
                return run_mode(mode);
    return 2;
}
