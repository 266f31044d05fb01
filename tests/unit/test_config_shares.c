/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a configuration says of sharing the GPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <grp.h>
#include <pwd.h>

#include "host/scheduler.h"
#include "tests/support/config_rig.h"

static void test_defaults(void **state)
{
    struct gs_host_config c;

    (void)state;
    gs_host_config_init(&c);
    assert_int_equal(c.policy, GS_SCHED_SHARES);
    assert_int_equal(c.fixed_sessions, 4);
    assert_int_equal(c.limit_fps, 60);
    assert_int_equal(c.depth, UINT32_MAX);
    assert_int_equal(c.queue_ms, 600000);
    assert_int_equal(c.session.weight, 100);
    assert_int_equal(c.session.floor_fps, 0);
    assert_int_equal(c.session.cap_percent, 0);
    assert_int_equal(c.session.cpu_weight, UINT32_MAX);
    assert_int_equal(gs_session_cpu_weight(&c.session), 100);
    assert_int_equal(c.n_shares, 0);
    gs_host_config_finish(&c);
}

static void test_all_keys(void **state)
{
    struct gs_host_config c = config_rig_load(
        "[scheduler]\npolicy = fixed\nfixed-sessions = 8\nlimit-fps = 45\ndepth = 3\n"
        "queue-timeout = 90s\n"
        "[session]\nfloor = 30\ncap = 50\nweight = 200\ncpu-weight = 50\n"
        "[app game]\ncommand = game\nfloor = 60\ncap = 0\ncpu-weight = auto\n");

    (void)state;
    assert_int_equal(c.policy, GS_SCHED_FIXED);
    assert_int_equal(c.fixed_sessions, 8);
    assert_int_equal(c.limit_fps, 45);
    assert_int_equal(c.depth, 3);
    assert_int_equal(c.queue_ms, 90000);
    assert_int_equal(c.session.floor_fps, 30);
    assert_int_equal(c.session.cap_percent, 50);
    assert_int_equal(gs_session_cpu_weight(&c.session), 50);
    assert_int_equal(c.apps[0].settings.floor_fps, 60);
    assert_int_equal(c.apps[0].settings.cap_percent, 0);
    assert_int_equal(gs_session_cpu_weight(&c.apps[0].settings), 200);
    gs_host_config_finish(&c);
}

static void test_policies_by_their_names(void **state)
{
    (void)state;
    for (int i = 0; gs_sched_policy_names[i]; i++) {
        g_autofree char *text =
            g_strdup_printf("[scheduler]\npolicy=%s\n", gs_sched_policy_names[i]);
        struct gs_host_config c = config_rig_load(text);

        assert_int_equal(c.policy, i);
        gs_host_config_finish(&c);
    }
    assert_string_equal(gs_sched_policy_names[GS_SCHED_OFF], "off");
    assert_null(gs_sched_policy_names[GS_SCHED_OFF + 1]);
}

static void test_wrong_values(void **state)
{
    (void)state;
    config_rig_refused("[scheduler]\npolicy=best\n",
                       "host.conf:2: policy: “best” is not one of: shares, best-effort, "
                       "equal, fixed, frame-limit, sleep, off");
    config_rig_refused("[scheduler]\nfixed-sessions=0\n",
                       "host.conf:2: fixed-sessions: “0” is not such a number, 1 to 1000");
    config_rig_refused("[scheduler]\nlimit-fps=241\n",
                       "host.conf:2: limit-fps: “241” is not such a number, 1 to 240");
    config_rig_refused("[scheduler]\ndepth=17\n",
                       "host.conf:2: depth: “17” is not such a number, auto, or 1 to 16");
    config_rig_refused(
        "[scheduler]\nqueue-timeout=-1s\n",
        "host.conf:2: queue-timeout: “-1s” is not a time such as 500ms or 5s, 1s to 1440m");
    config_rig_refused("[session]\nfloor=1000\n",
                       "host.conf:2: floor: “1000” is not such a number, 0 to 240");
    config_rig_refused("[session]\nfloor=abc\n",
                       "host.conf:2: floor: “abc” is not such a number, 0 to 240");
    config_rig_refused("[session]\ncap=101\n",
                       "host.conf:2: cap: “101” is not such a number, 0 to 100");
    config_rig_refused("[session]\ncap=-5\n",
                       "host.conf:2: cap: “-5” is not such a number, 0 to 100");
    config_rig_refused("[session]\nweight=0\n",
                       "host.conf:2: weight: “0” is not such a number, 1 to 10000");
    config_rig_refused(
        "[session]\nweight=99999999999999999999\n",
        "host.conf:2: weight: “99999999999999999999” is not such a number, 1 to 10000");
    config_rig_refused("[session]\ncpu-weight=0\n",
                       "host.conf:2: cpu-weight: “0” is not such a number, auto, or 1 to 10000");
}

