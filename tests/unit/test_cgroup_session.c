/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "host/cgroup_session.h"
#include "tests/support/process.h"

/* On folders and files that look like control groups: what is written where. */

static char *root;

static int setup(void **state)
{
    (void)state;
    root = g_dir_make_tmp("gs-groups-XXXXXX", NULL);
    return root ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gs_process_remove_dir(root);
    g_free(root);
    return 0;
}

static void put(const char *path, const char *text)
{
    g_autofree char *file = g_build_filename(root, path, NULL);
    g_autofree char *dir = g_path_get_dirname(file);

    assert_int_equal(g_mkdir_with_parents(dir, 0700), 0);
    assert_true(g_file_set_contents(file, text, -1, NULL));
}

static void assert_holds(const char *path, const char *text)
{
    g_autofree char *file = g_build_filename(root, path, NULL);
    g_autofree char *got = NULL;

    assert_true(g_file_get_contents(file, &got, NULL, NULL));
    assert_string_equal(got, text);
}

/* Takes path_list. */
static void assert_relative(char *path_list, const char *expected)
{
    g_autofree char *got = path_list;
    g_auto(GStrv) parts = g_strsplit(got, root, -1);
    g_autofree char *relative = g_strjoinv("", parts);

    assert_string_equal(relative, expected);
}

static void assert_paths(const char *expected)
{
    assert_relative(gs_cgroup_session_app_paths(root, "s"), expected);
}

static void assert_session_paths(const char *expected)
{
    assert_relative(gs_cgroup_session_paths(root, "s"), expected);
}

static void create(uint64_t memory, uint32_t tasks, uint32_t percent, uint32_t weight)
{
    const struct gs_cgroup_session_params params = {.root = root,
                                                    .name = "s",
                                                    .memory_max = memory,
                                                    .tasks_max = tasks,
                                                    .cpu_percent = percent,
                                                    .cpu_weight = weight};

    gs_cgroup_session_free(gs_cgroup_session_create(&params));
}

static void version_1(void)
{
    put("proc/self/cgroup", "6:freezer:/\n5:memory:/outside\n4:cpu,cpuacct:/a\n3:pids:/a\n");
    put("sys/fs/cgroup/memory/cgroup.procs", ""); /* the path is that of the outside */
    put("sys/fs/cgroup/cpu/a/cgroup.procs", "");
    put("sys/fs/cgroup/cpuacct/a/cgroup.procs", "");
    put("sys/fs/cgroup/pids/a/cgroup.procs", "");
    put("sys/fs/cgroup/freezer/cgroup.procs", "");
}

static void version_2(const char *own)
{
    g_autofree char *line = g_strdup_printf("0::/a%s\n", own);
    g_autofree char *procs = g_strdup_printf("sys/fs/cgroup/a%s/cgroup.procs", own);
    g_autofree char *controllers = g_strdup_printf("sys/fs/cgroup/a%s/cgroup.controllers", own);

    put("proc/self/cgroup", line);
    put("sys/fs/cgroup/a/cgroup.procs", "");
    put("sys/fs/cgroup/a/cgroup.controllers", "cpu memory pids\n");
    put("sys/fs/cgroup/a/cgroup.subtree_control", "");
    put(procs, "");
    put(controllers, "cpu memory pids\n");
}

static void test_nothing(void **state)
{
    (void)state;
    assert_paths("");
    assert_session_paths("");
    create(1, 1, 1, 1); /* and says that there are no limits */
    gs_cgroup_session_prepare(root);
    assert_true(gs_cgroup_session_clear_name(root, "s"));
}

