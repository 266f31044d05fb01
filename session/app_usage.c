/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/app_usage.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/macros.h"

struct walk {
    pid_t pids[GS_APP_PROCESSES_MOST];
    unsigned n, threads;
};

/* One read, as /proc gives such files whole. */
static bool read_small(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n >= 0;
}

static void add_children_of_thread(struct walk *w, pid_t pid, const char *thread)
{
    char path[96], text[2048];
    char *at = text, *end;
    long child;

    snprintf(path, sizeof(path), "/proc/%d/task/%.20s/children", (int)pid, thread);
    if (!read_small(path, text, sizeof(text)))
        return;
    while (w->n < GS_APP_PROCESSES_MOST && (child = strtol(at, &end, 10)) > 0) {
        w->pids[w->n++] = (pid_t)child;
        at = end;
    }
}

/* A process belongs to the thread that forked it. */
static void add_children(struct walk *w, pid_t pid)
{
    const struct dirent *entry;
    char path[64];
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    dir = opendir(path);
    if (!dir)
        return; /* it has just ended */
    while ((entry = readdir(dir)) && w->threads < GS_APP_THREADS_MOST) {
        if (entry->d_name[0] == '.')
            continue;
        w->threads++;
        add_children_of_thread(w, pid, entry->d_name);
    }
    closedir(dir);
}

/* proc(5), stat: after the name, which may hold anything, state is field 3, utime 14, stime, cutime
 * and cstime follow, rss is 24. */
static void add_process(pid_t pid, uint64_t *ticks, uint64_t *pages)
{
    uint64_t utime, stime, cutime, cstime, rss;
    char path[64], text[1024];
    const char *close;

    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (!read_small(path, text, sizeof(text)))
        return;
    close = strrchr(text, ')');
    if (!close || sscanf(close + 1,
                         " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
                         " %" SCNu64 " %" SCNu64 " %*d %*d %*d %*d %*u %*u %" SCNu64,
                         &utime, &stime, &cutime, &cstime, &rss) != 5)
        return;
    *ticks += utime + stime + cutime + cstime;
    *pages += rss;
}

static uint64_t reaped_us(void)
{
    struct rusage r;

    if (getrusage(RUSAGE_CHILDREN, &r) < 0)
        return 0;
    return (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 +
           (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
}

void gs_app_usage_measure(struct gs_app_usage *usage)
{
    uint64_t ticks = 0, pages = 0, cpu_us;
    struct walk w = {.n = 0};

    add_children(&w, getpid());
    for (unsigned i = 0; i < w.n; i++) {
        add_process(w.pids[i], &ticks, &pages);
        add_children(&w, w.pids[i]);
    }
    cpu_us = ticks * (1000000 / (uint64_t)sysconf(_SC_CLK_TCK)) + reaped_us();
    /* What nobody waited for is lost with its process. */
    usage->cpu_us = GS_MAX(usage->cpu_us, cpu_us);
    usage->rss_kb = pages * ((uint64_t)sysconf(_SC_PAGESIZE) / 1024);
}
