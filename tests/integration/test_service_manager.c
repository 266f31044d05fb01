/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/free_port.h"
#include "tests/support/process.h"

/* gpushare-host serve below something that behaves as systemd does for a service of Type=notify
 * with a socket unit and WatchdogSec=. */

#define PATIENCE_S 20

static char *dir, *config, *control, *notify;
static int told, listening; /* the manager's ends */
static pid_t daemon_pid;

static int bind_to(const char *path, int type)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static int setup(void **state)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    g_autofree char *worker = g_build_filename(g_getenv("GS_BIN_DIR"), "gs-fake-worker", NULL);
    g_autofree char *run = NULL, *text = NULL;

    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    g_setenv("GPUSHARE_SESSION", worker, TRUE);
    g_unsetenv("GPUSHARE_LOG");
    dir = g_dir_make_tmp("gs-manager-XXXXXX", NULL);
    run = g_build_filename(dir, "run", NULL);
    config = g_build_filename(dir, "host.conf", NULL);
    control = g_build_filename(run, "control.sock", NULL);
    notify = g_build_filename(dir, "notify", NULL);
    text = g_strdup_printf("[server]\nstate-dir = %s/state\nruntime-dir = %s\nlog-dir = %s/log\n"
                           "[network]\nlisten = 127.0.0.1\nport = %u\n",
                           dir, run, dir, free_port(SOCK_STREAM));
    assert_true(g_file_set_contents(config, text, -1, NULL));
    assert_int_equal(g_mkdir(run, geteuid() == 0 ? 0755 : 0700), 0);
    told = bind_to(notify, SOCK_DGRAM);
    setsockopt(told, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    listening = bind_to(control, SOCK_STREAM);
    assert_int_equal(listen(listening, 100), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (daemon_pid > 0) { /* something was wrong */
        kill(daemon_pid, SIGKILL);
        waitpid(daemon_pid, NULL, 0);
        daemon_pid = 0;
    }
    close(told);
    close(listening);
    gs_process_remove_dir(dir);
    g_free(dir);
    g_free(config);
    g_free(control);
    g_free(notify);
    return 0;
}

/* Between fork and exec, as a manager does. */
static void become_service(const char *program)
{
    g_autofree char *self = g_strdup_printf("%d", (int)getpid());
    int spare = fcntl(listening, F_DUPFD_CLOEXEC, 20);

    if (dup2(spare, 3) != 3)
        _exit(126);
    g_setenv("LISTEN_PID", self, TRUE);
    g_setenv("LISTEN_FDS", "1", TRUE);
    g_setenv("LISTEN_FDNAMES", "control", TRUE);
    g_setenv("NOTIFY_SOCKET", notify, TRUE);
    g_setenv("WATCHDOG_PID", self, TRUE);
    g_setenv("WATCHDOG_USEC", "500000", TRUE);
    execl(program, program, "serve", "--config", config, (char *)NULL);
    _exit(127);
}

static void start(void)
{
    g_autofree char *program = g_build_filename(g_getenv("GS_BIN_DIR"), "gpushare-host", NULL);

    daemon_pid = fork();
    if (daemon_pid == 0)
        become_service(program);
    assert_true(daemon_pid > 0);
}

/* The next message but for the watchdog's, and but for status where another is expected. */
static void hears(const char *wanted)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_S * G_USEC_PER_SEC;
    char got[512];
    ssize_t n;

    do {
        n = recv(told, got, sizeof(got) - 1, 0);
        if (n < 0 || g_get_monotonic_time() > until)
            fail_msg("nobody said %s", wanted);
        got[n] = '\0';
    } while (!g_str_has_prefix(got, wanted) &&
             (strcmp(got, "WATCHDOG=1") == 0 || g_str_has_prefix(got, "STATUS=")));
    if (!g_str_has_prefix(got, wanted))
        fail_msg("it said '%s', not '%s'", got, wanted);
}

static void ends(int sig)
{
    int status;

    kill(daemon_pid, sig);
    hears("STOPPING=1");
    assert_int_equal(waitpid(daemon_pid, &status, 0), daemon_pid);
    daemon_pid = 0;
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static char *ask(const char *words)
{
    g_autofree char *line =
        g_strdup_printf("%s/gpushare-host session %s --socket %s%s", g_getenv("GS_BIN_DIR"), words,
                        control, g_str_has_prefix(words, "create") ? " -- true open" : "");
    char *out = NULL;
    int status;

    assert_true(g_spawn_command_line_sync(line, &out, NULL, &status, NULL));
    assert_int_equal(status, 0);
    return out;
}

static void test_is_told(void **state)
{
    (void)state;
    start();
    hears("READY=1");
    hears("STATUS=0 sessions, 0 clients, port ");
    for (int i = 0; i < 3; i++)
        hears("WATCHDOG=1");
    kill(daemon_pid, SIGHUP);
    hears("RELOADING=1\nMONOTONIC_USEC=");
    hears("READY=1");
    hears("WATCHDOG=1");
    ends(SIGTERM);
}

/* A configuration that is wrong leaves the service as it was. */
static void test_reload_refused(void **state)
{
    (void)state;
    start();
    hears("READY=1");
    assert_true(g_file_set_contents(config, "[server]\ncolour = blue\n", -1, NULL));
    kill(daemon_pid, SIGHUP);
    hears("RELOADING=1");
    hears("READY=1");
    ends(SIGTERM);
}

/* What is in the environment of the worker's keeper. */
static void assert_not_inherited(void)
{
    g_autofree char *children = NULL, *path = NULL, *environ_path = NULL, *text = NULL;
    gsize size;

    path = g_strdup_printf("/proc/%d/task/%d/children", (int)daemon_pid, (int)daemon_pid);
    assert_true(g_file_get_contents(path, &children, NULL, NULL));
    assert_true(atoi(children) > 1);
    environ_path = g_strdup_printf("/proc/%d/environ", atoi(children));
    assert_true(g_file_get_contents(environ_path, &text, &size, NULL));
    for (const char *entry = text; entry < text + size; entry += strlen(entry) + 1) {
        assert_false(g_str_has_prefix(entry, "NOTIFY_SOCKET="));
        assert_false(g_str_has_prefix(entry, "LISTEN_"));
        assert_false(g_str_has_prefix(entry, "WATCHDOG_"));
    }
}

/* Whoever asks while the daemon is away waits in the manager's socket. */
static void test_socket_outlives_the_daemon(void **state)
{
    (void)state;
    start();
    hears("READY=1");
    g_free(ask("create one"));
    hears("STATUS=1 sessions");
    assert_not_inherited();
    ends(SIGTERM);
    assert_int_equal(access(control, F_OK), 0);
    start();
    hears("READY=1");
    g_free(ask("close one"));
    ends(SIGINT);
    assert_int_equal(access(control, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reload_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_socket_outlives_the_daemon, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
