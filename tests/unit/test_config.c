/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "host/config_keys.h"
#include "tests/support/config_rig.h"

static void test_defaults(void **state)
{
    struct gs_host_config c;

    (void)state;
    gs_host_config_init(&c);
    assert_int_equal(c.port, GS_PROTO_PORT);
    assert_int_equal(c.udp_first, GS_PROTO_UDP_FIRST);
    assert_int_equal(c.udp_last, GS_PROTO_UDP_LAST);
    assert_int_equal(c.handshake_ms, 5000);
    assert_int_equal(c.encoder_slots, UINT32_MAX);
    assert_int_equal(c.log_size, 1 << 20);
    assert_int_equal(c.session.width, 1280);
    assert_int_equal(c.session.fps, 60);
    assert_int_equal(c.session.sandbox, GS_SANDBOX_STANDARD);
    assert_int_equal(c.session.unwatched, GS_UNWATCHED_THROTTLE);
    assert_int_equal(c.session.ticket_ttl_s, 600);
    assert_string_not_equal(c.state_dir, "");
    assert_int_equal(c.n_apps, 0);
    gs_host_config_finish(&c);
}

static void test_every_kind(void **state)
{
    struct gs_host_config c =
        config_rig_load("[server]\nstate-dir = /s\n"
                        "[network]\nlisten=::1\nport = 5000\nudp-ports = 6000 - 6010\n"
                        "metrics-listen = [::1]:9100\ncertificate=/c\nkey=/k\n"
                        "[limits]\nhandshake-timeout = 1500ms\nstop-timeout = 2s\n"
                        "encoder-slots = 3\n"
                        "[log]\nlevel = debug\nsession-log-size = 64k\n"
                        "[session]\nsize = 1921x1081\nmemory-max=2 G\neffort=best\n"
                        "sandbox=strict\nidle-timeout=2h\nrestart=on-failure\n");

    (void)state;
    assert_string_equal(c.state_dir, "/s");
    assert_string_equal(c.listen, "::1");
    assert_int_equal(c.port, 5000);
    assert_int_equal(c.udp_first, 6000);
    assert_int_equal(c.udp_last, 6010);
    assert_string_equal(c.metrics_listen, "[::1]:9100");
    assert_int_equal(c.handshake_ms, 1500);
    assert_int_equal(c.stop_ms, 2000);
    assert_int_equal(c.encoder_slots, 3);
    assert_int_equal(c.log_size, 65536);
    assert_int_equal(c.session.width, 1921);
    assert_int_equal(c.session.height, 1081);
    assert_int_equal(c.session.memory_max, 2ull << 30);
    assert_string_equal(c.session.effort, "best");
    assert_int_equal(c.session.sandbox, GS_SANDBOX_STRICT);
    assert_int_equal(c.session.idle_timeout_s, 7200);
    assert_int_equal(c.session.restart, GS_RESTART_ON_FAILURE);
    gs_host_config_finish(&c);
}

static void test_apps(void **state)
{
    struct gs_host_config c = config_rig_load(
        "[app cad]\ncommand = cad --file \"a b.dwg\" 'c'\ntitle = The CAD\nfps = 30\n"
        "environment = A=1 \"B=x y\"\nusers = ann, bob carl\n"
        "[app plain]\ncommand=plain\n"
        "[session]\nsize = 800x600\nfps = 20\n");
    const struct gs_app *app = gs_host_config_app(&c, "cad");

    (void)state;
    assert_non_null(app);
    assert_string_equal(app->title, "The CAD");
    assert_string_equal(app->command[2], "a b.dwg");
    assert_string_equal(app->command[3], "c");
    assert_null(app->command[4]);
    assert_string_equal(app->env[1], "B=x y");
    assert_string_equal(app->users[2], "carl");
    assert_int_equal(app->settings.fps, 30);
    assert_int_equal(app->settings.width, 800);
    app = gs_host_config_app(&c, "plain");
    assert_int_equal(app->settings.fps, 20);
    assert_string_equal(app->title, "plain");
    assert_null(gs_host_config_app(&c, "none"));
    gs_host_config_finish(&c);
}

