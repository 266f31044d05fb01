/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/window_wayland.h"

#include <SDL_syswm.h>
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wayland-client.h>

#include "common/log.h"

struct buffer {
    struct wl_buffer *object; /* NULL: none */
    void *memory;
    size_t size;
    SDL_Surface *surface;
    bool busy; /* the compositor may read it */
};

struct gs_wayland_shm {
    SDL_Window *window;
    struct wl_display *display;
    struct wl_surface *surface;
    struct wl_shm *shm;
    struct buffer buffers[GS_WAYLAND_BUFFERS];
    unsigned taken;
};

static void on_global(void *user, struct wl_registry *registry, uint32_t name,
                      const char *interface, uint32_t version GS_UNUSED)
{
    struct gs_wayland_shm *s = user;

    if (!s->shm && strcmp(interface, wl_shm_interface.name) == 0)
        s->shm = wl_registry_bind(registry, name, &wl_shm_interface, 1);
}

static void on_global_remove(void *user GS_UNUSED, struct wl_registry *registry GS_UNUSED,
                             uint32_t name GS_UNUSED)
{
}

/* On a queue of our own, so that none of SDL's events is handled in here. */
static int bind_shm(struct gs_wayland_shm *s)
{
    static const struct wl_registry_listener listener = {on_global, on_global_remove};
    struct wl_event_queue *queue = wl_display_create_queue(s->display);
    struct wl_display *wrapper = wl_proxy_create_wrapper(s->display);
    struct wl_registry *registry;

    if (!queue || !wrapper)
        return -ENOMEM;
    wl_proxy_set_queue((struct wl_proxy *)wrapper, queue);
    registry = wl_display_get_registry(wrapper);
    wl_registry_add_listener(registry, &listener, s);
    wl_display_roundtrip_queue(s->display, queue);
    wl_registry_destroy(registry);
    wl_proxy_wrapper_destroy(wrapper);
    if (s->shm)
        wl_proxy_set_queue((struct wl_proxy *)s->shm, NULL); /* releases come when SDL pumps */
    wl_event_queue_destroy(queue);
    return s->shm ? 0 : -ENOTSUP;
}

int gs_wayland_shm_create(SDL_Window *window, struct gs_wayland_shm **ret)
{
    struct gs_wayland_shm *s;
    SDL_SysWMinfo info;
    int err;

    SDL_VERSION(&info.version);
    if (!SDL_GetWindowWMInfo(window, &info) || info.subsystem != SDL_SYSWM_WAYLAND)
        return -ENOTSUP;
    s = g_new0(struct gs_wayland_shm, 1);
    s->window = window;
    s->display = info.info.wl.display;
    s->surface = info.info.wl.surface;
    err = bind_shm(s);
    if (err) {
        gs_error("the compositor takes no pictures from memory");
        gs_wayland_shm_destroy(s);
        return err;
    }
    *ret = s;
    return 0;
}

static void drop_buffer(struct buffer *b)
{
    if (b->surface)
        SDL_FreeSurface(b->surface);
    if (b->object)
        wl_buffer_destroy(b->object);
    if (b->memory)
        munmap(b->memory, b->size);
    *b = (struct buffer){0};
}

void gs_wayland_shm_destroy(struct gs_wayland_shm *s)
{
    if (!s)
        return;
    for (int i = 0; i < GS_WAYLAND_BUFFERS; i++)
        drop_buffer(&s->buffers[i]);
    if (s->shm)
        wl_shm_destroy(s->shm);
    g_free(s);
}

static void on_release(void *user, struct wl_buffer *object GS_UNUSED)
{
    ((struct buffer *)user)->busy = false;
}

static int map_memory(struct buffer *b, int *ret_fd)
{
    int fd = memfd_create("gpushare-window", MFD_CLOEXEC), err;

    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)b->size) == 0)
        b->memory = mmap(NULL, b->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (b->memory && b->memory != MAP_FAILED) {
        *ret_fd = fd;
        return 0;
    }
    err = -errno;
    b->memory = NULL;
    close(fd);
    return err;
}

static int create_buffer(struct gs_wayland_shm *s, struct buffer *b, int width, int height)
{
    static const struct wl_buffer_listener listener = {on_release};
    struct wl_shm_pool *pool;
    int fd = -1, err;

    b->size = (size_t)width * 4 * (size_t)height;
    err = b->size > INT32_MAX ? -EMSGSIZE : map_memory(b, &fd);
    if (err)
        return err;
    pool = wl_shm_create_pool(s->shm, fd, (int32_t)b->size);
    close(fd);
    b->object =
        wl_shm_pool_create_buffer(pool, 0, width, height, width * 4, WL_SHM_FORMAT_XRGB8888);
    wl_shm_pool_destroy(pool);
    wl_buffer_add_listener(b->object, &listener, b);
    b->surface = SDL_CreateRGBSurfaceWithFormatFrom(b->memory, width, height, 32, width * 4,
                                                    SDL_PIXELFORMAT_RGB888);
    return b->surface ? 0 : -ENOMEM;
}

/* One that nobody reads; else the one that waits longest, which may tear: better than to be late.
 */
static unsigned choose(const struct gs_wayland_shm *s)
{
    for (unsigned i = 0; i < GS_WAYLAND_BUFFERS; i++) {
        if (!s->buffers[i].busy)
            return i;
    }
    return (s->taken + 1) % GS_WAYLAND_BUFFERS;
}

SDL_Surface *gs_wayland_shm_take(struct gs_wayland_shm *s, unsigned *which, bool *fresh)
{
    struct buffer *b;
    int width, height, err;

    SDL_GetWindowSizeInPixels(s->window, &width, &height);
    s->taken = *which = choose(s);
    b = &s->buffers[s->taken];
    *fresh = !b->surface || b->surface->w != width || b->surface->h != height;
    if (!*fresh)
        return b->surface;
    drop_buffer(b);
    err = create_buffer(s, b, width, height);
    if (err) {
        gs_error("no memory for the window: %s", g_strerror(-err));
        drop_buffer(b);
        return NULL;
    }
    return b->surface;
}

void gs_wayland_shm_commit(struct gs_wayland_shm *s, const SDL_Rect *rects, int n)
{
    struct buffer *b = &s->buffers[s->taken];

    wl_surface_attach(s->surface, b->object, 0, 0);
    for (int i = 0; i < n; i++) {
        if (wl_surface_get_version(s->surface) >= WL_SURFACE_DAMAGE_BUFFER_SINCE_VERSION)
            wl_surface_damage_buffer(s->surface, rects[i].x, rects[i].y, rects[i].w, rects[i].h);
        else
            wl_surface_damage(s->surface, 0, 0, INT32_MAX, INT32_MAX);
    }
    wl_surface_commit(s->surface);
    wl_display_flush(s->display);
    b->busy = true;
}
