/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/desktop/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "common/schedule.h"
#include "session/app_output.h"
#include "session/desktop/app_init.h"
#include "session/desktop/sandbox.h"
#include "session/syscall_filter.h"

#define SETUP_MS 20000 /* of a sandbox: file systems of a network may be slow */
#define GROUPS_MAX 8

/* What the child needs, made before the fork. */
struct child {
    char *const *argv;
    char **env;
    pid_t worker;
    int null_fd, report_fd;   /* errno of exec, or the sandbox's records */
    int filter_fd;            /* -1: no sandbox */
    int group_fd[GROUPS_MAX]; /* cgroup.procs of the application's control groups */
    unsigned n_groups;
};

/* ---- what is known before ---- */

static char **application_environment(const struct gs_source_params *p, const char *x11)
{
    const char *const set[][2] = {
        {"WAYLAND_DISPLAY", "wayland-0"},
        {"XDG_RUNTIME_DIR", p->runtime_dir},
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
    for (size_t i = 0; p->sandbox != GS_SANDBOX_NONE && gs_sandbox_unset[i]; i++)
        env = g_environ_unsetenv(env, gs_sandbox_unset[i]);
    for (size_t i = 0; i < GS_ARRAY_SIZE(set); i++)
        env = g_environ_setenv(env, set[i][0], set[i][1], TRUE);
    if (x11)
        env = g_environ_setenv(env, "DISPLAY", x11, TRUE);
    for (char *const *e = p->env; e && *e; e++) {
        const char *equals = strchr(*e, '=');
        g_autofree char *name = g_strndup(*e, (gsize)(equals - *e));

        env = g_environ_setenv(env, name, equals + 1, TRUE);
    }
    return env;
}

/* Beside this program, in the build tree and where it is installed. */
static char *find_init(char **ret_reason)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *folder = self ? g_path_get_dirname(self) : NULL;
    g_autofree char *path = folder ? g_build_filename(folder, "gpushare-init", NULL) : NULL;

    if (path && access(path, X_OK) == 0)
        return g_steal_pointer(&path);
    *ret_reason = g_strdup_printf("%s lacks gpushare-init, which the sandbox needs",
                                  folder ? folder : "the folder of gpushare-session");
    return NULL;
}

static char **sandbox_command(const struct gs_source_params *p, const char *x11, const char *init)
{
    g_autofree char *socket = x11 ? g_strdup_printf("/tmp/.X11-unix/X%s", x11 + 1) : NULL;
    const struct gs_sandbox_params params = {.kind = p->sandbox,
                                             .init = init,
                                             .runtime_dir = p->runtime_dir,
                                             .x11_socket = socket,
                                             .render_node = p->render_node ? p->render_node : "",
                                             .home = g_getenv("HOME"),
                                             .user_runtime_dir = g_getenv("XDG_RUNTIME_DIR"),
                                             .hide = p->hide,
                                             .argv = p->argv};

    return gs_sandbox_command(&params);
}

/* Where a group can't be joined the application runs in the worker's. */
static void open_groups(struct child *c, const char *list)
{
    g_auto(GStrv) groups = g_strsplit(list ? list : "", ":", -1);

    for (char **group = groups; *group && c->n_groups < GROUPS_MAX; group++) {
        g_autofree char *path = g_build_filename(*group, "cgroup.procs", NULL);
        int fd = **group ? open(path, O_WRONLY | O_CLOEXEC) : -1;

        if (fd >= 0)
            c->group_fd[c->n_groups++] = fd;
        else if (**group)
            gs_warn("the application stays in the worker's control group: %s: %s", path,
                    g_strerror(errno));
    }
}

static void child_finish(struct child *c)
{
    for (unsigned i = 0; i < c->n_groups; i++)
        close(c->group_fd[i]);
    if (c->filter_fd >= 0)
        close(c->filter_fd);
    if (c->null_fd >= 0)
        close(c->null_fd);
    g_strfreev(c->env);
}

/* ---- the child ---- */

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

static void join_groups(const struct child *c)
{
    for (unsigned i = 0; i < c->n_groups; i++) {
        if (write(c->group_fd[i], "0", 1) < 0)
            continue; /* as where there is no group */
    }
}

/* Hands a descriptor on under a number that the program is told. */
static void hand_on(int fd, int number)
{
    if (fd == number)
        fcntl(fd, F_SETFD, 0);
    else
        dup2(fd, number);
}

