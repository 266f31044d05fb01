/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/control_client.h"
#include "tests/support/free_port.h"

/* The daemon as a program: how it starts, is told things, and ends. */

#define PATIENCE_US (20 * G_USEC_PER_SEC)

static char *dir, *config, *err_file, *sock;
static uint16_t port;
static pid_t daemon_pid;

/* ---- the daemon ---- */

static void write_config(const char *more)
{
    g_autofree char *text =
        g_strdup_printf("[server]\nstate-dir = %s/state\nruntime-dir = %s/run\nlog-dir = %s/log\n"
                        "[network]\nlisten = 127.0.0.1\nport = %u\n%s",
                        dir, dir, dir, port, more);

    assert_true(g_file_set_contents(config, text, -1, NULL));
}

static int setup(void **state)
{
    g_autofree char *worker = g_build_filename(g_getenv("GS_BIN_DIR"), "gs-fake-worker", NULL);

    (void)state;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    g_setenv("GPUSHARE_SESSION", worker, TRUE);
    g_unsetenv("GPUSHARE_LOG");
    dir = g_dir_make_tmp("gs-serve-XXXXXX", NULL);
    config = g_build_filename(dir, "host.conf", NULL);
    err_file = g_build_filename(dir, "err", NULL);
    sock = g_build_filename(dir, "run", "control.sock", NULL);
    port = free_port(SOCK_STREAM);
    write_config("");
    return 0;
}

static char *read_err(void)
{
    char *text = NULL;

    return g_file_get_contents(err_file, &text, NULL, NULL) ? text : g_strdup("");
}

static int teardown(void **state)
{
    g_autofree char *command = g_strdup_printf("rm -rf '%s'", dir);
    gint64 until = g_get_monotonic_time() + PATIENCE_US;

    (void)state;
    while (waitpid(-1, NULL, WNOHANG) >= 0 && g_get_monotonic_time() < until)
        g_usleep(2000);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
    assert_int_equal(system(command), 0);
    g_free(dir);
    g_free(config);
    g_free(err_file);
    g_free(sock);
    return 0;
}

