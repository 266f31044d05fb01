/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The source "desktop": puts the parts together and speaks to the listener. */
#include "session/desktop/desktop.h"

#include <errno.h>
#include <wlr/xwayland.h>

#include "common/clock.h"

extern const struct gs_source_impl gs_source_desktop;

void gs_desktop_damaged(struct gs_desktop *d, uint64_t commit_ns)
{
    if (!d->closing)
        d->base.params.listener->damaged(d->base.params.user, commit_ns);
}

void gs_desktop_frame_wanted(struct gs_desktop *d, bool keeps)
{
    if (!d->closing)
        d->base.params.listener->frame_wanted(d->base.params.user, keeps);
}

void gs_desktop_sync_wanted(struct gs_desktop *d)
{
    const struct gs_source_listener *l = d->base.params.listener;

    if (!d->closing && l->sync_wanted)
        l->sync_wanted(d->base.params.user);
}

void gs_desktop_drawn(struct gs_desktop *d)
{
    const struct gs_source_listener *l = d->base.params.listener;

    if (!d->closing && l->drawn)
        l->drawn(d->base.params.user, gs_now_ns());
}

/* Cursor and pointer mode also change inside of calls on the source, such as input; the listener
 * hears of it in our own event handling, a little later. */
static void notify(void *data)
{
    struct gs_desktop *d = data;
    const struct gs_source_listener *l = d->base.params.listener;

    d->notify_idle = NULL;
    if (d->cursor_news)
        l->cursor(d->base.params.user, &d->cursor);
    if (d->mode_news)
        l->pointer_mode(d->base.params.user, d->pointer_mode);
    d->cursor_news = d->mode_news = false;
}

static void notify_soon(struct gs_desktop *d)
{
    if (!d->notify_idle && !d->closing)
        d->notify_idle = wl_event_loop_add_idle(d->loop, notify, d);
}

void gs_desktop_cursor_changed(struct gs_desktop *d)
{
    if (!d->opened)
        return;
    d->cursor_news = true;
    notify_soon(d);
}

void gs_desktop_set_pointer_mode(struct gs_desktop *d, enum gs_pointer_mode mode)
{
    if (d->pointer_mode == mode)
        return;
    d->pointer_mode = mode;
    d->mode_news = true;
    notify_soon(d);
}

static void desktop_close(struct gs_source *src)
{
    struct gs_desktop *d = gs_desktop_from(src);

    d->closing = true;
    if (d->notify_idle)
        wl_event_source_remove(d->notify_idle);
    gs_gate_set(d, false); /* who is held cannot end by itself */
    gs_launch_finish(d);
    gs_xwayland_finish(d);
    gs_surfaces_finish(d);
    if (d->display)
        wl_display_destroy_clients(d->display);
    gs_launch_kill_rest(d);
    gs_seat_finish(d);
    gs_cursor_finish(d);
    gs_scene_finish(d);
    gs_server_finish(d);
    g_free(d->reason);
    g_strfreev((char **)(void *)d->base.params.argv);
    g_free((char *)(void *)d->base.params.runtime_dir);
    g_free(d);
}

static int open_parts(struct gs_desktop *d)
{
    int r;

    r = gs_server_init(d);
    if (r < 0)
        return r;
    r = gs_xdg_init(d);
    if (r < 0)
        return r;
    r = gs_seat_init(d);
    if (r < 0)
        return r;
    r = gs_constraints_init(d);
    if (r < 0)
        return r;
    r = gs_cursor_init(d);
    if (r < 0)
        return r;
    gs_xwayland_init(d);
    return 0;
}

static int desktop_open(const struct gs_source_params *params, struct gs_source **ret)
{
    struct gs_desktop *d;
    int r;

    if (params->width == 0 || params->height == 0 || params->fps == 0 || !params->runtime_dir)
        return -EINVAL;
    d = g_new0(struct gs_desktop, 1);
    d->status_fd = -1;
    d->x11_held_fd = -1;
    d->base.impl = &gs_source_desktop;
    d->base.params = *params;
    d->base.params.runtime_dir = g_strdup(params->runtime_dir);
    d->base.params.argv = g_strdupv((char **)(void *)params->argv);
    d->drm_fd = -1;
    wl_list_init(&d->surfaces);
    wl_list_init(&d->views);
    wl_list_init(&d->unmanaged);
    wl_list_init(&d->gate.holds);
    gs_scene_init(d);
    gs_guard_init();
    r = open_parts(d);
    if (r < 0) {
        desktop_close(&d->base);
        return r;
    }
    d->opened = true;
    *ret = &d->base;
    return 0;
}

static int desktop_start(struct gs_source *src, char **ret_reason)
{
    return gs_launch_start(gs_desktop_from(src), ret_reason);
}

static int desktop_capture(struct gs_source *src, bool full,
                           int (*fn)(void *user, const struct gs_scene *scene), void *user)
{
    return gs_scene_capture(gs_desktop_from(src), full, fn, user);
}

/* The listener is told by the update that this asks for. */
static int desktop_resize(struct gs_source *src, uint32_t width, uint32_t height)
{
    struct gs_desktop *d = gs_desktop_from(src);

    if (width == 0 || height == 0 || width > INT16_MAX || height > INT16_MAX)
        return -EINVAL;
    src->params.width = width;
    src->params.height = height;
    gs_output_resized(d);
    gs_view_arrange(d);
    gs_pointer_clamp(d);
    gs_scene_damage_all(d);
    return 0;
}

static void desktop_frame_done(struct gs_source *src, uint64_t now_ns)
{
    gs_surfaces_frame_done(gs_desktop_from(src), now_ns);
}

static void desktop_sync_done(struct gs_source *src)
{
    gs_gate_done(gs_desktop_from(src));
}

static void desktop_set_gate(struct gs_source *src, bool shut)
{
    gs_gate_set(gs_desktop_from(src), shut);
}

static void desktop_input(struct gs_source *src, const struct gs_input *in)
{
    gs_seat_input(gs_desktop_from(src), in);
}

static int desktop_set_keymap(struct gs_source *src, const char *text)
{
    return gs_seat_set_keymap(gs_desktop_from(src), text);
}

static int desktop_x11_display(const struct gs_source *src)
{
    const struct gs_desktop *d = (const struct gs_desktop *)src;

    return d->xwayland ? d->xwayland->server->display : -1;
}

static void desktop_announce(struct gs_source *src)
{
    struct gs_desktop *d = gs_desktop_from(src);

    d->base.params.listener->cursor(d->base.params.user, &d->cursor);
    d->base.params.listener->pointer_mode(d->base.params.user, d->pointer_mode);
}

const struct gs_source_impl gs_source_desktop = {
    .name = "desktop",
    .open = desktop_open,
    .start = desktop_start,
    .capture = desktop_capture,
    .resize = desktop_resize,
    .frame_done = desktop_frame_done,
    .sync_done = desktop_sync_done,
    .set_gate = desktop_set_gate,
    .input = desktop_input,
    .set_keymap = desktop_set_keymap,
    .x11_display = desktop_x11_display,
    .announce = desktop_announce,
    .close = desktop_close,
};
