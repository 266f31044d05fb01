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
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/integration/keeper_rig.h"

/* What worker and application print, in files; and what happens when they can't be written. */

#define LOG_SIZE 8192

static struct keeper_rig rig;

static bool has_chatted(struct keeper_rig *r)
{
    return r->n_stats >= 3;
}

static void chat(void)
{
    struct gs_worker_set set = GS_WORKER_SET_NONE;

    set.fps = 30;
    rig.n_stats = 0;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(gs_worker_send_set(rig.worker, &set), 0);
    keeper_rig_wait_for(has_chatted, &rig);
}

static void stop(void)
{
    gs_worker_stop(rig.worker);
    keeper_rig_wait(&rig.gone);
    assert_null(rig.why);
}

static void init(const char *mode)
{
    keeper_rig_init(&rig, mode);
    rig.keeper.log_size = LOG_SIZE;
}

static off_t size_of(const char *name)
{
    g_autofree char *path = g_build_filename(rig.keeper.log_dir, name, NULL);
    struct stat st;

    return stat(path, &st) == 0 ? st.st_size : -1;
}

/* "application 17" follows "application 16", through all files. */
static void assert_numbered(const char *text, const char *who, int *ret_next)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *form = g_strconcat(who, " %d", NULL);
    int n;

    for (char **line = lines; *line; line++) {
        if (!g_str_has_prefix(*line, who))
            continue;
        assert_int_equal(sscanf(*line + strlen(who), " %d", &n), 1);
        if (*ret_next >= 0)
            assert_int_equal(n, *ret_next);
        *ret_next = n + 1;
    }
}

static void assert_rotated(const char *name, const char *who)
{
    g_autofree char *oldest = g_strconcat(name, ".2", NULL);
    g_autofree char *older = g_strconcat(name, ".1", NULL);
    g_autofree char *none = g_strconcat(name, ".3", NULL);
    const char *const files[] = {oldest, older, name};
    int next = -1;

    for (size_t i = 0; i < GS_ARRAY_SIZE(files); i++) {
        g_autofree char *text = keeper_rig_log(&rig, files[i]);

        assert_true(size_of(files[i]) > 0);
        assert_true(size_of(files[i]) <= LOG_SIZE);
        assert_numbered(text, who, &next);
    }
    assert_int_equal(size_of(none), -1);
    assert_true(next >= 3000);
}

static void test_logs_rotate(void **state)
{
    (void)state;
    init("chatty");
    keeper_rig_start(&rig);
    chat();
    stop();
    assert_rotated("worker.log", "worker");
    assert_rotated("app.log", "application");
    keeper_rig_finish(&rig);
}

/* One file is enough for the disk to be bounded. */
static void test_one_file(void **state)
{
    (void)state;
    init("chatty");
    rig.keeper.log_files = 1;
    keeper_rig_start(&rig);
    chat();
    stop();
    assert_in_range(size_of("app.log"), 1, LOG_SIZE);
    assert_int_equal(size_of("app.log.1"), -1);
    keeper_rig_finish(&rig);
}

static void test_lines_are_made_safe(void **state)
{
    g_autofree char *log = NULL;
    g_auto(GStrv) lines = NULL;

    (void)state;
    init("chatty");
    rig.keeper.log_size = 1 << 24;
    keeper_rig_start(&rig);
    chat();
    stop();
    log = keeper_rig_log(&rig, "app.log");
    lines = g_strsplit(log, "\n", -1);
    assert_string_equal(lines[0], "a?[31mb?");
    assert_int_equal(strlen(lines[1]), 4095);
    assert_int_equal(strlen(lines[2]), 4095);
    assert_true(g_str_has_prefix(lines[3], "xxx"));
    assert_true(g_str_has_suffix(lines[3], "xapplication 0"));
    assert_string_equal(lines[4], "application 1");
    keeper_rig_finish(&rig);
}

static bool application_said(struct keeper_rig *r)
{
    g_autofree char *log = keeper_rig_log(r, "app.log");

    g_usleep(1000);
    g_main_context_wakeup(NULL);
    return r->gone || strstr(log, "to standard error") != NULL;
}

