/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The levers on applications that do not wait for frame callbacks, with small clients that do what
 * drivers do, and with real ones. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "tests/integration/source_rig.h"
#include "tests/support/need.h"

#define WIDTH 640
#define HEIGHT 480
#define HOLD_MS 250

#define GLMARK                                                                                     \
    (const char *const[])                                                                          \
    {                                                                                              \
        "glmark2-es2-wayland", "-b", "build:duration=1000", "--size", "320x240", NULL              \
    }

/* Closed by close_rig, also after a failure. */
static struct source_rig the_rig;

static int close_rig(void **state GS_UNUSED)
{
    if (the_rig.src)
        source_rig_close(&the_rig);
    return 0;
}

static void open_app(struct source_rig *rig, const char *const *argv)
{
    assert_int_equal(
        source_rig_open(rig, "desktop", WIDTH, HEIGHT, (char *const *)(const void *)argv), 0);
}

static void open_pace(struct source_rig *rig, const char *mode, const char *frames)
{
    open_app(rig, (const char *const[]){PACE_CLIENT, mode, frames, NULL});
}

static void set_gate(struct source_rig *rig, bool shut)
{
    rig->src->impl->set_gate(rig->src, shut);
}

static bool shows(struct source_rig *rig)
{
    return rig->n_damaged >= 3;
}

static bool held(struct source_rig *rig)
{
    return rig->n_sync_wanted > 0;
}

static bool ended(struct source_rig *rig)
{
    return rig->n_ended > 0;
}

/* Than rig->seen. */
static bool drew_ten_more(struct source_rig *rig)
{
    return rig->n_damaged >= rig->seen + 10;
}

static void await_held(struct source_rig *rig)
{
    assert_true(source_rig_wait(rig, shows, 60000));
    set_gate(rig, true);
    assert_true(source_rig_wait(rig, held, 20000));
}

/* Commits in so many milliseconds, and what a slow machine took more. */
static unsigned count(struct source_rig *rig, int ms, uint64_t *ret_ms)
{
    unsigned before = rig->n_damaged;
    uint64_t start = gs_now_ns();

    source_rig_run(rig, ms);
    *ret_ms = (gs_now_ns() - start) / GS_NS_PER_MS;
    return rig->n_damaged - before;
}

static double app_cpu_s(void)
{
    struct rusage u;

    getrusage(RUSAGE_CHILDREN, &u);
    return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* ---- nobody answers ---- */

static void check_unanswered(struct source_rig *rig)
{
    uint64_t ms;
    unsigned n;

    await_held(rig);
    n = count(rig, 2000, &ms);
    print_message("unanswered: %u commits in %u ms\n", n, (unsigned)ms);
    assert_in_range(n, 1, ms / HOLD_MS + 1);
    assert_int_equal(rig->n_ended, 0);
}

/* All of them draw as before when the gate opens. */
static void check_opened(struct source_rig *rig)
{
    unsigned wanted;

    assert_true(source_rig_wait(rig, held, 20000));
    set_gate(rig, false);
    wanted = rig->n_sync_wanted;
    rig->seen = rig->n_damaged;
    assert_true(source_rig_wait(rig, drew_ten_more, 20000));
    assert_int_equal(rig->n_sync_wanted, wanted);
}

static void hold_and_open(const char *const *argv)
{
    struct source_rig *rig = &the_rig;

    open_app(rig, argv);
    check_unanswered(rig);
    check_opened(rig);
    assert_int_equal(rig->n_ended, 0);
    assert_int_equal(rig->drawn_early, 0);
}

static void test_sync_unanswered(void **state GS_UNUSED)
{
    hold_and_open((const char *const[]){PACE_CLIENT, "sync", NULL});
}

/* Asking for callbacks without waiting for them does not help. */
static void test_impatient_unanswered(void **state GS_UNUSED)
{
    hold_and_open((const char *const[]){PACE_CLIENT, "impatient", NULL});
}

static void test_glmark_unanswered(void **state GS_UNUSED)
{
    NEED("glmark2-es2-wayland");
    hold_and_open(GLMARK);
}

/* ---- answered ---- */

static void check_answered(const char *const *argv, const char *name, unsigned most_ms)
{
    double cpu = app_cpu_s();
    struct source_rig *rig = &the_rig;
    uint64_t ms;
    unsigned n;

    open_app(rig, argv);
    rig->sync_ms = 20;
    await_held(rig);
    n = count(rig, 2000, &ms);
    assert_in_range(n, 1, ms / most_ms + 2);
    assert_int_equal(rig->n_ended, 0);
    source_rig_close(rig);
    print_message("%s, answered after 20 ms: %u commits in %u ms, %.2f s of processor time\n", name,
                  n, (unsigned)ms, app_cpu_s() - cpu);
}

static void test_sync_answered(void **state GS_UNUSED)
{
    check_answered((const char *const[]){PACE_CLIENT, "sync", NULL}, "sync", 20);
}

static void test_glmark_answered(void **state GS_UNUSED)
{
    NEED("glmark2-es2-wayland");
    check_answered(GLMARK, "glmark2", 20);
}

/* ---- ends ---- */

/* Runs mode for frames with a gate that is shut all the time; the exit status is to be 0. */
static void run_shut(const char *mode, const char *frames, unsigned sync_ms, struct source_rig *rig)
{
    open_pace(rig, mode, frames);
    rig->sync_ms = sync_ms;
    set_gate(rig, true);
    assert_true(source_rig_wait(rig, ended, 60000));
    assert_true(WIFEXITED(rig->wait_status));
    assert_int_equal(WEXITSTATUS(rig->wait_status), 0);
}

/* A client waits in sleep, and every frame but the first is held; on a machine that stands still
 * between commit and sync now and then one is not. */
static void test_no_spinning(void **state GS_UNUSED)
{
    struct source_rig *rig = &the_rig;

    run_shut("sync", "50", 5, rig);
    assert_in_range(rig->n_sync_wanted, 40, 49);
}

static void test_client_gone_while_held(void **state GS_UNUSED)
{
    struct source_rig *rig = &the_rig;

    run_shut("leave", NULL, 0, rig);
    assert_true(rig->n_sync_wanted > 0);
    source_rig_run(rig, 2 * HOLD_MS); /* past the time at which it would have been answered */
}

static void test_source_closed_while_held(void **state GS_UNUSED)
{
    struct source_rig *rig = &the_rig;

    open_pace(rig, "sync", NULL);
    await_held(rig);
    source_rig_close(rig);
    assert_false(rig->socket_left);
}

/* Thousands behind one that is held are answered, in their order. */
static void test_flood(void **state GS_UNUSED)
{
    struct source_rig *rig = &the_rig;

    run_shut("flood", "4", 0, rig);
    assert_in_range(rig->n_sync_wanted, 1, 3);
}

/* ---- who does what must not be done ---- */

/* Exit statuses as in test_hostile.c; here the gate is shut. */
static void test_hostile_while_shut(void **state GS_UNUSED)
{
    static const struct {
        const char *mode;
        int first, second; /* that are right */
    } cases[] = {
        {"bad-syncs", 9, 9}, {"twice", 9, 9},   {"syncs", 0, 0},
        {"deaf", 0, 9},      {"leavers", 0, 0}, {"registries", 0, 0},
    };
    struct source_rig *rig = &the_rig;

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        int status;

        open_app(rig, (const char *const[]){HOSTILE_APP, cases[i].mode, NULL});
        rig->sync_ms = 50;
        set_gate(rig, true);
        assert_true(source_rig_wait(rig, ended, 120000));
        assert_true(WIFEXITED(rig->wait_status));
        status = WEXITSTATUS(rig->wait_status);
        print_message("%s: %d, %u times held\n", cases[i].mode, status, rig->n_sync_wanted);
        if (status != cases[i].first && status != cases[i].second)
            fail_msg("%s ended with %d", cases[i].mode, status);
        assert_true(rig->n_sync_wanted > 0);
        source_rig_close(rig);
    }
}

