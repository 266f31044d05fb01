/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/x11_lock.h"

static char *tmp;

static void put(const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(tmp, name, NULL);

    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static bool is_there(const char *name)
{
    g_autofree char *path = g_build_filename(tmp, name, NULL);

    return access(path, F_OK) == 0;
}

static void drop(const char *name)
{
    g_autofree char *path = g_build_filename(tmp, name, NULL);

    remove(path);
}

static int make_tmp(void **state)
{
    g_autofree char *sub = NULL;

    (void)state;
    tmp = g_dir_make_tmp("gs-x11-XXXXXX", NULL);
    sub = g_build_filename(tmp, ".X11-unix", NULL);
    return mkdir(sub, 0700);
}

static int drop_tmp(void **state)
{
    (void)state;
    drop(".X7-lock");
    drop(".X11-unix/X7");
    drop(".X11-unix");
    rmdir(tmp);
    g_free(tmp);
    return 0;
}

static void write_lock(pid_t pid)
{
    char text[16];

    snprintf(text, sizeof(text), "%10d\n", (int)pid);
    put(".X7-lock", text);
    put(".X11-unix/X7", "");
}

static void test_remove_stale_owner_gone(void **state)
{
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
    write_lock(pid);
    gs_x11_lock_remove_stale(tmp, 7);
    assert_false(is_there(".X7-lock"));
    assert_false(is_there(".X11-unix/X7"));
}

static void test_remove_stale_owner_lives(void **state)
{
    (void)state;
    write_lock(getpid());
    gs_x11_lock_remove_stale(tmp, 7);
    assert_true(is_there(".X7-lock"));
    assert_true(is_there(".X11-unix/X7"));
}

static void test_remove_stale_no_lock_or_garbage(void **state)
{
    (void)state;
    write_lock(getpid());
    drop(".X7-lock");
    gs_x11_lock_remove_stale(tmp, 7);
    assert_true(is_there(".X11-unix/X7"));
    put(".X7-lock", "garbage");
    gs_x11_lock_remove_stale(tmp, 7);
    assert_true(is_there(".X7-lock"));
    put(".X7-lock", "9223372036\n");
    gs_x11_lock_remove_stale(tmp, 7);
    assert_true(is_there(".X7-lock"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_remove_stale_owner_gone, make_tmp, drop_tmp),
        cmocka_unit_test_setup_teardown(test_remove_stale_owner_lives, make_tmp, drop_tmp),
        cmocka_unit_test_setup_teardown(test_remove_stale_no_lock_or_garbage, make_tmp, drop_tmp),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
