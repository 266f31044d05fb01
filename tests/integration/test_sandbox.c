/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What applications see and can do in their sandboxes, told by themselves: scripts of the shell,
 * run as sessions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/need.h"
#include "tests/support/session_run.h"

static struct gs_session_run run;

static bool can_sandbox(void)
{
    const char *const argv[] = {"bwrap", "--unshare-user", "--ro-bind", "/", "/", "true", NULL};
    struct gs_process p = {0};
    bool can =
        gs_process_start(argv, NULL, &p) == 0 && gs_process_wait(&p, GS_PROCESS_DEADLINE_MS) == 0;

    gs_process_finish(&p);
    return can;
}

static void start(const char *kind, const char *script, const char *const *env)
{
    const char *const options[] = {"--sandbox", kind, NULL};
    const char *const argv[] = {"sh", "-c", script, NULL};

    assert_int_equal(gs_session_run_start_env(options, argv, env, &run), 0);
}

static int teardown(void **state)
{
    (void)state;
    gs_session_run_finish(&run);
    return 0;
}

/* Runs the script to its end; what it and the host said, for g_free. */
static char *said(const char *kind, const char *script, const char *const *env, int status)
{
    char *text;

    start(kind, script, env);
    assert_int_equal(gs_session_run_wait(&run), status);
    text = gs_process_stderr(&run.host);
    return text;
}

static void assert_says(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fprintf(stderr, "%s", text); /* cmocka cuts long messages */
        fail_msg("'%s' is not in what it said", part);
    }
}

static void assert_silent(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("'%s' is in: %s", part, text);
}

/* Sees its user's files, but neither our /tmp nor our processes; has a screen and nothing more to
 * gain. */
static void test_standard(void **state)
{
    g_autofree char *mine = g_strdup_printf("/tmp/gs-mine-%d", (int)getpid());
    g_autofree char *env_mine = g_strconcat("MINE=", mine, NULL);
    g_autofree char *env_pid = g_strdup_printf("OTHER=%d", (int)getpid());
    const char *const env[] = {env_mine, env_pid, NULL};
    g_autofree char *text = NULL;

    (void)state;
    assert_true(g_file_set_contents(mine, "x", 1, NULL));
    text = said("standard",
                "test -e $MINE && echo sees-tmp; echo y >/tmp/own && echo own-tmp; "
                "test -e /proc/$OTHER/environ && echo sees-processes; "
                "test -S $XDG_RUNTIME_DIR/wayland-0 && echo has-screen; "
                "test -r /etc/passwd && test -d /var && echo sees-files; "
                "ls /run; grep -E 'CapEff|NoNewPrivs|Seccomp:' /proc/self/status | tr -d '\\t'",
                env, 0);
    g_remove(mine);
    assert_silent(text, "sees-tmp");
    assert_silent(text, "sees-processes");
    assert_says(text, "own-tmp");
    assert_says(text, "has-screen");
    assert_says(text, "sees-files");
    assert_says(text, "CapEff:0000000000000000");
    assert_says(text, "NoNewPrivs:1");
    assert_says(text, "Seccomp:2");
}

static void test_strict(void **state)
{
    g_autofree char *text = NULL;

    (void)state;
    text = said("strict",
                "test -S $XDG_RUNTIME_DIR/wayland-0 && echo has-screen; "
                "ls -A $HOME | grep -q . && echo sees-home; touch $HOME/x && echo writes-home; "
                "touch /usr/x 2>/dev/null && echo writes-usr; test -e /var/log && echo sees-var; "
                "awk 'NR > 2 && $1 != \"lo:\" {print \"sees-network\"}' "
                "/proc/net/dev; unshare -U true 2>/dev/null && echo makes-namespaces; exit 0",
                NULL, 0);
    assert_says(text, "has-screen");
    assert_says(text, "writes-home");
    assert_silent(text, "sees-home");
    assert_silent(text, "writes-usr");
    assert_silent(text, "sees-var");
    assert_silent(text, "sees-network");
    assert_silent(text, "makes-namespaces");
}

static void test_without(void **state)
{
    g_autofree char *mine = g_strdup_printf("/tmp/gs-mine-%d", (int)getpid());
    g_autofree char *env_mine = g_strconcat("MINE=", mine, NULL);
    const char *const env[] = {env_mine, NULL};
    g_autofree char *text = NULL;

    (void)state;
    assert_true(g_file_set_contents(mine, "x", 1, NULL));
    text =
        said("none", "test -e $MINE && echo sees-tmp; grep NoNewPrivs /proc/self/status", env, 0);
    g_remove(mine);
    assert_says(text, "sees-tmp");
    assert_says(text, "NoNewPrivs:\t0");
}

/* The worker itself has given up what it does not need. */
static void test_worker_is_hardened(void **state)
{
    g_autofree char *path = NULL, *status = NULL;
    pid_t worker;

    (void)state;
    start("standard", "sleep 1000", NULL);
    worker = gs_process_find_marked(run.mark, "gpushare-session");
    assert_true(worker > 0);
    path = g_strdup_printf("/proc/%d/status", (int)worker);
    assert_true(g_file_get_contents(path, &status, NULL, NULL));
    assert_says(status, "NoNewPrivs:\t1");
    assert_says(status, "Seccomp:\t2");
    assert_says(status, getuid() == 0 ? "CapEff:\t0000000080000000" : "CapEff:\t0000000000000000");
    assert_int_equal(gs_session_run_stop(&run), 0);
}