/* ---- who is not held ---- */

/* A roundtrip after each commit, as toolkits do: they wait for callbacks. */
static void test_callbacks_never_held(void **state GS_UNUSED)
{
    struct source_rig *rig = &the_rig;

    run_shut("callbacks", "20", 0, rig);
    assert_int_equal(rig->n_sync_wanted, 0);
    assert_true(rig->n_drawn >= 20);
}

static void start_shut(const char *const *argv)
{
    struct source_rig *rig = &the_rig;

    open_app(rig, argv);
    set_gate(rig, true);
    assert_true(source_rig_wait(rig, shows, 60000));
    source_rig_run(rig, 500);
    print_message("%s: %u commits, %u times held\n", argv[0], rig->n_damaged, rig->n_sync_wanted);
    assert_int_equal(rig->n_sync_wanted, 0);
    assert_int_equal(rig->n_ended, 0);
}

static void test_x11_never_held(void **state GS_UNUSED)
{
    NEED("glxgears");
    NEED("Xwayland");
    start_shut((const char *const[]){"glxgears", NULL});
}

static void test_gtk_never_held(void **state GS_UNUSED)
{
    NEED("gtk3-demo");
    start_shut((const char *const[]){"gtk3-demo", "--run=spinner", NULL});
}

/* Outside of a login there may be neither a usable pseudo-terminal nor a shell to show. */
static void need_terminals(void)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY);
    const char *name = fd >= 0 && unlockpt(fd) == 0 ? ptsname(fd) : NULL;
    bool usable = name && access(name, R_OK | W_OK) == 0 && getenv("SHELL");

    if (fd >= 0)
        close(fd);
    if (!usable)
        skip();
}

static void test_weston_terminal_never_held(void **state GS_UNUSED)
{
    NEED("weston-terminal");
    need_terminals();
    start_shut((const char *const[]){"weston-terminal", NULL});
}

static void test_foot_never_held(void **state GS_UNUSED)
{
    NEED("foot");
    need_terminals();
    start_shut(
        (const char *const[]){"foot", "sh", "-c", "while :; do date +%N; sleep 0.05; done", NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_sync_unanswered, close_rig),
        cmocka_unit_test_teardown(test_impatient_unanswered, close_rig),
        cmocka_unit_test_teardown(test_glmark_unanswered, close_rig),
        cmocka_unit_test_teardown(test_sync_answered, close_rig),
        cmocka_unit_test_teardown(test_glmark_answered, close_rig),
        cmocka_unit_test_teardown(test_no_spinning, close_rig),
        cmocka_unit_test_teardown(test_client_gone_while_held, close_rig),
        cmocka_unit_test_teardown(test_source_closed_while_held, close_rig),
        cmocka_unit_test_teardown(test_flood, close_rig),
        cmocka_unit_test_teardown(test_hostile_while_shut, close_rig),
        cmocka_unit_test_teardown(test_callbacks_never_held, close_rig),
        cmocka_unit_test_teardown(test_x11_never_held, close_rig),
        cmocka_unit_test_teardown(test_gtk_never_held, close_rig),
        cmocka_unit_test_teardown(test_weston_terminal_never_held, close_rig),
        cmocka_unit_test_teardown(test_foot_never_held, close_rig),
    };

    setenv("vblank_mode", "0", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
