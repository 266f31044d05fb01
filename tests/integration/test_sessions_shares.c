/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon promises floors, refuses what does not fit, lets sessions wait for it, and changes
 * weights while they run. No session draws here: what frames cost is assumed, 4 ms of the device
 * for 1280x720, so that a floor of 60 needs 24 % of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/daemon_rig.h"

#define NEEDS_24 "floor=60 fps=60 size=1280x720"

static struct daemon_rig rig;

/* Three have 72 of 80 %. */
static void promise_most(void)
{
    daemon_rig_create(&rig, "one", "echo", NEEDS_24);
    daemon_rig_create(&rig, "two", "echo", NEEDS_24);
    daemon_rig_create(&rig, "three", "echo", NEEDS_24);
}

/* Of the processors, where no GPU is. */
static uint32_t promised(void)
{
    struct gs_grants_device devices[GS_SCHED_DEVICES_MAX];
    unsigned n = gs_sessions_devices(rig.sessions, devices, GS_SCHED_DEVICES_MAX);

    return devices[n > 1].promised_permille;
}

static int queue(const struct gs_caller *caller, const char *name, const char *floor,
                 struct daemon_done *done, char **ret_why)
{
    char *argv[] = {(char *)"true", (char *)"echo", NULL};
    char *settings[] = {(char *)floor, NULL};
    struct gs_session_request request = {.argv = argv, .settings = settings, .queue = true};

    memset(done, 0, sizeof(*done));
    g_strlcpy(request.name, name, sizeof(request.name));
    return gs_sessions_create(rig.sessions, caller, &request, daemon_rig_done, done, ret_why);
}

static void wait_in_queue(const char *name, const char *floor, struct daemon_done *done)
{
    g_autofree char *why = NULL;

    assert_int_equal(queue(&rig.me, name, floor, done, &why), 0);
    assert_int_equal(daemon_rig_info(&rig, name).state, GS_SESSION_QUEUED);
}

static int set(const char *name, const char *setting, char **ret_why)
{
    char *settings[] = {(char *)setting, NULL};

    return gs_sessions_set(rig.sessions, &rig.me, name, settings, ret_why);
}

static void test_refused_with_the_arithmetic(void **state)
{
    static const char *const words[] = {"floor 60 fps needs about 24 % of",
                                        "assumed for 1280x720",
                                        "72 % of the 80 %",
                                        "one: 24 %",
                                        "three: 24 %",
                                        "two: 24 %",
                                        "8 % is left: floor=20 would fit"};
    struct daemon_done done;
    char *why = NULL;

    (void)state;
    promise_most();
    assert_int_equal(daemon_rig_ask(&rig, "four", "echo", NEEDS_24, &done, &why), -EDQUOT);
    for (size_t i = 0; i < GS_ARRAY_SIZE(words); i++) {
        if (!strstr(why, words[i]))
            fail_msg("'%s' does not say '%s'", why, words[i]);
    }
    g_clear_pointer(&why, g_free);
    assert_false(daemon_rig_has(&rig, "four"));
    assert_int_equal(promised(), 720);
    daemon_rig_create(&rig, "four", "echo", "floor=20");
    daemon_rig_create(&rig, "free", "echo", "");
    assert_int_equal(promised(), 800);
}

static void test_strangers_are_not_named(void **state)
{
    struct gs_caller other = {.uid = rig.me.uid + 1, .user = "other"};
    struct gs_session_request request = {.name = "mine"};
    char *argv[] = {(char *)"true", (char *)"echo", NULL};
    char *settings[] = {(char *)"floor=60", NULL};
    g_autofree char *why = NULL;

    (void)state;
    if (geteuid() != 0)
        skip(); /* makes sessions for its own user alone */
    promise_most();
    rig.config.session.floor_fps = 60;
    request.argv = argv;
    request.settings = settings;
    assert_int_equal(gs_sessions_create(rig.sessions, &other, &request, NULL, NULL, &why), -EDQUOT);
    assert_non_null(strstr(why, "(sessions of others: 72 %)"));
    assert_null(strstr(why, "one"));
}

static void test_set_is_admitted(void **state)
{
    char *why = NULL;

    (void)state;
    promise_most();
    daemon_rig_create(&rig, "four", "echo", "");
    assert_int_equal(set("four", "floor=60", &why), -EDQUOT);
    assert_non_null(strstr(why, "floor=20 would fit"));
    g_clear_pointer(&why, g_free);
    assert_int_equal(set("four", "floor=20", NULL), 0);
    assert_int_equal(set("four", "floor=61", &why), -EINVAL);
    assert_non_null(strstr(why, "a floor of 60 or less"));
    g_clear_pointer(&why, g_free);
    assert_int_equal(daemon_rig_info(&rig, "four").settings->floor_fps, 20);
    /* What it has counts as nothing where it wants more. */
    assert_int_equal(set("one", "floor=30", NULL), 0);
    assert_int_equal(set("one", "floor=60", NULL), 0);
}

static void test_floors_count_under_shares_alone(void **state)
{
    (void)state;
    rig.config.policy = GS_SCHED_EQUAL;
    gs_sessions_reloaded(rig.sessions);
    promise_most();
    daemon_rig_create(&rig, "four", "echo", NEEDS_24);
}

