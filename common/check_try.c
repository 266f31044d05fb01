/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checks that may crash or hang, each in a process of its own. */
#include <errno.h>
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

#include "common/check.h"
#include "common/log.h"

#define USABLE 0
#define UNUSABLE 10 /* other exit statuses are not ours */
#define TAIL 2048

/* "12:34:56.789 warn  gpushare-session: text" → "text" */
static char *without_prefix(const char *line)
{
    const char *text = g_ascii_isdigit(line[0]) ? strstr(line, ": ") : NULL;

    return g_strdup(text ? text + 2 : line);
}

static char *last_line(int fd)
{
    char tail[TAIL + 1] = "";
    off_t size = lseek(fd, 0, SEEK_END);
    ssize_t n = size > 0 ? pread(fd, tail, TAIL, GS_MAX(size - TAIL, 0)) : 0;
    char *newline;

    tail[GS_MAX(n, 0)] = '\0';
    g_strchomp(tail);
    newline = strrchr(tail, '\n');
    return without_prefix(newline ? newline + 1 : tail);
}

char *gs_check_last_words(void)
{
    return last_line(STDERR_FILENO);
}

_Noreturn static void be_the_child(const struct gs_check_trial *trial, int words)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    dup2(words, STDERR_FILENO);
    /* A reason that is only logged is the one that is told. */
    gs_log_set_level(GS_LOG_INFO);
    _exit(trial->run(trial->user) ? USABLE : UNUSABLE);
}

/* Whether it ended by itself; *ret_status as from waitpid. */
static bool await(pid_t pid, unsigned timeout_ms, int *ret_status)
{
    struct pollfd fd = {.fd = pidfd_open(pid, 0), .events = POLLIN};
    bool in_time = fd.fd < 0 || poll(&fd, 1, (int)timeout_ms) > 0;

    if (!in_time)
        kill(pid, SIGKILL);
    if (fd.fd >= 0)
        close(fd.fd);
    while (waitpid(pid, ret_status, 0) < 0 && errno == EINTR)
        continue;
    return in_time;
}

static void say_death(const struct gs_check_trial *trial, bool in_time, int status, int words)
{
    g_autofree char *last = last_line(words);
    const char *name = WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) : NULL;
    g_autofree char *how = in_time && WIFSIGNALED(status)
                               ? g_strdup_printf("crashed (SIG%s)", name ? name : "RT")
                           : in_time ? g_strdup_printf("ended with status %d", WEXITSTATUS(status))
                                     : g_strdup_printf("hung for %u s", trial->timeout_ms / 1000);
    struct gs_check check;

    gs_check_set(&check, trial->id, trial->title, trial->if_dead, "%s when it was tried%s%s", how,
                 last[0] ? "; its last words: " : "", last);
    if (trial->if_dead_remedy)
        gs_check_set_remedy(&check, "%s", trial->if_dead_remedy);
    gs_check_say(&check);
}

bool gs_check_try(const struct gs_check_trial *trial)
{
    int words = memfd_create("stderr", MFD_CLOEXEC);
    pid_t pid = words < 0 ? -1 : fork();
    struct gs_check check;
    bool in_time, ended;
    int status = 0;

    if (pid == 0)
        be_the_child(trial, words);
    if (pid < 0) {
        gs_check_set(&check, trial->id, trial->title, GS_CHECK_FAIL, "cannot be tried: %s",
                     g_strerror(errno));
        gs_check_say(&check);
        if (words >= 0)
            close(words);
        return false;
    }
    in_time = await(pid, trial->timeout_ms, &status);
    ended = in_time && WIFEXITED(status) &&
            (WEXITSTATUS(status) == USABLE || WEXITSTATUS(status) == UNUSABLE);
    if (!ended)
        say_death(trial, in_time, status, words);
    close(words);
    return ended && WEXITSTATUS(status) == USABLE;
}
