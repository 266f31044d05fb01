/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a meter's reading costs, and how far it is from the truth: one JSON line for each way of
 * measuring. Usage: bench_meter [samples]
 *
 * The session is a process whose two threads draw for 8 ms and rest for 8 ms, as a software
 * renderer does. Truth are its threads' schedstat (proc(5)) while it stands still: it is stopped
 * after each reading, at random phases, so what it runs until the stop takes effect is in the
 * error; readings between which and the stop others ran are left out. DRM clients and claims are
 * made up, and tell the cost alone; the kernel's own part of it, which makes such texts anew for
 * each read, is not in it.
 */
#include <dirent.h>
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "host/meter.h"
#include "tests/contract/meter_worlds.h"

#define DRAW (8 * GS_NS_PER_MS)
#define READS 20000

static pid_t keeper, worker;

/* ---- the session ---- */

static void *draw(void *user)
{
    (void)user;
    for (;;) {
        uint64_t until = gs_clock_ns(CLOCK_THREAD_CPUTIME_ID) + DRAW;

        while (gs_clock_ns(CLOCK_THREAD_CPUTIME_ID) < until)
            continue;
        usleep(DRAW / GS_NS_PER_US);
    }
    return NULL;
}

/* Reader and session on processors of their own, or the one would stop the other by looking. */
static void pin(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof(set), &set); /* with one processor only: as it is */
}

_Noreturn static void be_worker(unsigned processes)
{
    pthread_t thread;

    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    pin(1);
    for (unsigned i = 1; i < processes; i++) {
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
            for (;;)
                pause();
        }
    }
    pthread_create(&thread, NULL, draw, NULL);
    draw(NULL);
    _exit(0);
}

/* Says the worker's id in a pipe. */
static void start(unsigned processes)
{
    int fds[2];

    if (pipe(fds) < 0)
        exit(1);
    keeper = fork();
    if (keeper == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        worker = fork();
        if (worker == 0)
            be_worker(processes);
        if (write(fds[1], &worker, sizeof(worker)) != sizeof(worker))
            _exit(1);
        waitpid(worker, NULL, 0);
        _exit(0);
    }
    if (keeper < 0 || read(fds[0], &worker, sizeof(worker)) != sizeof(worker))
        exit(1);
    close(fds[0]);
    close(fds[1]);
}

static void stop(void)
{
    kill(worker, SIGKILL);
    waitpid(keeper, NULL, 0);
}

/* ---- the truth ---- */

static char state_of(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = NULL;
    const char *p;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return '?';
    p = strrchr(text, ')');
    return p && p[1] ? p[2] : '?';
}

static uint64_t schedstat(void)
{
    g_autofree char *tasks = g_strdup_printf("/proc/%d/task", (int)worker);
    const struct dirent *entry;
    DIR *dir = opendir(tasks);
    uint64_t sum = 0;

    while (dir && (entry = readdir(dir))) {
        g_autofree char *path = g_strdup_printf("%s/%s/schedstat", tasks, entry->d_name);
        g_autofree char *text = NULL;

        if (entry->d_name[0] != '.' && g_file_get_contents(path, &text, NULL, NULL))
            sum += strtoull(text, NULL, 10);
    }
    if (dir)
        closedir(dir);
    return sum;
}

static uint64_t truth(void)
{
    kill(worker, SIGSTOP);
    while (state_of(worker) == 'R' || state_of(worker) == 'S')
        usleep(100);
    usleep(300); /* the other thread */
    return schedstat();
}

/* ---- one way ---- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* How often others took this thread's processor away. */
static long preempted(void)
{
    struct rusage r;

    getrusage(RUSAGE_THREAD, &r);
    return r.ru_nivcsw;
}

static void measure_error(struct gs_meter *m, double *error, unsigned n)
{
    uint64_t at_first = truth(), used = gs_meter_read(m, gs_now_ns());

    for (unsigned i = 0; i < n;) {
        uint64_t now;
        long before;

        kill(worker, SIGCONT);
        usleep((useconds_t)g_random_int_range(1000, 25000));
        before = preempted();
        now = gs_meter_read(m, gs_now_ns());
        kill(worker, SIGSTOP);
        if (preempted() != before)
            continue;
        error[i++] = ((double)(now - used) - (double)(truth() - at_first)) / (double)GS_NS_PER_MS;
    }
    qsort(error, n, sizeof(*error), compare);
}

