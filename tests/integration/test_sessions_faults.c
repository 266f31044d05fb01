/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/link.h"
#include "tests/support/daemon_rig.h"

/* Workers, keepers and daemons that die or stand still, and who tries to take their place. A second
 * session is there all the time, with a client that must not notice. */

static struct daemon_rig rig;
static struct control_client *bystander;
static struct gs_url other;

static int start(void **state)
{
    (void)state;
    daemon_rig_init(&rig);
    rig.config.hang_ms = 1000;
    daemon_rig_open(&rig);
    daemon_rig_create(&rig, "other", "open", "");
    other = daemon_rig_ticket(&rig, "other", 0, false, NULL);
    bystander = daemon_rig_enter(&other, NULL, NULL);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    daemon_rig_assert_serves(bystander);
    assert_false(bystander->closed);
    control_client_close(bystander);
    daemon_rig_finish(&rig);
    return 0;
}

/* ---- one that dies ---- */

static char *find_report(const char *name)
{
    g_autofree char *path = g_build_filename(rig.config.state_dir, "crashes", NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *file;

    while (dir && (file = g_dir_read_name(dir))) {
        char *text = NULL;
        g_autofree char *full = g_build_filename(path, file, NULL);

        if (g_str_has_prefix(file, name) && g_file_get_contents(full, &text, NULL, NULL))
            return text;
    }
    return NULL;
}

static void test_worker_killed(void **state)
{
    g_autofree char *report = NULL;
    struct control_client *c;
    struct gs_daemon_info info;
    struct gs_url url;

    (void)state;
    daemon_rig_create(&rig, "one", "open", "");
    url = daemon_rig_ticket(&rig, "one", 0, false, NULL);
    c = daemon_rig_enter(&url, NULL, NULL);
    kill(daemon_rig_worker(&rig, "one"), SIGKILL);
    daemon_rig_assert_told(c, GS_MSG_BYE, 1, "worker was killed by SIGKILL");
    daemon_rig_wait_event(&rig, "session-failed:one");
    assert_false(daemon_rig_has(&rig, "one"));
    daemon_rig_assert_told(daemon_rig_knock(&url, NULL), GS_MSG_ERROR, 3, "no such session");
    report = find_report("one-");
    assert_non_null(report);
    assert_non_null(strstr(report, "the session's worker was killed by SIGKILL"));
    gs_sessions_daemon_info(rig.sessions, &info);
    assert_int_equal(info.failed, 1);
    assert_int_equal(info.sessions, 1);
}

static void test_keeper_killed(void **state)
{
    (void)state;
    daemon_rig_create(&rig, "one", "open", "");
    kill(daemon_rig_info(&rig, "one").keeper, SIGKILL);
    daemon_rig_wait_event(&rig, "session-failed:one");
}

static void test_worker_babbles(void **state)
{
    struct gs_url url;

    (void)state;
    daemon_rig_create(&rig, "one", "babble", "");
    url = daemon_rig_ticket(&rig, "one", 0, false, NULL);
    daemon_rig_assert_told(daemon_rig_knock(&url, NULL), GS_MSG_BYE, 1, "broke the protocol");
}

static void test_worker_hangs(void **state)
{
    (void)state;
    daemon_rig_create(&rig, "one", "hung", "");
    daemon_rig_wait_event(&rig, "session-hung:one");
    daemon_rig_wait_event(&rig, "session-failed:one");
    daemon_rig_create(&rig, "two", "open", "");
    kill(daemon_rig_worker(&rig, "two"), SIGSTOP);
    daemon_rig_wait_event(&rig, "session-hung:two");
    daemon_rig_wait_event(&rig, "session-failed:two");
}

static void test_worker_deaf(void **state)
{
    (void)state;
    rig.config.stop_ms = 200;
    daemon_rig_create(&rig, "one", "deaf", "");
    daemon_rig_close(&rig, "one");
}

/* Its clients lose their connection without a word, and come back to the new worker. */
static void test_restart(void **state)
{
    struct control_client *c;
    struct gs_client_open open, again;
    struct gs_url url;
    pid_t first;

    (void)state;
    daemon_rig_create(&rig, "one", "open", "restart=on-failure");
    url = daemon_rig_ticket(&rig, "one", 1, true, NULL);
    c = daemon_rig_enter(&url, NULL, &open);
    first = daemon_rig_worker(&rig, "one");
    kill(first, SIGKILL);
    assert_int_equal(control_client_next(c, NULL), 0);
    assert_true(c->closed);
    control_client_close(c);
    daemon_rig_wait_event(&rig, "session-restarted:one");
    assert_int_not_equal(daemon_rig_worker(&rig, "one"), first);
    assert_int_equal(daemon_rig_info(&rig, "one").restarts, 1);
    assert_non_null(strstr(daemon_rig_info(&rig, "one").last_error, "was killed by SIGKILL"));
    assert_non_null(strstr(daemon_rig_info(&rig, "one").last_error, "report: /"));
    c = daemon_rig_enter(&url, open.resume, &again);
    assert_true(again.view);
    control_client_close(c);
}

/* Three times within a minute; while it waits, a good ticket hears so, and is not used up. */
static void test_restart_gives_up(void **state)
{
    struct gs_url url;

    (void)state;
    daemon_rig_create(&rig, "one", "open", "restart=on-failure");
    url = daemon_rig_ticket(&rig, "one", 1, false, NULL);
    for (unsigned i = 0; i < 3; i++) {
        kill(daemon_rig_worker(&rig, "one"), SIGKILL);
        daemon_rig_wait_state(&rig, "one", GS_SESSION_RESTARTING);
        if (i == 2) {
            daemon_rig_assert_told(daemon_rig_knock(&url, NULL), GS_MSG_ERROR, 4,
                                   "being restarted; try again");
            daemon_rig_assert_told(daemon_rig_knock(&url, "wrong"), GS_MSG_ERROR, 3,
                                   "there is no such session, or the ticket is wrong");
        }
        daemon_rig_wait_state(&rig, "one", GS_SESSION_RUNNING);
        assert_int_equal(daemon_rig_info(&rig, "one").restarts, i + 1);
    }
    control_client_close(daemon_rig_enter(&url, NULL, NULL));
    kill(daemon_rig_worker(&rig, "one"), SIGKILL);
    daemon_rig_wait_event(&rig, "session-failed:one");
    assert_false(daemon_rig_has(&rig, "one"));
}

static void test_close_while_it_waits_for_its_restart(void **state)
{
    (void)state;
    daemon_rig_create(&rig, "one", "open", "restart=on-failure");
    for (int i = 0; i < 2; i++) {
        kill(daemon_rig_worker(&rig, "one"), SIGKILL);
        daemon_rig_wait_state(&rig, "one", GS_SESSION_RESTARTING);
        if (i == 0)
            daemon_rig_wait_state(&rig, "one", GS_SESSION_RUNNING);
    }
    daemon_rig_close(&rig, "one");
}

/* ---- a daemon that goes ---- */

/* The next one knows everything: sessions, tickets, who watches. */
static void test_adoption(void **state)
{
    struct gs_client_open open, again;
    struct control_client *c;
    struct gs_url once, many;
    pid_t worker, keeper;

    (void)state;
    daemon_rig_create(&rig, "one", "open", "fps=17 idle-timeout=3600");
    once = daemon_rig_ticket(&rig, "one", 1, false, NULL);
    many = daemon_rig_ticket(&rig, "one", 0, true, NULL);
    c = daemon_rig_enter(&once, NULL, &open);
    worker = daemon_rig_worker(&rig, "one");
    keeper = daemon_rig_info(&rig, "one").keeper;
    daemon_rig_detach(&rig);
    assert_int_equal(control_client_next(c, NULL), 0); /* without a goodbye */
    control_client_close(c);
    control_client_close(bystander);
    daemon_rig_open(&rig);
    assert_int_equal(daemon_rig_info(&rig, "one").state, GS_SESSION_AWAY);
    c = daemon_rig_enter(&once, open.resume, &again);
    assert_string_equal(again.resume, open.resume);
    assert_int_equal(daemon_rig_info(&rig, "one").state, GS_SESSION_RUNNING);
    assert_int_equal(daemon_rig_worker(&rig, "one"), worker);
    assert_int_equal(daemon_rig_info(&rig, "one").keeper, keeper);
    assert_int_equal(daemon_rig_info(&rig, "one").settings->fps, 17);
    assert_string_equal(daemon_rig_info(&rig, "one").ready->encoder, "fake");
    daemon_rig_assert_serves(c);
    control_client_close(c);
    daemon_rig_assert_told(daemon_rig_knock(&once, NULL), GS_MSG_ERROR, 3, "used up");
    control_client_close(daemon_rig_enter(&many, NULL, &again));
    assert_true(again.view);
    daemon_rig_close(&rig, "one");
    bystander = daemon_rig_enter(&other, NULL, NULL); /* the URL holds as ever */
}

static void test_adoption_again_and_again(void **state)
{
    pid_t worker = daemon_rig_worker(&rig, "other");

    (void)state;
    control_client_close(bystander);
    for (int i = 0; i < 5; i++) {
        daemon_rig_detach(&rig);
        daemon_rig_open(&rig);
        daemon_rig_wait_state(&rig, "other", GS_SESSION_RUNNING);
    }
    assert_int_equal(daemon_rig_worker(&rig, "other"), worker);
    bystander = daemon_rig_enter(&other, NULL, NULL);
}

static void end_between(const char *settings)
{
    struct gs_session_info info;
    g_autofree char *run = NULL;

    daemon_rig_create(&rig, "one", "open", settings);
    daemon_rig_worker(&rig, "one");
    info = daemon_rig_info(&rig, "one");
    control_client_close(bystander);
    daemon_rig_detach(&rig);
    kill(info.worker, SIGKILL);
    assert_int_equal(waitpid(info.keeper, NULL, 0), info.keeper);
    daemon_rig_open(&rig);
    bystander = daemon_rig_enter(&other, NULL, NULL);
}

static void test_ended_while_no_daemon_was_there(void **state)
{
    g_autofree char *report = NULL;

    (void)state;
    end_between("");
    assert_false(daemon_rig_has(&rig, "one"));
    report = find_report("one-");
    assert_non_null(strstr(report, "killed by SIGKILL"));
}

static void test_restarted_after_it_ended_unseen(void **state)
{
    (void)state;
    end_between("restart=on-failure");
    daemon_rig_wait_event(&rig, "session-restarted:one");
    assert_int_equal(daemon_rig_info(&rig, "one").restarts, 1);
}

/* One that stands still does not come back; closing it works all the same, and the others do not
 * wait for it longer than a second. */
static void test_away(void **state)
{
    struct daemon_done done = {0};
    g_autofree char *why = NULL;
    struct gs_url url;
    pid_t worker;

    (void)state;
    daemon_rig_create(&rig, "one", "open", "");
    url = daemon_rig_ticket(&rig, "one", 0, false, NULL);
    worker = daemon_rig_worker(&rig, "one");
    kill(worker, SIGSTOP);
    control_client_close(bystander);
    daemon_rig_detach(&rig);
    daemon_rig_open(&rig);
    bystander = daemon_rig_enter(&other, NULL, NULL);
    assert_int_equal(daemon_rig_info(&rig, "one").state, GS_SESSION_AWAY);
    daemon_rig_assert_told(daemon_rig_knock(&url, NULL), GS_MSG_ERROR, 4, "not ready yet");
    assert_int_equal(gs_sessions_close(rig.sessions, &rig.me, "one", daemon_rig_done, &done, &why),
                     0);
    daemon_rig_wait(&done.called);
    assert_false(daemon_rig_has(&rig, "one"));
}

/* ---- who takes the place of a worker ---- */

static GSocketConnection *connect_to_workers_socket(void)
{
    g_autofree char *path = g_build_filename(rig.config.runtime_dir, "workers.sock", NULL);
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_autoptr(GSocketClient) client = g_socket_client_new();
    GSocketConnection *conn =
        g_socket_client_connect(client, G_SOCKET_CONNECTABLE(address), NULL, NULL);

    assert_non_null(conn);
    return conn;
}

struct visit {
    bool closed, answered;
};

static void on_frame(void *user, uint8_t type, const uint8_t *payload, size_t size)
{
    (void)type;
    (void)payload;
    (void)size;
    ((struct visit *)user)->answered = true;
}

static void on_closed(void *user, int err)
{
    (void)err;
    ((struct visit *)user)->closed = true;
}

/* Says this, and must be sent away. */
static void intrude(uint8_t type, const char *text)
{
    static const struct gs_channel_handler handler = {on_frame, on_closed};
    g_autoptr(GSocketConnection) conn = connect_to_workers_socket();
    struct visit v = {0};
    struct gs_channel *ch = gs_channel_create(G_IO_STREAM(conn), 1 << 20, &handler, &v);

    assert_int_equal(gs_channel_send(ch, type, text, strlen(text)), 0);
    daemon_rig_wait(&v.closed);
    assert_false(v.answered);
    gs_channel_destroy(ch);
}

static void test_intruders(void **state)
{
    struct gs_worker_adopt adopt = {
        .session = "other", .secret = "a guess", .ready = {1, -1, "", "", ""}};
    g_autoptr(GSocketConnection) silent = connect_to_workers_socket();
    char *good = gs_worker_adopt_to_json(&adopt);

    (void)state;
    intrude(GS_LINK_ADOPT, good);
    intrude(GS_LINK_ADOPT, "{}");
    intrude(GS_LINK_ADOPT, "");
    intrude(GS_LINK_READY, good);
    free(good);
    g_strlcpy(adopt.session, "nobody", sizeof(adopt.session));
    good = gs_worker_adopt_to_json(&adopt);
    intrude(GS_LINK_ADOPT, good);
    free(good);
    assert_int_equal(daemon_rig_info(&rig, "other").state, GS_SESSION_RUNNING);
}

/* ---- the door ---- */

/* Hundreds of connections that say nothing, while clients come and go. */
static void test_half_open_connections(void **state)
{
    GSocket *waiting[300];
    g_autoptr(GSocketAddress) address =
        g_inet_socket_address_new_from_string("127.0.0.1", gs_sessions_port(rig.sessions));
    struct gs_daemon_info info;

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(waiting); i++) {
        waiting[i] =
            g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
        g_socket_set_blocking(waiting[i], FALSE);
        g_socket_connect(waiting[i], address, NULL, NULL);
        daemon_rig_settle();
        if (i % 50 == 49)
            control_client_close(daemon_rig_enter(&other, NULL, NULL));
    }
    daemon_rig_assert_serves(bystander);
    gs_sessions_daemon_info(rig.sessions, &info);
    assert_true(info.waiting <= rig.config.connections_per_address);
    assert_true(info.refused > 0);
    for (size_t i = 0; i < GS_ARRAY_SIZE(waiting); i++)
        g_object_unref(waiting[i]);
}

