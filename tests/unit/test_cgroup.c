/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>

#include "host/cgroup.h"

static char *root;

static int setup(void **state)
{
    (void)state;
    root = g_dir_make_tmp("gs-cgroup-XXXXXX", NULL);
    return root ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state)
{
    (void)state;
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
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

static void test_nothing(void **state)
{
    (void)state;
    assert_true(gs_cgroup_cpus(root) == 0);
    assert_int_equal(gs_cgroup_memory_left(root), 0);
}

/* The least of the group and those above it counts. */
static void test_version_2(void **state)
{
    (void)state;
    put("proc/self/cgroup", "0::/a/b\n");
    put("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    put("sys/fs/cgroup/a/cpu.max", "150000 100000\n");
    put("sys/fs/cgroup/a/b/memory.max", "1000\n");
    put("sys/fs/cgroup/a/b/memory.current", "400\n");
    put("sys/fs/cgroup/a/memory.max", "max\n");
    put("sys/fs/cgroup/a/memory.current", "900\n");
    assert_true(gs_cgroup_cpus(root) == 1.5);
    assert_int_equal(gs_cgroup_memory_left(root), 600);
}

/* In a container the path can be that of the outside, and only the top is there. */
static void test_version_1(void **state)
{
    (void)state;
    put("proc/self/cgroup", "5:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n");
    put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
    put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "1000\n");
    put("sys/fs/cgroup/memory/memory.usage_in_bytes", "2000\n");
    assert_true(gs_cgroup_cpus(root) == 0.5);
    assert_int_equal(gs_cgroup_memory_left(root), 1);
}

static void test_version_1_without_limits(void **state)
{
    (void)state;
    put("proc/self/cgroup", "5:memory:/\n4:cpu,cpuacct:/\n");
    put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("sys/fs/cgroup/memory/memory.usage_in_bytes", "2000\n");
    assert_true(gs_cgroup_cpus(root) == 0);
    assert_int_equal(gs_cgroup_memory_left(root), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_version_2, setup, teardown),
        cmocka_unit_test_setup_teardown(test_version_1, setup, teardown),
        cmocka_unit_test_setup_teardown(test_version_1_without_limits, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