static void test_queue(void **state)
{
    struct daemon_done second, third;
    struct gs_session_info info;

    (void)state;
    promise_most();
    wait_in_queue("second", "floor=60", &second);
    wait_in_queue("third", "floor=30", &third);
    info = daemon_rig_info(&rig, "third");
    assert_int_equal(info.queue_place, 2);
    assert_int_equal(info.worker, 0);
    info = daemon_rig_info(&rig, "second");
    assert_int_equal(info.queue_place, 1);
    assert_non_null(strstr(info.queue_why, "floor 60 needs 24 % of"));
    daemon_rig_wait_event(&rig, "session-queued:second");
    gs_sessions_reloaded(rig.sessions);
    assert_false(second.called || third.called);
    daemon_rig_close(&rig, "one");
    daemon_rig_wait(&second.called);
    assert_int_equal(second.err, 0);
    assert_int_equal(daemon_rig_info(&rig, "second").state, GS_SESSION_RUNNING);
    assert_int_equal(daemon_rig_info(&rig, "third").queue_place, 1);
    assert_false(third.called);
    assert_int_equal(set("two", "floor=20", NULL), 0);
    daemon_rig_wait(&third.called);
    assert_int_equal(third.err, 0);
}

static void test_what_never_fits_is_not_queued(void **state)
{
    struct daemon_done done;
    g_autofree char *why = NULL;

    (void)state;
    rig.config.session.width = rig.config.session.height = 8192;
    assert_int_equal(queue(&rig.me, "huge", "floor=60", &done, &why), -EDQUOT);
    assert_false(daemon_rig_has(&rig, "huge"));
}

static void test_out_of_the_queue(void **state)
{
    struct daemon_done done, closed = {0};

    (void)state;
    promise_most();
    wait_in_queue("closed", "floor=60", &done);
    assert_int_equal(
        gs_sessions_close(rig.sessions, &rig.me, "closed", daemon_rig_done, &closed, NULL), 0);
    daemon_rig_wait(&closed.called);
    assert_true(done.called);
    assert_int_equal(done.err, -EAGAIN);
    assert_false(daemon_rig_has(&rig, "closed"));
    wait_in_queue("left", "floor=60", &done);
    assert_true(gs_sessions_abandon(rig.sessions, &done));
    assert_false(gs_sessions_abandon(rig.sessions, &done));
    assert_false(done.called || daemon_rig_has(&rig, "left"));
}

static void test_queue_has_an_end(void **state)
{
    struct daemon_done done;

    (void)state;
    promise_most();
    rig.config.queue_ms = 1000;
    wait_in_queue("late", "floor=60", &done);
    daemon_rig_wait(&done.called);
    assert_int_equal(done.err, -EDQUOT);
    assert_non_null(strstr(done.why, "it waited in the queue for 1 s"));
    daemon_rig_wait_event(&rig, "session-refused:late");
    assert_false(daemon_rig_has(&rig, "late"));
}

/* Who waits is told, and the next daemon knows nothing of it. */
static void test_daemon_ends(void **state)
{
    struct daemon_done done;

    (void)state;
    promise_most();
    wait_in_queue("gone", "floor=60", &done);
    daemon_rig_ticket(&rig, "gone", 1, false, NULL);
    daemon_rig_detach(&rig);
    assert_true(done.called);
    assert_int_equal(done.err, -EAGAIN);
    assert_non_null(strstr(done.why, "the daemon is stopping"));
    daemon_rig_open(&rig);
    daemon_rig_wait_state(&rig, "one", GS_SESSION_RUNNING);
    assert_false(daemon_rig_has(&rig, "gone"));
}

/* The first line of the file in the session's group; NULL: there is none. */
static char *in_group(const char *name, const char *file)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/cgroup", (int)daemon_rig_worker(&rig, name));
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) parts = g_strsplit(*line, ":", 3);
        bool whole = g_strv_length(parts) == 3, v2 = whole && !parts[1][0];
        g_auto(GStrv) kinds = g_strsplit(whole ? parts[1] : "", ",", -1);
        char *got = NULL;

        if (!v2 && !g_strv_contains((const char *const *)kinds, "cpu"))
            continue;
        for (int k = 0; k < 2 && !got; k++) {
            g_autofree char *base = g_path_get_basename(parts[2]);
            g_autofree char *full = g_build_filename("/sys/fs/cgroup", v2 ? "" : "cpu",
                                                     k ? base : parts[2], file, NULL);

            if (g_file_get_contents(full, &got, NULL, NULL))
                return g_strstrip(got);
        }
    }
    return NULL;
}

static void test_processors_are_weighed_live(void **state)
{
    g_autofree char *before = NULL, *shares = NULL, *weight = NULL;

    (void)state;
    daemon_rig_create(&rig, "one", "echo", "weight=50");
    before = in_group("one", "cpu.shares");
    before = before ? before : in_group("one", "cpu.weight");
    if (!before)
        skip(); /* no control group may be had here */
    assert_true(strcmp(before, "512") == 0 || strcmp(before, "50") == 0);
    assert_int_equal(set("one", "weight=300", NULL), 0);
    shares = in_group("one", "cpu.shares");
    weight = in_group("one", "cpu.weight");
    assert_true(g_strcmp0(shares, "3072") == 0 || g_strcmp0(weight, "300") == 0);
    assert_int_equal(set("one", "cpu-weight=100", NULL), 0);
    g_free(shares);
    g_free(weight);
    shares = in_group("one", "cpu.shares");
    weight = in_group("one", "cpu.weight");
    assert_true(g_strcmp0(shares, "1024") == 0 || g_strcmp0(weight, "100") == 0);
}

#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(name, daemon_rig_setup, daemon_rig_teardown, &rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_refused_with_the_arithmetic),
        TEST(test_strangers_are_not_named),
        TEST(test_set_is_admitted),
        TEST(test_floors_count_under_shares_alone),
        TEST(test_queue),
        TEST(test_what_never_fits_is_not_queued),
        TEST(test_out_of_the_queue),
        TEST(test_queue_has_an_end),
        TEST(test_daemon_ends),
        TEST(test_processors_are_weighed_live),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
