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
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/runtime_dir.h"

static char *xdg, *tmp;

static int make_dirs(void **state)
{
    (void)state;
    g_setenv("GPUSHARE_LOG", "error", TRUE);
    xdg = g_dir_make_tmp("gs-xdg-XXXXXX", NULL);
    tmp = g_dir_make_tmp("gs-tmp-XXXXXX", NULL);
    return 0;
}

/* Everything below must be gone but the one directory for all sessions. */
static int drop_dirs(void **state)
{
    g_autofree char *base = g_build_filename(xdg, "gpushare", NULL);
    g_autofree char *fallback = g_strdup_printf("%s/gpushare-%u", tmp, (unsigned)geteuid());
    int err;

    (void)state;
    g_remove(base);
    g_remove(fallback);
    err = g_rmdir(xdg) | g_rmdir(tmp);
    g_free(xdg);
    g_free(tmp);
    return err;
}

static bool is_private(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 07777) == 0700;
}

static void test_create_under_xdg(void **state)
{
    struct gs_runtime_dir *a, *b;
    g_autofree char *path = NULL;
    g_autofree char *file = NULL;

    (void)state;
    assert_int_equal(gs_runtime_dir_create(xdg, tmp, "app", &a), 0);
    assert_int_equal(gs_runtime_dir_create(xdg, tmp, "app", &b), 0);
    assert_true(g_str_has_prefix(gs_runtime_dir_path(a), xdg));
    assert_string_not_equal(gs_runtime_dir_path(a), gs_runtime_dir_path(b));
    assert_true(is_private(gs_runtime_dir_path(a)));
    path = g_strdup(gs_runtime_dir_path(a));
    file = g_build_filename(path, "x", NULL);
    assert_int_equal(g_mkdir(file, 0700), 0);
    gs_runtime_dir_destroy(a);
    assert_int_equal(access(path, F_OK), -1);
    assert_true(is_private(gs_runtime_dir_path(b)));
    gs_runtime_dir_destroy(b);
    gs_runtime_dir_destroy(NULL);
}

static void test_create_without_xdg(void **state)
{
    struct gs_runtime_dir *dir;

    (void)state;
    assert_int_equal(gs_runtime_dir_create(NULL, tmp, "app", &dir), 0);
    assert_true(g_str_has_prefix(gs_runtime_dir_path(dir), tmp));
    gs_runtime_dir_destroy(dir);
    assert_int_equal(gs_runtime_dir_create("/nonexistent", tmp, "app", &dir), 0);
    assert_true(g_str_has_prefix(gs_runtime_dir_path(dir), tmp));
    gs_runtime_dir_destroy(dir);
}

static void test_create_refuses_foreign_base(void **state)
{
    g_autofree char *base = g_strdup_printf("%s/gpushare-%u", tmp, (unsigned)geteuid());
    struct gs_runtime_dir *dir;

    (void)state;
    assert_int_equal(symlink(xdg, base), 0);
    assert_int_equal(gs_runtime_dir_create(NULL, tmp, "app", &dir), -EPERM);
    assert_int_equal(unlink(base), 0);
    assert_int_equal(g_mkdir(base, 0700), 0);
    assert_int_equal(chmod(base, 0755), 0);
    assert_int_equal(gs_runtime_dir_create(NULL, tmp, "app", &dir), -EPERM);
}

static void test_create_removes_what_is_stale(void **state)
{
    g_autofree char *stale = g_build_filename(xdg, "gpushare", "old-123456", "deep", NULL);
    g_autofree char *outer = g_path_get_dirname(stale);
    struct gs_runtime_dir *dir;

    (void)state;
    assert_int_equal(g_mkdir_with_parents(stale, 0700), 0);
    assert_int_equal(gs_runtime_dir_create(xdg, tmp, "app", &dir), 0);
    assert_int_equal(access(outer, F_OK), -1);
    gs_runtime_dir_destroy(dir);
}

/* As a keeper does: the directory stays as long as one of both holds it. */
static void test_create_leaves_what_is_a_daemons(void **state)
{
    g_autofree char *sessions = g_build_filename(xdg, "gpushare", "sessions", "app-123456", NULL);
    struct gs_runtime_dir *dir;

    (void)state;
    assert_int_equal(g_mkdir_with_parents(sessions, 0700), 0);
    assert_int_equal(gs_runtime_dir_create(xdg, tmp, "app", &dir), 0);
    assert_int_equal(access(sessions, F_OK), 0);
    gs_runtime_dir_destroy(dir);
    assert_int_equal(g_rmdir(sessions), 0);
    *strrchr(sessions, '/') = '\0';
    assert_int_equal(g_rmdir(sessions), 0);
}

static void test_released_to_a_keeper(void **state)
{
    g_autofree char *base = g_build_filename(xdg, "gpushare", NULL);
    g_autofree char *path = NULL;
    struct gs_runtime_dir *dir, *other;
    struct stat st;
    int fd;

    (void)state;
    assert_int_equal(gs_runtime_dir_create_below(base, "app", &dir), 0);
    assert_int_equal(stat(base, &st), 0);
    assert_int_equal(st.st_mode & 07777, geteuid() == 0 ? 0711 : 0700);
    path = g_strdup(gs_runtime_dir_path(dir));
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_SH | LOCK_NB), 0);
    gs_runtime_dir_release(dir);
    assert_int_equal(gs_runtime_dir_create_below(base, "app", &other), 0);
    assert_int_equal(access(path, F_OK), 0);
    gs_runtime_dir_destroy(other);
    close(fd);
    assert_int_equal(gs_runtime_dir_create_below(base, "app", &other), 0);
    assert_int_equal(access(path, F_OK), -1);
    gs_runtime_dir_destroy(other);
}

static void test_create_too_long(void **state)
{
    g_autofree char *longer = NULL;
    struct gs_runtime_dir *dir;
    char name[101];

    (void)state;
    memset(name, 'a', sizeof(name) - 1);
    name[100] = '\0';
    longer = g_build_filename(xdg, name, NULL);
    assert_int_equal(g_mkdir(longer, 0700), 0);
    assert_int_equal(gs_runtime_dir_create(longer, tmp, "app", &dir), -ENAMETOOLONG);
    {
        g_autofree char *base = g_build_filename(longer, "gpushare", NULL);

        g_rmdir(base);
        g_rmdir(longer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_create_under_xdg, make_dirs, drop_dirs),
        cmocka_unit_test_setup_teardown(test_create_without_xdg, make_dirs, drop_dirs),
        cmocka_unit_test_setup_teardown(test_create_refuses_foreign_base, make_dirs, drop_dirs),
        cmocka_unit_test_setup_teardown(test_create_removes_what_is_stale, make_dirs, drop_dirs),
        cmocka_unit_test_setup_teardown(test_create_leaves_what_is_a_daemons, make_dirs, drop_dirs),
        cmocka_unit_test_setup_teardown(test_released_to_a_keeper, make_dirs, drop_dirs),
        cmocka_unit_test_setup_teardown(test_create_too_long, make_dirs, drop_dirs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
