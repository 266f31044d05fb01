/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <gio/gio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/integration/host_process.h"
#include "tests/support/control_client.h"

/* The life of a session in the foreground: how it begins, all the ways in which it ends, and that
 * nothing is left of it. */

#define RUN "run --listen 127.0.0.1 --port 0 "

static struct host_process host;

static struct control_client *enter(void)
{
    struct control_client *c = control_client_open(&host.url);

    assert_non_null(c);
    control_client_hello(c, host.url.session, host.url.ticket);
    return c;
}

static void assert_last_word(struct control_client *c, int status, const char *says)
{
    struct gs_bye bye;

    assert_true(control_client_next_bye(c, GS_MSG_BYE, &bye));
    assert_int_equal(bye.status, status);
    if (!strstr(bye.reason, says))
        fail_msg("it says '%s', not '%s'", bye.reason, says);
    assert_true(control_client_wait_closed(c));
    control_client_close(c);
}

/* The host has ended by itself with this status, and said this. */
static void assert_ended(int status, const char *says)
{
    int got = host_process_wait(&host);
    g_autofree char *err = host_process_read(host.err);

    if (got != status || !strstr(err, says))
        fail_msg("status %d (wanted %d), it said: %s", got, status, err);
    host_process_finish(&host);
}

static unsigned lines(const char *text)
{
    unsigned n = 0;

    while ((text = strchr(text, '\n'))) {
        text++;
        n++;
    }
    return n;
}

static void end_by(int sig)
{
    g_autofree char *out = NULL;
    struct control_client *c;

    host_process_start(&host, RUN "-- true echo");
    host_process_wait_ready(&host);
    c = enter();
    assert_int_equal(control_client_next(c, NULL), GS_MSG_WELCOME);
    kill(host.pid, sig);
    assert_last_word(c, 0, "ended on its host");
    assert_int_equal(host_process_wait(&host), 0);
    out = host_process_read(host.out);
    assert_int_equal(lines(out), 1);
    host_process_finish(&host);
}

static void test_signal_ends_in_order(void **state)
{
    (void)state;
    end_by(SIGTERM);
    end_by(SIGINT);
    end_by(SIGHUP);
}

static void test_signal_kills_a_deaf_worker(void **state)
{
    (void)state;
    host_process_start(&host, RUN "-- true deaf");
    host_process_wait_ready(&host);
    kill(host.pid, SIGTERM);
    kill(host.pid, SIGINT); /* the second one does not wait */
    assert_int_equal(host_process_wait(&host), 0);
    host_process_finish(&host);
}

static void test_url_and_advertise(void **state)
{
    (void)state;
    host_process_start(&host, RUN "--advertise a.example --session mine -- true echo");
    host_process_wait_ready(&host);
    assert_string_equal(host.url.host, "a.example");
    assert_string_equal(host.url.session, "mine");
    kill(host.pid, SIGTERM);
    assert_ended(0, "");
    host_process_start(&host, "run --port 0 -- true echo");
    host_process_wait_ready(&host);
    assert_string_not_equal(host.url.host, "");
    assert_string_equal(host.url.session, "true");
    kill(host.pid, SIGTERM);
    assert_ended(0, "");
}

static GSocket *take_port(uint16_t wanted, uint16_t *got)
{
    g_autoptr(GSocketAddress) address = g_inet_socket_address_new_from_string("127.0.0.1", wanted);
    g_autoptr(GSocketAddress) local = NULL;
    g_autoptr(GSocket) sock =
        g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);

    if (!g_socket_bind(sock, address, TRUE, NULL) || !g_socket_listen(sock, NULL))
        return NULL;
    local = g_socket_get_local_address(sock, NULL);
    *got = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(local));
    return g_steal_pointer(&sock);
}

static void test_port_in_use(void **state)
{
    g_autoptr(GSocket) sock = NULL;
    g_autofree char *options = NULL;
    g_autofree char *says = NULL;
    uint16_t port;

    (void)state;
    sock = take_port(0, &port);
    assert_non_null(sock);
    options = g_strdup_printf("run --listen 127.0.0.1 --port %u -- true echo", port);
    says = g_strdup_printf("port %u is in use; stop who has it, or give another one with --port",
                           port);
    host_process_start(&host, options);
    assert_ended(1, says);
}

static void test_port_next_free(void **state)
{
    g_autoptr(GSocket) sock = NULL;
    uint16_t port;

    (void)state;
    sock = take_port(GS_PROTO_PORT, &port); /* or somebody else has it: just as well */
    host_process_start(&host, "run -- true echo");
    host_process_wait_ready(&host);
    assert_in_range(host.url.port, GS_PROTO_PORT + 1, 47809);
    kill(host.pid, SIGTERM);
    assert_ended(0, "");
}

static void expect(const char *options, int status, const char *says)
{
    g_autofree char *out = NULL;

    host_process_start(&host, options);
    host_process_wait(&host);
    out = host_process_read(host.out);
    assert_string_equal(out, "");
    host_process_finish(&host);
    host_process_start(&host, options);
    assert_ended(status, says);
}

