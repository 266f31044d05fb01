/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "common/macros.h"
#include "tests/apps/app.h"

void app_say(const struct app *app, const char *fmt, ...)
{
    va_list args;

    if (!app->options.verbose)
        return;
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
}

static void wm_ping(void *data, struct xdg_wm_base *base, uint32_t serial)
{
    (void)data;
    xdg_wm_base_pong(base, serial);
}

static const struct xdg_wm_base_listener wm_listener = {.ping = wm_ping};

static void *bind(struct wl_registry *registry, uint32_t name, const struct wl_interface *interface,
                  uint32_t offered, uint32_t known)
{
    return wl_registry_bind(registry, name, interface, offered < known ? offered : known);
}

static void registry_global(void *data, struct wl_registry *registry, uint32_t name,
                            const char *interface, uint32_t version)
{
    struct app *app = data;

    if (!strcmp(interface, wl_compositor_interface.name)) {
        app->compositor = bind(registry, name, &wl_compositor_interface, version, 4);
    } else if (!strcmp(interface, wl_subcompositor_interface.name)) {
        app->subcompositor = bind(registry, name, &wl_subcompositor_interface, version, 1);
    } else if (!strcmp(interface, wl_shm_interface.name)) {
        app->shm = bind(registry, name, &wl_shm_interface, version, 1);
    } else if (!strcmp(interface, xdg_wm_base_interface.name)) {
        app->wm_base = bind(registry, name, &xdg_wm_base_interface, version, 2);
        xdg_wm_base_add_listener(app->wm_base, &wm_listener, app);
    } else if (!strcmp(interface, wl_seat_interface.name) && !app->seat) {
        app->seat = bind(registry, name, &wl_seat_interface, version, 5);
        app_input_listen(app);
    }
}

static void registry_remove(void *data, struct wl_registry *registry, uint32_t name)
{
    (void)data;
    (void)registry;
    (void)name;
}

static const struct wl_registry_listener registry_listener = {.global = registry_global,
                                                              .global_remove = registry_remove};

static int app_connect(struct app *app)
{
    app->display = wl_display_connect(NULL);
    if (!app->display) {
        fprintf(stderr, "gs-test-app: no Wayland display: %s\n", strerror(errno));
        return -errno;
    }
    app->registry = wl_display_get_registry(app->display);
    wl_registry_add_listener(app->registry, &registry_listener, app);
    if (wl_display_roundtrip(app->display) < 0)
        return -EPROTO;
    if (!app->compositor || !app->subcompositor || !app->shm || !app->wm_base) {
        fprintf(stderr, "gs-test-app: the compositor lacks an interface\n");
        return -ENOTSUP;
    }
    return 0;
}

static void app_finish(struct app *app)
{
    for (int i = APP_WINDOWS - 1; i >= 0; i--)
        app_window_close(&app->windows[i]);
    app_input_finish(app);
    if (app->seat)
        wl_seat_destroy(app->seat);
    if (app->wm_base)
        xdg_wm_base_destroy(app->wm_base);
    if (app->shm)
        wl_shm_destroy(app->shm);
    if (app->subcompositor)
        wl_subcompositor_destroy(app->subcompositor);
    if (app->compositor)
        wl_compositor_destroy(app->compositor);
    if (app->registry)
        wl_registry_destroy(app->registry);
    if (app->display)
        wl_display_disconnect(app->display);
}

static void crash(void)
{
    const struct rlimit no_core = {0};

    setrlimit(RLIMIT_CORE, &no_core);
    signal(SIGSEGV, SIG_DFL); /* a sanitizer would make an exit of it */
    raise(SIGSEGV);
}

/* Draws what is due by the clock. Milliseconds until more is, or -1. */
static int run_timers(struct app *app, uint64_t started)
{
    const struct app_options *o = &app->options;
    uint64_t now = gs_now_ns();
    uint64_t due = UINT64_MAX;

    if (o->crash_after > 0) {
        due = started + (uint64_t)(o->crash_after * (double)GS_NS_PER_S);
        if (now >= due)
            crash();
    }
    /* While the frame callback is owed, its coming ends the wait. */
    if (app->mode->animated && o->fps && !app->windows[0].frame && app->windows[0].configured) {
        uint64_t period = GS_NS_PER_S / (uint64_t)o->fps;

        if (now >= app->next_ns) {
            app_window_draw(&app->windows[0]);
            app->next_ns = GS_MAX(app->next_ns + period, now);
        }
        due = GS_MIN(due, app->next_ns);
    }
    return due == UINT64_MAX ? -1 : due <= now ? 0 : (int)((due - now) / GS_NS_PER_MS) + 1;
}

/* One round: what has come, what is due, then wait. 0, or -errno when the connection is lost. */
static int run_once(struct app *app, uint64_t started)
{
    struct pollfd fd = {.fd = wl_display_get_fd(app->display), .events = POLLIN};
    int timeout;

    while (wl_display_prepare_read(app->display) < 0)
        if (wl_display_dispatch_pending(app->display) < 0)
            return -EPROTO;
    timeout = app->running ? run_timers(app, started) : 0;
    if (wl_display_flush(app->display) < 0 && errno != EAGAIN) {
        wl_display_cancel_read(app->display);
        return -errno;
    }
    if (poll(&fd, 1, timeout) > 0)
        wl_display_read_events(app->display);
    else
        wl_display_cancel_read(app->display);
    return wl_display_dispatch_pending(app->display) < 0 ? -EPROTO : 0;
}

int main(int argc, char **argv)
{
    static struct app app;
    uint64_t started = gs_now_ns();
    int r;

    app_options_parse(argc, argv, &app.options);
    app.mode = app_mode_find(app.options.mode);
    r = app_connect(&app);
    if (r == 0) {
        app.running = true;
        app_window_open(&app, APP_TOPLEVEL, NULL, 0, 0, app.options.width, app.options.height);
        if (app.mode->start)
            app.mode->start(&app);
    }
    while (r == 0 && app.running)
        r = run_once(&app, started);
    if (r < 0)
        fprintf(stderr, "gs-test-app: connection lost: %s\n", strerror(-r));
    app_finish(&app);
    return r < 0 ? 1 : app.options.status;
}
