/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the application's process: starts it, notices its end, and leaves nothing of it behind. */
#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wlr/xwayland.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/desktop/app_init.h"
#include "session/desktop/desktop.h"
#include "session/desktop/process.h"
#include "session/desktop/spawn.h"

#define NO_WINDOW_S 20
#define GRACE_MS 1000
#define CLOSE_MS 500 /* for windows that were asked to close; then SIGTERM */
#define TERM_MS 1000 /* since the beginning; then SIGKILL */
#define KILL_MS 3000

/* ---- end ---- */

static bool has_windows(const struct gs_desktop *d)
{
    return !wl_list_empty(&d->views) || !wl_list_empty(&d->unmanaged);
}

static bool has_clients(const struct gs_desktop *d)
{
    unsigned own = d->xwayland && d->xwayland->server->client ? 1 : 0;

    return d->n_clients > own;
}

/* The process between us and Xwayland, for which wlroots waits. */
static pid_t xwayland_helper(const struct gs_desktop *d)
{
    return d->xwayland && d->xwayland->server->pipe_source ? d->xwayland->server->pid : 0;
}

static bool has_processes(struct gs_desktop *d)
{
    g_autoptr(GArray) pids = NULL;

    gs_process_reap(xwayland_helper(d), d->app_pid);
    pids = gs_process_descendants(xwayland_helper(d), false);
    return pids->len > 0;
}

static void remove_timer(guint *timer)
{
    if (*timer)
        g_source_remove(*timer);
    *timer = 0;
}

/* The listener may destroy the source in ended. */
static void end(struct gs_desktop *d)
{
    const struct gs_source_listener *l = d->base.params.listener;

    remove_timer(&d->grace_timer);
    remove_timer(&d->window_timer);
    d->ended = true;
    l->ended(d->base.params.user, d->wait_status, d->reason);
}

/* A launcher that ended well may have left the real application. */
static bool lives_on(const struct gs_desktop *d)
{
    return d->wait_status == 0 && (has_clients(d) || has_windows(d));
}

static gboolean grace_is_over(void *user)
{
    struct gs_desktop *d = user;

    d->grace_timer = 0;
    if (!lives_on(d))
        end(d);
    return G_SOURCE_REMOVE;
}

static gboolean check(void *user)
{
    struct gs_desktop *d = user;
    bool wait;

    d->check_idle = 0;
    if (!d->exited || d->ended)
        return G_SOURCE_REMOVE;
    wait = d->wait_status == 0 ? has_processes(d) : has_windows(d);
    if (lives_on(d))
        return G_SOURCE_REMOVE;
    if (!wait)
        end(d);
    else if (!d->grace_timer)
        d->grace_timer = g_timeout_add(GRACE_MS, grace_is_over, d);
    return G_SOURCE_REMOVE;
}

void gs_launch_check(struct gs_desktop *d)
{
    if (d->exited && !d->ended && !d->closing && !d->check_idle)
        d->check_idle = g_idle_add(check, d);
}

static char *describe(const char *program, int status)
{
    g_autofree char *name = g_path_get_basename(program);
    const char *sig;

    if (WIFSIGNALED(status)) {
        sig = sigabbrev_np(WTERMSIG(status));
        return sig ? g_strdup_printf("%s was killed by SIG%s", name, sig)
                   : g_strdup_printf("%s was killed by signal %d", name, WTERMSIG(status));
    }
    if (WEXITSTATUS(status) == 0)
        return g_strdup_printf("%s exited", name);
    return g_strdup_printf("%s exited with status %d", name, WEXITSTATUS(status));
}

static void note_exit(struct gs_desktop *d, const char *program, int status)
{
    d->exited = true;
    d->wait_status = status;
    d->reason = describe(program, status);
    gs_info("%s", d->reason);
}

static void read_records(struct gs_desktop *d)
{
    struct gs_app_record record;

    while (d->status_fd >= 0 &&
           read(d->status_fd, &record, sizeof(record)) == (ssize_t)sizeof(record)) {
        if (record.kind == GS_APP_ENDED && !d->exited)
            note_exit(d, d->base.params.argv[0], record.value);
    }
}

static void close_status(struct gs_desktop *d)
{
    remove_timer(&d->status_watch);
    if (d->status_fd >= 0)
        close(d->status_fd);
    d->status_fd = -1;
}