static void test_parts_override(void **state)
{
    g_autofree char *b =
        config_rig_put("conf.d/20-b.conf", "[limits]\nsessions = 3\n[app x]\nfps = 7\n");
    g_autofree char *a =
        config_rig_put("conf.d/10-a.conf", "[limits]\nsessions = 2\nconnections = 9\n");
    g_autofree char *hidden = config_rig_put("conf.d/.hidden.conf", "nonsense\n");
    struct gs_host_config c = config_rig_load("[limits]\nsessions = 1\n[app x]\ncommand = x\n");

    (void)state;
    assert_int_equal(c.sessions, 3);
    assert_int_equal(c.connections, 9);
    assert_int_equal(c.apps[0].settings.fps, 7);
    gs_host_config_finish(&c);
}

static void test_errors_name_file_and_line(void **state)
{
    (void)state;
    config_rig_refused("[server]\n\n[limits]\nsesions = 4\n",
                       "host.conf:4: [limits] has no key “sesions”; is “sessions” meant?");
    config_rig_refused("[session]\nfps = 0\nsize = 10x10\nweight = -1\n",
                       "host.conf:2: fps: “0” is not such a number, 1 to 240\n"
                       "host.conf:3: size: “10x10” is not WIDTHxHEIGHT, 64 to 8192 each\n"
                       "host.conf:4: weight: “-1” is not such a number, 1 to 10000");
    config_rig_refused("[nosuch]\na=b\n", "host.conf:1: there is no section [nosuch]");
    config_rig_refused("a=b\n[server]\nfoo\n",
                       "host.conf:1: a stands before the first [section]\n"
                       "host.conf:3: this is neither a [section] nor key = value");
    config_rig_refused("[log]\nlevel=info\nlevel=warn\n",
                       "host.conf:3: level stands in line 2 already");
    config_rig_refused("[session]\nsandbox = on\n",
                       "host.conf:2: sandbox: “on” is not one of: none, standard, strict");
    config_rig_refused("[network]\ncertificate=/a\n",
                       "host.conf:1: certificate and key must be given both, or neither");
    config_rig_refused(
        "[network]\nlisten=localhost\nport=70000\nudp-ports=9-8\nmetrics-listen=9100\n",
        "host.conf:2: listen: “localhost” is not a numeric address\n"
        "host.conf:3: port: “70000” is not such a number, 1 to 65535\n"
        "host.conf:4: udp-ports: “9-8” is not FIRST-LAST, 1 to 65535\n"
        "host.conf:5: metrics-listen: “9100” is not ADDRESS:PORT with a numeric address");
    config_rig_refused("[server]\nstate-dir=here\n",
                       "host.conf:2: state-dir: “here” is not a path that begins with “/”");
    config_rig_refused(
        "[app a/b]\ncommand=x\n",
        "host.conf:1: [app a/b]: the name must be letters, digits, '-', '_' and '.'");
    config_rig_refused("[app x]\nfps=3\n", "host.conf:1: [app x] has no command");
    config_rig_refused("[app x]\ncommand=x\nenvironment=A\n",
                       "host.conf:1: [app x]: environment must be NAME=value …");
    config_rig_refused(
        "[limits]\nhandshake-timeout=5\n",
        "host.conf:2: handshake-timeout: “5” is not a time such as 500ms or 5s, 100ms to 1m");
    config_rig_refused(
        "[limits]\nencoder-slots=1001\n",
        "host.conf:2: encoder-slots: “1001” is not such a number, auto, or 0 to 1000");
}

static void test_errors_in_parts(void **state)
{
    g_autofree char *a = config_rig_put("conf.d/10-a.conf", "[log]\nlevel = loud\n");
    g_autofree char *main = config_rig_put("host.conf", "[log]\nx=1\n");
    g_autofree char *said = config_rig_errors(main);

    (void)state;
    assert_string_equal(said, "host.conf:2: [log] has no key “x”\n"
                              "conf.d/10-a.conf:2: level: “loud” is not one of: error, warn, info, "
                              "debug, trace");
}

static void test_many_errors_are_bounded(void **state)
{
    GString *text = g_string_new("[log]\n");
    g_autofree char *path = NULL, *said = NULL;

    (void)state;
    for (int i = 0; i < 60; i++)
        g_string_append(text, "?\n");
    path = config_rig_put("host.conf", text->str);
    said = config_rig_errors(path);
    assert_non_null(strstr(said, "and 10 more"));
    g_string_free(text, TRUE);
}

