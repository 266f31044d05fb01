/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/keeper_process.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"
#include "host/cgroup_session.h"
#include "host/remove_tree.h"

#define SAID_LIMIT 8192 /* of its standard output */
#define CLEAR_MS 5      /* between two looks at what a killed keeper left */
#define CLEARS 600      /* then something cannot be killed */
#define END_MS 10000    /* for a keeper that was told to kill; then it is killed, too */

struct gs_keeper_process {
    struct gs_keeper_config config;
    pid_t pid, worker;
    uint64_t start_time;
    int pidfd, worker_pidfd;
    int out; /* its standard output; -1: another host has that */
    char said[SAID_LIMIT];
    size_t n_said;
    bool gone, is_child;
    unsigned clears;
    guint watch, out_watch, worker_watch, timer;
    gs_keeper_process_gone on_gone;
    void *user;
};

/* A line of the log about the session. */
#define say(level, config, ...)                                                                    \
    gs_log_session(level, (config)->session, gs_keeper_process_user(config), __VA_ARGS__)

const char *gs_keeper_process_user(const struct gs_keeper_config *c)
{
    return c->user[0] ? c->user : g_get_user_name();
}

/* ---- /proc ---- */

struct stat_line {
    pid_t parent;
    uint64_t start_time;
};

/* Fields 4 and 22 of /proc/PID/stat; the name in field 2 may hold anything, but ends with the last
 * ')'. */
static int read_stat(pid_t pid, struct stat_line *ret)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = NULL;
    unsigned long long start;
    const char *end;
    int parent;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return -ESRCH;
    end = strrchr(text, ')');
    if (!end || sscanf(end,
                       ") %*c %d" /* then 5 … 21 */
                       " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
                       &parent, &start) != 2)
        return -ESRCH;
    *ret = (struct stat_line){.parent = parent, .start_time = start};
    return 0;
}

/* ---- the end ---- */

