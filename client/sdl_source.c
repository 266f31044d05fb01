/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/sdl_source.h"

#include <SDL_syswm.h>
#include <glib-unix.h>
#include <wayland-client.h>

#include "common/log.h"
#include "common/macros.h"

/* SDL's X11 back end puts off a change of focus by 200 ms (PENDING_FOCUS_TIME) and acts on it when
 * it is pumped after that, so after any events it is pumped once more. */
#define AGAIN_US (250 * 1000)
/* For displays without a connection of their own (a bare console). */
#define POLL_US (8 * 1000)

struct sdl_source {
    GSource base;
    void (*event)(void *user, const SDL_Event *event);
    void *user;
    int fd; /* SDL's; -1: none */
};

static bool pump(void)
{
    SDL_PumpEvents();
    return SDL_HasEvents(SDL_FIRSTEVENT, SDL_LASTEVENT);
}

/* Events may have been read from the connection by any other call to the display, so that its
 * descriptor alone says nothing. */
static gboolean prepare(GSource *source GS_UNUSED, int *timeout)
{
    *timeout = -1;
    return pump();
}

static gboolean check(GSource *source GS_UNUSED)
{
    return pump();
}

static gboolean dispatch(GSource *source, GSourceFunc callback GS_UNUSED, void *user GS_UNUSED)
{
    struct sdl_source *s = (struct sdl_source *)source;
    bool any = false;
    SDL_Event event;

    SDL_PumpEvents();
    while (!g_source_is_destroyed(source) &&
           SDL_PeepEvents(&event, 1, SDL_GETEVENT, SDL_FIRSTEVENT, SDL_LASTEVENT) > 0) {
        any = true;
        s->event(s->user, &event);
    }
    if (s->fd < 0)
        g_source_set_ready_time(source, g_get_monotonic_time() + POLL_US);
    else
        g_source_set_ready_time(source, any ? g_get_monotonic_time() + AGAIN_US : -1);
    return G_SOURCE_CONTINUE;
}

static int connection_fd(SDL_Window *window)
{
    SDL_SysWMinfo info;

    SDL_VERSION(&info.version);
    if (!SDL_GetWindowWMInfo(window, &info))
        return -1;
#ifdef SDL_VIDEO_DRIVER_X11
    if (info.subsystem == SDL_SYSWM_X11)
        return ConnectionNumber(info.info.x11.display);
#endif
#ifdef SDL_VIDEO_DRIVER_WAYLAND
    if (info.subsystem == SDL_SYSWM_WAYLAND)
        return wl_display_get_fd(info.info.wl.display);
#endif
    return -1;
}

static gboolean no_callback(void *user GS_UNUSED)
{
    return G_SOURCE_CONTINUE;
}

GSource *gs_sdl_source_create(SDL_Window *window, void (*event)(void *user, const SDL_Event *event),
                              void *user)
{
    static GSourceFuncs funcs = {.prepare = prepare, .check = check, .dispatch = dispatch};
    GSource *source = g_source_new(&funcs, sizeof(struct sdl_source));
    struct sdl_source *s = (struct sdl_source *)source;

    s->event = event;
    s->user = user;
    s->fd = connection_fd(window);
    if (s->fd >= 0)
        g_source_add_unix_fd(source, s->fd, G_IO_IN | G_IO_HUP | G_IO_ERR);
    else
        gs_debug("video driver %s: events are polled", SDL_GetCurrentVideoDriver());
    g_source_set_ready_time(source, 0);
    g_source_set_callback(source, no_callback, NULL, NULL);
    g_source_attach(source, NULL);
    return source;
}
