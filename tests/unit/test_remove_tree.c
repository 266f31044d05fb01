/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/remove_tree.h"
#include "tests/support/process.h"

static char *dir, *outside;

static int setup(void **state)
{
    (void)state;
    dir = g_dir_make_tmp("gs-remove-XXXXXX", NULL);
    outside = g_dir_make_tmp("gs-keep-XXXXXX", NULL);
    return dir && outside ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gs_process_remove_dir(dir);
    gs_process_remove_dir(outside);
    g_free(dir);
    g_free(outside);
    return 0;
}

static void put(const char *folder, const char *path)
{
    g_autofree char *file = g_build_filename(folder, path, NULL);
    g_autofree char *parent = g_path_get_dirname(file);

    assert_int_equal(g_mkdir_with_parents(parent, 0700), 0);
    assert_true(g_file_set_contents(file, "", 0, NULL));
}

static void test_all_of_it(void **state)
{
    g_autofree char *shut = g_build_filename(dir, "a", "b", NULL);

    (void)state;
    put(dir, "a/b/c/d");
    put(dir, "a/.hidden");
    assert_int_equal(chmod(shut, 0), 0);
    assert_int_equal(gs_remove_tree(dir), 0);
    assert_int_equal(access(dir, F_OK), -1);
    assert_int_equal(gs_remove_tree(dir), 0);
}

static void test_links_lead_nowhere(void **state)
{
    g_autofree char *kept = g_build_filename(outside, "kept", NULL);
    g_autofree char *to_folder = g_build_filename(dir, "folder", NULL);
    g_autofree char *to_file = g_build_filename(dir, "file", NULL);

    (void)state;
    put(outside, "kept");
    assert_int_equal(symlink(outside, to_folder), 0);
    assert_int_equal(symlink(kept, to_file), 0);
    assert_int_equal(gs_remove_tree(dir), 0);
    assert_int_equal(access(kept, F_OK), 0);
}

/* Somebody may nest folders until descriptors run out: that ends with an error, not with us. */
static void test_endless_nesting(void **state)
{
    int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    (void)state;
    for (unsigned i = 0; i < 150; i++) {
        int next;

        assert_int_equal(mkdirat(at, "x", 0700), 0);
        next = openat(at, "x", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(at);
        at = next;
    }
    close(at);
    assert_int_equal(gs_remove_tree(dir), -ELOOP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_of_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_links_lead_nowhere, setup, teardown),
        cmocka_unit_test_setup_teardown(test_endless_nesting, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
