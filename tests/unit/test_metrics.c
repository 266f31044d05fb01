/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "host/exposition.h"
#include "host/metrics.h"

/* ---- numbers and labels ---- */

static void test_numbers(void **state)
{
    static const struct {
        uint64_t value;
        unsigned decimals;
        const char *text;
    } cases[] = {
        {0, 0, "0"},
        {0, 6, "0"},
        {7, 0, "7"},
        {100, 0, "100"},
        {1500, 3, "1.5"},
        {60000, 3, "60"},
        {500, 6, "0.0005"},
        {250000, 6, "0.25"},
        {1, 6, "0.000001"},
        {UINT64_MAX, 0, "18446744073709551615"},
        {UINT64_MAX, 6, "18446744073709.551615"},
    };
    char buf[32];

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_string_equal(gs_exposition_number(buf, cases[i].value, cases[i].decimals),
                            cases[i].text);
}

static void test_escapes(void **state)
{
    const struct gs_exposition_label labels[] = {
        {"a", "x\"y\\z\nw"}, {"b", "caf\xc3\xa9"}, {"c", "cut \xc3"}, {"d", ""}, {NULL, NULL}};
    GString *out = g_string_new(NULL);

    (void)state;
    gs_exposition_begin(out, "m", "gauge", "Say \"so\" \\ and\nso.");
    gs_exposition_add(out, "m", "", labels, 1, 0);
    gs_exposition_add(out, "m", "_sum", NULL, 2, 0);
    gs_exposition_add(out, "m", "_count", labels + 4, 3, 0);
    assert_string_equal(out->str, "# HELP m Say \"so\" \\\\ and\\nso.\n"
                                  "# TYPE m gauge\n"
                                  "m{a=\"x\\\"y\\\\z\\nw\",b=\"caf\xc3\xa9\",c=\"cut "
                                  "\xef\xbf\xbd\",d=\"\"} 1\n"
                                  "m_sum 2\n"
                                  "m_count 3\n");
    g_string_free(out, TRUE);
}

/* ---- all of it ---- */

static const struct gs_session_settings settings = {.fps = 60, .weight = 200, .floor_fps = 30};
static const struct gs_worker_ready ready = {
    .encoder = "vaapi", .converter = "gl", .renderer = "A \"GPU\""};
static const struct gs_worker_stats stats = {
    .commits = 101,
    .frames = 99,
    .refined = 7,
    .keyframes = 2,
    .dropped = 3,
    .packets = 1000,
    .bytes = 1200000,
    .lost = 5,
    .repaired = 4,
    .cpu_us = 1234567,
    .app_cpu_us = 2000000,
    .gpu_us = 50,
    .rss_kb = 2,
    .app_rss_kb = 3,
    .viewers = 2,
    .frozen = true,
    .fps_milli = 59940,
    .client_p50_us = 6200,
    .client_p99_us = 9900,
    .rtt_us = 900,
    .encoder = "x264",
    .spilled = "no room",
    .stages[GS_WORKER_ENCODE] = {.sum_us = 7500, .bucket = {1, 0, 2, [GS_STAGE_BUCKETS - 1] = 1}},
};

/* One that is measured, and one that begins. */
static char *format_two(void)
{
    const struct gs_session_info sessions[] = {
        {.name = "cad",
         .user = "anna",
         .app = "freecad",
         .settings = &settings,
         .state = GS_SESSION_RUNNING,
         .created = 1767225600,
         .restarts = 1,
         .ready = &ready,
         .stats = &stats,
         .stats_age_ms = 250,
         .n_clients = 2,
         .scheduled = true,
         .grants = {.connected = true,
                    .sched = {.used_ns = 1500000001,
                              .frames = 90,
                              .waits = 40,
                              .waited_ns = 250000000,
                              .starved = 1,
                              .liberties = 2,
                              .lapsed = 3,
                              .misses = 12,
                              .n_culprits = 2,
                              .culprits = {{"render-farm", 8}, {"cad", 3}},
                              .share_permille = 333,
                              .asked_permille = 450,
                              .got_permille = 310,
                              .floor_fps = 24,
                              .policed = true}}},
        {.name = "new", .user = "bert", .app = "", .settings = &settings, .created = 1767225700},
    };
    const struct gs_metrics m = {
        .now = 1767225800,
        .daemon = {.started = 1767225500,
                   .clients = 2,
                   .waiting = 1,
                   .created = 4,
                   .ended = 2,
                   .failed = 1,
                   .hung = 1,
                   .adopted = 1,
                   .refused = 9,
                   .encoder_slots = {.limit = 3, .used = 2, .wanted = 1}},
        .sessions_limit = 100,
        .process = {.cpu_us = 1500000, .memory = 4096, .files = 20, .files_limit = 1024},
        .devices = {{.engines = 2, .used_permille = 620, .promised_permille = 400, .sessions = 3},
                    {.gpu = "/dev/dri/renderD128", .engines = 1, .used_permille = 5}},
        .n_devices = 2,
        .sessions = sessions,
        .n_sessions = 2,
    };

    return gs_metrics_format(&m);
}

