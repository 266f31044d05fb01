/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A Wayland client that shows frames at the pace that the compositor leaves it, in one of the ways
 * in which toolkits and drivers do. pace_client MODE [FRAMES [FIFO]]; without FRAMES, or 0, it goes
 * on for ever.
 *   sync       no callbacks; after each commit a sync, whose reply it waits for (EGL, interval 0)
 *   impatient  the same, but asks for callbacks that it does not wait for
 *   callbacks  waits for callbacks, and does a roundtrip after each commit (toolkits)
 *   flood      as sync, with thousands of further syncs behind each; checks their order
 *   leave      as sync, and is gone while it is held
 * With pipes in the place of dmabufs, that are readable when they are drawn:
 *   mailbox    neither callbacks nor syncs; waits until one of its four buffers is free (Vulkan)
 *   sync-gpu   as sync, with two buffers
 *   fence      one frame, in a buffer that is drawn when somebody writes to FIFO
 *   burst      the same, ten times in a row
 *   part       the same, in a subsurface that changes with its window
 *   vanish     as fence, and its window is gone before that
 * Exit status: 0, 2 no such mode, 3 replies came in the wrong order, 4 it woke up for nothing again
 * and again, 9 disconnected.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wayland-client.h>

#include "linux-dmabuf-client-protocol.h"
#include "tests/support/wayland_globals.h"
#include "xdg-shell-client-protocol.h"

#define SIDE 64
#define SIZE (SIDE * SIDE * 4)
#define BUFFERS_MOST 4
#define XRGB8888 0x34325258
#define FLOOD 5000
/* Events that come with a frame: reply, callback, release, deletions of ids. */
#define WAKES_A_FRAME 8

static struct wl_display *display;
static struct wl_compositor *compositor;
static struct wl_subcompositor *subcompositor;
static struct wl_shm *shm;
static struct xdg_wm_base *shell;
static struct wl_surface *surface;
static struct xdg_surface *xdg;
static struct xdg_toplevel *toplevel;
static struct wl_buffer *buffers[BUFFERS_MOST];
static bool busy[BUFFERS_MOST];
static int n_buffers;
static const char *fifo;
static struct zwp_linux_dmabuf_v1 *dmabuf;
static bool configured;
static uintptr_t last_reply; /* replies are numbered from 1 */
static unsigned frames, wakes, callbacks_due;

static void on_ping(void *data, struct xdg_wm_base *base, uint32_t serial)
{
    (void)data;
    xdg_wm_base_pong(base, serial);
}

static const struct xdg_wm_base_listener shell_listener = {on_ping};

static void on_configure(void *data, struct xdg_surface *which, uint32_t serial)
{
    (void)data;
    xdg_surface_ack_configure(which, serial);
    configured = true;
}

static const struct xdg_surface_listener xdg_listener = {on_configure};

static void on_release(void *data, struct wl_buffer *buffer)
{
    (void)buffer;
    *(bool *)data = false;
}

static const struct wl_buffer_listener buffer_listener = {on_release};

static void on_reply(void *data, struct wl_callback *callback, uint32_t serial)
{
    (void)serial;
    wl_callback_destroy(callback);
    if ((uintptr_t)data != last_reply + 1)
        exit(3);
    last_reply++;
}

static const struct wl_callback_listener reply_listener = {on_reply};

static void on_frame(void *data, struct wl_callback *callback, uint32_t time)
{
    (void)data;
    (void)time;
    wl_callback_destroy(callback);
    callbacks_due--;
}

static const struct wl_callback_listener frame_listener = {on_frame};

static void dispatch(void)
{
    wakes++;
    if (wl_display_dispatch(display) < 0)
        exit(9);
}

static int drawn_fd(void)
{
    int fds[2];

    if (fifo)
        return open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return pipe2(fds, O_CLOEXEC) == 0 && write(fds[1], "", 1) == 1 ? fds[0] : -1;
}

static void make_gpu_buffer(int i)
{
    struct zwp_linux_buffer_params_v1 *params;
    int fd = drawn_fd();

    if (!dmabuf || fd < 0)
        exit(1);
    params = zwp_linux_dmabuf_v1_create_params(dmabuf);
    zwp_linux_buffer_params_v1_add(params, fd, 0, 0, SIDE * 4, 0, 0);
    buffers[i] = zwp_linux_buffer_params_v1_create_immed(params, SIDE, SIDE, XRGB8888, 0);
    zwp_linux_buffer_params_v1_destroy(params);
    wl_buffer_add_listener(buffers[i], &buffer_listener, &busy[i]);
}

