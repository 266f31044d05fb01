/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/log_file.h"

struct folder {
    char *dir, *log, *rotated;
};

static int setup(void **state)
{
    struct folder *f = g_new0(struct folder, 1);

    f->dir = g_dir_make_tmp("gs-log-XXXXXX", NULL);
    f->log = g_build_filename(f->dir, "app.log", NULL);
    f->rotated = g_build_filename(f->dir, "app.log.1", NULL);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct folder *f = *state;

    g_unlink(f->log);
    g_unlink(f->rotated);
    g_rmdir(f->dir);
    g_free(f->log);
    g_free(f->rotated);
    g_free(f->dir);
    g_free(f);
    return 0;
}

static void assert_tail(const struct folder *f, uint64_t lines, const char *wanted)
{
    g_autoptr(GString) text = g_string_new(NULL);
    int fd = gs_log_file_open(f->dir, "app.log");
    char rest;

    assert_true(fd >= 0);
    gs_log_file_tail(fd, f->dir, "app.log", lines, text);
    assert_string_equal(text->str, wanted);
    assert_int_equal(read(fd, &rest, 1), 0);
    close(fd);
}

static void test_lines(void **state)
{
    const struct folder *f = *state;

    assert_true(g_file_set_contents(f->log, "one\ntwo\nthree", -1, NULL));
    assert_tail(f, 0, "");
    assert_tail(f, 1, "three");
    assert_tail(f, 2, "two\nthree");
    assert_tail(f, 100, "one\ntwo\nthree");
    assert_true(g_file_set_contents(f->log, "one\n\n\n", -1, NULL));
    assert_tail(f, 1, "\n");
    assert_tail(f, 2, "\n\n");
    assert_tail(f, 3, "one\n\n\n");
    assert_true(g_file_set_contents(f->log, "", -1, NULL));
    assert_tail(f, 5, "");
}

static void test_lines_before_the_rotation(void **state)
{
    const struct folder *f = *state;

    assert_true(g_file_set_contents(f->rotated, "one\ntwo\n", -1, NULL));
    assert_true(g_file_set_contents(f->log, "three\n", -1, NULL));
    assert_tail(f, 1, "three\n");
    assert_tail(f, 2, "two\nthree\n");
    assert_tail(f, 9, "one\ntwo\nthree\n");
}

/* No more than the limit, and no line without its beginning. */
static void test_large(void **state)
{
    const struct folder *f = *state;
    g_autoptr(GString) large = g_string_new(NULL), text = g_string_new(NULL);
    int fd;

    while (large->len < 3 * GS_LOG_TAIL_MAX)
        g_string_append_printf(large, "line %zu\n", large->len);
    assert_true(g_file_set_contents(f->log, large->str, (gssize)large->len, NULL));
    fd = gs_log_file_open(f->dir, "app.log");
    gs_log_file_tail(fd, f->dir, "app.log", 1000000000, text);
    close(fd);
    assert_in_range(text->len, GS_LOG_TAIL_MAX - 100, GS_LOG_TAIL_MAX);
    assert_true(g_str_has_prefix(text->str, "line "));
    assert_true(g_str_has_suffix(large->str, text->str));
}

/* Nothing but files: the folder's owner may have put there what he likes. */
static void test_no_files(void **state)
{
    const struct folder *f = *state;

    assert_int_equal(gs_log_file_open(f->dir, "app.log"), -ENOENT);
    assert_int_equal(symlink("/etc/passwd", f->log), 0);
    assert_int_equal(gs_log_file_open(f->dir, "app.log"), -ELOOP);
    assert_int_equal(g_unlink(f->log), 0);
    assert_int_equal(mkfifo(f->log, 0600), 0);
    assert_int_equal(gs_log_file_open(f->dir, "app.log"), -ENOENT);
}

static void test_rotated(void **state)
{
    const struct folder *f = *state;
    int fd;

    assert_true(g_file_set_contents(f->log, "one\n", -1, NULL));
    fd = gs_log_file_open(f->dir, "app.log");
    assert_false(gs_log_file_rotated(fd, f->dir, "app.log"));
    assert_int_equal(g_rename(f->log, f->rotated), 0);
    assert_false(gs_log_file_rotated(fd, f->dir, "app.log"));
    assert_true(g_file_set_contents(f->log, "two\n", -1, NULL));
    assert_true(gs_log_file_rotated(fd, f->dir, "app.log"));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lines_before_the_rotation, setup, teardown),
        cmocka_unit_test_setup_teardown(test_large, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rotated, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
