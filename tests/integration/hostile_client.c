/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Wayland client that does what clients must not do. hostile_client MODE; it waits until it is
 * killed, or disconnected (exit status 9).
 *   truncate   cuts the memory of its buffer short while it is shown
 *   orphan     the same, after it has destroyed the wl_buffer
 *   stride     has rows that are shorter than their pixels
 *   unmapped   attaches a buffer before it was configured
 *   flood      creates surfaces and callbacks without end, and reads no events
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wayland-client.h>

#include "tests/support/wayland_globals.h"
#include "xdg-shell-client-protocol.h"

#define SIDE 300
#define SIZE (SIDE * SIDE * 4)

static struct wl_compositor *compositor;
static struct wl_shm *shm;
static struct xdg_wm_base *shell;
static bool configured;

static void on_configure(void *data, struct xdg_surface *surface, uint32_t serial)
{
    (void)data;
    xdg_surface_ack_configure(surface, serial);
    configured = true;
}

static const struct xdg_surface_listener surface_listener = {on_configure};

static void flood(void)
{
    for (;;) {
        struct wl_surface *surface = wl_compositor_create_surface(compositor);

        wl_surface_frame(surface);
        wl_surface_commit(surface);
    }
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    struct wl_display *display = wl_display_connect(NULL);
    struct wayland_globals all;
    struct wl_surface *surface;
    struct xdg_surface *xdg;
    struct wl_buffer *buffer;
    int fd = memfd_create("hostile", 0);
    void *pixels;

    if (!display || fd < 0 || ftruncate(fd, SIZE) < 0)
        return 1;
    wayland_globals_read(display, &all);
    compositor = wayland_globals_bind(&all, &wl_compositor_interface, 4);
    shm = wayland_globals_bind(&all, &wl_shm_interface, 1);
    shell = wayland_globals_bind(&all, &xdg_wm_base_interface, 1);
    if (!compositor || !shm || !shell)
        return 1;
    if (strcmp(mode, "flood") == 0)
        flood();
    pixels = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    memset(pixels, 0x7f, SIZE);
    surface = wl_compositor_create_surface(compositor);
    xdg = xdg_wm_base_get_xdg_surface(shell, surface);
    xdg_surface_add_listener(xdg, &surface_listener, NULL);
    xdg_surface_get_toplevel(xdg);
    wl_surface_commit(surface);
    while (!configured && strcmp(mode, "unmapped") != 0) {
        if (wl_display_dispatch(display) < 0)
            return 9;
    }
    buffer = wl_shm_pool_create_buffer(wl_shm_create_pool(shm, fd, SIZE), 0, SIDE, SIDE,
                                       strcmp(mode, "stride") == 0 ? SIDE : SIDE * 4,
                                       WL_SHM_FORMAT_XRGB8888);
    wl_surface_attach(surface, buffer, 0, 0);
    wl_surface_damage_buffer(surface, 0, 0, SIDE, SIDE);
    wl_surface_commit(surface);
    if (strcmp(mode, "orphan") == 0)
        wl_buffer_destroy(buffer);
    wl_display_roundtrip(display);
    if ((strcmp(mode, "orphan") == 0 || strcmp(mode, "truncate") == 0) && ftruncate(fd, 0) < 0)
        return 1;
    while (wl_display_dispatch(display) >= 0)
        ;
    return 9;
}
