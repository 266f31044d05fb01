/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>

#include "common/freezer.h"
#include "tests/support/tree.h"

/* On folders and files that look like control groups; those of the kernel's are in
 * test_worker_unwatched. */

static char *root;

static int setup(void **state)
{
    (void)state;
    root = tree_create();
    tree_put(root, "v1/freezer.state", "FROZEN");
    tree_put(root, "v1/cgroup.procs", "");
    tree_put(root, "v2/cgroup.freeze", "0");
    tree_put(root, "v2/cgroup.procs", "");
    tree_put(root, "none/cgroup.procs", "");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tree_remove(root);
    return 0;
}

static int set_in(const char *folder, bool still)
{
    g_autofree char *path = g_build_filename(root, folder, NULL);

    return gs_freezer_set_in(path, still);
}

static int open_in(struct gs_freezer *f, const char *folder)
{
    g_autofree char *path = g_build_filename(root, folder, NULL);

    return gs_freezer_open(f, path);
}

static void assert_holds(const char *path, const char *text)
{
    g_autofree char *file = g_build_filename(root, path, NULL);
    g_autofree char *got = NULL;

    assert_true(g_file_get_contents(file, &got, NULL, NULL));
    assert_string_equal(got, text);
}

static void assert_lacks(const char *path)
{
    g_autofree char *file = g_build_filename(root, path, NULL);

    assert_false(g_file_test(file, G_FILE_TEST_EXISTS));
}

static void test_version_1(void **state)
{
    (void)state;
    assert_int_equal(set_in("v1", false), 0);
    assert_holds("v1/freezer.state", "THAWED");
    assert_int_equal(set_in("v1", true), 0);
    assert_holds("v1/freezer.state", "FROZEN");
    assert_lacks("v1/cgroup.freeze");
}

static void test_version_2(void **state)
{
    (void)state;
    assert_int_equal(set_in("v2", true), 0);
    assert_holds("v2/cgroup.freeze", "1");
    assert_int_equal(set_in("v2", false), 0);
    assert_holds("v2/cgroup.freeze", "0");
    assert_lacks("v2/freezer.state");
}

/* The kernel takes each write as a whole; a file keeps them one after the other. */
static void test_stays_open(void **state)
{
    struct gs_freezer f;

    (void)state;
    tree_put(root, "v1/freezer.state", "");
    assert_int_equal(open_in(&f, "v1"), 0);
    assert_false(f.v2);
    assert_true(fcntl(f.fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(gs_freezer_set(&f, true), 0);
    assert_int_equal(gs_freezer_set(&f, false), 0);
    gs_freezer_close(&f);
    assert_holds("v1/freezer.state", "FROZENTHAWED");
    tree_put(root, "v2/cgroup.freeze", "");
    assert_int_equal(open_in(&f, "v2"), 0);
    assert_true(f.v2);
    assert_int_equal(gs_freezer_set(&f, true), 0);
    assert_int_equal(gs_freezer_set(&f, false), 0);
    gs_freezer_close(&f);
    assert_holds("v2/cgroup.freeze", "10");
}

static void test_opening_changes_nothing(void **state)
{
    struct gs_freezer f;

    (void)state;
    assert_int_equal(open_in(&f, "v1"), 0);
    gs_freezer_close(&f);
    assert_int_equal(f.fd, -1);
    gs_freezer_close(&f);
    assert_holds("v1/freezer.state", "FROZEN");
}

static void test_none(void **state)
{
    static const char *const folders[] = {"none", "not-there"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        struct gs_freezer f = {.fd = 0};

        assert_int_equal(open_in(&f, folders[i]), -ENOENT);
        assert_int_equal(f.fd, -1);
        assert_int_equal(set_in(folders[i], true), -ENOENT);
    }
    assert_lacks("none/freezer.state");
    assert_lacks("none/cgroup.freeze");
    assert_int_equal(set_in("v1/cgroup.procs", true), -ENOTDIR);
}

/* Folders cannot be written, by root neither. */
static void test_cannot_be_opened(void **state)
{
    struct gs_freezer f = {.fd = 0};

    (void)state;
    tree_put(root, "bad1/freezer.state/x", "");
    tree_put(root, "bad2/cgroup.freeze/x", "");
    assert_int_equal(open_in(&f, "bad1"), -EISDIR);
    assert_int_equal(f.fd, -1);
    assert_int_equal(open_in(&f, "bad2"), -EISDIR);
    assert_int_equal(f.fd, -1);
}

static void test_write_fails(void **state)
{
    struct gs_freezer f;

    (void)state;
    tree_link(root, "full/cgroup.freeze", "/dev/full");
    assert_int_equal(set_in("full", true), -ENOSPC);
    assert_int_equal(open_in(&f, "full"), 0);
    assert_int_equal(gs_freezer_set(&f, false), -ENOSPC);
    assert_true(f.fd >= 0);
    gs_freezer_close(&f);
    assert_int_equal(gs_freezer_set(&f, false), -EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_version_1, setup, teardown),
        cmocka_unit_test_setup_teardown(test_version_2, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stays_open, setup, teardown),
        cmocka_unit_test_setup_teardown(test_opening_changes_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_none, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cannot_be_opened, setup, teardown),
        cmocka_unit_test_setup_teardown(test_write_fails, setup, teardown),
    };

    return cmocka_run_group_tests_name("freezer", tests, NULL, NULL);
}
