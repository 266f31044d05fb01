/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "host/run.h"

/* Options as one string, split at blanks. */
static int parse(const char *line, struct gs_run_options *o, char **why)
{
    g_autofree char *whole = g_strconcat("run ", line, NULL);
    g_auto(GStrv) argv = g_strsplit(whole, " ", -1);

    return gs_run_options_parse((int)g_strv_length(argv), argv, o, why);
}

static void test_parse_defaults(void **state)
{
    struct gs_run_options o;
    char *why;

    (void)state;
    assert_int_equal(parse("-- /usr/bin/glxgears -info", &o, &why), 0);
    assert_int_equal(o.width, 1280);
    assert_int_equal(o.height, 720);
    assert_int_equal(o.fps, 60);
    assert_int_equal(o.max_kbps, 0);
    assert_int_equal(o.quality, 0);
    assert_int_equal(o.port, 47800);
    assert_int_equal(o.last_port, 47809);
    assert_int_equal(o.udp_first, 47810);
    assert_int_equal(o.udp_last, 47999);
    assert_int_equal(o.ticket_uses, 0);
    assert_int_equal(o.hello_ms, 5000);
    assert_string_equal(o.listen, "");
    assert_string_equal(o.encoder, "");
    assert_string_equal(o.effort, "");
    assert_int_equal(o.sandbox, GS_SANDBOX_NONE);
    assert_string_equal(o.session, "glxgears");
    assert_string_equal(o.argv[0], "/usr/bin/glxgears");
    assert_string_equal(o.argv[1], "-info");
    assert_null(o.argv[2]);
    gs_run_options_finish(&o);
}

static void test_parse_everything(void **state)
{
    struct gs_run_options o;
    char *why;

    (void)state;
    assert_int_equal(
        parse("--size 65x8191 --fps 240 --encoder x264 --converter=cpu --bitrate 5000 "
              "--sandbox strict --quality 18 --effort best --port 5000 --listen ::1 --advertise "
              "my.host --ticket-uses 1 "
              "--session s.1 -v -- app -- --fps 7",
              &o, &why),
        0);
    assert_int_equal(o.width, 65);
    assert_int_equal(o.height, 8191);
    assert_int_equal(o.fps, 240);
    assert_string_equal(o.encoder, "x264");
    assert_string_equal(o.converter, "cpu");
    assert_int_equal(o.max_kbps, 5000);
    assert_int_equal(o.quality, 18);
    assert_string_equal(o.effort, "best");
    assert_int_equal(o.sandbox, GS_SANDBOX_STRICT);
    assert_int_equal(o.port, 5000);
    assert_int_equal(o.last_port, 5000);
    assert_string_equal(o.listen, "::1");
    assert_string_equal(o.advertise, "my.host");
    assert_int_equal(o.ticket_uses, 1);
    assert_string_equal(o.session, "s.1");
    assert_true(o.verbose);
    assert_string_equal(o.argv[1], "--");
    assert_string_equal(o.argv[2], "--fps");
    assert_string_equal(o.argv[3], "7");
    gs_run_options_finish(&o);
}

/* The application's options are its own, also without "--". */
static void test_parse_stops_at_app(void **state)
{
    struct gs_run_options o;
    char *why;

    (void)state;
    assert_int_equal(parse("--fps 30 app --fps 99 -v", &o, &why), 0);
    assert_int_equal(o.fps, 30);
    assert_false(o.verbose);
    assert_string_equal(o.argv[1], "--fps");
    gs_run_options_finish(&o);
}

static void test_parse_any_address(void **state)
{
    struct gs_run_options o;
    char *why;

    (void)state;
    assert_int_equal(parse("--listen :: app", &o, &why), 0);
    assert_string_equal(o.listen, "");
    gs_run_options_finish(&o);
    assert_int_equal(parse("--listen 0.0.0.0 app", &o, &why), 0);
    assert_string_equal(o.listen, "0.0.0.0");
    gs_run_options_finish(&o);
}

static void test_parse_session_name_fallback(void **state)
{
    struct gs_run_options o;
    char *why;

    (void)state;
    assert_int_equal(parse("-- ./-odd,name", &o, &why), 0);
    assert_string_equal(o.session, "session");
    gs_run_options_finish(&o);
}

static void refuse(const char *line, const char *says)
{
    struct gs_run_options o;
    char *why = NULL;

    if (parse(line, &o, &why) != -EINVAL)
        fail_msg("accepted: %s", line);
    if (!strstr(why, says))
        fail_msg("%s: says '%s', not '%s'", line, why, says);
    g_free(why);
}

static void test_parse_udp_ports(void **state)
{
    struct gs_run_options o;
    char *why;

    (void)state;
    assert_int_equal(parse("--udp-ports 1-65535 app", &o, &why), 0);
    assert_int_equal(o.udp_first, 1);
    assert_int_equal(o.udp_last, 65535);
    gs_run_options_finish(&o);
    assert_int_equal(parse("--udp-ports 5000 app", &o, &why), 0);
    assert_int_equal(o.udp_first, 5000);
    assert_int_equal(o.udp_last, 5000);
    gs_run_options_finish(&o);
    refuse("--udp-ports 0-5 app", "1 to 65535");
    refuse("--udp-ports 5-65536 app", "1 to 65535");
    refuse("--udp-ports 6-5 app", "the first one first");
    refuse("--udp-ports 6- app", "FIRST-LAST");
    refuse("--udp-ports -6 app", "FIRST-LAST");
    refuse("--udp-ports 1-2-3 app", "FIRST-LAST");
    refuse("--udp-ports many app", "FIRST-LAST");
}

static void test_parse_refusals(void **state)
{
    (void)state;
    refuse("--size 0x0 app", "numbers from 64 to 8192");
    refuse("--size 63x64 app", "numbers from 64 to 8192");
    refuse("--size 8193x720 app", "numbers from 64 to 8192");
    refuse("--size 99999999999x64 app", "1280x720");
    refuse("--size -5x64 app", "1280x720");
    refuse("--size 1280 app", "1280x720");
    refuse("--size 1280x720x1 app", "1280x720");
    refuse("--size big app", "1280x720");
    refuse("--fps 0 app", "1 to 240");
    refuse("--fps 241 app", "1 to 240");
    refuse("--fps x app", "x");
    refuse("--bitrate -1 app", "0 to");
    refuse("--bitrate 1000001 app", "0 to 1000000");
    refuse("--quality 52 app", "0 to 51");
    refuse("--port 65536 app", "0 to 65535");
    refuse("--ticket-uses -1 app", "0 to");
    refuse("--encoder ../x app", "--encoder");
    refuse("--effort 'a b' app", "--effort");
    refuse("--sandbox loose app", "--sandbox");
    refuse("--converter aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa app", "--converter");
    refuse("--listen localhost app", "numeric");
    refuse("--advertise a/b app", "--advertise");
    refuse("--session a/b app", "--session");
    refuse("--unknown app", "unknown");
    refuse("--", "no application");
    refuse("--fps 60", "no application");
    refuse("app \xff", "UTF-8");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_defaults),
        cmocka_unit_test(test_parse_everything),
        cmocka_unit_test(test_parse_stops_at_app),
        cmocka_unit_test(test_parse_any_address),
        cmocka_unit_test(test_parse_session_name_fallback),
        cmocka_unit_test(test_parse_udp_ports),
        cmocka_unit_test(test_parse_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