static void test_floor_above_fps(void **state)
{
    (void)state;
    config_rig_refused("[session]\nfloor = 61\n",
                       "host.conf:2: floor: 61 frames/s can't be promised to a session that may "
                       "draw 60 (fps); raise fps, or give a floor "
                       "of 60 or less");
    config_rig_refused("[session]\nfloor = 30\n[app x]\ncommand=x\nfps = 24\n",
                       "host.conf:5: floor: 30 frames/s can't be promised to a session that may "
                       "draw 24 (fps); raise fps, or give a floor "
                       "of 24 or less");
}

static void test_shares(void **state)
{
    const struct passwd *me = getpwuid(0);
    const struct group *mine = getgrgid(0);
    g_autofree char *group = g_strdup_printf("[group %s]\nweight = 300\n", mine->gr_name);
    g_autofree char *both = g_strdup_printf(
        "%s[user %s]\nweight = 70\n[user nobody-of-that-name]\n", group, me->pw_name);
    struct gs_host_config c = config_rig_load(group);

    (void)state;
    assert_int_equal(c.n_shares, 1);
    assert_ptr_equal(gs_host_config_share(&c, me->pw_name), &c.shares[0]);
    assert_int_equal(c.shares[0].weight, 300);
    assert_true(c.shares[0].group);
    assert_null(gs_host_config_share(&c, "nobody-of-that-name"));
    gs_host_config_finish(&c);
    c = config_rig_load(both);
    assert_int_equal(gs_host_config_share(&c, me->pw_name)->weight, 70);
    assert_int_equal(gs_host_config_share(&c, "nobody-of-that-name")->weight, 100);
    gs_host_config_finish(&c);
}

static void test_wrong_shares(void **state)
{
    (void)state;
    config_rig_refused("[user root]\nweight=0\n",
                       "host.conf:2: weight: “0” is not such a number, 1 to 10000");
    config_rig_refused("[user root]\nweigt=1\n",
                       "host.conf:2: [user root] has no key “weigt”; is “weight” meant?");
    config_rig_refused("[user root]\nweight=1\n[group root]\n[user root]\n",
                       "host.conf:4: [user root] stands in line 1 already");
    config_rig_refused("[user root]\n[user root]\nweight=5\n",
                       "host.conf:2: [user root] stands in line 1 already");
    config_rig_refused("[group a b]\nweight=1\n",
                       "host.conf:1: [group a b]: the name must have 1 to 63 bytes without blanks");
    config_rig_refused("[user]\nweight=1\n", "host.conf:1: there is no section [user]");
}

static void test_reload_takes_all(void **state)
{
    struct gs_host_config c = config_rig_load("[scheduler]\ndepth=2\n[user root]\nweight=5\n");
    struct gs_host_config fresh = config_rig_load(
        "[scheduler]\npolicy=equal\ndepth=3\n[user root]\nweight=6\n[group root]\n");
    g_autofree char *differ = gs_host_config_reload(&c, &fresh);

    (void)state;
    assert_string_equal(differ, "depth");
    assert_int_equal(c.depth, 2);
    assert_int_equal(c.policy, GS_SCHED_EQUAL);
    assert_int_equal(c.n_shares, 2);
    assert_int_equal(c.shares[0].weight, 6);
    assert_int_equal(fresh.shares[0].weight, 5);
    gs_host_config_finish(&c);
    gs_host_config_finish(&fresh);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, config_rig_setup, config_rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        TEST(test_all_keys),
        TEST(test_policies_by_their_names),
        TEST(test_wrong_values),
        TEST(test_floor_above_fps),
        TEST(test_shares),
        TEST(test_wrong_shares),
        TEST(test_reload_takes_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
