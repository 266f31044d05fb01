/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "host/keeper.h"

static const struct gs_keeper_config full = {.session = "s",
                                             .program = "/usr/libexec/gpushare/gpushare-session",
                                             .user = "alice",
                                             .runtime_dir = "/run/gpushare/s-1",
                                             .log_dir = "/var/log/gpushare/s",
                                             .log_size = UINT64_C(5000000000),
                                             .log_files = 7,
                                             .exit_path = "/var/lib/gpushare/s.exit",
                                             .cgroup = "gpushare-s",
                                             .memory_max = UINT64_C(8) << 30,
                                             .tasks_max = 500,
                                             .cpu_percent = 250,
                                             .cpu_weight = 10000,
                                             .stop_ms = 5000,
                                             .follow_parent = true};

static int read_back(const struct gs_keeper_config *c, struct gs_keeper_config *ret)
{
    char *json = gs_keeper_config_to_json(c);
    int err = gs_keeper_config_from_json(json, strlen(json), ret);

    free(json);
    return err;
}

static void test_config_roundtrip(void **state)
{
    struct gs_keeper_config out = {0};

    (void)state;
    assert_int_equal(read_back(&full, &out), 0);
    assert_memory_equal(&out, &full, sizeof(out));
}

static void test_config_is_checked(void **state)
{
    static const struct gs_keeper_config good = {.program = "p", .log_files = 1};
    struct gs_keeper_config out = {0}, c;

    (void)state;
    assert_int_equal(read_back(&good, &out), 0);
#define REFUSED(...)                                                                               \
    c = good;                                                                                      \
    __VA_ARGS__;                                                                                   \
    assert_int_equal(read_back(&c, &out), -EBADMSG)
    REFUSED(c.program[0] = '\0');
    REFUSED(c.log_files = 0);
    REFUSED(c.log_files = 101);
    REFUSED(c.cpu_weight = 10001);
    REFUSED(c.cpu_percent = 1000001);
    REFUSED(c.log_size = UINT64_MAX);
    REFUSED(strcpy(c.runtime_dir, "somewhere"));
    REFUSED(strcpy(c.log_dir, "logs"));
    REFUSED(strcpy(c.exit_path, "./exit"));
    REFUSED(strcpy(c.cgroup, ".."));
    REFUSED(strcpy(c.cgroup, "a/b"));
    REFUSED(strcpy(c.cgroup, "a:b"));
#undef REFUSED
    /* What was refused leaves what was there. */
    assert_memory_equal(&out, &good, sizeof(out));
}

static void test_other_versions_and_no_json(void **state)
{
    struct gs_keeper_config out;
    struct gs_keeper_exit e;

    (void)state;
    assert_int_equal(gs_keeper_config_from_json("{\"v\":2}", 7, &out), -EPROTO);
    assert_int_equal(gs_keeper_config_from_json("{\"v\":1}", 7, &out), -EBADMSG);
    assert_int_equal(gs_keeper_config_from_json("", 0, &out), -EBADMSG);
    assert_int_equal(gs_keeper_exit_from_json("{\"v\":2}", 7, &e), -EPROTO);
    assert_int_equal(gs_keeper_exit_from_json("[]", 2, &e), -EBADMSG);
}

static void test_exit_roundtrip(void **state)
{
    static const struct gs_keeper_exit e = {.status = -1,
                                            .signal = 11,
                                            .out_of_memory = true,
                                            .time = 1800000000,
                                            .why = "was killed by SIGSEGV"};
    struct gs_keeper_exit out = {0};
    char *json = gs_keeper_exit_to_json(&e);

    (void)state;
    assert_int_equal(gs_keeper_exit_from_json(json, strlen(json), &out), 0);
    assert_memory_equal(&out, &e, sizeof(out));
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config_roundtrip),
        cmocka_unit_test(test_config_is_checked),
        cmocka_unit_test(test_other_versions_and_no_json),
        cmocka_unit_test(test_exit_roundtrip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
