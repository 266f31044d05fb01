/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/keeper_child.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define APP_FD 4
#define FIRST_FREE_FD 10

int gs_keeper_child_pipe(int fds[2])
{
    int low[2];

    if (pipe2(low, O_CLOEXEC) < 0)
        return -errno;
    for (int i = 0; i < 2; i++) {
        fds[i] = fcntl(low[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
        close(low[i]);
    }
    if (fds[0] >= 0 && fds[1] >= 0)
        return 0;
    for (int i = 0; i < 2; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    return -EMFILE;
}

/* ---- in the child ---- */

static void reset_signals(void)
{
    sigset_t none;

    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void place_descriptors(const struct gs_keeper_child_params *p)
{
    int null_fd = open("/dev/null", O_RDONLY);

    if (p->out >= 0)
        dup2(p->out, STDERR_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    dup2(null_fd, STDIN_FILENO);
    if (p->app >= 0)
        dup2(p->app, APP_FD);
    fcntl(GS_KEEPER_LINK_FD, F_SETFD, 0);
}

/* After becoming the user: that takes the wish back to be told of the parent's death.
 * Its applications stay below it as long as it lives, also those that put themselves in the
 * background. Asked to end when the keeper dies, as nobody could end it by force any more without
 * leaving something of it. */
static bool tie_to_keeper(pid_t keeper)
{
    setsid();
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    return getppid() == keeper;
}

static void run(const struct gs_keeper_child_params *p, char **env, pid_t keeper, int error_fd)
{
    char link[32], app[32];
    char *argv[] = {(char *)p->config->program, link, p->app >= 0 ? app : NULL, NULL};
    int error = 0;

    snprintf(link, sizeof(link), "--link-fd=%d", GS_KEEPER_LINK_FD);
    snprintf(app, sizeof(app), "--app-fd=%d", APP_FD);
    reset_signals();
    place_descriptors(p);
    gs_cgroup_session_enter(p->cgroup);
    if (p->user)
        error = -gs_keeper_user_become(p->user);
    if (!error && tie_to_keeper(keeper)) {
        execve(argv[0], argv, env);
        error = errno;
    }
    if (write(error_fd, &error, sizeof(error)) < 0)
        _exit(126);
    _exit(127);
}

/* ---- in the keeper ---- */

/* Waits until exec closed the pipe or told why it failed. */
static int read_error(int fd)
{
    int error = 0;
    ssize_t n;

    do
        n = read(fd, &error, sizeof(error));
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof(error) ? -error : 0;
}

int gs_keeper_child_start(const struct gs_keeper_child_params *params, pid_t *ret, char *why,
                          size_t why_size)
{
    g_auto(GStrv) env = params->user ? gs_keeper_user_env(params->user, params->config->runtime_dir)
                                     : g_get_environ();
    pid_t keeper = getpid(), pid;
    int fds[2], err = gs_keeper_child_pipe(fds);

    if (err == 0) {
        pid = fork();
        if (pid == 0)
            run(params, env, keeper, fds[1]);
        err = pid < 0 ? -errno : 0;
        close(fds[1]);
        err = err ? err : read_error(fds[0]);
        close(fds[0]);
        if (err && pid > 0)
            waitpid(pid, NULL, 0);
        *ret = pid;
    }
    if (err)
        snprintf(why, why_size, "could not be started: %s: %s", params->config->program,
                 g_strerror(-err));
    return err;
}