static void test_usage(void **state)
{
    (void)state;
    expect("run --size 0x0 -- true", 2, "numbers from 64 to 8192");
    expect("run --size 63x480 -- true", 2, "numbers from 64 to 8192");
    expect("run --size 20000x480 -- true", 2, "numbers from 64 to 8192");
    expect("run", 2, "no application");
    expect("dance", 2, "there is no verb 'dance'");
    expect("run -- no-such-program-here", 1, "no such program in PATH");
    expect("run -- /etc/passwd", 1, "cannot be executed");
    expect("run -- /no/such/file", 1, "there is no such program");
}

static void test_help_and_version(void **state)
{
    static const char *const lines_of[][2] = {
        {"--help", "run"}, {"--version", "gpushare-host "}, {"run --help", "--ticket-uses"}};

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(lines_of); i++) {
        g_autofree char *out = NULL;

        host_process_start(&host, lines_of[i][0]);
        assert_int_equal(host_process_wait(&host), 0);
        out = host_process_read(host.out);
        assert_non_null(strstr(out, lines_of[i][1]));
        host_process_finish(&host);
    }
}

static void test_application_ended(void **state)
{
    (void)state;
    host_process_start(&host, RUN "-- true end0");
    host_process_wait_ready(&host);
    assert_last_word(enter(), 0, "said the fake worker");
    assert_ended(0, "said the fake worker");
    host_process_start(&host, RUN "-- true end1");
    host_process_wait_ready(&host);
    assert_last_word(enter(), 1, "said the fake worker");
    assert_ended(1, "said the fake worker");
}

static void test_worker_sends_a_client_away(void **state)
{
    (void)state;
    host_process_start(&host, RUN "-- true close");
    host_process_wait_ready(&host);
    assert_last_word(enter(), 4, "said the fake worker");
    assert_last_word(enter(), 4, "said the fake worker");
    kill(host.pid, SIGTERM);
    assert_ended(0, "");
}

static void test_worker_fails(void **state)
{
    (void)state;
    host_process_start(&host, RUN "--ready-timeout 300 -- true silent");
    assert_ended(1, "was not ready in time");
    host_process_start(&host, RUN "-- true die");
    assert_ended(1, "ended with status 7");
    host_process_start(&host, RUN "-- true crash");
    host_process_wait_ready(&host);
    assert_last_word(enter(), 1, "the session's worker died");
    assert_ended(1, "was killed by SIGABRT");
    host_process_start(&host, RUN "-- true babble");
    host_process_wait_ready(&host);
    assert_last_word(enter(), 1, "the session's worker died");
    assert_ended(1, "broke the protocol of its link");
}

/* Line n of what the fake worker wrote down. */
static int number(unsigned n)
{
    g_autofree char *text = host_process_read(host.pid_file);
    g_auto(GStrv) line = g_strsplit(text, "\n", -1);

    assert_true(n < g_strv_length(line));
    return atoi(line[n]);
}

static bool lives(pid_t pid)
{
    return kill(pid, 0) == 0;
}

static void test_worker_killed(void **state)
{
    g_autofree char *lock = NULL;
    struct control_client *c;
    int orphan, child;

    (void)state;
    host_process_start(&host, RUN "-- true family {pids}");
    host_process_wait_ready(&host);
    c = enter();
    assert_int_equal(control_client_next(c, NULL), GS_MSG_WELCOME);
    orphan = number(2);
    child = number(3);
    lock = g_strdup_printf("/tmp/.X%d-lock", number(1));
    assert_true(lives(orphan) && lives(child));
    assert_int_equal(access(lock, F_OK), 0);
    kill(number(0), SIGKILL);
    assert_last_word(c, 1, "the session's worker died");
    assert_ended(1, "was killed by SIGKILL");
    assert_false(lives(orphan) || lives(child));
    assert_int_equal(access(lock, F_OK), -1);
}

static void test_host_killed_leaves_no_worker(void **state)
{
    g_autofree char *left = NULL;

    (void)state;
    host_process_start(&host, RUN "-- true echo {pids}");
    host_process_wait_ready(&host);
    assert_true(lives(number(0)));
    kill(host.pid, SIGKILL);
    assert_int_equal(host_process_wait(&host), 128 + SIGKILL);
    /* The worker became our child, and ends. */
    while (waitpid(-1, NULL, 0) > 0)
        ;
    assert_false(lives(number(0)));
    /* The directory stays until the next session of the same user. */
    left = g_strdup_printf("rm -rf %s/gpushare", host.dir);
    assert_int_equal(system(left), 0);
    host_process_finish(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signal_ends_in_order),
        cmocka_unit_test(test_signal_kills_a_deaf_worker),
        cmocka_unit_test(test_url_and_advertise),
        cmocka_unit_test(test_port_in_use),
        cmocka_unit_test(test_port_next_free),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_help_and_version),
        cmocka_unit_test(test_application_ended),
        cmocka_unit_test(test_worker_sends_a_client_away),
        cmocka_unit_test(test_worker_fails),
        cmocka_unit_test(test_worker_killed),
        cmocka_unit_test(test_host_killed_leaves_no_worker),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
