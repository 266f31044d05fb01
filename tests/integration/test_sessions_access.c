/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/support/daemon_rig.h"

/* Who sees a session, and who gets in. */

static struct daemon_rig rig;

/* ---- who sees what ---- */

static bool count(void *user, const struct gs_session_info *info)
{
    (void)info;
    ++*(unsigned *)user;
    return true;
}

static void test_others_see_nothing(void **state)
{
    const struct gs_caller other = {.uid = 54321, .user = "other"};
    const struct gs_ticket_request request = {0};
    struct gs_session_info info;
    struct gs_ticket_info ticket;
    char *settings[] = {(char *)"fps=10", NULL};
    g_autofree char *why[7] = {NULL};
    char *url = NULL, *logs = NULL;
    unsigned n = 0;

    (void)state;
    daemon_rig_create(&rig, "mine", "echo", "");
    assert_int_equal(gs_sessions_find(rig.sessions, &other, "mine", &info, &why[0]), -ENOENT);
    assert_int_equal(gs_sessions_find(rig.sessions, &other, "none", &info, &why[1]), -ENOENT);
    assert_int_equal(gs_sessions_close(rig.sessions, &other, "mine", NULL, NULL, &why[2]), -ENOENT);
    assert_int_equal(gs_sessions_set(rig.sessions, &other, "mine", settings, &why[3]), -ENOENT);
    assert_int_equal(
        gs_sessions_ticket(rig.sessions, &other, "mine", &request, &ticket, &url, &why[4]),
        -ENOENT);
    assert_int_equal(gs_sessions_revoke(rig.sessions, &other, "mine", "all", &why[5]), -ENOENT);
    assert_int_equal(gs_sessions_log_dir(rig.sessions, &other, "mine", &logs, &why[6]), -ENOENT);
    assert_string_equal(why[0], "there is no session mine of yours");
    assert_string_equal(why[1], "there is no session none of yours");
    for (size_t i = 2; i < GS_ARRAY_SIZE(why); i++) {
        assert_string_equal(why[i], why[0]);
        g_free(why[i]);
    }
    g_free(why[1]);
    gs_sessions_each(rig.sessions, &other, count, &n);
    assert_int_equal(n, 0);
    gs_sessions_each(rig.sessions, &rig.me, count, &n);
    assert_int_equal(n, 1);
}

static void count_event(void *user, const struct gs_event *e)
{
    assert_true(e->time > 0 && e->text[0]);
    ++*(unsigned *)user;
}

static void test_events_kept(void **state)
{
    const struct gs_caller other = {.uid = 54321, .user = "other"};
    unsigned mine = 0, theirs = 0, later = 0;

    (void)state;
    daemon_rig_create(&rig, "one", "echo", "");
    gs_sessions_events(rig.sessions, &rig.me, 0, count_event, &mine);
    gs_sessions_events(rig.sessions, &other, 0, count_event, &theirs);
    gs_sessions_events(rig.sessions, &rig.me, 1, count_event, &later);
    assert_int_equal(mine, 2);
    assert_int_equal(theirs, 0);
    assert_int_equal(later, 1);
    gs_sessions_unlisten(rig.sessions, rig.listener);
    daemon_rig_close(&rig, "one");
    daemon_rig_settle();
    assert_null(strstr(rig.events->str, "session-ended"));
}

/* ---- tickets ---- */

static void refused(const struct gs_url *url, const char *ticket, const char *says)
{
    daemon_rig_assert_told(daemon_rig_knock(url, ticket), GS_MSG_ERROR, 3, says);
}

static void test_tickets(void **state)
{
    struct gs_ticket_info *list = NULL;
    struct gs_client_open open;
    struct gs_url once, watch, other;
    char id[16];
    g_autofree char *why = NULL;
    unsigned n;

    (void)state;
    daemon_rig_create(&rig, "one", "open", "");
    daemon_rig_create(&rig, "two", "open", "");
    once = daemon_rig_ticket(&rig, "one", 1, false, NULL);
    watch = daemon_rig_ticket(&rig, "one", 0, true, id);
    other = daemon_rig_ticket(&rig, "two", 0, false, NULL);
    assert_int_equal(gs_sessions_tickets(rig.sessions, &rig.me, "one", &list, &n, &why), 0);
    assert_int_equal(n, 2);
    assert_true(list[1].view && list[1].uses_left == 0 && list[1].expires > list[1].created);
    g_free(list);
    control_client_close(daemon_rig_enter(&once, NULL, &open));
    assert_false(open.view);
    refused(&once, NULL, "used up");
    control_client_close(daemon_rig_enter(&watch, NULL, &open));
    assert_true(open.view);
    /* Of another session, or of none: the same answer. */
    refused(&once, other.ticket, "there is no such session, or the ticket is wrong");
    g_strlcpy(other.session, "three", sizeof(other.session));
    refused(&other, NULL, "there is no such session, or the ticket is wrong");
    assert_int_equal(gs_sessions_revoke(rig.sessions, &rig.me, "one", "nonsense", &why), -ENOENT);
    g_clear_pointer(&why, g_free);
    assert_int_equal(gs_sessions_revoke(rig.sessions, &rig.me, "one", id, &why), 0);
    refused(&watch, NULL, "the ticket is wrong");
}

static void test_ticket_refused(void **state)
{
    const struct gs_ticket_request absurd = {.ttl_s = INT64_MAX};
    const struct gs_ticket_request good = {.ttl_s = -1};
    const struct rlimit little = {64, RLIM_INFINITY};
    struct rlimit before;
    struct gs_ticket_info info;
    char *url = NULL;
    g_autofree char *why = NULL, *full = NULL;

    (void)state;
    daemon_rig_create(&rig, "one", "echo", "");
    assert_int_equal(gs_sessions_ticket(rig.sessions, &rig.me, "one", &absurd, &info, &url, &why),
                     -EINVAL);
    /* Where it can't be kept it is not given out; the session does not care. */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    assert_true(gs_sessions_ticket(rig.sessions, &rig.me, "one", &good, &info, &url, &full) < 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_non_null(strstr(full, "cannot be kept"));
    assert_null(url);
    assert_int_equal(daemon_rig_info(&rig, "one").state, GS_SESSION_RUNNING);
    daemon_rig_ticket(&rig, "one", 0, false, NULL);
}

/* A client comes back with what its welcome said, as often as its connection breaks. */
static void test_resume(void **state)
{
    struct gs_client_open open, again;
    struct control_client *c;
    struct gs_url url;

    (void)state;
    daemon_rig_create(&rig, "one", "open", "");
    url = daemon_rig_ticket(&rig, "one", 1, true, NULL);
    c = daemon_rig_enter(&url, NULL, &open);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(strlen(open.resume), 32);
        control_client_close(c);
        c = daemon_rig_enter(&url, open.resume, &again);
        assert_string_equal(again.resume, open.resume);
        assert_true(again.view);
    }
    daemon_rig_wait_clients(&rig, "one", 1);
    control_client_close(c);
    daemon_rig_wait_clients(&rig, "one", 0);
}

#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(name, daemon_rig_setup, daemon_rig_teardown, &rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_others_see_nothing), TEST(test_events_kept), TEST(test_tickets),
        TEST(test_ticket_refused),     TEST(test_resume),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