static double cost_ns(struct gs_meter *m, void (*look)(struct gs_meter *, uint64_t), unsigned n)
{
    uint64_t begin = gs_clock_ns(CLOCK_THREAD_CPUTIME_ID);

    for (unsigned i = 0; i < n; i++) {
        if (look)
            look(m, gs_now_ns());
        else
            gs_meter_read(m, gs_now_ns());
    }
    return (double)(gs_clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin) / n;
}

static void bench(const char *what, unsigned processes, const char *cgroups, unsigned n)
{
    struct gs_meter_params params = {"/", "", keeper, cgroups, NULL};
    g_autofree double *error = g_new0(double, n);
    g_autofree char *why = NULL;
    struct gs_meter *m;
    double read_ns, look_ns;

    if (gs_meter_create(&params, &m, &why) < 0) {
        printf("%s: %s\n", what, why);
        return;
    }
    measure_error(m, error, n);
    read_ns = cost_ns(m, NULL, READS);
    look_ns = cost_ns(m, gs_meter_look_around, READS / 100);
    printf("{\"bench\": \"meter\", \"what\": \"%s\", \"processes\": %u, \"read_ns\": %.0f, "
           "\"look_us\": %.1f, \"error_ms\": {\"min\": %.3f, \"p50\": %.3f, \"p99\": %.3f, "
           "\"max\": %.3f}}\n",
           what, processes, read_ns, look_ns / 1000, error[0], error[n / 2], error[n * 99 / 100],
           error[n - 1]);
    fflush(stdout);
    gs_meter_destroy(m);
}

static void bench_made_up(const struct world_kind *kind)
{
    g_autofree char *why = NULL;
    struct gs_meter *m;
    struct world w;

    world_make(&w, kind);
    if (gs_meter_create(&w.params, &m, &why) == 0) {
        printf("{\"bench\": \"meter\", \"what\": \"made up: %s\", \"read_ns\": %.0f, "
               "\"look_us\": %.1f}\n",
               kind->name, cost_ns(m, NULL, READS),
               cost_ns(m, gs_meter_look_around, READS / 100) / 1000);
        gs_meter_destroy(m);
    }
    world_remove(&w);
}

static void bench_group(const char *what, const char *hierarchy, const char *file, unsigned n)
{
    g_autofree char *folder = g_strdup_printf("%s/gs-bench-meter-%d", hierarchy, (int)getpid());
    g_autofree char *procs = g_build_filename(folder, "cgroup.procs", NULL);
    g_autofree char *usage = g_build_filename(folder, file, NULL);
    FILE *f;

    if (mkdir(folder, 0755) < 0)
        return;
    start(1);
    f = access(usage, R_OK) == 0 ? fopen(procs, "we") : NULL;
    if (f && fprintf(f, "%d", (int)worker) > 0 && fclose(f) == 0)
        bench(what, 1, folder, n);
    stop();
    rmdir(folder);
}

static void bench_processes(unsigned processes, unsigned n)
{
    start(processes);
    usleep(100000);
    bench("cpu, clocks of processes", processes, "", n);
    stop();
}

int main(int argc, char **argv)
{
    unsigned n = argc > 1 ? (unsigned)GS_CLAMP(atoi(argv[1]), 1, 100000) : 400;

    gs_log_set_level(GS_LOG_WARN);
    pin(0);
    bench_group("cpu, control group, version 1", "/sys/fs/cgroup/cpuacct", "cpuacct.usage", n);
    bench_group("cpu, control group, version 2", "/sys/fs/cgroup/unified", "cpu.stat", n);
    bench_group("cpu, control group, version 2", "/sys/fs/cgroup", "cpu.stat", n);
    bench_processes(1, n);
    bench_processes(5, n);
    bench_processes(20, n);
    for (const struct world_kind *k = world_kinds; k->name; k++)
        bench_made_up(k);
    return 0;
}