static gboolean handle_record(gint fd, GIOCondition condition, gpointer user)
{
    struct gs_desktop *d = user;

    (void)fd;
    read_records(d);
    if (condition & (G_IO_HUP | G_IO_ERR))
        close_status(d);
    gs_launch_check(d);
    return d->status_fd >= 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void handle_exit(GPid pid, gint status, gpointer user)
{
    struct gs_desktop *d = user;

    (void)pid;
    d->child_watch = 0;
    d->app_pid = 0;
    read_records(d);
    if (!d->exited)
        note_exit(d, d->sandboxed ? "the sandbox" : d->base.params.argv[0], status);
    gs_launch_check(d);
}

static gboolean warn_no_window(void *user)
{
    struct gs_desktop *d = user;
    g_autofree char *name = g_path_get_basename(d->base.params.argv[0]);

    d->window_timer = 0;
    if (!d->shown_window)
        gs_warn("%s has shown no window after %d s", name, NO_WINDOW_S);
    return G_SOURCE_REMOVE;
}

int gs_launch_start(struct gs_desktop *d, char **ret_reason)
{
    struct gs_spawned spawned;
    int r;

    if (d->started)
        return -EALREADY;
    if (!d->base.params.argv || !d->base.params.argv[0])
        return -EINVAL;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return -errno;
    r = gs_spawn(&d->base.params, d->xwayland ? d->xwayland->display_name : NULL, &spawned,
                 ret_reason);
    if (r < 0)
        return r;
    d->started = true;
    d->app_pid = spawned.pid;
    d->status_fd = spawned.status_fd;
    d->sandboxed = spawned.status_fd >= 0;
    d->child_watch = g_child_watch_add(d->app_pid, handle_exit, d);
    if (d->sandboxed)
        d->status_watch = g_unix_fd_add(d->status_fd, G_IO_IN, handle_record, d);
    d->window_timer = g_timeout_add_seconds(NO_WINDOW_S, warn_no_window, d);
    return 0;
}

/* ---- close ---- */

static bool gone(struct gs_desktop *d)
{
    if (d->app_pid > 0 && waitpid(d->app_pid, NULL, WNOHANG) != 0)
        d->app_pid = 0;
    return d->app_pid == 0 && !has_processes(d);
}

/* Serves the clients, who may want to save something, until they are gone or the time is over. */
static bool wait_until(struct gs_desktop *d, uint64_t deadline_ns)
{
    while (!gone(d)) {
        if (gs_now_ns() >= deadline_ns)
            return false;
        gs_surfaces_frame_done(d, gs_now_ns()); /* or it hangs in its swap and sees no request */
        gs_server_pump(d, 10);
    }
    return true;
}

static void signal_all(struct gs_desktop *d, int sig, bool with_xwayland)
{
    g_autoptr(GArray) pids =
        gs_process_descendants(with_xwayland ? 0 : xwayland_helper(d), with_xwayland);

    /* A sandbox goes with its first process; the application must hear the signal before. */
    for (guint i = 0; sig == SIGTERM && d->sandboxed && i < pids->len; i++) {
        if (g_array_index(pids, pid_t, i) == d->app_pid)
            g_array_remove_index_fast(pids, i);
    }
    gs_process_kill(pids, sig);
}

void gs_launch_finish(struct gs_desktop *d)
{
    uint64_t now = gs_now_ns();

    remove_timer(&d->child_watch); /* from here on we wait for it ourselves */
    remove_timer(&d->window_timer);
    remove_timer(&d->grace_timer);
    remove_timer(&d->check_idle);
    close_status(d);
    if (!d->started)
        return;
    if (has_windows(d)) {
        gs_view_close_all(d);
        if (wait_until(d, now + CLOSE_MS * GS_NS_PER_MS))
            return;
    }
    signal_all(d, SIGTERM, false);
    if (wait_until(d, now + TERM_MS * GS_NS_PER_MS))
        return;
    for (unsigned i = 0; i < KILL_MS / 10 && !gone(d); i++) {
        signal_all(d, SIGKILL, false); /* again: it may have forked meanwhile */
        gs_server_pump(d, 10);
    }
}

void gs_launch_kill_rest(struct gs_desktop *d)
{
    uint64_t deadline = gs_now_ns() + KILL_MS * GS_NS_PER_MS;

    if (!d->started)
        return;
    for (;;) {
        g_autoptr(GArray) pids = gs_process_descendants(0, true);

        gs_process_kill(pids, SIGKILL);
        gs_process_reap(0, 0);
        if (pids->len == 0 || gs_now_ns() >= deadline)
            return;
        g_usleep(1000); /* until the kernel has taken them apart */
    }
}
