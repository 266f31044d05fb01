/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Owns the application's process: starts it, notices its end, and leaves nothing of it behind. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wlr/xwayland.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/schedule.h"
#include "session/app_output.h"
#include "session/desktop/desktop.h"
#include "session/desktop/process.h"

#define NO_WINDOW_S 20
#define GRACE_MS 1000
#define CLOSE_MS 500 /* for windows that were asked to close; then SIGTERM */
#define TERM_MS 1000 /* since the beginning; then SIGKILL */
#define KILL_MS 3000

/* ---- start ---- */

static char **application_environment(struct gs_desktop *d)
{
    bool x11 = d->xwayland != NULL;
    const char *const set[][2] = {
        {"WAYLAND_DISPLAY", "wayland-0"},
        {"XDG_RUNTIME_DIR", d->base.params.runtime_dir},
        {"XDG_SESSION_TYPE", "wayland"},
        {"XDG_CURRENT_DESKTOP", "gpushare"},
        {"SDL_VIDEODRIVER", x11 ? "wayland,x11" : "wayland"},
        {"QT_QPA_PLATFORM", x11 ? "wayland;xcb" : "wayland"},
        {"MOZ_ENABLE_WAYLAND", "1"},
        {"XCURSOR_SIZE", "24"},
    };
    static const char *const unset[] = {"WAYLAND_SOCKET", "DISPLAY",    "XAUTHORITY", "GDK_BACKEND",
                                        "NOTIFY_SOCKET",  "LISTEN_FDS", "LISTEN_PID"};
    char **env = g_get_environ();

    for (size_t i = 0; i < GS_ARRAY_SIZE(unset); i++)
        env = g_environ_unsetenv(env, unset[i]);
    for (size_t i = 0; i < GS_ARRAY_SIZE(set); i++)
        env = g_environ_setenv(env, set[i][0], set[i][1], TRUE);
    if (x11)
        env = g_environ_setenv(env, "DISPLAY", d->xwayland->display_name, TRUE);
    return env;
}

/* From here to exec only what is safe after a fork of a process with threads. */
static void close_other_fds(void)
{
    struct rlimit limit;
    int last = 4096;

    if (close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536)
        last = (int)limit.rlim_cur;
    for (int fd = 3; fd < last; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void reset_signals(void)
{
    sigset_t none;

    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void run_application(char *const *argv, char **env, pid_t worker, int null_fd, int error_fd)
{
    int error;

    setsid();
    reset_signals();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != worker)
        _exit(127); /* it died before we could ask to be told */
    dup2(null_fd, STDIN_FILENO);
    dup2(gs_app_output(), STDOUT_FILENO); /* the worker's stdout is not for applications */
    dup2(gs_app_output(), STDERR_FILENO);
    close_other_fds();
    gs_schedule_application();
    execvpe(argv[0], argv, env);
    error = errno;
    if (write(error_fd, &error, sizeof(error)) < 0)
        _exit(126);
    _exit(127);
}

/* Waits until exec closed the pipe or told why it failed. */
static int read_exec_error(int fd)
{
    int error = 0;
    ssize_t n;

    do
        n = read(fd, &error, sizeof(error));
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(error) ? -error : 0;
}

static int spawn(struct gs_desktop *d, char **env)
{
    pid_t worker = getpid(), pid;
    int fds[2], null_fd, r;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    pid = null_fd < 0 ? -1 : fork();
    if (pid == 0)
        run_application(d->base.params.argv, env, worker, null_fd, fds[1]);
    r = pid < 0 ? -errno : 0;
    close(fds[1]);
    if (null_fd >= 0)
        close(null_fd);
    if (r == 0)
        r = read_exec_error(fds[0]);
    close(fds[0]);
    if (r == 0)
        d->app_pid = pid;
    else if (pid > 0)
        waitpid(pid, NULL, 0);
    return r;
}

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

static void handle_exit(GPid pid, gint status, gpointer user)
{
    struct gs_desktop *d = user;

    (void)pid;
    d->child_watch = 0;
    d->app_pid = 0;
    d->exited = true;
    d->wait_status = status;
    d->reason = describe(d->base.params.argv[0], status);
    gs_info("%s", d->reason);
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

int gs_launch_start(struct gs_desktop *d)
{
    char **env;
    int r;

    if (d->started)
        return -EALREADY;
    if (!d->base.params.argv || !d->base.params.argv[0])
        return -EINVAL;
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return -errno;
    env = application_environment(d);
    r = spawn(d, env);
    g_strfreev(env);
    if (r < 0)
        return r;
    d->started = true;
    d->child_watch = g_child_watch_add(d->app_pid, handle_exit, d);
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

    gs_process_kill(pids, sig);
}

void gs_launch_finish(struct gs_desktop *d)
{
    uint64_t now = gs_now_ns();

    remove_timer(&d->child_watch); /* from here on we wait for it ourselves */
    remove_timer(&d->window_timer);
    remove_timer(&d->grace_timer);
    remove_timer(&d->check_idle);
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