/* All lines that are no comments and begin so. */
static char *samples(const char *text, const char *prefix)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *out = g_string_new(NULL);

    for (char **l = lines; *l; l++) {
        if (g_str_has_prefix(*l, prefix))
            g_string_append_printf(out, "%s\n", *l);
    }
    return g_string_free(out, FALSE);
}

static void assert_samples(const char *prefix, const char *expected)
{
    g_autofree char *text = format_two();
    g_autofree char *got = samples(text, prefix);

    assert_string_equal(got, expected);
}

static void test_encoder_slots(void **state)
{
    const struct gs_metrics unknown = {.daemon.encoder_slots = {.limit = GS_SLOTS_AUTO, .used = 1}};
    g_autofree char *text = gs_metrics_format(&unknown);
    g_autofree char *got = samples(text, "gpushare_encoder_slots");

    (void)state;
    assert_samples("gpushare_encoder_slots", "gpushare_encoder_slots{state=\"limit\"} 3\n"
                                             "gpushare_encoder_slots{state=\"used\"} 2\n"
                                             "gpushare_encoder_slots{state=\"wanted\"} 1\n");
    assert_string_equal(got, "gpushare_encoder_slots{state=\"used\"} 1\n"
                             "gpushare_encoder_slots{state=\"wanted\"} 0\n");
}

static void test_devices(void **state)
{
    (void)state;
    assert_samples("gpushare_device",
                   "gpushare_device_engines{device=\"software\"} 2\n"
                   "gpushare_device_engines{device=\"/dev/dri/renderD128\"} 1\n"
                   "gpushare_device_sessions{device=\"software\"} 3\n"
                   "gpushare_device_sessions{device=\"/dev/dri/renderD128\"} 0\n"
                   "gpushare_device_used_ratio{device=\"software\"} 0.62\n"
                   "gpushare_device_used_ratio{device=\"/dev/dri/renderD128\"} 0.005\n"
                   "gpushare_device_promised_ratio{device=\"software\"} 0.4\n"
                   "gpushare_device_promised_ratio{device=\"/dev/dri/renderD128\"} 0\n");
}

static void test_daemon(void **state)
{
    (void)state;
    assert_samples("gpushare_build_info", "gpushare_build_info{version=\"" GS_VERSION "\"} 1\n");
    assert_samples("gpushare_uptime", "gpushare_uptime_seconds 300\n");
    assert_samples("gpushare_start", "gpushare_start_time_seconds 1767225500\n");
    assert_samples("gpushare_clients", "gpushare_clients 2\ngpushare_clients_refused_total 9\n");
    assert_samples("gpushare_waiting", "gpushare_waiting_connections 1\n");
    assert_samples("gpushare_sessions", "gpushare_sessions_limit 100\n"
                                        "gpushare_sessions_created_total 4\n"
                                        "gpushare_sessions_ended_total 2\n"
                                        "gpushare_sessions_failed_total 1\n"
                                        "gpushare_sessions_hung_total 1\n"
                                        "gpushare_sessions_adopted_total 1\n"
                                        "gpushare_sessions{state=\"starting\"} 1\n"
                                        "gpushare_sessions{state=\"queued\"} 0\n"
                                        "gpushare_sessions{state=\"running\"} 1\n"
                                        "gpushare_sessions{state=\"away\"} 0\n"
                                        "gpushare_sessions{state=\"restarting\"} 0\n"
                                        "gpushare_sessions{state=\"ending\"} 0\n");
    assert_samples("gpushare_daemon", "gpushare_daemon_cpu_seconds_total 1.5\n"
                                      "gpushare_daemon_memory_bytes 4096\n"
                                      "gpushare_daemon_open_files 20\n"
                                      "gpushare_daemon_open_files_limit 1024\n");
}

