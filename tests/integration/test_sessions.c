/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "tests/support/daemon_rig.h"

/* Sessions side by side: made, changed, watched, ended. */

static struct daemon_rig rig;

static bool file_of(const char *name)
{
    g_autofree char *file = g_strconcat(name, ".json", NULL);
    g_autofree char *path = g_build_filename(rig.config.state_dir, "sessions", file, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void test_life(void **state)
{
    struct gs_session_info info;
    struct gs_client_open open;
    struct control_client *c;
    struct daemon_done done = {0};
    g_autofree char *why = NULL, *old = NULL, *logs = NULL;
    struct gs_url url;

    (void)state;
    daemon_rig_create(&rig, "one", "open", "size=640x480 fps=30");
    info = daemon_rig_info(&rig, "one");
    assert_int_equal(info.state, GS_SESSION_RUNNING);
    assert_int_equal(info.settings->width, 640);
    assert_int_equal(info.settings->fps, 30);
    assert_string_equal(info.ready->encoder, "fake");
    assert_string_equal(info.argv[1], "open");
    assert_string_equal(info.last_error, "");
    assert_true(daemon_rig_worker(&rig, "one") > 1 && info.keeper > 1 &&
                info.unwatched_since >= info.created);
    assert_true(file_of("one"));
    url = daemon_rig_ticket(&rig, "one", 0, false, NULL);
    c = daemon_rig_enter(&url, NULL, &open);
    assert_false(open.view);
    info = daemon_rig_info(&rig, "one");
    assert_int_equal(info.n_clients, 1);
    assert_int_equal(info.unwatched_since, 0);
    assert_string_equal(info.clients[0].program, "test");
    assert_string_equal(info.clients[0].address, "127.0.0.1");
    daemon_rig_assert_serves(c);
    assert_int_equal(gs_sessions_close(rig.sessions, &rig.me, "one", daemon_rig_done, &done, &why),
                     0);
    daemon_rig_assert_told(c, GS_MSG_BYE, 0, "was closed by");
    daemon_rig_wait(&done.called);
    assert_false(daemon_rig_has(&rig, "one"));
    assert_false(file_of("one"));
    daemon_rig_wait_event(&rig, "session-ended:one");
    assert_non_null(strstr(rig.events->str, " session-created:one session-running:one "
                                            "ticket-issued:one client-joined:one "));
    /* Its logs are still there. */
    assert_int_equal(gs_sessions_log_dir(rig.sessions, &rig.me, "one", &old, &why), 0);
    logs = g_build_filename(old, "worker.log", NULL);
    assert_true(g_file_test(logs, G_FILE_TEST_EXISTS));
}

static int ask(const char *name, const char *user, const char *app, const char *settings,
               const char *says)
{
    char *argv[] = {(char *)"true", (char *)"echo", NULL};
    char *none[] = {NULL};
    g_auto(GStrv) each = g_strsplit(settings, " ", *settings ? -1 : 0);
    struct gs_session_request request = {.argv = *app == '-' ? none : argv, .settings = each};
    struct daemon_done done = {0};
    g_autofree char *why = NULL;
    int err;

    g_strlcpy(request.name, name, sizeof(request.name));
    g_strlcpy(request.user, user, sizeof(request.user));
    g_strlcpy(request.app, *app == '-' ? "" : app, sizeof(request.app));
    err = gs_sessions_create(rig.sessions, &rig.me, &request, daemon_rig_done, &done, &why);
    assert_true(err < 0 && why);
    if (!strstr(why, says))
        fail_msg("it says '%s', not '%s'", why, says);
    return err;
}

static void test_create_refused(void **state)
{
    char *argv[] = {(char *)"no-such-program-at-all", NULL};
    char *bad[] = {(char *)"true", (char *)"\xff", NULL};
    char *good[] = {(char *)"true", NULL};
    char *env[] = {(char *)"NOTHING", NULL};
    struct gs_session_request request = {.name = "x", .argv = argv};
    struct daemon_done done = {0};
    g_autofree char *why = NULL;

    (void)state;
    daemon_rig_create(&rig, "taken", "echo", "");
    assert_int_equal(ask("taken", "", "", "", "already"), -EEXIST);
    assert_int_equal(ask("../x", "", "", "", "a name has"), -EINVAL);
    assert_int_equal(ask("-x", "", "", "", "a name has"), -EINVAL);
    assert_int_equal(ask("x", "no-such-user", "", "", "no-such-user") < 0, 1);
    assert_int_equal(ask("x", "", "no-such-app", "", "no-such-app"), -EINVAL);
    assert_int_equal(ask("x", "", "-", "", "name an application"), -EINVAL);
    assert_int_equal(ask("x", "", "", "colour=blue", "colour"), -EINVAL);
    assert_int_equal(ask("x", "", "", "fps=1000000", "fps"), -EINVAL);
    assert_int_equal(ask("x", "", "", "fps", "KEY=VALUE"), -EINVAL);
    assert_int_equal(
        gs_sessions_create(rig.sessions, &rig.me, &request, daemon_rig_done, &done, &why), -EINVAL);
    assert_non_null(strstr(why, "no-such-program-at-all"));
    g_clear_pointer(&why, g_free);
    request.argv = bad;
    assert_int_equal(
        gs_sessions_create(rig.sessions, &rig.me, &request, daemon_rig_done, &done, &why), -EINVAL);
    g_clear_pointer(&why, g_free);
    request.argv = good;
    request.env = env;
    assert_int_equal(
        gs_sessions_create(rig.sessions, &rig.me, &request, daemon_rig_done, &done, &why), -EINVAL);
    assert_non_null(strstr(why, "NAME=VALUE"));
    assert_false(daemon_rig_has(&rig, "x"));
    assert_false(file_of("x"));
}

static void test_create_without_a_name(void **state)
{
    char *argv[] = {(char *)"true", (char *)"echo", NULL};
    struct gs_session_request request = {.argv = argv};
    static const char *const names[] = {"true", "true-2", "true-3"};

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(names); i++) {
        struct daemon_done done = {0};
        g_autofree char *why = NULL;

        assert_int_equal(
            gs_sessions_create(rig.sessions, &rig.me, &request, daemon_rig_done, &done, &why), 0);
        daemon_rig_wait(&done.called);
        assert_string_equal(done.name, names[i]);
    }
}

static void test_limits(void **state)
{
    (void)state;
    rig.config.sessions_per_user = 2;
    daemon_rig_create(&rig, "one", "echo", "");
    daemon_rig_create(&rig, "two", "echo", "");
    assert_int_equal(ask("three", "", "", "", "this user has 2"), -EDQUOT);
    rig.config.sessions_per_user = 10;
    rig.config.sessions = 2;
    assert_int_equal(ask("three", "", "", "", "there are 2"), -EDQUOT);
    daemon_rig_close(&rig, "one");
    daemon_rig_create(&rig, "three", "echo", "");
}

/* What the worker says last is what the one hears who asked for the session. */
static void test_create_fails(void **state)
{
    static const char *const modes[][2] = {{"die", "ended with status 7"},
                                           {"silent", "was not ready in time"}};
    struct daemon_done done;

    (void)state;
    rig.config.ready_ms = 1000;
    for (size_t i = 0; i < GS_ARRAY_SIZE(modes); i++) {
        g_autofree char *why = NULL;

        assert_int_equal(
            daemon_rig_ask(&rig, "bad", modes[i][0], "restart=on-failure", &done, &why), 0);
        daemon_rig_wait(&done.called);
        assert_true(done.err < 0);
        assert_non_null(strstr(done.why, modes[i][1]));
        assert_false(daemon_rig_has(&rig, "bad"));
    }
    daemon_rig_wait_event(&rig, "session-failed:bad");
    assert_null(strstr(rig.events->str, "session-running"));
}

static void test_close_while_it_starts(void **state)
{
    struct daemon_done made, closed = {0};
    g_autofree char *why = NULL;

    (void)state;
    assert_int_equal(daemon_rig_ask(&rig, "slow", "silent", "", &made, &why), 0);
    assert_int_equal(
        gs_sessions_close(rig.sessions, &rig.me, "slow", daemon_rig_done, &closed, &why), 0);
    daemon_rig_wait(&closed.called);
    assert_int_equal(closed.err, 0);
    assert_true(made.called);
    assert_int_equal(made.err, -EAGAIN);
}

static void test_application_ends(void **state)
{
    struct gs_url url;

    (void)state;
    for (int status = 0; status < 2; status++) {
        g_autofree char *mode = g_strdup_printf("end%d", status);
        struct control_client *c;

        daemon_rig_create(&rig, mode, mode, "restart=on-failure");
        url = daemon_rig_ticket(&rig, mode, 0, false, NULL);
        c = daemon_rig_knock(&url, NULL);
        daemon_rig_assert_told(c, GS_MSG_BYE, status, "said the fake worker");
        while (daemon_rig_has(&rig, mode))
            g_main_context_iteration(NULL, TRUE);
    }
    daemon_rig_wait_event(&rig, "session-ended:end1");
    assert_null(strstr(rig.events->str, "session-failed"));
}

/* ---- changes ---- */

static int set(const char *name, const char *settings, const char *says)
{
    g_auto(GStrv) each = g_strsplit(settings, " ", -1);
    g_autofree char *why = NULL;
    int err = gs_sessions_set(rig.sessions, &rig.me, name, each, &why);

    if (err && !strstr(why, says))
        fail_msg("it says '%s', not '%s'", why, says);
    return err;
}

static void test_set(void **state)
{
    (void)state;
    rig.config.hang_ms = 2000;
    daemon_rig_create(&rig, "one", "echo", "");
    assert_int_equal(set("one", "fps=25 size=800x600 restart=on-failure weight=300", ""), 0);
    assert_int_equal(daemon_rig_info(&rig, "one").settings->fps, 25);
    assert_int_equal(daemon_rig_info(&rig, "one").settings->weight, 300);
    /* All or nothing. */
    assert_int_equal(set("one", "fps=50 encoder=null", "encoder can't be changed"), -EINVAL);
    assert_int_equal(set("one", "fps=50 sandbox=none", "sandbox can't be changed"), -EINVAL);
    assert_int_equal(set("one", "fps=50 nonsense=1", "nonsense"), -EINVAL);
    assert_int_equal(set("none", "fps=50", "there is no session none"), -ENOENT);
    assert_int_equal(daemon_rig_info(&rig, "one").settings->fps, 25);
    /* The worker was told; it says so in its statistics. */
    while (!daemon_rig_info(&rig, "one").stats ||
           daemon_rig_info(&rig, "one").stats->fps_milli != 25000 ||
           daemon_rig_info(&rig, "one").stats->kbps != 800)
        g_main_context_iteration(NULL, TRUE);
}

static void test_users_may_only_lower(void **state)
{
    struct gs_caller user = rig.me;
    char *raise[][2] = {{(char *)"memory-max=0", NULL}, {(char *)"weight=200", NULL},
                        {(char *)"floor=30", NULL},     {(char *)"cap=60", NULL},
                        {(char *)"cap=0", NULL},        {(char *)"cpu-weight=101", NULL}};
    char *lower[] = {(char *)"weight=50", NULL};
    char *as_configured[] = {(char *)"weight=100", NULL};
    char *other[] = {(char *)"fps=20", NULL};

    (void)state;
    user.admin = false;
    rig.config.session.memory_max = 1 << 30;
    rig.config.session.cap_percent = 50;
    for (size_t i = 0; i < GS_ARRAY_SIZE(raise); i++) {
        char *argv[] = {(char *)"true", (char *)"echo", NULL};
        struct gs_session_request request = {.name = "one", .argv = argv, .settings = raise[i]};
        g_autofree char *why = NULL;

        assert_int_equal(gs_sessions_create(rig.sessions, &user, &request, NULL, NULL, &why),
                         -EPERM);
        assert_non_null(strstr(why, "only an administrator"));
    }
    rig.config.session.memory_max = 0;
    daemon_rig_create(&rig, "one", "echo", "");
    for (size_t i = 1; i < GS_ARRAY_SIZE(raise); i++) {
        g_autofree char *why = NULL;

        assert_int_equal(gs_sessions_set(rig.sessions, &user, "one", raise[i], &why), -EPERM);
    }
    assert_int_equal(gs_sessions_set(rig.sessions, &user, "one", lower, NULL), 0);
    assert_int_equal(gs_sessions_set(rig.sessions, &user, "one", as_configured, NULL), 0);
    /* What an administrator gave it stays. */
    assert_int_equal(gs_sessions_set(rig.sessions, &rig.me, "one", raise[1], NULL), 0);
    assert_int_equal(gs_sessions_set(rig.sessions, &user, "one", other, NULL), 0);
    assert_int_equal(daemon_rig_info(&rig, "one").settings->weight, 200);
}

static void test_idle_ends(void **state)
{
    struct control_client *c;
    struct gs_url url;

    (void)state;
    daemon_rig_create(&rig, "watched", "open", "idle-timeout=1");
    daemon_rig_create(&rig, "idle", "open", "idle-timeout=1");
    url = daemon_rig_ticket(&rig, "watched", 0, false, NULL);
    c = daemon_rig_enter(&url, NULL, NULL);
    daemon_rig_wait_event(&rig, "session-ended:idle");
    assert_true(daemon_rig_has(&rig, "watched"));
    control_client_close(c);
    daemon_rig_wait_event(&rig, "session-ended:watched");
}

/* ---- many times ---- */

static unsigned count_files(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    unsigned n = 0;

    while (g_dir_read_name(dir))
        n++;
    return n;
}

static void test_again_and_again(void **state)
{
    unsigned before = 0;

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct gs_url url;

        daemon_rig_create(&rig, "one", "open", "");
        url = daemon_rig_ticket(&rig, "one", 0, false, NULL);
        control_client_close(daemon_rig_enter(&url, NULL, NULL));
        daemon_rig_close(&rig, "one");
        daemon_rig_settle();
        if (i == 4)
            before = count_files();
    }
    assert_int_equal(count_files(), before);
}

#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(name, daemon_rig_setup, daemon_rig_teardown, &rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_life),
        TEST(test_create_refused),
        TEST(test_create_without_a_name),
        TEST(test_limits),
        TEST(test_create_fails),
        TEST(test_close_while_it_starts),
        TEST(test_application_ends),
        TEST(test_set),
        TEST(test_users_may_only_lower),
        TEST(test_idle_ends),
        TEST(test_again_and_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