static void test_missing_file(void **state)
{
    struct gs_host_config c;
    char *why = NULL;

    (void)state;
    assert_int_equal(gs_host_config_load("/nonexistent/host.conf", &c, &why), -ENOENT);
    assert_non_null(strstr(why, "/nonexistent/host.conf"));
    g_free(why);
}

/* What is printed is a configuration that says the same. */
static void test_print_reads_back(void **state)
{
    struct gs_host_config c =
        config_rig_load("[network]\nlisten=127.0.0.1\n[session]\nmemory-max=1500M\n"
                        "[app x]\ncommand = x \"a 'b\" ''\nusers = a b\n");
    g_autofree char *first = NULL, *second = NULL;
    struct gs_host_config again;
    size_t size;
    FILE *out;

    (void)state;
    out = open_memstream(&first, &size);
    gs_host_config_print(&c, out);
    fclose(out);
    again = config_rig_load(first);
    out = open_memstream(&second, &size);
    gs_host_config_print(&again, out);
    fclose(out);
    assert_string_equal(first, second);
    assert_string_equal(again.apps[0].command[1], "a 'b");
    assert_string_equal(again.apps[0].command[2], "");
    gs_host_config_finish(&c);
    gs_host_config_finish(&again);
}

static void test_reload_keeps_what_needs_a_restart(void **state)
{
    struct gs_host_config c = config_rig_load("[network]\nport=5000\n[limits]\nsessions=5\n");
    struct gs_host_config fresh = config_rig_load(
        "[network]\nport=5001\nudp-ports=1-2\n[limits]\nsessions=6\n[app x]\ncommand=x\n");
    g_autofree char *differ = gs_host_config_reload(&c, &fresh);

    (void)state;
    assert_string_equal(differ, "port, udp-ports");
    assert_int_equal(c.port, 5000);
    assert_int_equal(c.udp_first, GS_PROTO_UDP_FIRST);
    assert_int_equal(c.sessions, 6);
    assert_int_equal(c.n_apps, 1);
    assert_int_equal(fresh.n_apps, 0);
    gs_host_config_finish(&c);
    gs_host_config_finish(&fresh);
}

static void test_settings_one_by_one(void **state)
{
    struct gs_host_config c;
    char *why = NULL;

    (void)state;
    gs_host_config_init(&c);
    assert_int_equal(gs_session_settings_set(&c.session, "fps", "30", &why), 0);
    assert_int_equal(c.session.fps, 30);
    assert_int_equal(gs_session_settings_set(&c.session, "fps", "999", &why), -EINVAL);
    g_clear_pointer(&why, g_free);
    assert_int_equal(c.session.fps, 30);
    assert_int_equal(gs_session_settings_set(&c.session, "wieght", "1", &why), -ENOENT);
    assert_string_equal(why, "sessions have no setting “wieght”; is “weight” meant?");
    g_clear_pointer(&why, g_free);
    assert_int_equal(gs_session_settings_set(&c.session, "encoder",
                                             "a name that is longer than thirty-two bytes", &why),
                     -EINVAL);
    g_free(why);
}

/* Rows of the table must be whole. */
static void check_rows(const struct gs_config_key *keys)
{
    for (; keys->name; keys++) {
        assert_non_null(keys->section);
        assert_non_null(keys->fallback);
        assert_true(strlen(keys->help) > 10 && keys->help[strlen(keys->help) - 1] != '.');
        if (keys->kind <= GS_KEY_NAME)
            assert_true(keys->size > 0);
        if (keys->kind == GS_KEY_CHOICE || keys->kind == GS_KEY_NAME)
            assert_non_null(keys->choices);
    }
}

static void test_table(void **state)
{
    (void)state;
    check_rows(gs_config_keys);
    check_rows(gs_session_keys);
    check_rows(gs_app_keys);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, config_rig_setup, config_rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        TEST(test_every_kind),
        TEST(test_apps),
        TEST(test_parts_override),
        TEST(test_errors_name_file_and_line),
        TEST(test_errors_in_parts),
        TEST(test_many_errors_are_bounded),
        cmocka_unit_test(test_missing_file),
        TEST(test_print_reads_back),
        TEST(test_reload_keeps_what_needs_a_restart),
        cmocka_unit_test(test_settings_one_by_one),
        cmocka_unit_test(test_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