static void test_sessions(void **state)
{
    (void)state;
    assert_samples(
        "gpushare_session_",
        "gpushare_session_info{session=\"cad\",user=\"anna\",app=\"freecad\",encoder=\"x264\","
        "converter=\"gl\",renderer=\"A \\\"GPU\\\"\"} 1\n"
        "gpushare_session_info{session=\"new\",user=\"bert\",app=\"\",encoder=\"\",converter=\"\","
        "renderer=\"\"} 1\n"
        "gpushare_session_state{session=\"cad\",state=\"running\"} 1\n"
        "gpushare_session_state{session=\"new\",state=\"starting\"} 1\n"
        "gpushare_session_created_timestamp_seconds{session=\"cad\"} 1767225600\n"
        "gpushare_session_created_timestamp_seconds{session=\"new\"} 1767225700\n"
        "gpushare_session_restarts_total{session=\"cad\"} 1\n"
        "gpushare_session_restarts_total{session=\"new\"} 0\n"
        "gpushare_session_clients{session=\"cad\"} 2\n"
        "gpushare_session_clients{session=\"new\"} 0\n"
        "gpushare_session_frames_per_second_limit{session=\"cad\"} 60\n"
        "gpushare_session_frames_per_second_limit{session=\"new\"} 60\n"
        "gpushare_session_commits_total{session=\"cad\"} 101\n"
        "gpushare_session_frames_total{session=\"cad\"} 99\n"
        "gpushare_session_refined_total{session=\"cad\"} 7\n"
        "gpushare_session_keyframes_total{session=\"cad\"} 2\n"
        "gpushare_session_dropped_frames_total{session=\"cad\"} 3\n"
        "gpushare_session_packets_total{session=\"cad\"} 1000\n"
        "gpushare_session_bytes_total{session=\"cad\"} 1200000\n"
        "gpushare_session_lost_packets_total{session=\"cad\"} 5\n"
        "gpushare_session_repaired_packets_total{session=\"cad\"} 4\n"
        "gpushare_session_cpu_seconds_total{session=\"cad\",part=\"worker\"} 1.234567\n"
        "gpushare_session_cpu_seconds_total{session=\"cad\",part=\"app\"} 2\n"
        "gpushare_session_gpu_seconds_total{session=\"cad\"} 0.00005\n"
        "gpushare_session_memory_bytes{session=\"cad\",part=\"worker\"} 2048\n"
        "gpushare_session_memory_bytes{session=\"cad\",part=\"app\"} 3072\n"
        "gpushare_session_viewers{session=\"cad\"} 2\n"
        "gpushare_session_frames_per_second{session=\"cad\"} 59.94\n"
        "gpushare_session_frozen{session=\"cad\"} 1\n"
        "gpushare_session_client_latency_seconds{session=\"cad\",percentile=\"50\"} 0.0062\n"
        "gpushare_session_client_latency_seconds{session=\"cad\",percentile=\"99\"} 0.0099\n"
        "gpushare_session_client_rtt_seconds{session=\"cad\"} 0.0009\n"
        "gpushare_session_stats_age_seconds{session=\"cad\"} 0.25\n"
        "gpushare_session_weight{session=\"cad\"} 200\n"
        "gpushare_session_weight{session=\"new\"} 200\n"
        "gpushare_session_floor_frames_per_second{session=\"cad\",kind=\"wished\"} 30\n"
        "gpushare_session_floor_frames_per_second{session=\"cad\",kind=\"kept\"} 24\n"
        "gpushare_session_floor_frames_per_second{session=\"new\",kind=\"wished\"} 30\n"
        "gpushare_session_share_ratio{session=\"cad\",kind=\"asked\"} 0.45\n"
        "gpushare_session_share_ratio{session=\"cad\",kind=\"got\"} 0.31\n"
        "gpushare_session_share_ratio{session=\"cad\",kind=\"entitled\"} 0.333\n"
        "gpushare_session_gpu_used_seconds_total{session=\"cad\"} 1.500000001\n"
        "gpushare_session_scheduled_frames_total{session=\"cad\"} 90\n"
        "gpushare_session_waits_total{session=\"cad\"} 40\n"
        "gpushare_session_wait_seconds_total{session=\"cad\"} 0.25\n"
        "gpushare_session_starved_total{session=\"cad\"} 1\n"
        "gpushare_session_liberties_total{session=\"cad\"} 2\n"
        "gpushare_session_lapsed_total{session=\"cad\"} 3\n"
        "gpushare_session_missed_frames_total{session=\"cad\"} 12\n"
        "gpushare_session_policed{session=\"cad\"} 1\n"
        "gpushare_session_scheduled{session=\"cad\"} 1\n"
        "gpushare_session_misses_total{session=\"cad\",culprit=\"render-farm\"} 8\n"
        "gpushare_session_misses_total{session=\"cad\",culprit=\"cad\"} 3\n"
        "gpushare_session_misses_total{session=\"cad\",culprit=\"(other)\"} 1\n"
        "gpushare_session_spilled{session=\"cad\"} 1\n");
}

