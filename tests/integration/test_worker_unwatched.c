/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What becomes of the application while nobody looks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/child.h"
#include "tests/support/session_run.h"
#include "tests/support/worker_rig.h"

static struct child application(const struct worker_rig *rig)
{
    struct child p = {0};

    assert_true(child_find("(gs-test-app)", rig->pid, &p));
    return p;
}

/* ---- sessions ---- */

static void start(struct worker_rig *rig, enum gs_unwatched policy, const char *cgroup,
                  const char *const *argv)
{
    const struct worker_rig_params params = {
        .width = 640, .height = 360, .unwatched = policy, .app_cgroup = cgroup, .argv = argv};

    assert_int_equal(worker_rig_start(&params, rig), 0);
}

static void start_counter(struct worker_rig *rig, enum gs_unwatched policy, const char *cgroup)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--mode", "counter", NULL};

    start(rig, policy, cgroup, argv);
}

static void stop(struct worker_rig *rig)
{
    assert_int_equal(worker_rig_stop(rig), 0);
    worker_rig_finish(rig);
}

static const struct gs_worker_stats *last_stats(const struct worker_rig *rig)
{
    static const struct gs_worker_stats none;

    return rig->stats->len ? &g_array_index(rig->stats, struct gs_worker_stats, rig->stats->len - 1)
                           : &none;
}

static bool is_frozen(struct worker_rig *rig, void *user)
{
    return last_stats(rig)->frozen == *(bool *)user;
}

static void wait_frozen(struct worker_rig *rig, bool frozen)
{
    assert_true(worker_rig_wait(rig, is_frozen, &frozen));
}

static bool has_frames(struct worker_rig *rig, void *user)
{
    return worker_rig_frames(rig) >= *(unsigned *)user;
}

static void wait_frames(struct worker_rig *rig, unsigned more)
{
    unsigned n = worker_rig_frames(rig) + more;

    assert_true(worker_rig_wait(rig, has_frames, &n));
}

static void stays_still(struct worker_rig *rig)
{
    struct child before = application(rig), after;

    worker_rig_run(rig, 500);
    after = application(rig);
    assert_int_equal(after.pid, before.pid);
    assert_int_equal(after.ticks, before.ticks);
}

static bool has_commits(struct worker_rig *rig, void *user)
{
    return last_stats(rig)->commits >= *(uint64_t *)user;
}

static void wait_commits(struct worker_rig *rig, uint64_t more)
{
    uint64_t n = last_stats(rig)->commits + more;

    assert_true(worker_rig_wait(rig, has_commits, &n));
}

static bool is_left(struct worker_rig *rig, void *user)
{
    (void)user;
    return rig->stats->len && !last_stats(rig)->viewers;
}

static void leave(struct worker_rig *rig)
{
    worker_rig_leave(rig);
    g_array_set_size(rig->stats, 0);
    assert_true(worker_rig_wait(rig, is_left, NULL));
}

/* ---- policies ---- */

static void test_freeze(void **state)
{
    struct worker_rig rig;

    (void)state;
    start_counter(&rig, GS_UNWATCHED_FREEZE, NULL);
    for (unsigned i = 0; i < 2; i++) {
        leave(&rig);
        wait_frozen(&rig, true);
        assert_int_equal(application(&rig).state, 'T');
        stays_still(&rig);
        worker_rig_enter(&rig);
        wait_frames(&rig, 20);
        assert_int_not_equal(application(&rig).state, 'T');
        wait_frozen(&rig, false);
    }
    stop(&rig);
}

/* All below the application stand still, and go on. */
static void test_freeze_tree(void **state)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    g_autofree char *line = g_strdup_printf("%s --mode counter; true", app);
    const char *const argv[] = {"sh", "-c", line, NULL};
    struct child shell, child;
    struct worker_rig rig;

    (void)state;
    start(&rig, GS_UNWATCHED_FREEZE, NULL, argv);
    leave(&rig);
    wait_frozen(&rig, true);
    assert_true(child_find("(sh)", rig.pid, &shell));
    assert_int_equal(shell.state, 'T');
    assert_true(child_find("(gs-test-app)", shell.pid, &child));
    assert_int_equal(child.state, 'T');
    worker_rig_enter(&rig);
    wait_frames(&rig, 20);
    assert_true(child_find("(sh)", rig.pid, &shell));
    assert_int_not_equal(shell.state, 'T');
    stop(&rig);
}

