/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's sessions and the scheduler: whose worker gets a page, and what becomes of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "host/sessions_internal.h"
#include "tests/support/daemon_rig.h"
#include "tests/support/fake_turns.h"

static struct daemon_rig rig;

static int start(void **state)
{
    (void)state;
    daemon_rig_init(&rig);
    rig.config.hang_ms = 2000;
    daemon_rig_open(&rig);
    return 0;
}

typedef bool (*told)(const struct gs_worker_stats *stats);

static bool has_drawn(const struct gs_worker_stats *stats)
{
    return stats->frames >= 2;
}

static bool is_refused(const struct gs_worker_stats *stats)
{
    return stats->dropped > 0;
}

static bool has_second_page(const struct gs_worker_stats *stats)
{
    return stats->refined >= 2 && stats->frames >= 2;
}

static void wait_told(const char *name, told fn)
{
    uint64_t deadline = gs_now_ns() + 30 * GS_NS_PER_S;
    struct gs_session_info info = daemon_rig_info(&rig, name);

    while (!info.stats || !fn(info.stats)) {
        assert_true(gs_now_ns() < deadline);
        g_main_context_iteration(NULL, TRUE);
        info = daemon_rig_info(&rig, name);
    }
}

static void test_gets_a_page(void **state)
{
    struct gs_session_info info;
    struct gs_grants_device d;

    (void)state;
    daemon_rig_create(&rig, "one", "turns", "");
    wait_told("one", has_drawn);
    info = daemon_rig_info(&rig, "one");
    assert_true(info.scheduled);
    assert_true(info.grants.connected);
    assert_string_equal(info.grants.meter, "cpu");
    assert_true(info.grants.sched.frames >= 2);
    assert_string_equal(info.share, "");
    assert_true(gs_sessions_devices(rig.sessions, &d, 1) >= 1);
    assert_string_equal(d.gpu, "");
    assert_int_equal(d.sessions, 1);
}

static void test_wrong_secret(void **state)
{
    (void)state;
    daemon_rig_create(&rig, "one", "liar", "");
    wait_told("one", is_refused);
    assert_true(daemon_rig_info(&rig, "one").scheduled);
    assert_false(daemon_rig_info(&rig, "one").grants.connected);
}

/* Turns the loop, in which the daemon answers, until there is something to read. */
static void wait_answer(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    uint64_t deadline = gs_now_ns() + 30 * GS_NS_PER_S;

    while (poll(&p, 1, 1) == 0) {
        assert_true(gs_now_ns() < deadline);
        g_main_context_iteration(NULL, FALSE);
    }
}

static void refuse(const char *session, const char *secret)
{
    struct gs_worker_grants who = {0};
    struct gs_grant_channel c = GS_GRANT_CHANNEL_NONE;
    g_autofree char *path = g_build_filename(rig.config.runtime_dir, "workers.sock", NULL);
    int fd;

    g_strlcpy(who.session, session, sizeof(who.session));
    g_strlcpy(who.secret, secret, sizeof(who.secret));
    fd = fake_turns_connect(path, &who);
    assert_true(fd >= 0);
    wait_answer(fd);
    assert_int_equal(fake_turns_receive(fd, &c), -ECONNRESET);
    assert_null(c.page);
    close(fd);
}

static void test_strangers(void **state)
{
    (void)state;
    daemon_rig_create(&rig, "one", "turns", "");
    wait_told("one", has_drawn);
    refuse("one", "");
    refuse("one", "guessed");
    refuse("two", "guessed");
    assert_true(daemon_rig_info(&rig, "one").grants.connected);
}

/* What comes before READY or ADOPT is kept until then: the fake worker asks first. */
static void test_daemon_comes_back(void **state)
{
    uint64_t deadline = gs_now_ns() + 30 * GS_NS_PER_S;

    (void)state;
    daemon_rig_create(&rig, "one", "turns", "");
    wait_told("one", has_drawn);
    daemon_rig_detach(&rig);
    daemon_rig_open(&rig);
    daemon_rig_wait_state(&rig, "one", GS_SESSION_RUNNING);
    wait_told("one", has_second_page);
    while (daemon_rig_info(&rig, "one").grants.sched.frames < 2) {
        assert_true(gs_now_ns() < deadline);
        g_main_context_iteration(NULL, TRUE);
    }
    assert_true(daemon_rig_info(&rig, "one").grants.connected);
}

static void test_worker_dies(void **state)
{
    (void)state;
    daemon_rig_create(&rig, "one", "turns", "restart=on-failure");
    wait_told("one", has_drawn);
    g_string_truncate(rig.events, 0);
    kill(daemon_rig_worker(&rig, "one"), SIGKILL);
    daemon_rig_wait_event(&rig, "session-restarted:one");
    wait_told("one", has_drawn);
    assert_true(daemon_rig_info(&rig, "one").grants.connected);
}

static void test_shares(void **state)
{
    struct gs_share shares[] = {{"nobody at all", false, 500}, {"", true, 300}, {"", false, 200}};
    const char *me = rig.me.user;

    (void)state;
    g_strlcpy(shares[1].name, "root", sizeof(shares[1].name));
    daemon_rig_create(&rig, "one", "turns", "");
    rig.config.shares = shares;
    rig.config.n_shares = 2;
    gs_sessions_reloaded(rig.sessions);
    assert_string_equal(daemon_rig_info(&rig, "one").share,
                        gs_host_config_share(&rig.config, me) ? "group root" : "");
    g_strlcpy(shares[2].name, me, sizeof(shares[2].name));
    rig.config.n_shares = 3;
    gs_sessions_reloaded(rig.sessions);
    assert_string_equal(daemon_rig_info(&rig, "one").share + strlen("user "), me);
    daemon_rig_create(&rig, "two", "turns", "");
    assert_string_equal(daemon_rig_info(&rig, "two").share + strlen("user "), me);
    rig.config.shares = NULL;
    rig.config.n_shares = 0;
    gs_sessions_reloaded(rig.sessions);
    assert_string_equal(daemon_rig_info(&rig, "two").share, "");
}

#define TEST(name) cmocka_unit_test_prestate_setup_teardown(name, start, daemon_rig_teardown, &rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_gets_a_page),       TEST(test_wrong_secret), TEST(test_strangers),
        TEST(test_daemon_comes_back), TEST(test_worker_dies),  TEST(test_shares),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
