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

#include "common/link.h"

static void test_worker_config_roundtrip(void **state)
{
    char *env[] = {"A=b", "C=", NULL};
    char *argv[] = {"glxgears", "-geometry", "two\nlines", "", NULL};
    struct gs_worker_config c = {.session = "s",
                                 .width = 64,
                                 .height = 8192,
                                 .fps = 240,
                                 .max_kbps = 5000,
                                 .quality = 18,
                                 .encoder = "x264",
                                 .effort = "best",
                                 .gpu = "/dev/dri/renderD129",
                                 .runtime_dir = "/run/x",
                                 .udp_first = 47810,
                                 .udp_last = 47999,
                                 .viewers = 8,
                                 .unwatched = GS_UNWATCHED_FREEZE,
                                 .sandbox = GS_SANDBOX_STRICT,
                                 .app_cgroup = "/sys/fs/cgroup/a:/sys/fs/cgroup/b",
                                 .adopt_path = "/run/w.sock",
                                 .secret = "s3",
                                 .env = env,
                                 .argv = argv};
    struct gs_worker_config out = {0};
    char *json = gs_worker_config_to_json(&c);

    (void)state;
    assert_int_equal(gs_worker_config_from_json(json, strlen(json), &out), 0);
    assert_int_equal(out.height, 8192);
    assert_int_equal(out.max_kbps, 5000);
    assert_int_equal(out.quality, 18);
    assert_string_equal(out.encoder, "x264");
    assert_string_equal(out.effort, "best");
    assert_string_equal(out.gpu, "/dev/dri/renderD129");
    assert_string_equal(out.converter, "");
    assert_string_equal(out.runtime_dir, "/run/x");
    assert_int_equal(out.viewers, 8);
    assert_int_equal(out.unwatched, GS_UNWATCHED_FREEZE);
    assert_int_equal(out.sandbox, GS_SANDBOX_STRICT);
    assert_string_equal(out.app_cgroup, c.app_cgroup);
    assert_string_equal(out.adopt_path, "/run/w.sock");
    assert_string_equal(out.secret, "s3");
    assert_string_equal(out.env[1], "C=");
    assert_null(out.env[2]);
    for (int i = 0; i < 4; i++)
        assert_string_equal(out.argv[i], argv[i]);
    assert_null(out.argv[4]);
    gs_worker_config_finish(&out);
    free(json);
    argv[0] = "\xff";
    assert_null(gs_worker_config_to_json(&c));
}

static void test_worker_config_sizes(void **state)
{
    static const struct {
        uint32_t width;
        int result;
    } sizes[] = {{65, 0}, {8191, 0}, {63, -EBADMSG}, {8193, -EBADMSG}};
    struct gs_worker_config c = {.session = "s",
                                 .height = 64,
                                 .fps = 60,
                                 .runtime_dir = "/",
                                 .udp_first = 1,
                                 .udp_last = 1,
                                 .viewers = 1};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct gs_worker_config out = {0};
        char *json;

        c.width = sizes[i].width;
        json = gs_worker_config_to_json(&c);
        assert_int_equal(gs_worker_config_from_json(json, strlen(json), &out), sizes[i].result);
        gs_worker_config_finish(&out);
        free(json);
    }
}

static void test_worker_config_refuses_quality(void **state)
{
    struct gs_worker_config c = {.session = "s",
                                 .width = 64,
                                 .height = 64,
                                 .fps = 60,
                                 .quality = 52,
                                 .runtime_dir = "/",
                                 .udp_first = 1,
                                 .udp_last = 1,
                                 .viewers = 1};
    char *json = gs_worker_config_to_json(&c);

    (void)state;
    assert_int_equal(gs_worker_config_from_json(json, strlen(json), &c), -EBADMSG);
    free(json);
}

static void test_worker_ready_roundtrip(void **state)
{
    struct gs_worker_ready r = {47811, -1, "x264", "cpu", "llvmpipe", "/dev/dri/renderD128"};
    struct gs_worker_ready out = {0};
    char *json = gs_worker_ready_to_json(&r);

    (void)state;
    assert_int_equal(gs_worker_ready_from_json(json, strlen(json), &out), 0);
    assert_int_equal(out.udp_port, 47811);
    assert_int_equal(out.x11_display, -1);
    assert_string_equal(out.encoder, "x264");
    assert_string_equal(out.converter, "cpu");
    assert_string_equal(out.renderer, "llvmpipe");
    assert_string_equal(out.gpu, "/dev/dri/renderD128");
    free(json);
}