static void test_paths_of_version_1(void **state)
{
    (void)state;
    version_1();
    assert_paths("/sys/fs/cgroup/memory/s/app:/sys/fs/cgroup/pids/a/s/app:"
                 "/sys/fs/cgroup/cpu/a/s/app:/sys/fs/cgroup/freezer/s/app");
    assert_session_paths("/sys/fs/cgroup/memory/s:/sys/fs/cgroup/pids/a/s:/sys/fs/cgroup/cpu/a/s:"
                         "/sys/fs/cgroup/freezer/s:/sys/fs/cgroup/cpuacct/a/s");
}

/* One hierarchy has all; the daemon's own group is beside the sessions, not above them. */
static void test_paths_of_version_2(void **state)
{
    (void)state;
    version_2("");
    assert_paths("/sys/fs/cgroup/a/s/app");
    version_2("/gpushare.host");
    assert_paths("/sys/fs/cgroup/a/s/app");
    assert_session_paths("/sys/fs/cgroup/a/s");
}

static void test_limits_of_version_1(void **state)
{
    (void)state;
    version_1();
    put("sys/fs/cgroup/memory/s/memory.limit_in_bytes", "-1");
    put("sys/fs/cgroup/pids/a/s/pids.max", "max");
    put("sys/fs/cgroup/cpu/a/s/cpu.cfs_quota_us", "-1");
    put("sys/fs/cgroup/cpu/a/s/cpu.shares", "1024");
    create(1 << 30, 100, 150, 1);
    assert_holds("sys/fs/cgroup/memory/s/memory.limit_in_bytes", "1073741824");
    assert_holds("sys/fs/cgroup/pids/a/s/pids.max", "100");
    assert_holds("sys/fs/cgroup/cpu/a/s/cpu.cfs_quota_us", "150000");
    assert_holds("sys/fs/cgroup/cpu/a/s/cpu.shares", "10");
}

static void test_limits_of_version_2(void **state)
{
    (void)state;
    version_2("/gpushare.host");
    put("sys/fs/cgroup/a/s/memory.max", "max");
    put("sys/fs/cgroup/a/s/pids.max", "max");
    put("sys/fs/cgroup/a/s/cpu.max", "max 100000");
    put("sys/fs/cgroup/a/s/cpu.weight", "100");
    create(1 << 30, 100, 150, 200);
    assert_holds("sys/fs/cgroup/a/s/memory.max", "1073741824");
    assert_holds("sys/fs/cgroup/a/s/pids.max", "100");
    assert_holds("sys/fs/cgroup/a/s/cpu.max", "150000 100000");
    assert_holds("sys/fs/cgroup/a/s/cpu.weight", "200");
}

/* While it runs, by a process that did not make the groups. */
static void test_another_weight(void **state)
{
    (void)state;
    assert_int_equal(gs_cgroup_session_set_cpu_weight(root, "s", 50), -ENOENT);
    version_1();
    assert_int_equal(gs_cgroup_session_set_cpu_weight(root, "s", 50), -ENOENT);
    put("sys/fs/cgroup/cpu/a/s/cpu.shares", "1024");
    assert_int_equal(gs_cgroup_session_set_cpu_weight(root, "s", 50), 0);
    assert_holds("sys/fs/cgroup/cpu/a/s/cpu.shares", "512\n");
    assert_int_equal(gs_cgroup_session_set_cpu_weight(root, "", 50), -ENOENT);
    version_2("/gpushare.host");
    put("sys/fs/cgroup/a/s/cpu.weight", "100");
    assert_int_equal(gs_cgroup_session_set_cpu_weight(root, "s", 300), 0);
    assert_holds("sys/fs/cgroup/a/s/cpu.weight", "300\n");
}

static void test_no_limit_is_not_written(void **state)
{
    (void)state;
    version_2("");
    put("sys/fs/cgroup/a/s/memory.max", "12345");
    put("sys/fs/cgroup/a/s/cpu.max", "as it was");
    create(0, 0, 0, 0);
    assert_holds("sys/fs/cgroup/a/s/memory.max", "12345");
    assert_holds("sys/fs/cgroup/a/s/cpu.max", "as it was");
}

