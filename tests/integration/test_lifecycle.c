/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comings and goings of clients, applications and hosts, in order and out of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <glib.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/session_run.h"

#define LONG_S 60 /* a client that is meant to be ended by something else */

static void start_app(struct gs_session_run *run, const char *const *options)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    g_autoptr(GPtrArray) argv = g_ptr_array_new();

    g_ptr_array_add(argv, app);
    for (; *options; options++)
        g_ptr_array_add(argv, (char *)*options);
    g_ptr_array_add(argv, NULL);
    assert_int_equal(gs_session_run_start(NULL, (const char *const *)argv->pdata, run), 0);
}

static void start(struct gs_session_run *run, const char *mode)
{
    start_app(run, (const char *const[]){"--mode", mode, NULL});
}

static void stop(struct gs_session_run *run)
{
    assert_int_equal(gs_session_run_stop(run), 0);
    gs_session_run_finish(run);
}

/* A client comes, and goes with a picture. */
static void gives_picture(struct gs_session_run *run)
{
    struct gs_client_run client;

    assert_int_equal(gs_client_run(run, 1.5, NULL, &client), 0);
    assert_true(gs_client_stat(&client, "frames_decoded") >= 1);
    assert_true(gs_image_count_colours(&client.picture) >= 2);
    gs_client_finish(&client);
}

static void start_client(struct gs_session_run *run, struct gs_client_run *ret)
{
    assert_int_equal(gs_client_start(run, NULL, LONG_S, NULL, NULL, ret), 0);
}

/* A machine without a login manager gives nobody a runtime folder. */
static void test_no_runtime_dir(void **state)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--mode", "static", NULL};
    const char *const env[] = {"XDG_RUNTIME_DIR", NULL};
    struct gs_session_run run;
    g_autofree char *tmp = NULL;

    (void)state;
    assert_int_equal(gs_session_run_start_env(NULL, argv, env, &run), 0);
    gives_picture(&run);
    assert_int_equal(gs_session_run_stop(&run), 0);
    tmp = g_build_filename(run.dir, "tmp", NULL);
    assert_int_equal(gs_process_count_files(tmp), 0);
    gs_session_run_finish(&run);
}

/* A static page sends nothing by itself: whoever comes must get a whole picture made for him. */
static void test_client_comes_again(void **state)
{
    struct gs_session_run run;

    (void)state;
    start(&run, "static");
    for (int i = 0; i < 3; i++)
        gives_picture(&run);
    stop(&run);
}

static void test_client_killed(void **state)
{
    struct gs_session_run run;
    struct gs_client_run killed;

    (void)state;
    start(&run, "counter");
    start_client(&run, &killed);
    /* It is on the way or there; both must be survived. */
    g_usleep(500000);
    gs_process_signal(&killed.process, SIGKILL);
    assert_int_equal(gs_client_wait(&killed), 128 + SIGKILL);
    gs_client_finish(&killed);
    gives_picture(&run);
    stop(&run);
}

/* The newer one gets the picture; the older one is sent away and told. */
static void test_client_takes_over(void **state)
{
    struct gs_session_run run;
    struct gs_client_run older;

    (void)state;
    start(&run, "counter");
    start_client(&run, &older);
    g_usleep(1000000);
    gives_picture(&run);
    assert_true(gs_client_wait(&older) >= 0);
    gs_client_finish(&older);
    stop(&run);
}

/* A URL like the run's own with one character of `parameter` changed; for g_free. */
static char *spoiled_url(const struct gs_session_run *run, const char *parameter)
{
    char *url = g_strdup(run->url);
    char *value = strstr(url, parameter);

    assert_non_null(value);
    value += strlen(parameter);
    *value = *value == '1' ? '2' : '1';
    return url;
}

static void refused(struct gs_session_run *run, const char *url, int status)
{
    struct gs_client_run client;

    assert_int_equal(gs_client_start(run, url, LONG_S, NULL, NULL, &client), 0);
    assert_int_equal(gs_client_wait(&client), status);
    gs_client_finish(&client);
}

static void test_wrong_ticket(void **state)
{
    struct gs_session_run run;
    g_autofree char *url = NULL;

    (void)state;
    start(&run, "static");
    url = spoiled_url(&run, "ticket=");
    refused(&run, url, 3);
    gives_picture(&run);
    stop(&run);
}