static void test_how_it_ends(void **state)
{
    g_autofree char *failed = NULL, *killed = NULL, *left = NULL;

    (void)state;
    failed = said("standard", "exit 7", NULL, 1);
    assert_says(failed, "sh exited with status 7");
    gs_session_run_finish(&run);
    killed = said("standard", "kill -SEGV $$", NULL, 1);
    assert_says(killed, "sh was killed by SIGSEGV");
    gs_session_run_finish(&run);
    /* What it leaves in the background goes with the session. */
    left = said("standard", "sleep 1000 & setsid sleep 1000 & exit 0", NULL, 0);
    assert_says(left, "sh exited");
}

/* It hears SIGTERM before anything is killed. */
static void test_it_can_clean_up(void **state)
{
    g_autofree char *text = NULL;

    (void)state;
    start("standard",
          "trap 'echo cleaned-up; exit 0' TERM; echo set-up; while :; do sleep 1000 & wait; done",
          NULL);
    assert_true(gs_process_wait_stderr(&run.host, "set-up", GS_PROCESS_DEADLINE_MS));
    assert_int_equal(gs_session_run_stop(&run), 0);
    text = gs_process_stderr(&run.host);
    assert_says(text, "cleaned-up");
}

static void test_killed_worker_leaves_nothing(void **state)
{
    pid_t worker;

    (void)state;
    start("standard", "echo set-up; setsid sleep 1000 & sleep 1000", NULL);
    assert_true(gs_process_wait_stderr(&run.host, "set-up", GS_PROCESS_DEADLINE_MS));
    worker = gs_process_find_marked(run.mark, "gpushare-session");
    assert_int_equal(kill(worker, SIGKILL), 0);
    assert_int_equal(gs_session_run_wait(&run), 1);
}

/* Fails as any program that is not there. */
static void refused(const char *kind, const char *app, const char *path, const char *says)
{
    g_autofree char *host = gs_program_path("gpushare-host");
    g_autofree char *env_path = g_strconcat("PATH=", path, NULL);
    const char *const argv[] = {host, "run", "--port", "0", "--sandbox", kind, "--", app, NULL};
    const char *const env[] = {env_path, NULL};
    struct gs_process p = {0};
    g_autofree char *text = NULL;

    assert_int_equal(gs_process_start(argv, env, &p), 0);
    assert_int_equal(gs_process_wait(&p, GS_PROCESS_DEADLINE_MS), 1);
    text = gs_process_stderr(&p);
    gs_process_finish(&p);
    assert_says(text, says);
}

static void test_refusals_tell_what_to_do(void **state)
{
    g_autofree char *dir = g_dir_make_tmp("gs-path-XXXXXX", NULL);
    g_autofree char *sleep_path = g_find_program_in_path("sleep");
    g_autofree char *link_path = g_build_filename(dir, "sleep", NULL);
    g_autofree char *bwrap = g_build_filename(dir, "bwrap", NULL);
    g_autofree char *script = g_build_filename(dir, "script", NULL);

    (void)state;
    assert_int_equal(symlink(sleep_path, link_path), 0);
    refused("standard", "sleep", dir, "bwrap is not installed (package bubblewrap)");
    assert_true(g_file_set_contents(bwrap, "#!/bin/sh\nexit 1\n", -1, NULL));
    assert_int_equal(g_chmod(bwrap, 0755), 0);
    refused("strict", "sleep", dir, "the application's sandbox could not be set up: bwrap failed");
    g_remove(bwrap);
    assert_true(g_file_set_contents(script, "#!/nonexistent/shell\n", -1, NULL));
    assert_int_equal(g_chmod(script, 0755), 0);
    refused("standard", script, g_getenv("PATH"), "No such file or directory");
    g_remove(script);
    g_remove(link_path);
    g_rmdir(dir);
}

/* X11 clients come through the file that only their session has; the abstract name, which is in
 * reach of others, is shut but taken. */
static void test_x11_is_private(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *text = NULL;
    const char *line;
    int display, fd, len;

    (void)state;
    NEED("xdpyinfo");
    start("standard", "xdpyinfo >/dev/null && echo shown-on $DISPLAY; sleep 1000", NULL);
    assert_true(gs_process_wait_stderr(&run.host, "shown-on :", GS_PROCESS_DEADLINE_MS));
    text = gs_process_stderr(&run.host);
    line = strstr(text, "shown-on :");
    display = atoi(line + strlen("shown-on :"));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    len = g_snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "/tmp/.X11-unix/X%d",
                     display);
    assert_int_equal(connect(fd, (struct sockaddr *)&address,
                             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)),
                     -1);
    assert_int_equal(errno, ECONNREFUSED);
    assert_int_equal(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len)),
                     -1);
    assert_int_equal(errno, EADDRINUSE);
    close(fd);
    assert_int_equal(gs_session_run_stop(&run), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_standard, teardown),
        cmocka_unit_test_teardown(test_strict, teardown),
        cmocka_unit_test_teardown(test_without, teardown),
        cmocka_unit_test_teardown(test_worker_is_hardened, teardown),
        cmocka_unit_test_teardown(test_how_it_ends, teardown),
        cmocka_unit_test_teardown(test_it_can_clean_up, teardown),
        cmocka_unit_test_teardown(test_killed_worker_leaves_nothing, teardown),
        cmocka_unit_test_teardown(test_refusals_tell_what_to_do, teardown),
        cmocka_unit_test_teardown(test_x11_is_private, teardown),
    };

    if (!can_sandbox()) {
        print_message("bwrap cannot make user namespaces here\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