static void assert_killed(const char *events, bool expected)
{
    const struct gs_cgroup_session_params params = {.root = root, .name = "s"};
    struct gs_cgroup_session *s;

    put("sys/fs/cgroup/a/s/memory.events", events);
    s = gs_cgroup_session_create(&params);
    assert_int_equal(gs_cgroup_session_out_of_memory(s), expected);
    gs_cgroup_session_free(s);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    version_2("");
    assert_killed("", false);
    assert_killed("low 0\nmax 12\noom 3\noom_kill 0\n", false);
    assert_killed("low 0\nmax 12\noom 3\noom_kill 2\n", true);
}

/* The daemon hands its controllers down; files do not refuse as a kernel does, so it stays. */
static void test_prepare(void **state)
{
    (void)state;
    version_1();
    gs_cgroup_session_prepare(root);
    version_2("");
    gs_cgroup_session_prepare(root);
    assert_holds("sys/fs/cgroup/a/cgroup.subtree_control", "+cpu");
}

static void unit(const char *name)
{
    static const char *const files[][2] = {{"cgroup.procs", ""},
                                           {"cgroup.subtree_control", ""},
                                           {"cgroup.controllers", "cpu memory pids\n"}};

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_strdup_printf("sys/fs/cgroup/x/%s/%s", name, files[i][0]);

        put(path, files[i][1]);
    }
}

/* Below systemd the sessions are in a unit beside that of the daemon. */
static void test_unit_of_sessions(void **state)
{
    (void)state;
    put("proc/self/cgroup", "0::/x/gpushare-host.service\n");
    unit("gpushare-host.service");
    assert_paths("/sys/fs/cgroup/x/gpushare-host.service/s/app");
    gs_cgroup_session_leave_host(root); /* there is none yet */
    unit("gpushare-sessions.service");
    assert_paths("/sys/fs/cgroup/x/gpushare-sessions.service/s/app");
    gs_cgroup_session_prepare(root);
    assert_holds("sys/fs/cgroup/x/gpushare-sessions.service/cgroup.subtree_control", "+cpu");
    assert_holds("sys/fs/cgroup/x/gpushare-host.service/cgroup.subtree_control", "");
    put("sys/fs/cgroup/x/gpushare-sessions.service/gpushare.host/cgroup.procs", "");
    gs_cgroup_session_leave_host(root);
    assert_holds("sys/fs/cgroup/x/gpushare-sessions.service/gpushare.host/cgroup.procs", "0");
    /* Seen from there, it is the same place. */
    put("proc/self/cgroup", "0::/x/gpushare-sessions.service/gpushare.host\n");
    unit("gpushare-sessions.service/gpushare.host");
    assert_paths("/sys/fs/cgroup/x/gpushare-sessions.service/s/app");
    gs_cgroup_session_leave_host(root);
    assert_holds("sys/fs/cgroup/x/gpushare-sessions.service/gpushare.host/cgroup.procs", "");
}

/* The application's own group stays frozen: its worker froze it. */
static void test_thaw(void **state)
{
    (void)state;
    version_1();
    put("sys/fs/cgroup/freezer/s/freezer.state", "FROZEN");
    put("sys/fs/cgroup/freezer/s/app/freezer.state", "FROZEN");
    gs_cgroup_session_thaw(root, "s");
    assert_holds("sys/fs/cgroup/freezer/s/freezer.state", "THAWED");
    assert_holds("sys/fs/cgroup/freezer/s/app/freezer.state", "FROZEN");
    gs_cgroup_session_thaw(root, "none of that name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_paths_of_version_1, setup, teardown),
        cmocka_unit_test_setup_teardown(test_paths_of_version_2, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits_of_version_1, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits_of_version_2, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_weight, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_limit_is_not_written, setup, teardown),
        cmocka_unit_test_setup_teardown(test_out_of_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_prepare, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unit_of_sessions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_thaw, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