/* More of them than there are threads for handshakes, each with the beginning of a message, and
 * none that the door would close soon. */
static void test_trickling_connections(void **state)
{
    static const char *const beginnings[] = {"\x16", "\x16\x03\x01", "\x16\x03\x01\x02\x01\x01"};
    GSocket *slow[200];
    g_autoptr(GSocketAddress) address =
        g_inet_socket_address_new_from_string("127.0.0.1", gs_sessions_port(rig.sessions));

    (void)state;
    rig.config.handshake_ms = 60000;
    rig.config.waiting_connections = rig.config.connections_per_address = 1000;
    gs_sessions_reloaded(rig.sessions);
    for (size_t i = 0; i < GS_ARRAY_SIZE(slow); i++) {
        const char *text = beginnings[i % GS_ARRAY_SIZE(beginnings)];

        slow[i] =
            g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
        assert_true(g_socket_connect(slow[i], address, NULL, NULL));
        assert_int_equal(g_socket_send(slow[i], text, strlen(text), NULL, NULL), strlen(text));
        daemon_rig_settle();
    }
    for (int i = 0; i < 5; i++)
        control_client_close(daemon_rig_enter(&other, NULL, NULL));
    for (size_t i = 0; i < GS_ARRAY_SIZE(slow); i++)
        g_object_unref(slow[i]);
    daemon_rig_settle();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_worker_killed),
        TEST(test_keeper_killed),
        TEST(test_worker_babbles),
        TEST(test_worker_hangs),
        TEST(test_worker_deaf),
        TEST(test_restart),
        TEST(test_restart_gives_up),
        TEST(test_close_while_it_waits_for_its_restart),
        TEST(test_adoption),
        TEST(test_adoption_again_and_again),
        TEST(test_ended_while_no_daemon_was_there),
        TEST(test_restarted_after_it_ended_unseen),
        TEST(test_away),
        TEST(test_intruders),
        TEST(test_half_open_connections),
        TEST(test_trickling_connections),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
