/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker with a scheduler, which is the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/grants_host.h"
#include "tests/support/session_run.h"
#include "tests/support/wait.h"
#include "tests/support/worker_rig.h"

struct session {
    struct worker_rig rig;
    struct grants_host host;
};

static void start_app(struct session *s, const char *cgroup, const char *const *argv)
{
    const struct worker_rig_params params = {
        .width = 640, .height = 360, .adopt = true, .app_cgroup = cgroup, .argv = argv};
    char path[108];

    assert_int_equal(worker_rig_start(&params, &s->rig), 0);
    worker_host_path(&s->rig, path, sizeof(path));
    assert_int_equal(grants_host_start(&s->host, path), 0);
    WAIT_FOR(s->host.channel.page);
}

static void start(struct session *s, const char *cgroup)
{
    g_autofree char *app = gs_program_path("gs-test-app");

    start_app(s, cgroup, (const char *const[]){app, "--mode", "counter", NULL});
}

static void stop(struct session *s)
{
    assert_int_equal(worker_rig_stop(&s->rig), 0);
    grants_host_finish(&s->host);
    worker_rig_finish(&s->rig);
}

static const struct gs_grant_up *up(const struct session *s)
{
    return &s->host.channel.page->up;
}

static void wait_frames(struct session *s, unsigned more)
{
    unsigned n = worker_rig_frames(&s->rig) + more;

    WAIT_FOR(worker_rig_frames(&s->rig) >= n);
}

static struct child application(const struct session *s)
{
    struct child c = {0};

    assert_true(child_find("(gs-test-app)", s->rig.pid, &c));
    return c;
}

/* Until the worker has seen what the page says: it asks. */
static void contend(struct session *s)
{
    grants_host_flags(&s->host, GS_GRANT_CONTENDED);
    WAIT_FOR(grants_host_is_asked(&s->host));
}

/* ---- frames ---- */

static void test_frames_while_free(void **state)
{
    struct session s;
    uint32_t started;

    (void)state;
    start(&s, NULL);
    assert_string_equal(s.host.who.session, "rig");
    assert_string_equal(s.host.who.secret, WORKER_HOST_SECRET);
    WAIT_FOR(atomic_load(&up(&s)->fps) == 60);
    started = atomic_load(&up(&s)->started);
    wait_frames(&s, 30);
    assert_true(atomic_load(&up(&s)->started) >= started + 20);
    assert_int_equal(atomic_load(&up(&s)->asked), 0);
    worker_rig_leave(&s.rig);
    WAIT_FOR(atomic_load(&up(&s)->fps) == 0);
    stop(&s);
}

static void test_frames_wait(void **state)
{
    struct session s;
    unsigned frames;

    (void)state;
    start(&s, NULL);
    contend(&s);
    turn(100); /* what was on its way */
    frames = worker_rig_frames(&s.rig);
    turn(700);
    assert_int_equal(worker_rig_frames(&s.rig), frames);
    for (uint32_t i = 0; i < 10; i++) {
        uint32_t started = atomic_load(&up(&s)->started);

        WAIT_FOR(grants_host_is_asked(&s.host));
        grants_host_grant(&s.host);
        WAIT_FOR(atomic_load(&up(&s)->started) == started + 1);
        WAIT_FOR(atomic_load(&up(&s)->finished) == started + 1);
    }
    WAIT_FOR(worker_rig_frames(&s.rig) >= frames + 9);
    grants_host_flags(&s.host, GS_GRANT_FREE);
    wait_frames(&s, 30);
    stop(&s);
}

static uint64_t commits(struct session *s)
{
    const GArray *stats = s->rig.stats;

    g_array_set_size(s->rig.stats, 0);
    WAIT_FOR(stats->len >= 2); /* the first may be of before */
    return g_array_index(stats, struct gs_worker_stats, 1).commits;
}

/* At swap interval 0: it draws as fast as it can, until it has to wait for its turn. */
static void test_interval_0(void **state)
{
    struct session s;
    uint64_t before;
    uint32_t started;

    (void)state;
    start_app(&s, NULL, (const char *const[]){PACE_CLIENT, "sync", NULL});
    contend(&s);
    before = commits(&s);
    started = atomic_load(&up(&s)->started);
    for (uint32_t i = 1; i <= 20; i++) {
        WAIT_FOR(grants_host_is_asked(&s.host));
        grants_host_grant(&s.host);
        WAIT_FOR(atomic_load(&up(&s)->started) == started + i);
    }
    /* Every second turn is of a capture that it did not wait for, if not fewer. */
    assert_in_range(commits(&s) - before, 8, 200);
    stop(&s);
}

