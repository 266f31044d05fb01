/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The levers of the scheduler on applications that do not wait for frame callbacks: what else they
 * wait for is held after each commit until their turn, for a quarter of a second at most. EGL at
 * swap interval 0 waits for the reply to a wl_display.sync after each commit (sync.c), Vulkan's
 * mailbox mode for its buffers (releases.c). Xwayland asks for callbacks, and is left alone.
 */
#include <wlr/types/wlr_buffer.h>

#include "common/clock.h"
#include "session/desktop/desktop.h"

/* Frames that were not waited for count up, others down. One is not enough: toolkits do that at
 * their start, and with decorations. While it is held, a client looks as if it waited: what it did
 * is forgotten slowly. */
#define UNASKED_STEP 8
#define UNASKED_MOST 16

/* ---- holds ---- */

void gs_hold_init(struct gs_hold *hold, void (*let_go)(struct gs_hold *hold))
{
    wl_list_init(&hold->link);
    hold->let_go = let_go;
}

void gs_hold_drop(struct gs_hold *hold)
{
    wl_list_remove(&hold->link);
    wl_list_init(&hold->link);
}

static void let_go(struct gs_hold *hold)
{
    gs_hold_drop(hold);
    hold->let_go(hold);
}

static struct gs_hold *first_of(struct wl_list *holds)
{
    struct gs_hold *hold;

    return wl_list_empty(holds) ? NULL : wl_container_of(holds->next, hold, link);
}

static void let_all_go(struct gs_gate *g)
{
    struct wl_list now;
    struct gs_hold *hold;

    /* What is held anew meanwhile stays. */
    wl_list_init(&now);
    wl_list_insert_list(&now, &g->holds);
    wl_list_init(&g->holds);
    while ((hold = first_of(&now)))
        let_go(hold);
}

/* ---- no longer than is allowed ---- */

/* It is left running when what it was for is let go: that comes with every frame. */
static void set_timer(struct gs_gate *g)
{
    struct gs_hold *first = first_of(&g->holds);
    uint64_t now = gs_now_ns(), wait;

    if (!first || g->timer_set)
        return;
    wait = first->until > now ? first->until - now : 0;
    wl_event_source_timer_update(g->timer, (int)(wait / GS_NS_PER_MS) + 1);
    g->timer_set = true;
}

static int handle_timer(void *data)
{
    struct gs_gate *g = data;
    uint64_t now = gs_now_ns();
    struct gs_hold *hold;

    g->timer_set = false;
    while ((hold = first_of(&g->holds)) && hold->until <= now)
        let_go(hold);
    set_timer(g);
    return 0;
}

void gs_hold_begin(struct gs_desktop *d, struct gs_hold *hold)
{
    hold->until = gs_now_ns() + GS_HOLD_LONGEST;
    wl_list_insert(d->gate.holds.prev, &hold->link);
    set_timer(&d->gate);
}

/* ---- the gate ---- */

void gs_gate_init(struct gs_desktop *d)
{
    d->gate.timer = wl_event_loop_add_timer(d->loop, handle_timer, &d->gate);
}

void gs_gate_finish(struct gs_desktop *d)
{
    if (d->gate.timer)
        wl_event_source_remove(d->gate.timer);
    d->gate.timer = NULL;
}

void gs_gate_set(struct gs_desktop *d, bool shut)
{
    d->gate.shut = shut;
    if (!shut)
        let_all_go(&d->gate);
}

void gs_gate_done(struct gs_desktop *d)
{
    let_all_go(&d->gate);
}

/* ---- who is held ---- */

/* One that draws again before its callback came does not wait for it, nor one that asks for none.
 */
static void note_pace(struct gs_surface *s, bool drew)
{
    bool asked = !wl_list_empty(&s->wlr->current.frame_callback_list);

    if (drew && asked && !s->callback_due)
        s->unasked -= s->unasked > 0;
    else if (drew)
        s->unasked = GS_MIN(s->unasked + UNASKED_STEP, UNASKED_MOST);
    s->callback_due = asked;
}

static bool to_be_held(const struct gs_surface *s)
{
    return s->d->gate.shut && s->unasked > UNASKED_STEP && s->wlr != s->d->cursor_surface &&
           !gs_xwayland_owns(s->d, s->wlr);
}

void gs_gate_commit(struct gs_surface *s)
{
    struct wl_client *client = wl_resource_get_client(s->wlr->resource);
    const struct gs_texture *texture = gs_texture_of(s->wlr);
    struct wlr_buffer *shown = texture && texture->has_dmabuf ? texture->buffer : NULL;
    bool attached = s->wlr->current.committed & WLR_SURFACE_STATE_BUFFER;
    bool drew = attached && texture, syncs;

    note_pace(s, drew);
    if (!attached)
        return;
    /* EGL that waits for syncs would spin if it had to wait for buffers. */
    syncs = gs_sync_count(client) != s->syncs;
    s->syncs = gs_sync_count(client);
    gs_releases_commit(&s->releases, shown, !syncs && to_be_held(s));
    if (drew && to_be_held(s))
        gs_sync_arm(client);
}