static void make_buffers(void)
{
    int fd = memfd_create("pace", MFD_CLOEXEC);
    struct wl_shm_pool *pool;
    void *pixels;

    if (fd < 0 || ftruncate(fd, (off_t)n_buffers * SIZE) < 0)
        exit(1);
    pixels = mmap(NULL, (size_t)n_buffers * SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (pixels == MAP_FAILED)
        exit(1);
    pool = wl_shm_create_pool(shm, fd, n_buffers * SIZE);
    for (int i = 0; i < n_buffers; i++) {
        memset((char *)pixels + (size_t)i * SIZE, 0x40 * (i + 1), SIZE);
        buffers[i] =
            wl_shm_pool_create_buffer(pool, i * SIZE, SIDE, SIDE, SIDE * 4, WL_SHM_FORMAT_XRGB8888);
        wl_buffer_add_listener(buffers[i], &buffer_listener, &busy[i]);
    }
}

static void bind_globals(void)
{
    struct wayland_globals all;

    wayland_globals_read(display, &all);
    compositor = wayland_globals_bind(&all, &wl_compositor_interface, 4);
    subcompositor = wayland_globals_bind(&all, &wl_subcompositor_interface, 1);
    shm = wayland_globals_bind(&all, &wl_shm_interface, 1);
    shell = wayland_globals_bind(&all, &xdg_wm_base_interface, 1);
    dmabuf = wayland_globals_bind(&all, &zwp_linux_dmabuf_v1_interface, 2);
    if (!compositor || !shm || !shell)
        exit(1);
}

static void open_window(void)
{
    display = wl_display_connect(NULL);
    if (!display)
        exit(1);
    bind_globals();
    xdg_wm_base_add_listener(shell, &shell_listener, NULL);
    surface = wl_compositor_create_surface(compositor);
    xdg = xdg_wm_base_get_xdg_surface(shell, surface);
    xdg_surface_add_listener(xdg, &xdg_listener, NULL);
    toplevel = xdg_surface_get_toplevel(xdg);
    wl_surface_commit(surface);
    while (!configured)
        dispatch();
}

static int free_buffer(void)
{
    for (;;) {
        for (int i = 0; i < n_buffers; i++)
            if (!busy[i])
                return i;
        dispatch();
    }
}

static void commit(bool with_callback)
{
    int i = free_buffer();

    if (with_callback) {
        wl_callback_add_listener(wl_surface_frame(surface), &frame_listener, NULL);
        callbacks_due++;
    }
    busy[i] = true;
    wl_surface_attach(surface, buffers[i], 0, 0);
    wl_surface_damage_buffer(surface, 0, 0, SIDE, SIDE);
    wl_surface_commit(surface);
    frames++;
}

/* Returns its number. */
static uintptr_t sync_once(void)
{
    static uintptr_t number;
    struct wl_callback *callback = wl_display_sync(display);

    number++;
    wl_callback_add_listener(callback, &reply_listener, (void *)number);
    return number;
}

static void await_reply(uintptr_t number)
{
    while (last_reply < number)
        dispatch();
}

static void frame_sync(void)
{
    commit(false);
    await_reply(sync_once());
}

static void frame_impatient(void)
{
    commit(true);
    await_reply(sync_once());
}

static void frame_callbacks(void)
{
    commit(true);
    await_reply(sync_once());
    while (callbacks_due > 0)
        dispatch();
}

static void frame_flood(void)
{
    uintptr_t last = 0;

    commit(false);
    for (int i = 0; i < FLOOD; i++)
        last = sync_once();
    await_reply(last);
    wakes = 0; /* they come in many pieces */
}

static void frame_leave(void)
{
    commit(false);
    if (frames < 3) {
        await_reply(sync_once());
        return;
    }
    sync_once();
    wl_display_flush(display);
    /* So that the sync was held before the connection ends. */
    usleep(50000);
    _exit(0);
}

/* Goes on while a buffer is left, or waits in it for one. */
static void frame_mailbox(void)
{
    commit(false);
    if (wl_display_flush(display) < 0)
        exit(9);
}

static void linger(void)
{
    for (;;)
        dispatch();
}

static void frame_fence(void)
{
    commit(false);
    linger();
}

static void frame_burst(void)
{
    for (int i = 0; i < 10; i++) {
        busy[0] = false;
        commit(false);
    }
    linger();
}

/* The window's own buffer is in memory. */
static void frame_part(void)
{
    struct wl_surface *child = wl_compositor_create_surface(compositor);

    wl_subcompositor_get_subsurface(subcompositor, child, surface);
    wl_surface_attach(child, buffers[0], 0, 0);
    wl_surface_damage_buffer(child, 0, 0, SIDE, SIDE);
    wl_surface_commit(child);
    n_buffers = 1;
    make_buffers();
    commit(false);
    linger();
}

static void frame_vanish(void)
{
    commit(false);
    wl_display_roundtrip(display);
    wl_surface_attach(surface, NULL, 0, 0);
    wl_surface_commit(surface);
    xdg_toplevel_destroy(toplevel);
    xdg_surface_destroy(xdg);
    wl_surface_destroy(surface);
    linger();
}

static const struct {
    const char *name;
    void (*frame)(void);
    int buffers;
    bool gpu;
} modes[] = {
    {"sync", frame_sync, 3, false},           {"impatient", frame_impatient, 3, false},
    {"callbacks", frame_callbacks, 3, false}, {"flood", frame_flood, 3, false},
    {"leave", frame_leave, 3, false},         {"mailbox", frame_mailbox, 4, true},
    {"sync-gpu", frame_sync, 2, true},        {"fence", frame_fence, 1, true},
    {"burst", frame_burst, 1, true},          {"part", frame_part, 1, true},
    {"vanish", frame_vanish, 1, true},
};

int main(int argc, char **argv)
{
    unsigned limit = argc > 2 ? (unsigned)atoi(argv[2]) : 0;

    for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(modes[i].name, argv[1]) != 0)
            continue;
        fifo = argc > 3 ? argv[3] : NULL;
        n_buffers = modes[i].buffers;
        open_window();
        if (!modes[i].gpu)
            make_buffers();
        for (int b = 0; modes[i].gpu && b < n_buffers; b++)
            make_gpu_buffer(b);
        wakes = 0;
        while (!limit || frames < limit) {
            modes[i].frame();
            if (wakes > 100 + frames * WAKES_A_FRAME)
                return 4;
        }
        return 0;
    }
    return 2;
}