static void test_silent_host(void **state)
{
    struct session s;
    uint32_t before;

    (void)state;
    start(&s, NULL);
    contend(&s);
    before = atomic_load(&up(&s)->started);
    turn(300);
    assert_int_equal(atomic_load(&up(&s)->started), before);
    grants_host_fall_silent(&s.host);
    WAIT_FOR(atomic_load(&up(&s)->started) > before + 20);
    contend(&s);
    stop(&s);
}

static void test_host_dies(void **state)
{
    struct session s;

    (void)state;
    start(&s, NULL);
    contend(&s);
    grants_host_drop(&s.host);
    wait_frames(&s, 10);
    WAIT_FOR(s.host.channel.page); /* it is asked again */
    wait_frames(&s, 10);
    contend(&s);
    stop(&s);
}

static void test_garbage(void **state)
{
    struct session s;

    (void)state;
    start(&s, NULL);
    for (int answer = GRANTS_PIPE; answer <= GRANTS_LARGE; answer++) {
        s.host.answer = (enum grants_answer)answer;
        s.host.asked = 0;
        grants_host_drop(&s.host);
        WAIT_FOR(s.host.asked >= 1);
        wait_frames(&s, 5);
    }
    s.host.answer = GRANTS_PAGE;
    WAIT_FOR(s.host.channel.page);
    contend(&s);
    stop(&s);
}

/* ---- standing still ---- */

static void test_hold(void **state)
{
    struct session s;

    (void)state;
    start(&s, NULL);
    for (unsigned i = 0; i < 20; i++) {
        grants_host_flags(&s.host, GS_GRANT_FREE | GS_GRANT_HOLD);
        WAIT_FOR(application(&s).state == 'T');
        grants_host_flags(&s.host, GS_GRANT_FREE);
        WAIT_FOR(application(&s).state != 'T');
    }
    wait_frames(&s, 10);
    stop(&s);
}

/* Held again and again for as long as can be: it gets its turns, and so frames come. */
static void test_hold_for_ever(void **state)
{
    struct session s;

    (void)state;
    start(&s, NULL);
    grants_host_flags(&s.host, GS_GRANT_FREE | GS_GRANT_HOLD);
    WAIT_FOR(application(&s).state == 'T');
    wait_frames(&s, 4);
    /* Not in the middle of it, either. */
    WAIT_FOR(application(&s).state == 'T');
    grants_host_fall_silent(&s.host);
    WAIT_FOR(application(&s).state != 'T');
    wait_frames(&s, 30);
    stop(&s);
}

static void test_stop_while_held(void **state)
{
    struct session s;

    (void)state;
    start(&s, NULL);
    grants_host_flags(&s.host, GS_GRANT_FREE | GS_GRANT_HOLD);
    WAIT_FOR(application(&s).state == 'T');
    stop(&s);
}

/* ---- by the control group ---- */

static void move_into(const char *group, pid_t pid)
{
    g_autofree char *file = g_build_filename(group, "cgroup.procs", NULL);
    FILE *f = fopen(file, "we");

    assert_non_null(f);
    assert_true(fprintf(f, "%d\n", (int)pid) > 0);
    assert_int_equal(fclose(f), 0);
}

static bool is_frozen(const char *group)
{
    g_autofree char *file = g_build_filename(group, "freezer.state", NULL);
    g_autofree char *text = NULL;

    assert_true(g_file_get_contents(file, &text, NULL, NULL));
    return g_str_has_prefix(text, "FROZEN");
}

static void test_hold_group(void **state)
{
    g_autofree char *group = g_strdup_printf("/sys/fs/cgroup/freezer/gs-turns-%d", (int)getpid());
    g_autofree char *file = g_build_filename(group, "freezer.state", NULL);
    struct session s;

    (void)state;
    if (mkdir(group, 0700) < 0 || access(file, W_OK) < 0) {
        rmdir(group);
        print_message("no group with a freezer of version 1 can be made here\n");
        skip();
    }
    start(&s, group);
    move_into(group, application(&s).pid);
    for (unsigned i = 0; i < 20; i++) {
        grants_host_flags(&s.host, GS_GRANT_FREE | GS_GRANT_HOLD);
        WAIT_FOR(is_frozen(group));
        assert_int_not_equal(application(&s).state, 'T'); /* not by a signal */
        grants_host_flags(&s.host, GS_GRANT_FREE);
        WAIT_FOR(!is_frozen(group));
    }
    wait_frames(&s, 10);
    grants_host_flags(&s.host, GS_GRANT_FREE | GS_GRANT_HOLD);
    WAIT_FOR(is_frozen(group));
    stop(&s);
    assert_int_equal(rmdir(group), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_while_free),
        cmocka_unit_test(test_frames_wait),
        cmocka_unit_test(test_interval_0),
        cmocka_unit_test(test_silent_host),
        cmocka_unit_test(test_host_dies),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_hold_for_ever),
        cmocka_unit_test(test_stop_while_held),
        cmocka_unit_test(test_hold_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
