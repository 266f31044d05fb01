/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Buffers that go back to their clients late. A replaced buffer is released when nobody has it
 * locked, and the lock here is one more. Only of GPU buffers: Mesa crashes when it gets none of its
 * buffers in memory back. One goes back at a time, since a client that gets all of them back draws
 * as many frames.
 */
#include <wlr/types/wlr_buffer.h>

#include "session/desktop/desktop.h"

static void release_oldest(struct gs_releases *r)
{
    struct wlr_buffer *oldest = r->held[0];

    r->n--;
    for (unsigned i = 0; i < r->n; i++)
        r->held[i] = r->held[i + 1];
    wlr_buffer_unlock(oldest);
}

static void let_go(struct gs_hold *hold)
{
    struct gs_releases *r = wl_container_of(hold, r, hold);

    release_oldest(r);
    while (r->n > 0 && !r->d->gate.shut)
        release_oldest(r);
    if (r->n > 0)
        gs_hold_begin(r->d, &r->hold);
}

static void hold_buffer(struct gs_releases *r, struct wlr_buffer *buffer)
{
    if (r->n == GS_RELEASES_MAX)
        release_oldest(r); /* one that makes a new buffer for each frame */
    r->held[r->n++] = buffer;
    if (!gs_hold_is_held(&r->hold))
        gs_hold_begin(r->d, &r->hold);
    gs_desktop_sync_wanted(r->d);
}

void gs_releases_init(struct gs_releases *r, struct gs_desktop *d)
{
    *r = (struct gs_releases){.d = d};
    gs_hold_init(&r->hold, let_go);
}

void gs_releases_commit(struct gs_releases *r, struct wlr_buffer *shown, bool hold)
{
    struct wlr_buffer *before = r->shown;

    if (shown == before)
        return;
    r->shown = shown && r->d->gate.shut ? wlr_buffer_lock(shown) : NULL;
    if (before && hold)
        hold_buffer(r, before);
    else
        wlr_buffer_unlock(before);
}

void gs_releases_finish(struct gs_releases *r)
{
    gs_hold_drop(&r->hold);
    while (r->n > 0)
        release_oldest(r);
    wlr_buffer_unlock(r->shown);
    r->shown = NULL;
}