static void run_application(const struct child *c)
{
    /* Out of the way of the numbers that are handed on. */
    int report = fcntl(c->report_fd, F_DUPFD_CLOEXEC, 16);
    int filter = c->filter_fd < 0 ? -1 : fcntl(c->filter_fd, F_DUPFD_CLOEXEC, 16);
    int error;

    setsid();
    reset_signals();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != c->worker)
        _exit(127); /* it died before we could ask to be told */
    join_groups(c);
    dup2(c->null_fd, STDIN_FILENO);
    dup2(gs_app_output(), STDOUT_FILENO); /* the worker's stdout is not for applications */
    dup2(gs_app_output(), STDERR_FILENO);
    close_other_fds();
    if (filter >= 0) {
        hand_on(report, GS_SANDBOX_STATUS_FD);
        hand_on(filter, GS_SANDBOX_FILTER_FD);
    }
    gs_schedule_application();
    execvpe(c->argv[0], c->argv, c->env);
    error = errno;
    if (filter >= 0) {
        const struct gs_app_record record = {GS_APP_NO_SANDBOX, error};

        _exit(write(report, &record, sizeof(record)) < 0 ? 126 : 127);
    }
    _exit(write(report, &error, sizeof(error)) < 0 ? 126 : 127);
}

/* ---- the parent ---- */

/* Until exec closed the pipe or told why it failed. */
static int read_exec_error(int fd)
{
    int error = 0;
    ssize_t n;

    do
        n = read(fd, &error, sizeof(error));
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(error) ? -error : 0;
}

static int no_sandbox(const char *why, char **ret_reason)
{
    *ret_reason = g_strdup_printf("the application's sandbox could not be set up: %s; "
                                  "“gpushare-host doctor” says more, sandbox=none goes without",
                                  why);
    return -EPERM;
}

/* The first record, or the end of bwrap, which has said why on its standard error. */
static int read_first_record(int fd, const char *program, char **ret_reason)
{
    struct pollfd poll_fd = {fd, POLLIN, 0};
    struct gs_app_record record;
    int n;

    do
        n = poll(&poll_fd, 1, SETUP_MS);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return no_sandbox("it takes too long", ret_reason);
    if (read(fd, &record, sizeof(record)) != (ssize_t)sizeof(record))
        return no_sandbox("bwrap failed (what it said is above, or in the log of the application)",
                          ret_reason);
    if (record.kind == GS_APP_NO_SANDBOX)
        return no_sandbox(record.value == ENOENT ? "bwrap is not installed (package bubblewrap)"
                                                 : g_strerror(record.value),
                          ret_reason);
    if (record.kind == GS_APP_STARTED)
        return 0;
    *ret_reason =
        g_strdup_printf("%s: %s (as seen from its sandbox)", program, g_strerror(record.value));
    return -record.value;
}

static int start(struct child *c, const struct gs_source_params *p, struct gs_spawned *ret,
                 char **ret_reason)
{
    bool sandboxed = c->filter_fd >= 0;
    int fds[2], err = 0;

    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    c->report_fd = fds[1];
    ret->pid = fork();
    if (ret->pid == 0)
        run_application(c);
    if (ret->pid < 0)
        err = -errno;
    close(fds[1]);
    if (!err)
        err =
            sandboxed ? read_first_record(fds[0], p->argv[0], ret_reason) : read_exec_error(fds[0]);
    ret->status_fd = -1;
    if (!err && sandboxed && fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0)
        ret->status_fd = fds[0];
    else
        close(fds[0]);
    if (err && ret->pid > 0) {
        kill(ret->pid, SIGKILL);
        waitpid(ret->pid, NULL, 0);
    }
    return err;
}

int gs_spawn(const struct gs_source_params *params, const char *x11_display, struct gs_spawned *ret,
             char **ret_reason)
{
    bool sandboxed = params->sandbox != GS_SANDBOX_NONE;
    struct child c = {.argv = params->argv, .worker = getpid(), .filter_fd = -1};
    g_autofree char *init = sandboxed ? find_init(ret_reason) : NULL;
    g_auto(GStrv) command = NULL;
    int err = 0;

    if (sandboxed && !init)
        return -ENOENT;
    if (sandboxed) {
        c.argv = command = sandbox_command(params, x11_display, init);
        c.filter_fd = gs_syscall_filter_app(params->sandbox == GS_SANDBOX_STRICT);
        if (c.filter_fd < 0)
            return no_sandbox(g_strerror(-c.filter_fd), ret_reason);
    }
    c.null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    c.env = application_environment(params, x11_display);
    open_groups(&c, params->app_cgroup);
    err = c.null_fd < 0 ? -errno : start(&c, params, ret, ret_reason);
    child_finish(&c);
    if (err && !*ret_reason)
        *ret_reason = g_strdup_printf("%s: %s", params->argv[0], g_strerror(-err));
    return err;
}
