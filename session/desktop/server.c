/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the Wayland display: its socket, its place in the GLib loop, and the globals that need no
 * code of their own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <wlr/types/wlr_data_control_v1.h>
#include <wlr/types/wlr_data_device.h>
#include <wlr/types/wlr_idle_inhibit_v1.h>
#include <wlr/types/wlr_output_layout.h>
#include <wlr/types/wlr_primary_selection_v1.h>
#include <wlr/types/wlr_server_decoration.h>
#include <wlr/types/wlr_viewporter.h>
#include <wlr/types/wlr_xdg_output_v1.h>
#include <wlr/util/log.h>

#include "common/log.h"
#include "session/desktop/desktop.h"

/* ---- libwayland in the GLib loop ---- */

struct loop_source {
    GSource base;
    struct gs_desktop *d;
    gpointer fd_tag;
};

static gboolean loop_prepare(GSource *source, gint *timeout)
{
    struct gs_desktop *d = ((struct loop_source *)source)->d;

    /* Idle sources do not make the event loop's descriptor readable. */
    wl_event_loop_dispatch_idle(d->loop);
    wl_display_flush_clients(d->display);
    *timeout = -1;
    return FALSE;
}

static gboolean loop_check(GSource *source)
{
    return g_source_query_unix_fd(source, ((struct loop_source *)source)->fd_tag) != 0;
}

static gboolean loop_dispatch(GSource *source, GSourceFunc fn, gpointer user)
{
    struct gs_desktop *d = ((struct loop_source *)source)->d;

    (void)fn;
    (void)user;
    gs_wm_link_begin(d);
    wl_event_loop_dispatch(d->loop, 0);
    gs_wm_link_end(d);
    wl_display_flush_clients(d->display);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs loop_funcs = {
    .prepare = loop_prepare, .check = loop_check, .dispatch = loop_dispatch};

static void attach_loop(struct gs_desktop *d)
{
    struct loop_source *source;

    d->loop_source = g_source_new(&loop_funcs, sizeof(struct loop_source));
    source = (struct loop_source *)d->loop_source;
    source->d = d;
    source->fd_tag = g_source_add_unix_fd(d->loop_source, wl_event_loop_get_fd(d->loop), G_IO_IN);
    g_source_set_static_name(d->loop_source, "wayland");
    /* Nobody runs the loop inside of it. For a source that says so GLib does not take the
     * descriptor out of its set and back at each dispatch, which wakes the loop twice. */
    g_source_set_can_recurse(d->loop_source, TRUE);
    g_source_attach(d->loop_source, g_main_context_get_thread_default());
}

void gs_server_pump(struct gs_desktop *d, int timeout_ms)
{
    wl_event_loop_dispatch_idle(d->loop);
    wl_display_flush_clients(d->display);
    gs_wm_link_begin(d);
    wl_event_loop_dispatch(d->loop, timeout_ms);
    gs_wm_link_end(d);
    wl_display_flush_clients(d->display);
}

/* ---- the socket ---- */

/* Opens our own in runtime_dir: wl_display_add_socket takes the directory from the environment,
 * which is the worker's and not the application's. */
static int open_socket(struct gs_desktop *d)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd, r;

    d->socket_path = g_strdup_printf("%s/wayland-0", d->base.params.runtime_dir);
    if (strlen(d->socket_path) >= sizeof(addr.sun_path))
        return -ENAMETOOLONG;
    memcpy(addr.sun_path, d->socket_path, strlen(d->socket_path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    unlink(d->socket_path); /* the directory is ours alone: it can only be a leftover */
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 128) < 0) {
        r = -errno;
        close(fd);
        return r;
    }
    if (wl_display_add_socket_fd(d->display, fd) < 0) {
        close(fd);
        return -ENOMEM;
    }
    return 0;
}

/* ---- clients ---- */

struct client_watch {
    struct wl_listener destroy;
    struct gs_desktop *d;
};

