/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The meter of processor time on real processes: what it says is compared with the clocks of those
 * that used it, at moments when they rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/meter.h"

#define BURN (40 * GS_NS_PER_MS)
#define TICKS (60 * GS_NS_PER_MS) /* /proc counts in hundredths, rounded down, for each parent */

enum { STARTED, THREADS, SHORT, ORPHAN, N_STEPS };

/* Between the processes of the test. */
static struct shared {
    volatile uint64_t burned[N_STEPS]; /* by the clocks of those that did it */
    volatile uint64_t total;           /* of all below the keeper, when they have ended */
} * shared;

static int orders[2], answers[2];
static int life[2]; /* ends with the test, and the orphan with it */
static pid_t keeper;

/* ---- the session ---- */

static uint64_t own_clock(void)
{
    return gs_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static void burn_until(uint64_t process_clock)
{
    while (own_clock() < process_clock)
        continue;
}

static void *burn_thread(void *user)
{
    burn_until(*(uint64_t *)user);
    return NULL;
}

static void burn_in_two_threads(void)
{
    uint64_t from = own_clock(), until = from + BURN;
    pthread_t thread;

    pthread_create(&thread, NULL, burn_thread, &until);
    burn_until(until);
    pthread_join(thread, NULL);
    shared->burned[THREADS] = own_clock() - from;
}

/* Comes and goes between two looks. */
static void burn_in_short_lived(void)
{
    for (unsigned i = 0; i < 4; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            burn_until(BURN);
            shared->burned[SHORT] += own_clock();
            _exit(0);
        }
        waitpid(pid, NULL, 0);
    }
}

