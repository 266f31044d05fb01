/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon gives out slots of hardware encoders: who has one, who spills, who is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>

#include "tests/support/daemon_rig.h"

static struct daemon_rig rig;

static int start(void **state)
{
    (void)state;
    daemon_rig_init(&rig);
    rig.config.encoder_slots = 1;
    rig.config.hang_ms = 2000;
    daemon_rig_open(&rig);
    daemon_rig_create(&rig, "one", "slots", "");
    daemon_rig_create(&rig, "two", "slots", "");
    daemon_rig_wait_event(&rig, "session-spilled:two");
    return 0;
}

static void check_count(uint32_t limit, uint32_t used, uint32_t wanted)
{
    struct gs_daemon_info info;

    gs_sessions_daemon_info(rig.sessions, &info);
    assert_int_equal(info.encoder_slots.limit, limit);
    assert_int_equal(info.encoder_slots.used, used);
    assert_int_equal(info.encoder_slots.wanted, wanted);
}

static void test_spills(void **state)
{
    struct gs_session_info info = daemon_rig_info(&rig, "two");

    (void)state;
    assert_string_equal(info.stats->encoder, "software");
    assert_string_equal(info.stats->spilled, "1 are taken");
    assert_null(strstr(rig.events->str, "session-spilled:one"));
    check_count(1, 1, 1);
    daemon_rig_close(&rig, "one");
    daemon_rig_wait_event(&rig, "session-hardware:two");
    assert_string_equal(daemon_rig_info(&rig, "two").stats->encoder, "hardware");
    check_count(1, 1, 0);
}

static void test_worker_dies(void **state)
{
    (void)state;
    kill(daemon_rig_worker(&rig, "one"), SIGKILL);
    daemon_rig_wait_event(&rig, "session-hardware:two");
    check_count(1, 1, 0);
}

static void test_limit_is_raised(void **state)
{
    (void)state;
    rig.config.encoder_slots = 2;
    gs_sessions_reloaded(rig.sessions);
    daemon_rig_wait_event(&rig, "session-hardware:two");
    check_count(2, 2, 0);
}

/* Who has a slot and who waits, the workers say. */
static void test_daemon_comes_back(void **state)
{
    (void)state;
    daemon_rig_detach(&rig);
    g_string_truncate(rig.events, 0);
    daemon_rig_open(&rig);
    daemon_rig_create(&rig, "three", "slots", "");
    daemon_rig_wait_event(&rig, "session-spilled:three");
    daemon_rig_wait_state(&rig, "one", GS_SESSION_RUNNING);
    daemon_rig_wait_state(&rig, "two", GS_SESSION_RUNNING);
    daemon_rig_wait_event(&rig, "session-spilled:two"); /* by the next statistics */
    check_count(1, 1, 2);
    daemon_rig_close(&rig, "one");
    daemon_rig_wait_event(&rig, "session-hardware:");
    check_count(1, 1, 1);
}

#define TEST(name) cmocka_unit_test_prestate_setup_teardown(name, start, daemon_rig_teardown, &rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_spills),
        TEST(test_worker_dies),
        TEST(test_limit_is_raised),
        TEST(test_daemon_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
