/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpushare-keeper: keeps the worker of one session (host/keeper.h). Started by gpushare-host, never
 * by hand. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "host/cgroup_session.h"
#include "host/keeper.h"
#include "host/keeper_child.h"
#include "host/keeper_log.h"
#include "host/keeper_user.h"
#include "host/reaper.h"
#include "host/remove_tree.h"

#define CONFIG_LIMIT 65536
#define SWEEP_MS 5 /* between two looks at what is left */
#define SWEEPS 600 /* then something cannot be killed */
#define STATUS_NOT_STARTED 127

enum { WORKER, APP, SELF, N_PIPES };

struct keeper {
    struct gs_keeper_config config;
    int signals;
    int runtime_dir; /* locked: who finds it unlocked takes it for what a dead host left */
    int stderr_fd;   /* what standard error was before the log took it */
    struct gs_keeper_user *user; /* NULL: our own */
    struct gs_cgroup_session *cgroup;
    struct gs_log_file *files[2]; /* WORKER, APP */
    struct gs_log_pipe *pipes[N_PIPES];
    struct gs_log_copy copy;
    pid_t worker;
    uint64_t kill_at; /* 0: nobody asked it to end */
    struct gs_keeper_exit end;
};

/* ---- the beginning ---- */

static int read_config(struct gs_keeper_config *ret)
{
    static char text[CONFIG_LIMIT];
    size_t used = 0;
    ssize_t n = 1;

    while (n > 0 && used < sizeof(text)) {
        n = read(STDIN_FILENO, text + used, sizeof(text) - used);
        used += n > 0 ? (size_t)n : 0;
    }
    if (n != 0)
        return n < 0 ? -errno : -EMSGSIZE;
    return gs_keeper_config_from_json(text, used, ret);
}

/* Blocked from the beginning, so that none is missed. */
static int open_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The parent may have died before it was asked for its death: then its end of the link is shut. */
static void follow_parent(void)
{
    struct pollfd link = {.fd = GS_KEEPER_LINK_FD};

    prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (poll(&link, 1, 0) > 0 && (link.revents & (POLLHUP | POLLERR | POLLNVAL)))
        exit(1);
}

static void hold_runtime_dir(struct keeper *k)
{
    const char *path = k->config.runtime_dir;

    k->runtime_dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (k->runtime_dir < 0 || flock(k->runtime_dir, LOCK_SH | LOCK_NB) < 0)
        gs_warn("cannot hold %s: %s", path, g_strerror(errno));
}

/* ---- logs ---- */

/* A pipe into a log; its other end, or -1. */
static int open_pipe(struct keeper *k, int which, struct gs_log_file *file)
{
    int fds[2];

    if (gs_keeper_child_pipe(fds) < 0)
        return -1;
    k->pipes[which] = gs_log_pipe_create(fds[0], file, which == APP ? NULL : &k->copy);
    return fds[1];
}

/* What the keeper says itself goes the same way as what the worker says; it must not wait for
 * itself when the pipe is full. */
static void capture_self(struct keeper *k)
{
    int fd = open_pipe(k, SELF, k->files[WORKER]);

    if (fd < 0)
        return;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    dup2(fd, STDERR_FILENO);
    close(fd);
}

static void open_logs(struct keeper *k, struct gs_keeper_child_params *child)
{
    const struct gs_keeper_config *c = &k->config;

    if (mkdir(c->log_dir, 0700) < 0 && errno != EEXIST)
        gs_warn("cannot make %s: %s", c->log_dir, g_strerror(errno));
    k->stderr_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    gs_log_copy_init(&k->copy, k->stderr_fd);
    k->files[WORKER] = gs_log_file_create(c->log_dir, "worker.log", c->log_size, c->log_files);
    k->files[APP] = gs_log_file_create(c->log_dir, "app.log", c->log_size, c->log_files);
    child->out = open_pipe(k, WORKER, k->files[WORKER]);
    child->app = open_pipe(k, APP, k->files[APP]);
    capture_self(k);
}

static void read_logs(struct keeper *k)
{
    for (int i = 0; i < N_PIPES; i++) {
        if (k->pipes[i])
            gs_log_pipe_read(k->pipes[i]);
    }
}

/* What is in the pipes now is all there will be. */
static void close_logs(struct keeper *k)
{
    if (k->stderr_fd >= 0)
        dup2(k->stderr_fd, STDERR_FILENO);
    read_logs(k);
    for (int i = 0; i < N_PIPES; i++)
        gs_log_pipe_destroy(k->pipes[i]);
    gs_log_file_destroy(k->files[WORKER]);
    gs_log_file_destroy(k->files[APP]);
    gs_log_copy_finish(&k->copy);
}