/* Its parent ends before it. */
static void burn_in_orphan(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (fork() == 0) {
            burn_until(BURN);
            shared->burned[ORPHAN] = own_clock();
            if (write(answers[1], "x", 1) == 1)
                _exit((int)read(life[0], &(char){0}, 1));
            _exit(1);
        }
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

_Noreturn static void be_worker(void)
{
    char order;

    burn_until(BURN);
    shared->burned[STARTED] = own_clock();
    while (write(answers[1], "x", 1) == 1 && read(orders[0], &order, 1) == 1) {
        if (order == THREADS)
            burn_in_two_threads();
        if (order == SHORT)
            burn_in_short_lived();
        if (order == ORPHAN)
            burn_in_orphan();
    }
    _exit(0);
}

_Noreturn static void be_keeper(void)
{
    struct rusage r;

    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    close(orders[1]);
    close(life[1]);
    if (fork() == 0)
        be_worker();
    close(orders[0]);
    while (wait(NULL) > 0)
        continue;
    getrusage(RUSAGE_CHILDREN, &r);
    shared->total = (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * GS_NS_PER_S +
                    (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) * GS_NS_PER_US +
                    GS_NS_PER_US;
    _exit(0);
}

static void await_answer(void)
{
    char answer;

    assert_int_equal(read(answers[0], &answer, 1), 1);
}

static void order(char what)
{
    assert_int_equal(write(orders[1], &what, 1), 1);
    await_answer();
    if (what == ORPHAN)
        await_answer();
}

static void start(void)
{
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    assert_int_equal(pipe(orders), 0);
    assert_int_equal(pipe(answers), 0);
    assert_int_equal(pipe(life), 0);
    keeper = fork();
    assert_true(keeper >= 0);
    if (keeper == 0)
        be_keeper();
    close(orders[0]);
    close(life[0]);
    await_answer();
}

static void finish_session(void)
{
    close(orders[1]);
    close(life[1]);
    assert_int_equal(waitpid(keeper, NULL, 0), keeper);
    close(answers[0]);
    close(answers[1]);
}

/* The only child of the keeper, before there is an orphan. */
static pid_t find_worker(void)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/task/%d/children", keeper, keeper);
    g_autofree char *text = NULL;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return (pid_t)atoi(text);
}

/* ---- tests ---- */

static struct gs_meter *create(const char *cgroups)
{
    struct gs_meter_params params = {"/", "", keeper, cgroups, NULL};
    struct gs_meter *m;
    char *why;

    if (gs_meter_create(&params, &m, &why) < 0)
        fail_msg("no meter: %s", why);
    assert_string_equal(m->impl->name, "cpu");
    return m;
}

static uint64_t burned(unsigned first, unsigned last)
{
    uint64_t sum = 0;

    for (unsigned i = first; i <= last; i++)
        sum += shared->burned[i];
    return sum;
}

static void assert_at_least(struct gs_meter *m, uint64_t expected, uint64_t error)
{
    uint64_t ns = gs_meter_read(m, gs_now_ns());

    if (ns + error < expected)
        fail_msg("read %" G_GUINT64_FORMAT ", less than %" G_GUINT64_FORMAT, ns, expected);
}

/* All steps, each at least as long as was burned; error: of those that nobody saw. */
static void walk_through(struct gs_meter *m, uint64_t error)
{
    uint64_t before, most;

    before = gs_meter_read(m, gs_now_ns());
    assert_true(before < shared->burned[STARTED]);
    order(THREADS);
    assert_at_least(m, burned(THREADS, THREADS), 0);
    order(SHORT);
    gs_meter_look_around(m, gs_now_ns());
    assert_at_least(m, burned(THREADS, SHORT), error);
    order(ORPHAN);
    gs_meter_look_around(m, gs_now_ns());
    assert_at_least(m, burned(THREADS, ORPHAN), error);
    most = gs_meter_read(m, gs_now_ns());
    finish_session();
    for (unsigned i = 0; i < 3; i++) {
        assert_true(gs_meter_read(m, gs_now_ns()) >= most);
        gs_meter_look_around(m, gs_now_ns());
    }
    /* Nothing twice: not more than all of them together, less what was before. */
    most = gs_meter_read(m, gs_now_ns());
    if (most + shared->burned[STARTED] > shared->total + GS_NS_PER_MS)
        fail_msg("read %" G_GUINT64_FORMAT ", of %" G_GUINT64_FORMAT, most, shared->total);
}

static void test_processes(void **state)
{
    struct gs_meter *m;

    (void)state;
    start();
    m = create("");
    walk_through(m, TICKS);
    gs_meter_destroy(m);
    munmap(shared, sizeof(*shared));
}

static bool enter(const char *folder, pid_t pid)
{
    g_autofree char *procs = g_build_filename(folder, "cgroup.procs", NULL);
    FILE *f = fopen(procs, "we");

    if (!f)
        return false;
    fprintf(f, "%d", (int)pid);
    return fclose(f) == 0;
}

/* In a real control group of this machine, where it has such. */
static void with_group(const char *hierarchy, const char *file)
{
    g_autofree char *folder = g_strdup_printf("%s/gs-test-meter-%d", hierarchy, (int)getpid());
    g_autofree char *usage = g_build_filename(folder, file, NULL);
    struct gs_meter *m;

    if (mkdir(folder, 0755) < 0)
        return;
    start();
    if (access(usage, R_OK) == 0 && enter(folder, find_worker())) {
        print_message("%s\n", usage);
        m = create(folder);
        walk_through(m, GS_NS_PER_US);
        gs_meter_destroy(m);
    } else {
        finish_session();
    }
    assert_int_equal(rmdir(folder), 0);
    munmap(shared, sizeof(*shared));
}

static void test_control_groups(void **state)
{
    (void)state;
    with_group("/sys/fs/cgroup/cpuacct", "cpuacct.usage");
    with_group("/sys/fs/cgroup/unified", "cpu.stat");
    with_group("/sys/fs/cgroup", "cpu.stat");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_processes),
        cmocka_unit_test(test_control_groups),
    };

    return cmocka_run_group_tests_name("meter cpu", tests, NULL, NULL);
}
