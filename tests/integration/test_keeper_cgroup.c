/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/cgroup_session.h"
#include "tests/integration/keeper_rig.h"

/* Sessions in control groups of this machine, where they can be had. */

static struct keeper_rig rig;
static char **apps; /* folders of the application's groups */

static void start(const char *mode)
{
    g_autofree char *paths = NULL;

    keeper_rig_init(&rig, mode);
    g_snprintf(rig.keeper.cgroup, sizeof(rig.keeper.cgroup), "gs-test-%d", (int)getpid());
    rig.keeper.memory_max = 64 << 20;
    rig.keeper.tasks_max = 123;
    rig.keeper.cpu_percent = 150;
    rig.keeper.cpu_weight = 50;
    paths = gs_cgroup_session_app_paths("/", rig.keeper.cgroup);
    apps = g_strsplit(paths, ":", -1);
    keeper_rig_start(&rig);
    assert_true(rig.ready);
}

static char *text_of(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? g_strchomp(text) : NULL;
}

/* Where the file is, in the session's groups: it holds that. Whether it is anywhere at all. */
static bool holds(const char *name, const char *expected)
{
    bool found = false;

    for (char **app = apps; *app; app++) {
        g_autofree char *session = g_path_get_dirname(*app);
        g_autofree char *text = text_of(session, name);

        if (text)
            assert_string_equal(text, expected);
        found |= text != NULL;
    }
    return found;
}

static void finish(void)
{
    keeper_rig_wait(&rig.gone);
    for (char **app = apps; *app; app++) {
        g_autofree char *session = g_path_get_dirname(*app);

        assert_int_not_equal(access(session, F_OK), 0);
    }
    g_strfreev(apps);
    keeper_rig_finish(&rig);
}

static void test_limits(void **state)
{
    g_autofree char *cgroup = NULL;
    g_autofree char *proc = NULL;

    (void)state;
    start("echo");
    proc = g_strdup_printf("/proc/%d", keeper_rig_number(&rig, 0));
    cgroup = text_of(proc, "cgroup");
    assert_non_null(strstr(cgroup, rig.keeper.cgroup));
    assert_true(holds("memory.limit_in_bytes", "67108864") || holds("memory.max", "67108864"));
    assert_true(holds("pids.max", "123"));
    assert_true(holds("cpu.cfs_quota_us", "150000") || holds("cpu.max", "150000 100000"));
    assert_true(holds("cpu.shares", "512") || holds("cpu.weight", "50"));
    gs_worker_stop(rig.worker);
    finish();
}

static void move_and_freeze(int pid)
{
    for (char **app = apps; *app; app++) {
        g_autofree char *procs = g_build_filename(*app, "cgroup.procs", NULL);
        g_autofree char *v1 = g_build_filename(*app, "freezer.state", NULL);
        g_autofree char *v2 = g_build_filename(*app, "cgroup.freeze", NULL);
        const char *freeze[][2] = {{v1, "FROZEN"}, {v2, "1"}};
        FILE *f = fopen(procs, "w");

        assert_non_null(f);
        fprintf(f, "%d", pid);
        assert_int_equal(fclose(f), 0);
        for (size_t i = 0; i < GS_ARRAY_SIZE(freeze); i++) {
            f = access(freeze[i][0], F_OK) == 0 ? fopen(freeze[i][0], "w") : NULL;
            if (f) {
                fputs(freeze[i][1], f);
                fclose(f);
            }
        }
    }
}

/* What stands still must be let go, or it would never die. */
static void test_frozen_leftovers(void **state)
{
    int orphan, child;

    (void)state;
    start("family");
    orphan = keeper_rig_number(&rig, 2);
    child = keeper_rig_number(&rig, 3);
    move_and_freeze(orphan);
    move_and_freeze(child);
    kill(keeper_rig_number(&rig, 0), SIGKILL);
    keeper_rig_wait(&rig.gone);
    assert_int_not_equal(kill(orphan, 0), 0);
    assert_int_not_equal(kill(child, 0), 0);
    assert_string_equal(rig.why, "was killed by SIGKILL");
    finish();
}

/* Its host does it. The family is of the group, whoever its parent is. */
static void test_killed_keeper(void **state)
{
    int orphan;

    (void)state;
    start("family");
    orphan = keeper_rig_number(&rig, 2);
    kill(gs_worker_keeper_pid(rig.worker), SIGKILL);
    keeper_rig_wait(&rig.gone);
    while (waitpid(-1, NULL, 0) > 0) /* they became ours */
        ;
    assert_int_not_equal(kill(orphan, 0), 0);
    finish();
}

static void test_out_of_memory(void **state)
{
    struct gs_worker_set set = GS_WORKER_SET_NONE;

    (void)state;
    start("hungry");
    assert_int_equal(gs_worker_send_set(rig.worker, &set), 0);
    keeper_rig_wait(&rig.gone);
    assert_string_equal(rig.why,
                        "was killed by SIGKILL, as the session met its limit of memory (64 MB)");
    assert_true(rig.exit.out_of_memory);
    finish();
}

static int setup(void **state)
{
    g_autofree char *paths = gs_cgroup_session_app_paths("/", "gs-test");

    (void)state;
    if (!paths[0]) {
        print_message("there are no control groups that can be changed\n");
        exit(77);
    }
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_frozen_leftovers),
        cmocka_unit_test(test_killed_keeper),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