/* A stopped process hears nothing of a request to end; worker_rig_stop looks for what is left. */
static void test_stop_while_frozen(void **state)
{
    struct worker_rig rig;

    (void)state;
    start_counter(&rig, GS_UNWATCHED_FREEZE, NULL);
    leave(&rig);
    wait_frozen(&rig, true);
    stop(&rig);
}

/* The application draws on for nobody. Without a viewer none of it is captured. */
static void test_run(void **state)
{
    struct worker_rig rig;
    uint64_t frames;

    (void)state;
    start_counter(&rig, GS_UNWATCHED_RUN, NULL);
    leave(&rig);
    frames = last_stats(&rig)->frames;
    wait_commits(&rig, 60);
    assert_int_equal(last_stats(&rig)->frames, frames);
    assert_false(last_stats(&rig)->frozen);
    worker_rig_enter(&rig);
    wait_frames(&rig, 20);
    stop(&rig);
}

static void set_policy(struct worker_rig *rig, enum gs_unwatched policy)
{
    struct gs_worker_set s = GS_WORKER_SET_NONE;
    char *json;

    s.unwatched = (int32_t)policy;
    json = gs_worker_set_to_json(&s);
    worker_rig_send(rig, GS_LINK_SET, json, strlen(json));
    free(json);
}

/* While nobody looks, too. */
static void test_policy_changes(void **state)
{
    struct worker_rig rig;

    (void)state;
    start_counter(&rig, GS_UNWATCHED_THROTTLE, NULL);
    leave(&rig);
    wait_commits(&rig, 5);
    assert_false(last_stats(&rig)->frozen);
    set_policy(&rig, GS_UNWATCHED_FREEZE);
    wait_frozen(&rig, true);
    stays_still(&rig);
    set_policy(&rig, GS_UNWATCHED_THROTTLE);
    wait_frozen(&rig, false);
    wait_commits(&rig, 5);
    stop(&rig);
}

/* ---- control groups ---- */

static void write_file(const char *folder, const char *file, const char *text)
{
    g_autofree char *path = g_build_filename(folder, file, NULL);
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void by_group(const char *root, const char *freezer)
{
    g_autofree char *group = g_strdup_printf("%s/gs-test-%d", root, (int)getpid());
    g_autofree char *groups = g_strdup_printf("/nonexistent:%s", group);
    g_autofree char *file = g_build_filename(group, freezer, NULL);
    g_autofree char *pid = NULL;
    struct worker_rig rig;

    if (mkdir(group, 0700) < 0 || access(file, W_OK) < 0) {
        rmdir(group);
        print_message("no group with %s can be made here\n", freezer);
        skip();
    }
    start_counter(&rig, GS_UNWATCHED_FREEZE, groups);
    pid = g_strdup_printf("%d\n", (int)application(&rig).pid);
    write_file(group, "cgroup.procs", pid);
    leave(&rig);
    wait_frozen(&rig, true);
    assert_int_not_equal(application(&rig).state, 'T'); /* not by a signal */
    stays_still(&rig);
    worker_rig_enter(&rig);
    wait_frames(&rig, 20);
    leave(&rig);
    wait_frozen(&rig, true);
    stop(&rig);
    assert_int_equal(rmdir(group), 0);
}

static void test_freezer_v1(void **state)
{
    (void)state;
    by_group("/sys/fs/cgroup/freezer", "freezer.state");
}

static void test_freezer_v2(void **state)
{
    (void)state;
    by_group(access("/sys/fs/cgroup/unified", F_OK) == 0 ? "/sys/fs/cgroup/unified"
                                                         : "/sys/fs/cgroup",
             "cgroup.freeze");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_freeze),
        cmocka_unit_test(test_freeze_tree),
        cmocka_unit_test(test_stop_while_frozen),
        cmocka_unit_test(test_run),
        cmocka_unit_test(test_policy_changes),
        cmocka_unit_test(test_freezer_v1),
        cmocka_unit_test(test_freezer_v2),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