static void test_worker_ready_gpu(void **state)
{
    static const struct {
        const char *gpu; /* NULL: not said */
        int result;
    } cases[] = {
        {NULL, 0},
        {"", 0},
        {"/dev/dri/card0", 0},
        {"renderD128", -EBADMSG},
        {"/dev/dri", -EBADMSG},
        {"/dev/dri/", -EBADMSG},
        {"/dev/dri/..", -EBADMSG},
        {"/dev/dri/../sda", -EBADMSG},
        {"/dev/dri/by-path/pci-0000:00:02.0-render", -EBADMSG},
        {"/etc/passwd", -EBADMSG},
    };

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(cases); i++) {
        g_autofree char *gpu =
            cases[i].gpu ? g_strdup_printf(",\"gpu\":\"%s\"", cases[i].gpu) : g_strdup("");
        g_autofree char *json =
            g_strdup_printf("{\"v\":%d,\"udp_port\":1,\"x11_display\":-1,\"encoder\":\"e\","
                            "\"converter\":\"c\",\"renderer\":\"r\"%s}",
                            GS_PROTO_VERSION, gpu);
        struct gs_worker_ready out = {0};

        assert_int_equal(gs_worker_ready_from_json(json, strlen(json), &out), cases[i].result);
        if (cases[i].result == 0)
            assert_string_equal(out.gpu, cases[i].gpu ? cases[i].gpu : "");
    }
}

static void test_worker_grants_cases(void **state)
{
    const struct gs_worker_grants g = {"s", "x"};
    struct gs_worker_grants out = {0};
    char *json = gs_worker_grants_to_json(&g);

    (void)state;
    assert_int_equal(gs_worker_grants_from_json(json, strlen(json), &out), 0);
    assert_string_equal(out.session, "s");
    assert_string_equal(out.secret, "x");
    assert_int_equal(gs_worker_grants_from_json(json, strlen(json) - 1, &out), -EBADMSG);
    assert_int_equal(gs_worker_grants_from_json("{\"v\":9999}", 10, &out), -EPROTO);
    free(json);
}

static void test_worker_config_refuses_env(void **state)
{
    static char *bad[][2] = {{"A", NULL}, {"=x", NULL}};
    struct gs_worker_config c = {.session = "s",
                                 .width = 64,
                                 .height = 64,
                                 .fps = 60,
                                 .runtime_dir = "/",
                                 .udp_first = 1,
                                 .udp_last = 1,
                                 .viewers = 1};

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(bad); i++) {
        struct gs_worker_config out = {0};
        char *json;

        c.env = bad[i];
        json = gs_worker_config_to_json(&c);
        assert_int_equal(gs_worker_config_from_json(json, strlen(json), &out), -EBADMSG);
        free(json);
    }
}

static void test_client_open_roundtrip(void **state)
{
    const struct gs_client_open o = {
        .hello = {.session = "s", .ticket = "t", .client = "c", .decoder = "d", .view = true},
        .view = true,
        .resume = "again"};
    struct gs_client_open out = {0};
    char *json = gs_client_open_to_json(&o);

    (void)state;
    assert_int_equal(gs_client_open_from_json(json, strlen(json), &out), 0);
    assert_string_equal(out.hello.ticket, "t");
    assert_string_equal(out.resume, "again");
    assert_true(out.view && out.hello.view);
    assert_int_equal(gs_client_open_from_json(json, strlen(json) - 1, &out), -EBADMSG);
    assert_int_equal(gs_client_open_from_json("{\"view\":true,\"resume\":\"\"}", 27, &out),
                     -EBADMSG);
    free(json);
}

