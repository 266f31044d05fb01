/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/process.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

#define POLL_STEP_MS 20

static char **merged_env(const char *const *env)
{
    char **merged = g_get_environ();

    for (; env && *env; env++) {
        g_auto(GStrv) pair = g_strsplit(*env, "=", 2);

        merged = pair[1] ? g_environ_setenv(merged, pair[0], pair[1], TRUE)
                         : g_environ_unsetenv(merged, pair[0]);
    }
    return merged;
}

/* In the child: never returns. */
static void become(const char *const *argv, char **env, const int fds[3])
{
    sigset_t none;

    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    for (int i = 0; i < 3; i++)
        dup2(fds[i], i);
    execvpe(argv[0], (char *const *)argv, env);
    dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

int gs_process_start(const char *const *argv, const char *const *env, struct gs_process *ret)
{
    g_auto(GStrv) merged = merged_env(env);
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    int err = memfd_create("stderr", MFD_CLOEXEC);
    int r = 0;

    *ret = (struct gs_process){.pidfd = -1, .pending = g_strdup("")};
    if (err < 0 || pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        r = -errno;
    /* Appended to, so that what its children write does not overwrite what it wrote. */
    fcntl(err, F_SETFL, O_APPEND);
    fcntl(out[0], F_SETFL, O_NONBLOCK);
    fcntl(out[0], F_SETPIPE_SZ, 1 << 20);
    ret->pid = r < 0 ? -1 : fork();
    if (ret->pid == 0)
        become(argv, merged, (int[]){in[0], out[1], err});
    if (ret->pid < 0 && r == 0)
        r = -errno;
    close(in[0]);
    close(out[1]);
    ret->in = in[1];
    ret->out = out[0];
    ret->err = err;
    if (r < 0) {
        gs_process_finish(ret);
        return r;
    }
    setpgid(ret->pid, ret->pid);
    ret->pidfd = pidfd_open(ret->pid, 0);
    return 0;
}

/* The first line of p->pending, taken out of it; NULL: it has none. */
static char *take_line(struct gs_process *p)
{
    char *newline = strchr(p->pending, '\n');
    char *line, *rest;

    if (!newline)
        return NULL;
    line = g_strndup(p->pending, (gsize)(newline - p->pending));
    rest = g_strdup(newline + 1);
    g_free(p->pending);
    p->pending = rest;
    return line;
}

char *gs_process_read_line(struct gs_process *p, int deadline_ms)
{
    uint64_t deadline = gs_now_ns() + (uint64_t)deadline_ms * GS_NS_PER_MS;

    for (;;) {
        struct pollfd fd = {.fd = p->out, .events = POLLIN};
        char *line = take_line(p);
        uint64_t now = gs_now_ns();
        char chunk[1025], *longer;
        ssize_t n;

        if (line || now >= deadline)
            return line;
        if (poll(&fd, 1, (int)((deadline - now) / GS_NS_PER_MS) + 1) <= 0)
            continue;
        n = read(p->out, chunk, sizeof(chunk) - 1);
        if (n == 0)
            return NULL;
        if (n < 0)
            continue;
        chunk[n] = '\0';
        longer = g_strconcat(p->pending, chunk, NULL);
        g_free(p->pending);
        p->pending = longer;
    }
}

int gs_process_wait(struct gs_process *p, int deadline_ms)
{
    struct pollfd fd = {.fd = p->pidfd, .events = POLLIN};
    siginfo_t info = {0};

    if (p->pid <= 0)
        return -ECHILD;
    if (poll(&fd, 1, deadline_ms) <= 0)
        return -ETIMEDOUT;
    if (waitid(P_PID, (id_t)p->pid, &info, WEXITED) < 0)
        return -errno;
    close(p->pidfd);
    p->pidfd = -1;
    p->pid = 0;
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

char *gs_process_stderr(const struct gs_process *p)
{
    off_t size = lseek(p->err, 0, SEEK_END);
    char *text = g_malloc0((gsize)size + 1);

    if (pread(p->err, text, (size_t)size, 0) < 0)
        text[0] = '\0';
    return text;
}

bool gs_process_wait_stderr(const struct gs_process *p, const char *text, int deadline_ms)
{
    uint64_t deadline = gs_now_ns() + (uint64_t)deadline_ms * GS_NS_PER_MS;

    for (;;) {
        g_autofree char *said = gs_process_stderr(p);

        if (strstr(said, text))
            return true;
        if (gs_now_ns() >= deadline)
            return false;
        g_usleep(POLL_STEP_MS * 1000);
    }
}

void gs_process_signal(const struct gs_process *p, int sig)
{
    if (p->pid > 0)
        kill(p->pid, sig);
}

void gs_process_finish(struct gs_process *p)
{
    if (p->pid > 0) {
        kill(-p->pid, SIGKILL);
        kill(p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    for (int i = 0; p->pending && i < 4; i++) {
        int fd = (int[]){p->pidfd, p->in, p->out, p->err}[i];

        if (fd >= 0)
            close(fd);
    }
    g_free(p->pending);
    *p = (struct gs_process){.pidfd = -1, .in = -1, .out = -1, .err = -1};
}

static bool has_mark(pid_t pid, const char *mark)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/environ", (int)pid);
    g_autofree char *env = NULL;
    gsize size;

    if (!g_file_get_contents(path, &env, &size, NULL))
        return false;
    for (gsize i = 0; i < size; i += strlen(env + i) + 1)
        if (!strcmp(env + i, mark))
            return true;
    return false;
}

/* The program's name as the kernel has it: the first 15 letters. For g_free; may be NULL. */
static char *program_name(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/comm", (int)pid);
    char *name = NULL;

    return g_file_get_contents(path, &name, NULL, NULL) ? g_strchomp(name) : NULL;
}

/* All that carry the mark, ourselves left out. */
static GArray *marked_processes(const char *mark)
{
    GArray *pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
    GDir *proc = g_dir_open("/proc", 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(proc))) {
        pid_t pid = (pid_t)g_ascii_strtoll(name, NULL, 10);

        if (pid > 0 && pid != getpid() && has_mark(pid, mark))
            g_array_append_val(pids, pid);
    }
    g_dir_close(proc);
    return pids;
}

unsigned gs_process_count_marked(const char *mark, bool kill_them)
{
    g_autoptr(GArray) pids = marked_processes(mark);

    for (guint i = 0; i < pids->len; i++) {
        pid_t pid = g_array_index(pids, pid_t, i);
        g_autofree char *name = program_name(pid);

        fprintf(stderr, "still there: process %d (%s)\n", (int)pid, name ? name : "?");
        if (kill_them)
            kill(pid, SIGKILL);
    }
    return pids->len;
}

bool gs_process_wait_unmarked(const char *mark, int deadline_ms)
{
    uint64_t deadline = gs_now_ns() + (uint64_t)deadline_ms * GS_NS_PER_MS;

    for (;;) {
        g_autoptr(GArray) pids = marked_processes(mark);

        if (pids->len == 0)
            return true;
        if (gs_now_ns() >= deadline)
            return false;
        g_usleep(POLL_STEP_MS * 1000);
    }
}

pid_t gs_process_find_marked(const char *mark, const char *name)
{
    g_autoptr(GArray) pids = marked_processes(mark);

    for (guint i = 0; i < pids->len; i++) {
        g_autofree char *found = program_name(g_array_index(pids, pid_t, i));

        if (found && !strncmp(found, name, 15))
            return g_array_index(pids, pid_t, i);
    }
    return 0;
}

static unsigned files_seen;

static int see_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    if (ftw->level > 0) {
        fprintf(stderr, "still there: %s\n", path);
        files_seen++;
    }
    return 0;
}

unsigned gs_process_count_files(const char *dir)
{
    files_seen = 0;
    nftw(dir, see_file, 16, FTW_PHYS);
    return files_seen;
}

static int remove_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void gs_process_remove_dir(const char *dir)
{
    nftw(dir, remove_file, 16, FTW_PHYS | FTW_DEPTH);
}
