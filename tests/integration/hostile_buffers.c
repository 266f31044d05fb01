/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buffers that are too large, too small, not there, or other ones each time. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hostile_app.h"

struct shape {
    int32_t offset, width, height, stride;
    uint32_t format;
};

/* All are to be refused: none lies within the pool. */
static bool malformed(struct wild *w, unsigned i)
{
    static const struct shape shapes[] = {
        {-1, 10, 10, 40, 0},
        {INT32_MAX, 10, 10, 40, 0},
        {POOL_SIZE, 10, 10, 40, 0},
        {POOL_SIZE - 4, 10, 10, 40, 0},
        {0, 0, 10, 40, 0},
        {0, 10, 0, 40, 0},
        {0, -10, 10, 40, 0},
        {0, 10, -10, 40, 0},
        {0, 10, 10, -40, 0},
        {0, 10, 10, 0, 0},
        {0, 32767, 32767, 32767 * 4, 0},
        {0, 65536, 65536, 65536 * 4, 0},
        {0, 1, INT32_MAX, 4, 0},
        {0, 1, 2, INT32_MAX, 0},
        {0, 2, 0x40000000, 8, 0},
        {0, 10, 10, 40, 0xdeadbeef},
    };

    if (i >= sizeof(shapes) / sizeof(shapes[0]))
        return false;
    wl_shm_pool_create_buffer(w->pool, shapes[i].offset, shapes[i].width, shapes[i].height,
                              shapes[i].stride, shapes[i].format);
    return true;
}

/* Pools that are none. The protocol lets the compositor find out late; all are closed with their
 * connections. */
static bool bad_pools(struct wild *w, unsigned i)
{
    int fds[2] = {-1, -1};

    if (i == 0)
        wl_shm_create_pool(w->shm, w->fd, 0);
    else if (i == 1)
        wl_shm_create_pool(w->shm, w->fd, -1);
    else if (i == 2)
        wl_shm_create_pool(w->shm, open("/", O_RDONLY | O_CLOEXEC), 4096);
    else if (i == 3)
        wl_shm_create_pool(w->shm, open("/dev/null", O_RDWR | O_CLOEXEC), 4096);
    else if (i == 4 && pipe2(fds, O_CLOEXEC) == 0)
        wl_shm_create_pool(w->shm, fds[0], 4096);
    else if (i == 5)
        wl_shm_pool_resize(w->pool, 4096);
    else if (i == 6)
        wl_shm_pool_resize(w->pool, -1);
    return i < 7;
}

/* Rows of memory that is not there, in pictures as large as there can be. */
static void sparse(struct wild *w)
{
    struct wl_surface *surface = wild_window(w);
    struct wl_shm_pool *pool;
    int fd = memfd_create("sparse", 0);

    if (fd < 0 || ftruncate(fd, INT32_MAX) < 0)
        exit(1);
    pool = wl_shm_create_pool(w->shm, fd, INT32_MAX);
    for (int i = 0; i < 20; i++) {
        struct wl_buffer *buffer = wl_shm_pool_create_buffer(
            pool, 0, i & 1 ? 32767 : 8192, i & 1 ? 16000 : 16384, i & 1 ? 32767 * 4 : 8192 * 4,
            i & 2 ? WL_SHM_FORMAT_ARGB8888 : WL_SHM_FORMAT_XRGB8888);

        wl_surface_attach(surface, buffer, 0, 0);
        wl_surface_damage(surface, 0, 0, INT32_MAX, INT32_MAX);
        wl_surface_commit(surface);
        wl_display_roundtrip(w->display);
    }
    if (ftruncate(fd, 4096) < 0)
        exit(1);
}

/* The memory is cut and grows again while it is shown. */
static void breathing(struct wild *w)
{
    struct wl_surface *surface = wild_window(w);

    for (int i = 0; i < 200; i++) {
        wild_show(w, surface, 300 + i % 7, 300);
        wl_display_roundtrip(w->display);
        if (ftruncate(w->fd, i & 1 ? POOL_SIZE : 4096 * (i % 5)) < 0)
            exit(1);
    }
}

/* Another size with every commit, and no buffer ever destroyed. */
static void resizing(struct wild *w)
{
    struct wl_surface *surface = wild_window(w);

    for (int i = 0; i < 2000; i++) {
        wild_show(w, surface, 1 + i * 37 % 4000, 1 + i * 53 % 4000);
        if (i % 16 == 0)
            wl_display_roundtrip(w->display);
    }
}

/* Buffers that are destroyed while they are attached, pending or shown. */
static void orphans(struct wild *w)
{
    struct wl_surface *surface = wild_window(w);

    for (int i = 0; i < 500; i++) {
        struct wl_buffer *buffer = wild_buffer(w, 200, 200);

        wl_surface_attach(surface, buffer, i, -i);
        if (i % 3 == 0)
            wl_buffer_destroy(buffer);
        wl_surface_commit(surface);
        if (i % 3 == 1)
            wl_buffer_destroy(buffer);
        if (i % 50 == 0)
            wl_display_roundtrip(w->display);
    }
}

const struct wild_mode wild_buffer_modes[] = {
    {.name = "malformed", .crime = malformed},
    {.name = "pools", .crime = bad_pools},
    {.name = "sparse", .run = sparse},
    {.name = "breathing", .run = breathing},
    {.name = "resizing", .run = resizing},
    {.name = "orphans", .run = orphans},
    {.name = NULL},
};