static void test_worker_adopt_roundtrip(void **state)
{
    struct gs_worker_adopt a = {.session = "s",
                                .secret = "x",
                                .ready = {47811, 3, "x264", "cpu", "llvmpipe", ""},
                                .unwatched_s = 7,
                                .slot = GS_SLOT_HELD,
                                .slot_fixed = true,
                                .n_viewers = GS_VIEWERS_MAX};
    struct gs_worker_adopt out = {0};
    char *json, *more;

    (void)state;
    for (unsigned i = 0; i < a.n_viewers; i++)
        a.viewers[i] = (struct gs_worker_viewer){"r", i > 0};
    json = gs_worker_adopt_to_json(&a);
    assert_int_equal(gs_worker_adopt_from_json(json, strlen(json), &out), 0);
    assert_string_equal(out.secret, "x");
    assert_int_equal(out.ready.x11_display, 3);
    assert_int_equal(out.unwatched_s, 7);
    assert_int_equal(out.slot, GS_SLOT_HELD);
    assert_true(out.slot_fixed);
    assert_int_equal(out.n_viewers, GS_VIEWERS_MAX);
    assert_false(out.viewers[0].view);
    assert_true(out.viewers[GS_VIEWERS_MAX - 1].view);
    more = g_strdup_printf("%.*s,{\"resume\":\"\",\"view\":false}]}", (int)strlen(json) - 2, json);
    assert_int_equal(gs_worker_adopt_from_json(more, strlen(more), &out), -EBADMSG);
    g_free(more);
    free(json);
}

static void test_worker_set_cases(void **state)
{
    struct gs_worker_set s = GS_WORKER_SET_NONE, out;
    char *json = gs_worker_set_to_json(&s);

    (void)state;
    assert_int_equal(gs_worker_set_from_json(json, strlen(json), &out), 0);
    assert_memory_equal(&s, &out, sizeof(s));
    free(json);
    s = (struct gs_worker_set){30, 0, 20, GS_UNWATCHED_RUN, "best"};
    json = gs_worker_set_to_json(&s);
    assert_int_equal(gs_worker_set_from_json(json, strlen(json), &out), 0);
    assert_int_equal(out.max_kbps, 0);
    assert_string_equal(out.effort, "best");
    free(json);
    s.fps = 0;
    json = gs_worker_set_to_json(&s);
    assert_int_equal(gs_worker_set_from_json(json, strlen(json), &out), -EBADMSG);
    free(json);
}

static void test_worker_stats_roundtrip(void **state)
{
    struct gs_worker_stats s = {.frames = UINT64_MAX >> 2,
                                .kbps = UINT32_MAX,
                                .frozen = true,
                                .encoder = "x264",
                                .spilled = "no slot is free"};
    struct gs_worker_stats out = {0};
    char *json;

    (void)state;
    gs_stage_histogram_add(&s.stages[GS_WORKER_TOTAL], 500 * 1000);
    gs_stage_histogram_add(&s.stages[GS_WORKER_TOTAL], 501 * 1000);
    gs_stage_histogram_add(&s.stages[GS_WORKER_TOTAL], UINT64_MAX);
    assert_int_equal(s.stages[GS_WORKER_TOTAL].bucket[0], 1);
    assert_int_equal(s.stages[GS_WORKER_TOTAL].bucket[1], 1);
    assert_int_equal(s.stages[GS_WORKER_TOTAL].bucket[GS_STAGE_BUCKETS - 1], 1);
    s.stages[GS_WORKER_TOTAL].sum_us = 1001;
    json = gs_worker_stats_to_json(&s);
    assert_int_equal(gs_worker_stats_from_json(json, strlen(json), &out), 0);
    assert_memory_equal(&s, &out, sizeof(s));
    assert_int_equal(gs_worker_stats_from_json(json, strlen(json) - 1, &out), -EBADMSG);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worker_config_roundtrip),
        cmocka_unit_test(test_worker_config_sizes),
        cmocka_unit_test(test_worker_config_refuses_quality),
        cmocka_unit_test(test_worker_ready_gpu),
        cmocka_unit_test(test_worker_grants_cases),
        cmocka_unit_test(test_worker_config_refuses_env),
        cmocka_unit_test(test_worker_ready_roundtrip),
        cmocka_unit_test(test_client_open_roundtrip),
        cmocka_unit_test(test_worker_adopt_roundtrip),
        cmocka_unit_test(test_worker_set_cases),
        cmocka_unit_test(test_worker_stats_roundtrip),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