static void test_histogram(void **state)
{
#define BUCKET(le, n)                                                                              \
    "gpushare_stage_seconds_bucket{session=\"cad\",stage=\"encode\",le=\"" le "\"} " n "\n"
    g_autofree char *text = format_two();
    g_autofree char *all = samples(text, "gpushare_stage_seconds");
    const char *encode = strstr(all, BUCKET("0.0005", "1"));

    (void)state;
    assert_non_null(strstr(text, "# TYPE gpushare_stage_seconds histogram\n"));
    assert_non_null(encode);
    assert_true(g_str_has_prefix(
        encode,
        BUCKET("0.0005", "1") BUCKET("0.001", "1") BUCKET("0.002", "3") BUCKET("0.004", "3") BUCKET(
            "0.006", "3") BUCKET("0.008", "3") BUCKET("0.01", "3") BUCKET("0.015",
                                                                          "3") BUCKET("0.02", "3")
            BUCKET("0.03", "3") BUCKET("0.05", "3") BUCKET("0.1", "3") BUCKET("0.25", "3") BUCKET(
                "+Inf", "4") "gpushare_stage_seconds_sum{session=\"cad\",stage=\"encode\"} 0.0075\n"
                             "gpushare_stage_seconds_count{session=\"cad\",stage=\"encode\"} 4\n"));
    assert_null(strstr(all, "\"new\""));
    for (unsigned i = 0; i < GS_WORKER_STAGES; i++) {
        g_autofree char *count =
            g_strdup_printf("gpushare_stage_seconds_count{session=\"cad\",stage=\"%s\"} ",
                            gs_worker_stage_names[i]);

        assert_non_null(strstr(all, count));
    }
}

/* A worker may lie; the sums of its buckets never turn back. */
static void test_absurd_histogram(void **state)
{
    struct gs_worker_stats absurd = {.frames = UINT64_MAX};
    struct gs_session_info session = {
        .name = "x", .user = "", .app = "", .settings = &settings, .stats = &absurd};
    const struct gs_metrics m = {.sessions = &session, .n_sessions = 1};
    g_autofree char *text = NULL;

    (void)state;
    for (unsigned i = 0; i < GS_STAGE_BUCKETS; i++)
        absurd.stages[0].bucket[i] = UINT64_MAX / 3;
    text = gs_metrics_format(&m);
    assert_non_null(strstr(text, "le=\"0.004\"} 18446744073709551615\n"));
    assert_non_null(strstr(text, "le=\"+Inf\"} 18446744073709551615\n"
                                 "gpushare_stage_seconds_sum{session=\"x\",stage=\"grant\"} 0\n"
                                 "gpushare_stage_seconds_count{session=\"x\",stage=\"grant\"} "
                                 "18446744073709551615\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),       cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_encoder_slots), cmocka_unit_test(test_devices),
        cmocka_unit_test(test_daemon),        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_histogram),     cmocka_unit_test(test_absurd_histogram),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
