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
/* Of one surface. The last one of them also stands for those that come after it. */
#define DRAWS_MAX 4

struct gs_draw {
    GSource base;
    struct gs_surface *s;
    struct wl_list link; /* gs_surface.draws */
    int fd;
    unsigned commits; /* that the listener is told of */
};

static void forget(struct gs_draw *draw)
{
    struct gs_desktop *d = draw->s->d;

    if (d->part_draw == draw)
        d->part_draw = NULL;
    wl_list_remove(&draw->link);
    draw->s->n_draws--;
    close(draw->fd);
    g_source_destroy(&draw->base);
    g_source_unref(&draw->base);
}

static void finish(struct gs_draw *draw)
{
    struct gs_desktop *d = draw->s->d;
    unsigned commits = draw->commits;

    forget(draw);
    while (commits-- > 0)
        gs_desktop_drawn(d);
}

/* Readable, broken, or too late. */
static gboolean dispatch(GSource *source, GSourceFunc fn, gpointer user)
{
    (void)fn;
    (void)user;
    finish((struct gs_draw *)source);
    return G_SOURCE_REMOVE;
}

static GSourceFuncs draw_funcs = {.dispatch = dispatch};

static struct gs_draw *wait_for(struct gs_surface *s, int fd)
{
    struct gs_draw *draw;
    unsigned commits = 0;

    if (s->n_draws == DRAWS_MAX) {
        draw = wl_container_of(s->draws.prev, draw, link);
        commits = draw->commits;
        forget(draw);
    }
    draw = (struct gs_draw *)g_source_new(&draw_funcs, sizeof(*draw));
    draw->s = s;
    draw->fd = fd;
    draw->commits = commits;
    wl_list_insert(s->draws.prev, &draw->link);
    s->n_draws++;
    g_source_add_unix_fd(&draw->base, fd, G_IO_IN);
    g_source_set_ready_time(&draw->base, g_get_monotonic_time() + LONGEST_US);
    g_source_set_static_name(&draw->base, "drawn");
    g_source_attach(&draw->base, g_main_context_get_thread_default());
    return draw;
}

/* What is still to be drawn of a commit of s: its own buffer, or one of its subsurfaces'. */
static struct gs_draw *draw_of(struct gs_surface *s, int fence)
{
    struct pollfd pollfd = {.fd = fence, .events = POLLIN};
    struct gs_draw *part = s->d->part_draw;
    int fd = fence >= 0 && poll(&pollfd, 1, 0) == 0 ? fcntl(fence, F_DUPFD_CLOEXEC, 0) : -1;

    if (fd >= 0)
        return wait_for(s, fd);
    if (part &&
        wl_resource_get_client(part->s->wlr->resource) == wl_resource_get_client(s->wlr->resource))
        return part;
    return NULL;
}

void gs_drawn_wait(struct gs_surface *s, int fence, bool part)
{
    struct gs_draw *draw = draw_of(s, fence);

    if (part) {
        s->d->part_draw = draw;
        return;
    }
    s->d->part_draw = NULL;
    if (draw)
        draw->commits++;
    else
        gs_desktop_drawn(s->d);
}

void gs_drawn_commit(struct gs_surface *s, bool part)
{
    const struct gs_texture *texture = gs_texture_of(s->wlr);
    bool gpu =
        s->wlr->current.committed & WLR_SURFACE_STATE_BUFFER && texture && texture->has_dmabuf;

    /* The pointer's picture is nobody's frame. */
    if (s->wlr != s->d->cursor_surface)
        gs_drawn_wait(s, gpu ? texture->dmabuf.fd[0] : -1, part);
}

void gs_drawn_init(struct gs_surface *s)
{
    wl_list_init(&s->draws);
}

void gs_drawn_finish(struct gs_surface *s)
{
    struct gs_draw *draw, *next;

    wl_list_for_each_safe (draw, next, &s->draws, link)
        finish(draw);
}