static void handle_client_destroyed(struct wl_listener *listener, void *data)
{
    struct client_watch *watch = wl_container_of(listener, watch, destroy);
    struct gs_desktop *d = watch->d;

    (void)data;
    wl_list_remove(&watch->destroy.link);
    g_free(watch);
    d->n_clients--;
    gs_launch_check(d);
}

static void handle_client_created(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, client_created);
    struct client_watch *watch = g_new0(struct client_watch, 1);

    watch->d = d;
    watch->destroy.notify = handle_client_destroyed;
    wl_client_add_destroy_listener(data, &watch->destroy);
    d->n_clients++;
    gs_quota_create(data);
    gs_sync_create(d, data);
}

static void handle_new_surface(struct wl_listener *listener, void *data)
{
    struct gs_desktop *d = wl_container_of(listener, d, new_surface);

    gs_surface_create(d, data);
}

/* ---- globals ---- */

GS_PRINTF(2, 0)
static void log_wlr(enum wlr_log_importance importance, const char *fmt, va_list args)
{
    char text[512];
    enum gs_log_level level = importance == WLR_ERROR ? GS_LOG_DEBUG : GS_LOG_TRACE;

    /* What wlroots calls an error is nearly always a client's mistake. */
    if (!gs_log_enabled(level))
        return;
    vsnprintf(text, sizeof(text), fmt, args);
    gs_log(level, "wlroots: %s", text);
}

static int add_globals(struct gs_desktop *d)
{
    struct wlr_server_decoration_manager *kde;

    d->compositor = wlr_compositor_create(d->display, &d->renderer);
    if (!d->compositor)
        return -ENOMEM;
    d->new_surface.notify = handle_new_surface;
    wl_signal_add(&d->compositor->events.new_surface, &d->new_surface);
    d->presentation = wlr_presentation_create(d->display, &d->backend);
    d->layout = wlr_output_layout_create();
    kde = wlr_server_decoration_manager_create(d->display);
    if (!d->presentation || !d->layout || !kde ||
        !wlr_xdg_output_manager_v1_create(d->display, d->layout) ||
        !wlr_data_device_manager_create(d->display) ||
        !wlr_primary_selection_v1_device_manager_create(d->display) ||
        !wlr_data_control_manager_v1_create(d->display) || !wlr_viewporter_create(d->display) ||
        !wlr_idle_inhibit_v1_create(d->display))
        return -ENOMEM;
    wlr_server_decoration_manager_set_default_mode(kde, WLR_SERVER_DECORATION_MANAGER_MODE_SERVER);
    wlr_output_layout_add(d->layout, &d->output, 0, 0);
    return 0;
}

int gs_server_init(struct gs_desktop *d)
{
    int r;

    /* SILENT keeps Xwayland from writing to our stderr; log_wlr chooses by itself. */
    wlr_log_init(gs_log_enabled(GS_LOG_DEBUG) ? WLR_ERROR : WLR_SILENT, log_wlr);
    d->display = wl_display_create();
    if (!d->display)
        return -ENOMEM;
    d->loop = wl_display_get_event_loop(d->display);
    gs_gate_init(d);
    d->client_created.notify = handle_client_created;
    wl_display_add_client_created_listener(d->display, &d->client_created);
    r = open_socket(d);
    if (r < 0)
        return r;
    r = gs_renderer_init(d);
    if (r < 0)
        return r;
    gs_output_init(d);
    r = add_globals(d);
    if (r < 0)
        return r;
    attach_loop(d);
    return 0;
}

void gs_server_finish(struct gs_desktop *d)
{
    if (d->loop_source) {
        g_source_destroy(d->loop_source);
        g_source_unref(d->loop_source);
        d->loop_source = NULL;
    }
    gs_gate_finish(d);
    gs_output_finish(d);
    gs_renderer_finish(d);
    if (d->display)
        wl_display_destroy(d->display);
    if (d->socket_path)
        unlink(d->socket_path);
    g_free(d->socket_path);
}