/* ---- the worker ---- */

static int open_user(struct keeper *k)
{
    char why[200];
    int err = gs_keeper_user_open(k->config.user, &k->user, why, sizeof(why));

    if (err)
        g_snprintf(k->end.why, sizeof(k->end.why), "could not be started: %s", why);
    else if (k->user && k->runtime_dir >= 0 &&
             fchown(k->runtime_dir, gs_keeper_user_uid(k->user), gs_keeper_user_gid(k->user)) < 0)
        gs_warn("cannot give %s to %s: %s", k->config.runtime_dir, k->config.user,
                g_strerror(errno));
    return err;
}

/* PAM may move this process into other groups: ours are below those that it was started in. */
static void open_cgroup(struct keeper *k)
{
    const struct gs_keeper_config *c = &k->config;
    const struct passwd *user = c->user[0] ? getpwnam(c->user) : NULL;
    const struct gs_cgroup_session_params params = {.root = "/",
                                                    .name = c->cgroup,
                                                    .memory_max = c->memory_max,
                                                    .tasks_max = c->tasks_max,
                                                    .cpu_percent = c->cpu_percent,
                                                    .cpu_weight = c->cpu_weight,
                                                    .give = user && geteuid() == 0,
                                                    .uid = user ? user->pw_uid : 0,
                                                    .gid = user ? user->pw_gid : 0};

    k->cgroup = gs_cgroup_session_create(&params);
}

static void start_worker(struct keeper *k, struct gs_keeper_child_params *child)
{
    int err;

    open_cgroup(k);
    err = k->config.user[0] ? open_user(k) : 0;
    child->user = k->user;
    child->cgroup = k->cgroup;
    err = err ? err : gs_keeper_child_start(child, &k->worker, k->end.why, sizeof(k->end.why));
    if (err) {
        gs_error("the worker %s", k->end.why);
        k->end.status = STATUS_NOT_STARTED;
        k->worker = 0;
    } else {
        dprintf(STDOUT_FILENO, "%d\n", (int)k->worker);
    }
    close(GS_KEEPER_LINK_FD); /* so that its end tells the host of the worker's */
    if (child->out >= 0)
        close(child->out);
    if (child->app >= 0)
        close(child->app);
}

static void note_end(struct keeper *k, int status)
{
    struct gs_keeper_exit *e = &k->end;
    const char *name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;

    k->worker = 0;
    e->status = WIFSIGNALED(status) ? -1 : WEXITSTATUS(status);
    e->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (e->signal)
        g_snprintf(e->why, sizeof(e->why), "was killed by SIG%s", name ? name : "RT");
    else if (e->status)
        g_snprintf(e->why, sizeof(e->why), "ended with status %d", e->status);
}

static void on_signal(struct keeper *k, uint32_t signo)
{
    int status;

    if (signo == SIGTERM && k->kill_at == 0 && k->worker > 0) {
        k->kill_at = gs_now_ns() + k->config.stop_ms * GS_NS_PER_MS;
        kill(k->worker, SIGTERM);
    } else if (signo == SIGUSR1 && k->worker > 0) {
        kill(k->worker, SIGKILL);
    } else if (signo == SIGCHLD && k->worker > 0 &&
               waitpid(k->worker, &status, WNOHANG) == k->worker) {
        note_end(k, status);
    }
}

static void kill_when_due(struct keeper *k)
{
    if (k->kill_at == 0 || k->worker <= 0 || gs_now_ns() < k->kill_at)
        return;
    gs_warn("the worker did not end in %u ms and is killed", k->config.stop_ms);
    kill(k->worker, SIGKILL);
    k->kill_at = UINT64_MAX;
}

/* Of poll, for the worker's last moment. */
static int timeout_ms(const struct keeper *k)
{
    uint64_t now = gs_now_ns();

    if (k->kill_at == 0 || k->kill_at == UINT64_MAX)
        return -1;
    return k->kill_at <= now ? 0 : (int)((k->kill_at - now) / GS_NS_PER_MS) + 1;
}

