/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Says when the drawing of a commit is done. Memory is drawn when it is committed. A GPU buffer can
 * be read when the fences of those who write it have signalled, which is when its dmabuf is
 * readable for poll(2) (the kernel's Documentation/driver-api/dma-buf.rst, "Implicit Fence Poll
 * Support"). Drivers that attach no fences look as if they were done at once.
 */
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <wlr/types/wlr_buffer.h>

#include "common/clock.h"
#include "session/desktop/desktop.h"

#define LONGEST_US G_USEC_PER_SEC
/* Who commits faster than the GPU draws is told of the first ones and the last. */
#define DRAWS_MAX 4

struct draw {
    GSource base;
    struct gs_surface *s;
    struct wl_list link; /* gs_surface.draws */
    int fd;
};

static void forget(struct draw *draw)
{
    wl_list_remove(&draw->link);
    draw->s->n_draws--;
    close(draw->fd);
    g_source_destroy(&draw->base);
    g_source_unref(&draw->base);
}

/* Readable, broken, or too late. */
static gboolean dispatch(GSource *source, GSourceFunc fn, gpointer user)
{
    struct draw *draw = (struct draw *)source;
    struct gs_desktop *d = draw->s->d;

    (void)fn;
    (void)user;
    forget(draw);
    gs_desktop_drawn(d);
    return G_SOURCE_REMOVE;
}

static GSourceFuncs draw_funcs = {.dispatch = dispatch};

static void wait_for(struct gs_surface *s, int fd)
{
    struct draw *draw;

    if (s->n_draws == DRAWS_MAX)
        forget(wl_container_of(s->draws.prev, draw, link));
    draw = (struct draw *)g_source_new(&draw_funcs, sizeof(*draw));
    draw->s = s;
    draw->fd = fd;
    wl_list_insert(s->draws.prev, &draw->link);
    s->n_draws++;
    g_source_add_unix_fd(&draw->base, fd, G_IO_IN);
    g_source_set_ready_time(&draw->base, g_get_monotonic_time() + LONGEST_US);
    g_source_set_static_name(&draw->base, "drawn");
    g_source_attach(&draw->base, g_main_context_get_thread_default());
}

void gs_drawn_wait(struct gs_surface *s, int fence, bool said)
{
    struct pollfd pollfd = {.fd = fence, .events = POLLIN};
    int fd = fence >= 0 && poll(&pollfd, 1, 0) == 0 ? fcntl(fence, F_DUPFD_CLOEXEC, 0) : -1;

    if (fd >= 0)
        wait_for(s, fd);
    else if (!said)
        gs_desktop_drawn(s->d);
}

void gs_drawn_commit(struct gs_surface *s, bool said)
{
    const struct gs_texture *texture = gs_texture_of(s->wlr);
    bool gpu =
        s->wlr->current.committed & WLR_SURFACE_STATE_BUFFER && texture && texture->has_dmabuf;

    /* The pointer's picture is nobody's frame. */
    if (s->wlr != s->d->cursor_surface)
        gs_drawn_wait(s, gpu ? texture->dmabuf.fd[0] : -1, said);
}

void gs_drawn_init(struct gs_surface *s)
{
    wl_list_init(&s->draws);
}

void gs_drawn_finish(struct gs_surface *s)
{
    struct draw *draw, *next;

    wl_list_for_each_safe (draw, next, &s->draws, link) {
        forget(draw);
        gs_desktop_drawn(s->d);
    }
}