static pid_t spawn(const char *options)
{
    g_autofree char *line = g_strdup_printf("%s/gpushare-host serve --config %s %s",
                                            g_getenv("GS_BIN_DIR"), config, options);
    g_auto(GStrv) argv = g_strsplit(g_strchomp(line), " ", -1);
    int err = open(err_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    pid_t pid;

    assert_true(g_spawn_async_with_pipes_and_fds(NULL, (const char *const *)argv, NULL,
                                                 G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, -1, err,
                                                 err, NULL, NULL, 0, &pid, NULL, NULL, NULL, NULL));
    close(err);
    return pid;
}

static void wait_said(const char *what)
{
    gint64 until = g_get_monotonic_time() + PATIENCE_US;

    for (;;) {
        g_autofree char *text = read_err();

        if (strstr(text, what))
            return;
        if (g_get_monotonic_time() > until)
            fail_msg("it does not say '%s' but: %s", what, text);
        g_usleep(2000);
    }
}

static void serve(const char *options)
{
    daemon_pid = spawn(options);
    wait_said("ready: clients come in");
}

static int ended(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- its users ---- */

/* gpushare-host with these words, and behind them a command; its standard output, for g_free. */
static char *run(const char *words, const char *command, int expected)
{
    g_autofree char *line = g_strdup_printf("%s/gpushare-host %s --socket %s %s",
                                            g_getenv("GS_BIN_DIR"), words, sock, command);
    g_autofree char *err = NULL;
    char *out = NULL;
    int status;

    assert_true(g_spawn_command_line_sync(line, &out, &err, &status, NULL));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
        fail_msg("%s ended with %d and said: %s", line, WEXITSTATUS(status), err);
    return out;
}

static void create(const char *name)
{
    g_autofree char *words = g_strdup_printf("session create %s", name);

    g_free(run(words, "-- true open", 0));
}

static struct gs_url ticket(const char *name)
{
    g_autofree char *words = g_strdup_printf("session ticket %s", name);
    g_autofree char *out = run(words, "", 0);
    const char *text = strstr(out, "gpushare://"), *why;
    struct gs_url url;

    assert_non_null(text);
    g_strchomp(out);
    assert_int_equal(gs_url_parse(text, &url, &why), 0);
    return url;
}

static struct control_client *enter(const struct gs_url *url)
{
    struct control_client *c = control_client_open(url);

    assert_non_null(c);
    control_client_hello(c, url->session, url->ticket);
    assert_int_equal(control_client_next(c, NULL), GS_MSG_WELCOME);
    return c;
}

static json_int_t number(const char *name, const char *key)
{
    g_autofree char *words = g_strdup_printf("session show %s --json", name);
    g_autofree char *out = run(words, "", 0);
    json_t *root = json_loads(out, 0, NULL), *session = json_object_get(root, "session");
    json_int_t n = json_integer_value(json_object_get(session ? session : root, key));

    json_decref(root);
    if (n == 0)
        fail_msg("there is no %s in: %s", key, out);
    return n;
}

static bool has_session(const char *name)
{
    g_autofree char *out = run("session list", "", 0);

    return strstr(out, name) != NULL;
}

static void close_session(const char *name)
{
    g_autofree char *words = g_strdup_printf("session close %s", name);

    g_free(run(words, "", 0));
}

/* ---- starting ---- */

static void fails(const char *options, int status, const char *says)
{
    g_autofree char *text = NULL;

    assert_int_equal(ended(spawn(options)), status);
    text = read_err();
    if (!strstr(text, says))
        fail_msg("it says '%s', not '%s'", text, says);
}

static void test_start_refused(void **state)
{
    g_autofree char *pem = g_build_filename(dir, "own.pem", NULL);
    g_autofree char *own = g_strdup_printf("certificate = %s\nkey = %s\n", pem, pem);

    (void)state;
    fails("--nonsense", 2, "--nonsense");
    fails("something", 2, "something");
    write_config("colour = blue\n");
    fails("", 1, "host.conf:8: ");
    write_config(own);
    fails("", 1, "own.pem");
    assert_true(g_file_set_contents(pem, "no certificate", -1, NULL));
    fails("", 1, "own.pem");
    write_config("[server]\n");
    fails("--print-config", 0, "[session]");
}

static void test_second_daemon(void **state)
{
    g_autofree char *elsewhere = NULL;
    g_autofree char *text = NULL;
    pid_t first;

    (void)state;
    serve("");
    first = daemon_pid;
    fails("", 1, "another daemon");
    elsewhere = g_strdup_printf("[server]\nstate-dir = %s/state2\nruntime-dir = %s/run2\n"
                                "log-dir = %s/log2\n[network]\nlisten = 127.0.0.1\nport = %u\n",
                                dir, dir, dir, port);
    assert_true(g_file_set_contents(config, elsewhere, -1, NULL));
    fails("", 1, "in use");
    assert_false(has_session("none"));
    kill(first, SIGTERM);
    assert_int_equal(ended(first), 0);
}

/* ---- while it runs ---- */

static void test_reload(void **state)
{
    (void)state;
    serve("");
    create("one");
    write_config("[limits]\nsessions = many\n");
    kill(daemon_pid, SIGHUP);
    wait_said("host.conf:9: ");
    wait_said("the one before stays");
    create("two");
    write_config("[limits]\nsessions-per-user = 2\n");
    kill(daemon_pid, SIGHUP);
    wait_said("the configuration was read again");
    g_free(run("session create three", "-- true open", 3));
    write_config("udp-ports = 50000-50010\n");
    kill(daemon_pid, SIGHUP);
    wait_said("udp-ports");
    kill(daemon_pid, SIGINT);
    assert_int_equal(ended(daemon_pid), 0);
}

/* ---- the end, and the next one ---- */

static void test_killed_and_started_again(void **state)
{
    struct control_client *c, *again;
    struct gs_url url;
    json_int_t worker;

    (void)state;
    serve("");
    create("one");
    url = ticket("one");
    c = enter(&url);
    worker = number("one", "keeper");
    for (int i = 0; i < 3; i++) {
        kill(daemon_pid, i == 0 ? SIGKILL : SIGTERM);
        assert_int_equal(ended(daemon_pid), i == 0 ? 128 + SIGKILL : 0);
        serve("");
        again = enter(&url);
        assert_int_equal(number("one", "keeper"), worker);
        control_client_close(again);
    }
    control_client_close(c);
    close_session("one");
    kill(daemon_pid, SIGTERM);
    assert_int_equal(ended(daemon_pid), 0);
}

static void ends_sessions(const char *options, int sig)
{
    struct control_client *c;
    struct gs_url url;
    struct gs_bye bye;

    serve(options);
    create("one");
    url = ticket("one");
    c = enter(&url);
    kill(daemon_pid, sig);
    assert_true(control_client_next_bye(c, GS_MSG_BYE, &bye));
    assert_int_equal(bye.status, 0);
    control_client_close(c);
    assert_int_equal(ended(daemon_pid), 0);
    serve("");
    assert_false(has_session("one"));
    kill(daemon_pid, SIGTERM);
    assert_int_equal(ended(daemon_pid), 0);
}

static void test_interrupted(void **state)
{
    (void)state;
    ends_sessions("", SIGINT);
}

static void test_close_sessions(void **state)
{
    (void)state;
    ends_sessions("--close-sessions", SIGTERM);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_start_refused), TEST(test_second_daemon),
        TEST(test_reload),        TEST(test_killed_and_started_again),
        TEST(test_interrupted),   TEST(test_close_sessions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