static void test_wrong_fingerprint(void **state)
{
    struct gs_session_run run;
    g_autofree char *url = NULL;

    (void)state;
    start(&run, "static");
    url = spoiled_url(&run, "fp=");
    refused(&run, url, 4);
    gives_picture(&run);
    stop(&run);
}

static void test_nobody_there(void **state)
{
    struct gs_session_run run;
    g_autofree char *url = NULL;

    (void)state;
    start(&run, "static");
    url = g_strdup(run.url);
    assert_int_equal(gs_session_run_stop(&run), 0);
    refused(&run, url, 4);
    gs_session_run_finish(&run);
}

static void test_wrong_usage(void **state)
{
    static const char *const lines[][4] = {{"gpushare-client", "http://example.org/"},
                                           {"gpushare-client", "--no-such-option"},
                                           {"gpushare-host", "run", "--size", "big"},
                                           {"gpushare-host", "no-such-verb"}};

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(lines); i++) {
        g_autofree char *program = gs_program_path(lines[i][0]);
        const char *const argv[] = {program, lines[i][1], lines[i][2], lines[i][3], NULL};
        struct gs_process p;

        assert_int_equal(gs_process_start(argv, NULL, &p), 0);
        assert_int_equal(gs_process_wait(&p, GS_PROCESS_DEADLINE_MS), 2);
        gs_process_finish(&p);
    }
}

/* The application ends by itself while a client looks on. */
static void app_ends(const char *const *options, int host_status, int client_status,
                     const char *reason)
{
    struct gs_session_run run;
    struct gs_client_run client;

    start_app(&run, options);
    start_client(&run, &client);
    assert_int_equal(gs_client_wait(&client), client_status);
    assert_int_equal(gs_session_run_wait(&run), host_status);
    if (reason) {
        g_autofree char *said = gs_process_stderr(&run.host);

        if (!strstr(said, reason))
            fail_msg("nothing of '%s' in: %s", reason, said);
    }
    gs_client_finish(&client);
    gs_session_run_finish(&run);
}

static void test_app_ends_well(void **state)
{
    (void)state;
    app_ends((const char *const[]){"--fps", "30", "--frames", "90", NULL}, 0, 0, NULL);
}

static void test_app_fails(void **state)
{
    (void)state;
    app_ends((const char *const[]){"--fps", "30", "--frames", "90", "--exit-status", "3", NULL}, 1,
             1, "status 3");
}

static void test_app_crashes(void **state)
{
    (void)state;
    app_ends((const char *const[]){"--crash-after", "3", NULL}, 1, 1, "killed by SIGSEGV");
}

static void test_app_missing(void **state)
{
    const char *const argv[] = {"/nonexistent/program", NULL};
    struct gs_session_run run;

    (void)state;
    if (gs_session_run_start(NULL, argv, &run) == 0)
        assert_int_equal(gs_session_run_wait(&run), 1);
    else
        assert_int_equal(gs_process_wait(&run.host, GS_PROCESS_DEADLINE_MS), 1);
    gs_session_run_finish(&run);
}

static void test_app_never_maps(void **state)
{
    struct gs_session_run run;
    struct gs_client_run client;

    (void)state;
    start_app(&run, (const char *const[]){"--never-map", NULL});
    for (int i = 0; i < 2; i++) {
        assert_int_equal(gs_client_run(&run, 1.5, NULL, &client), 0);
        gs_client_finish(&client);
    }
    stop(&run);
}

/* A mouse that moves over an application that is busy must not be its end: libwayland disconnects
 * a client that leaves too much unread. The application goes on and answers the next key. */
static void test_app_busy_under_moving_mouse(void **state)
{
    g_autoptr(GString) script = g_string_new("wait 0.5\n");
    struct gs_session_run run;
    struct gs_client_run client;
    pid_t app;

    (void)state;
    for (int i = 0; i < 1200; i++)
        g_string_append_printf(script, "move %d %d\nwait 0.003\n", 10 + i % 600, 10 + i % 300);
    g_string_append(script, "wait 1\nkey space\nwait-frame\nquit\n");
    start(&run, "flip");
    app = gs_process_find_marked(run.mark, "gs-test-app");
    assert_int_not_equal(app, 0);
    assert_int_equal(gs_client_start(&run, NULL, 60, script->str, NULL, &client), 0);
    g_usleep(1000000);
    kill(app, SIGSTOP);
    g_usleep(3500000);
    kill(app, SIGCONT);
    assert_int_equal(gs_client_wait(&client), 0);
    gs_client_finish(&client);
    stop(&run);
}