static void wait_for_something(struct keeper *k, int timeout)
{
    struct pollfd fds[1 + N_PIPES] = {{.fd = k->signals, .events = POLLIN}};
    struct signalfd_siginfo info;

    for (int i = 0; i < N_PIPES; i++) {
        fds[1 + i].fd = k->pipes[i] ? gs_log_pipe_fd(k->pipes[i]) : -1;
        fds[1 + i].events = POLLIN;
    }
    if (poll(fds, GS_ARRAY_SIZE(fds), timeout) < 0)
        return;
    while (read(k->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
        on_signal(k, info.ssi_signo);
    read_logs(k);
}

/* ---- the end ---- */

static void note_memory(struct keeper *k)
{
    struct gs_keeper_exit *e = &k->end;

    e->out_of_memory = gs_cgroup_session_out_of_memory(k->cgroup);
    if (e->out_of_memory && e->signal == SIGKILL)
        g_snprintf(e->why, sizeof(e->why),
                   "was killed by SIGKILL, as the session met its limit of memory (%" PRIu64 " MB)",
                   k->config.memory_max >> 20);
}

static void sweep(struct keeper *k)
{
    for (unsigned i = 0; i < SWEEPS; i++) {
        bool no_groups = gs_cgroup_session_clear(k->cgroup);

        if (gs_reaper_sweep() && no_groups)
            return;
        wait_for_something(k, SWEEP_MS);
    }
    gs_warn("some processes of the session cannot be ended");
}

/* Whole or not at all: a new host reads it at any moment. */
static void write_exit_file(const char *path, const char *json)
{
    g_autofree char *fresh = g_strconcat(path, ".new", NULL);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    ssize_t n = fd < 0 ? -1 : write(fd, json, strlen(json));

    if (n == (ssize_t)strlen(json) && rename(fresh, path) == 0) {
        close(fd);
        return;
    }
    gs_error("cannot write %s: %s", path, g_strerror(n < 0 ? errno : ENOSPC));
    if (fd >= 0) {
        close(fd);
        unlink(fresh);
    }
}

static void tell_end(struct keeper *k)
{
    char *json;

    k->end.time = (uint64_t)time(NULL);
    json = gs_keeper_exit_to_json(&k->end);
    if (k->config.exit_path[0])
        write_exit_file(k->config.exit_path, json);
    dprintf(STDOUT_FILENO, "%s\n", json);
    free(json);
}

static void finish(struct keeper *k)
{
    int err = k->config.runtime_dir[0] ? gs_remove_tree(k->config.runtime_dir) : 0;

    gs_keeper_user_close(k->user);
    gs_cgroup_session_free(k->cgroup);
    if (err)
        gs_warn("cannot remove all of %s: %s", k->config.runtime_dir, g_strerror(-err));
    if (k->runtime_dir >= 0)
        close(k->runtime_dir);
    tell_end(k);
    close_logs(k);
}

static int keep(struct keeper *k)
{
    struct gs_keeper_child_params child = {.config = &k->config, .out = -1, .app = -1};

    if (k->config.log_dir[0])
        open_logs(k, &child);
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        gs_warn("cannot keep what the worker leaves: %s", g_strerror(errno));
    if (k->config.exit_path[0])
        unlink(k->config.exit_path);
    if (k->config.runtime_dir[0])
        hold_runtime_dir(k);
    start_worker(k, &child);
    while (k->worker > 0) {
        wait_for_something(k, timeout_ms(k));
        kill_when_due(k);
    }
    note_memory(k);
    sweep(k);
    finish(k);
    return k->end.signal ? 128 + k->end.signal : k->end.status;
}

int main(int argc, char **argv)
{
    static struct keeper k = {.runtime_dir = -1, .stderr_fd = -1, .copy = {.fd = -1, .own = -1}};
    int err;

    if (argc > 1) {
        bool version = strcmp(argv[1], "--version") == 0;

        fprintf(version ? stdout : stderr, "gpushare-keeper " GS_VERSION "%s\n",
                version ? "" : ": takes no arguments; gpushare-host starts it, nobody else should");
        return version ? 0 : 2;
    }
    k.signals = open_signals();
    gs_log_init("gpushare-keeper", NULL);
    err = read_config(&k.config);
    if (err || k.signals < 0 || fcntl(GS_KEEPER_LINK_FD, F_SETFD, FD_CLOEXEC) < 0) {
        gs_error("%s", err ? "the configuration on standard input is not one"
                           : "descriptor 3 is not open; gpushare-host starts this program");
        return 2;
    }
    gs_log_init("gpushare-keeper", k.config.session);
    gs_log_set_user(k.config.user[0] ? k.config.user : getenv("USER"));
    setsid();
    if (k.config.cgroup[0])
        gs_cgroup_session_leave_host("/");
    if (k.config.follow_parent)
        follow_parent();
    return keep(&k);
}