/* The real worker, with an application that prints. */
static void test_output_of_an_application(void **state)
{
    char *argv[] = {"sh", "-c",
                    "echo to standard output; echo to standard error >&2; exec sleep 1000", NULL};
    g_autofree char *program = g_build_filename(g_getenv("GS_BIN_DIR"), "gpushare-session", NULL);
    g_autofree char *app_log = NULL;
    g_autofree char *worker_log = NULL;

    (void)state;
    init("echo");
    g_strlcpy(rig.keeper.program, program, sizeof(rig.keeper.program));
    rig.keeper.stop_ms = 20000;
    rig.config.argv = argv;
    rig.foreign = true;
    keeper_rig_start(&rig);
    keeper_rig_wait_for(application_said, &rig);
    stop();
    app_log = keeper_rig_log(&rig, "app.log");
    worker_log = keeper_rig_log(&rig, "worker.log");
    assert_string_equal(app_log, "to standard output\nto standard error\n");
    assert_non_null(strstr(worker_log, "gpushare-session session=kept"));
    keeper_rig_finish(&rig);
}

/* Whoever reads the keeper's standard error may stop to do so, or go. */
static void with_stderr(bool closed)
{
    int fds[2], old = dup(STDERR_FILENO);
    g_autofree char *log = NULL;

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    dup2(fds[1], STDERR_FILENO);
    close(fds[1]);
    if (closed)
        close(fds[0]);
    init("chatty");
    keeper_rig_start(&rig);
    dup2(old, STDERR_FILENO);
    close(old);
    chat();
    stop();
    log = keeper_rig_log(&rig, "worker.log");
    assert_non_null(strstr(log, "worker 2999"));
    if (!closed)
        close(fds[0]);
    keeper_rig_finish(&rig);
}

static void test_stderr_gone(void **state)
{
    (void)state;
    with_stderr(true);
}

static void test_stderr_full(void **state)
{
    (void)state;
    with_stderr(false);
}

static char *said_on_stderr(int fd)
{
    char text[65536];
    ssize_t n = read(fd, text, sizeof(text) - 1);

    text[n > 0 ? n : 0] = '\0';
    return g_strdup(text);
}

static unsigned occurrences(const char *text, const char *what)
{
    unsigned n = 0;

    for (; (text = strstr(text, what)); text += strlen(what))
        n++;
    return n;
}

/* The file that does it. */
static char *fill_disk(void)
{
    g_autofree char *path = g_build_filename(rig.keeper.log_dir, "filler", NULL);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    for (unsigned i = 0; i < 1 << 20; i++)
        fputc('f', f);
    fclose(f);
    return g_steal_pointer(&path);
}

/* A disk that is full, and then is not. */
static void test_disk_full(void **state)
{
    g_autofree char *filler = NULL;
    g_autofree char *said = NULL;
    g_autofree char *log = NULL;
    g_autofree char *worker_log = NULL;
    int fds[2], old = dup(STDERR_FILENO);

    (void)state;
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
        print_message("no file system of our own can be mounted: %s\n", strerror(errno));
        close(old);
        skip();
    }
    init("chatty");
    rig.keeper.exit_path[0] = '\0';
    g_mkdir(rig.keeper.log_dir, 0700);
    assert_int_equal(mount("none", rig.keeper.log_dir, "tmpfs", 0, "size=256k"), 0);
    filler = fill_disk();
    assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    dup2(fds[1], STDERR_FILENO);
    keeper_rig_start(&rig);
    dup2(old, STDERR_FILENO);
    close(fds[1]);
    close(old);
    chat();
    g_unlink(filler);
    chat();
    stop();
    log = keeper_rig_log(&rig, "app.log");
    assert_non_null(strstr(log, "application 5999"));
    said = said_on_stderr(fds[0]);
    assert_int_equal(occurrences(said, "app.log: No space left on device"), 1);
    close(fds[0]);
    worker_log = keeper_rig_log(&rig, "worker.log");
    assert_non_null(strstr(worker_log, "worker 5999"));
    umount2(rig.keeper.log_dir, MNT_DETACH);
    keeper_rig_finish(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logs_rotate),         cmocka_unit_test(test_one_file),
        cmocka_unit_test(test_lines_are_made_safe), cmocka_unit_test(test_output_of_an_application),
        cmocka_unit_test(test_stderr_gone),         cmocka_unit_test(test_stderr_full),
        cmocka_unit_test(test_disk_full),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