/* With a client, and an application, in full swing. */
static void test_host_terminated(void **state)
{
    struct gs_session_run run;
    struct gs_client_run client;

    (void)state;
    start(&run, "counter");
    start_client(&run, &client);
    g_usleep(1000000);
    assert_int_equal(gs_session_run_stop(&run), 0);
    assert_true(gs_client_wait(&client) >= 0);
    gs_client_finish(&client);
    gs_session_run_finish(&run);
}

static void test_worker_killed(void **state)
{
    struct gs_session_run run;
    struct gs_client_run client;
    pid_t worker;

    (void)state;
    start(&run, "counter");
    start_client(&run, &client);
    g_usleep(1000000);
    worker = gs_process_find_marked(run.mark, "gpushare-session");
    assert_int_not_equal(worker, 0);
    kill(worker, SIGKILL);
    assert_int_equal(gs_client_wait(&client), 1);
    assert_int_equal(gs_session_run_wait(&run), 1);
    gs_client_finish(&client);
    gs_session_run_finish(&run);
}

static int connect_loopback(int type, uint16_t port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
        fail_msg("nobody at port %u", port);
    return fd;
}

static void fill_random(GRand *rng, uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        data[i] = (uint8_t)g_rand_int(rng);
}

/* Datagrams of all sizes; every other one looks like RTP or RTCP at first sight. */
static void send_garbage_udp(GRand *rng, uint16_t port)
{
    int fd = connect_loopback(SOCK_DGRAM, port);

    for (int i = 0; i < 2000; i++) {
        uint8_t data[1500];
        size_t size = (size_t)g_rand_int_range(rng, 0, sizeof(data));

        fill_random(rng, data, size);
        if (i & 1) {
            data[0] = 0x80 | (data[0] & 0x3f);
            data[1] = i & 2 ? 201 : 96;
        }
        if (send(fd, data, size, 0) < 0)
            continue; /* ICMP's refusal or a full buffer: both fine */
    }
    close(fd);
}

/* Bytes that are no TLS, connections that say nothing, connections that end at once. */
static void send_garbage_tcp(GRand *rng, uint16_t port)
{
    int silent[8];

    for (size_t i = 0; i < GS_ARRAY_SIZE(silent); i++) {
        uint8_t data[4096];
        int fd = connect_loopback(SOCK_STREAM, port);

        silent[i] = connect_loopback(SOCK_STREAM, port);
        fill_random(rng, data, sizeof(data));
        send(fd, data, sizeof(data), MSG_NOSIGNAL);
        close(fd);
    }
    for (size_t i = 0; i < GS_ARRAY_SIZE(silent); i++)
        close(silent[i]);
}

static void test_garbage(void **state)
{
    struct gs_session_run run;
    struct gs_client_run client;
    GRand *rng = g_rand_new_with_seed(7);
    uint16_t udp;

    (void)state;
    start(&run, "counter");
    udp = gs_session_run_udp_port(&run);
    assert_int_not_equal(udp, 0);
    send_garbage_udp(rng, udp);
    send_garbage_tcp(rng, gs_session_run_tcp_port(&run));
    gives_picture(&run);
    /* And again beside a client that looks on. */
    assert_int_equal(gs_client_start(&run, NULL, 3, NULL, NULL, &client), 0);
    g_usleep(1000000);
    send_garbage_udp(rng, udp);
    send_garbage_tcp(rng, gs_session_run_tcp_port(&run));
    assert_int_equal(gs_client_wait(&client), 0);
    assert_true(gs_client_stat(&client, "frames_decoded") > 1);
    gs_client_finish(&client);
    stop(&run);
    g_rand_free(rng);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_client_comes_again),
        cmocka_unit_test(test_client_killed),
        cmocka_unit_test(test_client_takes_over),
        cmocka_unit_test(test_wrong_ticket),
        cmocka_unit_test(test_wrong_fingerprint),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_wrong_usage),
        cmocka_unit_test(test_app_ends_well),
        cmocka_unit_test(test_app_fails),
        cmocka_unit_test(test_app_crashes),
        cmocka_unit_test(test_app_missing),
        cmocka_unit_test(test_app_never_maps),
        cmocka_unit_test(test_app_busy_under_moving_mouse),
        cmocka_unit_test(test_host_terminated),
        cmocka_unit_test(test_worker_killed),
        cmocka_unit_test(test_garbage),
        cmocka_unit_test(test_no_runtime_dir),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