static void drop(guint *source)
{
    if (*source)
        g_source_remove(*source);
    *source = 0;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void gs_keeper_process_free(struct gs_keeper_process *p)
{
    if (!p)
        return;
    drop(&p->watch);
    drop(&p->out_watch);
    drop(&p->worker_watch);
    drop(&p->timer);
    close_fd(&p->pidfd);
    close_fd(&p->worker_pidfd);
    close_fd(&p->out);
    g_free(p);
}

/* The last line that it said, or else what it left in its file. */
static int read_exit(struct gs_keeper_process *p, struct gs_keeper_exit *ret)
{
    const char *line = memchr(p->said, '{', p->n_said);
    g_autofree char *text = NULL;
    gsize size;

    if (line && gs_keeper_exit_from_json(line, strcspn(line, "\n"), ret) == 0)
        return 0;
    if (!p->config.exit_path[0] || !g_file_get_contents(p->config.exit_path, &text, &size, NULL))
        return -ENOENT;
    return gs_keeper_exit_from_json(text, size, ret);
}

/* Nobody cleared away what the worker had: what can be found without the keeper is. */
static gboolean on_clear(gpointer data)
{
    struct gs_keeper_process *p = data;
    int err;

    if (!gs_cgroup_session_clear_name("/", p->config.cgroup) && ++p->clears < CLEARS)
        return G_SOURCE_CONTINUE;
    err = p->config.runtime_dir[0] ? gs_remove_tree(p->config.runtime_dir) : 0;
    if (err)
        say(GS_LOG_WARN, &p->config, "cannot remove all of %s: %s", p->config.runtime_dir,
            g_strerror(-err));
    p->timer = 0;
    p->on_gone(p->user, NULL);
    return G_SOURCE_REMOVE;
}

static void finish(struct gs_keeper_process *p)
{
    struct gs_keeper_exit e;

    drop(&p->timer);
    p->worker = 0;
    if (read_exit(p, &e) == 0)
        p->on_gone(p->user, &e);
    else
        p->timer = g_timeout_add(CLEAR_MS, on_clear, p);
}

static gboolean on_worker_end(gint fd, GIOCondition condition, gpointer data)
{
    struct gs_keeper_process *p = data;

    (void)fd;
    (void)condition;
    p->worker_watch = 0;
    finish(p);
    return G_SOURCE_REMOVE;
}

static gboolean on_worker_late(gpointer data)
{
    struct gs_keeper_process *p = data;

    p->timer = 0;
    pidfd_send_signal(p->worker_pidfd, SIGKILL, NULL, 0);
    return G_SOURCE_REMOVE;
}

/* The worker was asked to end when its keeper died. */
static void outlive_keeper(struct gs_keeper_process *p)
{
    p->worker_watch = g_unix_fd_add(p->worker_pidfd, G_IO_IN, on_worker_end, p);
    p->timer = g_timeout_add(p->config.stop_ms, on_worker_late, p);
}

/* ---- what it says ---- */

static void note_worker(struct gs_keeper_process *p, pid_t pid)
{
    struct stat_line line;
    int fd = pidfd_open(pid, 0);

    /* With the descriptor open the id can't become another's between looking and remembering. */
    if (fd < 0 || read_stat(pid, &line) < 0 || line.parent != p->pid) {
        close_fd(&fd);
        return;
    }
    p->worker = pid;
    p->worker_pidfd = fd;
}

static void read_said(struct gs_keeper_process *p)
{
    ssize_t n = 1;

    while (p->out >= 0 && n > 0 && p->n_said < SAID_LIMIT - 1) {
        n = read(p->out, p->said + p->n_said, SAID_LIMIT - 1 - p->n_said);
        p->n_said += n > 0 ? (size_t)n : 0;
    }
    p->said[p->n_said] = '\0';
    if (p->worker == 0 && !p->gone && memchr(p->said, '\n', p->n_said))
        note_worker(p, (pid_t)strtol(p->said, NULL, 10));
}

static gboolean on_said(gint fd, GIOCondition condition, gpointer data)
{
    struct gs_keeper_process *p = data;

    (void)fd;
    read_said(p);
    if (!(condition & (G_IO_HUP | G_IO_ERR)) && p->n_said < SAID_LIMIT - 1)
        return G_SOURCE_CONTINUE;
    p->out_watch = 0;
    return G_SOURCE_REMOVE;
}

static bool worker_lives(const struct gs_keeper_process *p)
{
    struct pollfd fd = {.fd = p->worker_pidfd, .events = POLLIN};

    return p->worker_pidfd >= 0 && poll(&fd, 1, 0) == 0;
}

static gboolean on_keeper_end(gint fd, GIOCondition condition, gpointer data)
{
    struct gs_keeper_process *p = data;
    siginfo_t info = {0};

    (void)condition;
    p->watch = 0;
    read_said(p);
    p->gone = true;
    if (p->is_child && waitid(P_PIDFD, (id_t)fd, &info, WEXITED) == 0 && info.si_code != CLD_EXITED)
        say(GS_LOG_WARN, &p->config, "its keeper was killed by signal %d", info.si_status);
    if (worker_lives(p))
        outlive_keeper(p);
    else
        finish(p);
    return G_SOURCE_REMOVE;
}

/* ---- the beginning ---- */

static struct gs_keeper_process *new_process(const struct gs_keeper_config *config,
                                             gs_keeper_process_gone gone, void *user)
{
    struct gs_keeper_process *p = g_new0(struct gs_keeper_process, 1);

    p->config = *config;
    p->pidfd = p->worker_pidfd = p->out = -1;
    p->on_gone = gone;
    p->user = user;
    return p;
}

/* A file that has the whole message, so that nobody waits for anybody. */
static int config_file(const struct gs_keeper_config *config)
{
    char *json = gs_keeper_config_to_json(config);
    int fd = memfd_create("gpushare-keeper", MFD_CLOEXEC);
    ssize_t size = (ssize_t)strlen(json);

    if (fd >= 0 && (write(fd, json, (size_t)size) != size || lseek(fd, 0, SEEK_SET) != 0))
        close_fd(&fd);
    free(json);
    return fd;
}

/* Ours, without what is meant for this process alone, and with the user's name for the log. */
static char **environment(void)
{
    static const char *const own[] = {"G_TLS_GNUTLS_PRIORITY", "NOTIFY_SOCKET", "LISTEN_FDS",
                                      "LISTEN_FDNAMES",        "LISTEN_PID",    "WATCHDOG_USEC",
                                      "WATCHDOG_PID"};
    char **env = g_get_environ();

    for (size_t i = 0; i < GS_ARRAY_SIZE(own); i++)
        env = g_environ_unsetenv(env, own[i]);
    return g_environ_setenv(env, "USER", g_get_user_name(), FALSE);
}

static int spawn(struct gs_keeper_process *p, const char *program, int link, int in, int out)
{
    const char *argv[] = {program, NULL};
    g_auto(GStrv) env = environment();
    g_autoptr(GError) error = NULL;
    const int target = GS_KEEPER_LINK_FD;

    if (g_spawn_async_with_pipes_and_fds(NULL, argv, (const char *const *)env,
                                         G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, in, out, -1, &link,
                                         &target, 1, &p->pid, NULL, NULL, NULL, &error))
        return 0;
    say(GS_LOG_ERROR, &p->config, "cannot start %s: %s", program, error->message);
    return -ECHILD;
}

static int watch(struct gs_keeper_process *p)
{
    struct stat_line line;

    p->pidfd = pidfd_open(p->pid, 0);
    if (p->pidfd < 0)
        return -errno;
    if (read_stat(p->pid, &line) < 0)
        return -ESRCH;
    p->start_time = line.start_time;
    p->watch = g_unix_fd_add(p->pidfd, G_IO_IN, on_keeper_end, p);
    return 0;
}

static int start(struct gs_keeper_process *p, const char *program, int link)
{
    int in = config_file(&p->config), out[2] = {-1, -1};
    int err = in < 0 || pipe2(out, O_CLOEXEC) < 0 ? -errno : 0;

    if (p->config.exit_path[0])
        unlink(p->config.exit_path); /* of one before it, which had the same name */
    err = err ? err : spawn(p, program, link, in, out[1]);
    close_fd(&in);
    close_fd(&out[1]);
    p->out = out[0];
    if (err)
        return err;
    p->is_child = true;
    fcntl(p->out, F_SETFL, O_NONBLOCK);
    p->out_watch = g_unix_fd_add(p->out, G_IO_IN, on_said, p);
    err = watch(p);
    if (err) {
        say(GS_LOG_ERROR, &p->config, "cannot watch its keeper: %s", g_strerror(-err));
        kill(p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    return err;
}

int gs_keeper_process_start(const char *program, const struct gs_keeper_config *config, int link,
                            gs_keeper_process_gone gone, void *user, struct gs_keeper_process **ret)
{
    struct gs_keeper_process *p = new_process(config, gone, user);
    int err = start(p, program, link);

    if (err)
        gs_keeper_process_free(p);
    else
        *ret = p;
    return err;
}

int gs_keeper_process_adopt(const struct gs_keeper_config *config, pid_t keeper, uint64_t start_at,
                            pid_t worker, gs_keeper_process_gone gone, void *user,
                            struct gs_keeper_process **ret)
{
    struct gs_keeper_process *p = new_process(config, gone, user);
    int err;

    p->pid = keeper;
    err = keeper > 0 ? watch(p) : -ESRCH;
    if (!err && p->start_time != start_at)
        err = -ESRCH; /* somebody else has its id by now */
    if (err) {
        gs_keeper_process_free(p);
        return err;
    }
    if (worker > 0)
        note_worker(p, worker);
    *ret = p;
    return 0;
}

/* ---- the face ---- */

void gs_keeper_process_signal(struct gs_keeper_process *p, int sig)
{
    if (!p->gone)
        pidfd_send_signal(p->pidfd, sig, NULL, 0);
    else if (p->worker_pidfd >= 0)
        pidfd_send_signal(p->worker_pidfd, sig == SIGUSR1 ? SIGKILL : sig, NULL, 0);
}

void gs_keeper_process_end(struct gs_keeper_process *p)
{
    struct pollfd fd = {.fd = p->pidfd, .events = POLLIN};

    gs_keeper_process_signal(p, SIGUSR1);
    if (p->gone)
        return;
    if (poll(&fd, 1, END_MS) <= 0)
        pidfd_send_signal(p->pidfd, SIGKILL, NULL, 0);
    if (p->is_child)
        waitpid(p->pid, NULL, 0);
    p->gone = true;
}

pid_t gs_keeper_process_pid(const struct gs_keeper_process *p)
{
    return p->gone ? 0 : p->pid;
}

uint64_t gs_keeper_process_start_time(const struct gs_keeper_process *p)
{
    return p->start_time;
}

pid_t gs_keeper_process_worker(const struct gs_keeper_process *p)
{
    return p->worker;
}
