/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "client/stats.h"
#include "client/stats_report.h"

#define MS GS_NS_PER_MS
#define HOST 5000000 * MS /* the host's clock is that far ahead */
#define LATENCY (10 * MS)

/* A frame captured at `captured` on our clock, decoded at `decoded`. */
static struct gs_picture_info frame(uint32_t id, uint64_t captured, uint64_t decoded)
{
    return (struct gs_picture_info){
        .frame_id = id,
        .host_capture = captured + HOST,
        .stages = {1 * MS, 2 * MS, 3 * MS, 3 * MS, 6 * MS, 6 * MS, 7 * MS},
        .first_packet = captured + 7 * MS,
        .complete = captured + 8 * MS,
        .decode_start = decoded - MS,
        .decoded = decoded,
    };
}

static struct gs_stats *create(void)
{
    struct gs_stats *st = calloc(1, sizeof(*st));

    assert_non_null(st);
    gs_stats_init(st, 500 * MS);
    gs_stats_set_offset(st, HOST);
    return st;
}

/* Frames first … first+n-1 at 60 a second from `at`; returns when the next would be captured. */
static uint64_t play(struct gs_stats *st, uint32_t first, unsigned n, uint64_t at)
{
    for (unsigned i = 0; i < n; i++, at += 16 * MS) {
        struct gs_picture_info info = frame(first + i, at, at + LATENCY);

        gs_stats_decoded(st, &info);
    }
    return at;
}

static void one(struct gs_stats *st, uint32_t id, uint64_t captured, uint64_t decoded)
{
    struct gs_picture_info info = frame(id, captured, decoded);

    gs_stats_decoded(st, &info);
}

static void test_decoded_counts(void **state)
{
    struct gs_stats *st = create();

    (void)state;
    play(st, 1, 61, 1000 * MS);
    assert_int_equal(st->frames_decoded, 61);
    assert_int_equal(st->first_decoded, 1010 * MS);
    assert_int_equal(st->freezes, 0);
    assert_true(gs_stats_fps(st) > 62.4 && gs_stats_fps(st) < 62.6);
    free(st);
}

static void test_freeze_late_frame(void **state)
{
    struct gs_stats *st = create();
    uint64_t next;

    (void)state;
    next = play(st, 1, 40, 1000 * MS);
    one(st, 41, next, next + LATENCY + 300 * MS); /* 316 ms after the one before */
    assert_int_equal(st->freezes, 1);
    assert_int_equal(st->freeze_ns, 316 * MS);
    free(st);
}

/* 150 ms above the average is the least that counts. */
static void test_freeze_threshold(void **state)
{
    struct gs_stats *st = create();
    uint64_t next;

    (void)state;
    next = play(st, 1, 40, 1000 * MS);
    one(st, 41, next, next + LATENCY + 149 * MS);
    assert_int_equal(st->freezes, 0);
    next = play(st, 42, 60, next + 200 * MS);
    one(st, 102, next, next + LATENCY + 151 * MS);
    assert_int_equal(st->freezes, 1);
    free(st);
}

/* Nothing was captured for five seconds: the screen stood still. */
static void test_freeze_not_on_still_screen(void **state)
{
    struct gs_stats *st = create();
    uint64_t next;

    (void)state;
    next = play(st, 1, 40, 1000 * MS);
    next = play(st, 41, 1, next + 5000 * MS);
    assert_int_equal(st->freezes, 0);
    play(st, 42, 20, next);
    assert_int_equal(st->freezes, 0);
    free(st);
}

/* Frames 41 to 60 were lost. */
static void test_freeze_lost_frames(void **state)
{
    struct gs_stats *st = create();
    uint64_t next;

    (void)state;
    next = play(st, 1, 40, 1000 * MS);
    play(st, 61, 1, next + 20 * 16 * MS);
    assert_int_equal(st->freezes, 1);
    assert_int_equal(st->freeze_ns, 21 * 16 * MS);
    free(st);
}

/* The screen stood still for five seconds, then the first five frames were lost: that is judged as
 * six frames' time, not as five seconds. */
static void test_freeze_lost_after_still(void **state)
{
    struct gs_stats *st = create();
    uint64_t next;

    (void)state;
    next = play(st, 1, 40, 1000 * MS);
    next = play(st, 46, 1, next + 5000 * MS);
    assert_int_equal(st->freezes, 0);
    play(st, 61, 1, next + 5000 * MS); /* 15 frames, 240 ms */
    assert_int_equal(st->freezes, 1);
    assert_true(st->freeze_ns < 400 * MS);
    free(st);
}

static void test_freeze_not_across_restart(void **state)
{
    struct gs_stats *st = create();
    uint64_t next;

    (void)state;
    next = play(st, 1, 40, 1000 * MS);
    play(st, 1, 40, next + 3000 * MS); /* a worker that counts anew */
    assert_int_equal(st->freezes, 0);
    gs_stats_restart(st);
    play(st, 900, 40, next + 90000 * MS);
    assert_int_equal(st->freezes, 0);
    free(st);
}

static void check_ms(const struct gs_histogram *h, double ms)
{
    double p50 = (double)gs_histogram_percentile(h, 50) / MS;

    assert_true(h->count > 0);
    assert_true(p50 > ms * 0.98 && p50 < ms * 1.02);
}

static void test_stages(void **state)
{
    struct gs_stats *st = create();

    (void)state;
    play(st, 1, 10, 1000 * MS);
    check_ms(&st->latency, 10);
    check_ms(&st->stages[GS_STAGE_GRANT], 1);
    check_ms(&st->stages[GS_STAGE_CONVERT], 1);
    check_ms(&st->stages[GS_STAGE_ENCODE], 3);
    check_ms(&st->stages[GS_STAGE_SEND], 1);
    check_ms(&st->stages[GS_STAGE_NETWORK], 1);
    check_ms(&st->stages[GS_STAGE_DECODE], 1);
    assert_int_equal(st->stages[GS_STAGE_PRESENT].count, 0);
    free(st);
}

static void test_stages_unknown(void **state)
{
    struct gs_picture_info info = frame(1, 1000 * MS, 1010 * MS);
    struct gs_stats *st = create();

    (void)state;
    st->offset_known = false;
    memset(info.stages, 0, sizeof(info.stages));
    gs_stats_decoded(st, &info);
    assert_int_equal(st->latency.count, 0);
    assert_int_equal(st->stages[GS_STAGE_ENCODE].count, 0);
    assert_int_equal(st->stages[GS_STAGE_NETWORK].count, 0);
    assert_int_equal(st->stages[GS_STAGE_DECODE].count, 1);
    free(st);
}

/* Frames that came before the clocks were compared count as soon as they are. */
static void test_set_offset_counts_early_frames(void **state)
{
    struct gs_stats *st = create();

    (void)state;
    st->offset_known = false;
    play(st, 1, GS_STATS_EARLY + 5, 1000 * MS);
    assert_int_equal(st->latency.count, 0);
    gs_stats_set_offset(st, HOST);
    assert_int_equal(st->latency.count, GS_STATS_EARLY);
    assert_int_equal(st->stages[GS_STAGE_NETWORK].count, GS_STATS_EARLY);
    check_ms(&st->latency, LATENCY / MS);
    check_ms(&st->stages[GS_STAGE_NETWORK], 1);
    gs_stats_set_offset(st, HOST);
    assert_int_equal(st->latency.count, GS_STATS_EARLY);
    free(st);
}

/* Whatever a host claims, nothing overflows. */
static void test_decoded_hostile_times(void **state)
{
    struct gs_stats *st = create();
    const uint64_t extreme[] = {0, 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};

    (void)state;
    gs_stats_set_offset(st, INT64_MIN / 4);
    for (size_t i = 0; i < GS_ARRAY_SIZE(extreme); i++) {
        struct gs_picture_info info = frame((uint32_t)extreme[i], 0, (i + 2) * 1000 * MS);

        info.host_capture = extreme[i];
        for (int s = 0; s < 7; s++)
            info.stages[s] = extreme[(i + (size_t)s) % GS_ARRAY_SIZE(extreme)];
        gs_stats_decoded(st, &info);
    }
    assert_int_equal(st->frames_decoded, GS_ARRAY_SIZE(extreme));
    free(st);
}

static void test_input_latency(void **state)
{
    struct gs_stats *st = create();
    struct gs_picture_info info;

    (void)state;
    gs_stats_input(st, 1, 1000 * MS);
    gs_stats_input(st, 2, 1001 * MS);
    gs_stats_input(st, 3, 1010 * MS);
    info = frame(1, 1002 * MS, 1012 * MS);
    info.input_id = 1;
    gs_stats_decoded(st, &info);
    assert_int_equal(st->input_latency.count, 1);
    check_ms(&st->input_latency, 12);
    info = frame(2, 1012 * MS, 1022 * MS);
    info.input_id = 3;
    gs_stats_decoded(st, &info);
    assert_int_equal(st->input_latency.count, 3);
    free(st);
}

static void test_input_latency_nothing_drawn(void **state)
{
    struct gs_stats *st = create();
    struct gs_picture_info info = frame(1, 5000 * MS, 5010 * MS);

    (void)state;
    gs_stats_input(st, 1, 1000 * MS);
    info.input_id = 1;
    gs_stats_decoded(st, &info);
    assert_int_equal(st->input_latency.count, 0);
    assert_int_equal(st->n_inputs, 0);
    free(st);
}

static void test_input_latency_many(void **state)
{
    struct gs_stats *st = create();
    struct gs_picture_info info = frame(1, 1000 * MS, 1010 * MS);

    (void)state;
    for (uint32_t id = 1; id <= 3 * GS_STATS_INPUTS; id++)
        gs_stats_input(st, id, 1000 * MS);
    info.input_id = 3 * GS_STATS_INPUTS;
    gs_stats_decoded(st, &info);
    assert_int_equal(st->input_latency.count, GS_STATS_INPUTS);
    free(st);
}

/* Late on the way: the host was busy all the time. */
static void test_max_gap(void **state)
{
    struct gs_stats *st = create();
    uint64_t at = play(st, 1, 10, 1000 * MS);

    (void)state;
    assert_int_equal(st->max_gap, 16 * MS);
    one(st, 11, at, at + LATENCY + 70 * MS);
    assert_int_equal(st->max_gap, 86 * MS);
    one(st, 12, at + 16 * MS, at + LATENCY + 71 * MS);
    assert_int_equal(st->max_gap, 86 * MS);
    assert_int_equal(st->max_capture_gap, 0);
    free(st);
}

/* A still screen is none; the gap between captures says so. */
static void test_max_gap_still(void **state)
{
    struct gs_stats *st = create();
    uint64_t at = play(st, 1, 10, 1000 * MS);

    (void)state;
    one(st, 11, at + 5000 * MS, at + 5000 * MS + LATENCY);
    assert_int_equal(st->max_gap, 16 * MS);
    assert_int_equal(st->max_capture_gap, 5016 * MS);
    free(st);
}

/* Frames between two were lost: what was captured all the time counts, on every stream. */
static void test_max_gap_lost(void **state)
{
    struct gs_stats *st = create();
    uint64_t at = play(st, 1, 10, 1000 * MS);

    (void)state;
    one(st, 20, at + 9 * 16 * MS, at + 9 * 16 * MS + LATENCY);
    assert_int_equal(st->max_gap, 10 * 16 * MS);
    gs_stats_restart(st);
    one(st, 40, at + 29 * 16 * MS, at + 29 * 16 * MS + LATENCY);
    assert_int_equal(st->max_gap, 20 * 16 * MS);
    assert_int_equal(st->max_capture_gap, 0);
    /* Ids begin anew, then the clock does. */
    one(st, 1, at + 30 * 16 * MS, at + 90 * 16 * MS);
    one(st, 2, at, at + 190 * 16 * MS);
    assert_int_equal(st->max_gap, 20 * 16 * MS);
    assert_int_equal(st->max_capture_gap, 0);
    free(st);
}

static void test_recent(void **state)
{
    struct gs_stats *st = create();
    struct gs_stats_recent recent;

    (void)state;
    gs_stats_input(st, 5, 990 * MS);
    play(st, 1, 10, 1000 * MS);
    recent = gs_stats_take_recent(st);
    assert_true(recent.latency_p50 > 9 * MS && recent.latency_p50 < 11 * MS);
    assert_true(recent.latency_p99 > 9 * MS && recent.latency_p99 < 11 * MS);
    assert_int_equal(recent.input_p50, 0);
    recent = gs_stats_take_recent(st);
    assert_int_equal(recent.latency_p50, 0);
    assert_int_equal(recent.latency_p99, 0);
    assert_int_equal(st->latency.count, 10);
    free(st);
}

static json_t *report(const struct gs_stats *st, const struct gs_welcome *welcome)
{
    const struct gs_receiver_stats rx = {.frames = 12, .bytes = 3456};
    const struct gs_report r = {.stats = st,
                                .receiver = &rx,
                                .welcome = welcome,
                                .rtt_known = welcome != NULL,
                                .rtt_ns = 5 * MS,
                                .cpu_s = -1,
                                .pss_kb = -1};
    char *text = gs_report_json(&r);
    json_t *json = json_loads(text, 0, NULL);

    assert_non_null(json);
    free(text);
    return json;
}

static void test_json_absent_is_null(void **state)
{
    static const char *const nulls[] = {
        "width",          "encoder", "session",          "fps",    "rtt_ms", "latency_ms",
        "first_frame_ms", "cpu_s",   "input_latency_ms", "pss_kb",
    };
    struct gs_stats *st = create();
    json_t *json = report(st, NULL);

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(json, "v")), 1);
    assert_int_equal(json_integer_value(json_object_get(json, "frames_received")), 12);
    for (size_t i = 0; i < GS_ARRAY_SIZE(nulls); i++) {
        if (!json_is_null(json_object_get(json, nulls[i])))
            fail_msg("%s is not null", nulls[i]);
    }
    assert_true(json_is_null(json_object_get(json_object_get(json, "stages_ms"), "network")));
    json_decref(json);
    free(st);
}

static void test_json_measured(void **state)
{
    const struct gs_welcome welcome = {.session = "s",
                                       .width = 640,
                                       .height = 360,
                                       .encoder = "x264",
                                       .converter = "cpu",
                                       .renderer = "r"};
    struct gs_stats *st = create();
    json_t *json, *latency;

    (void)state;
    play(st, 1, 30, 1000 * MS);
    json = report(st, &welcome);
    latency = json_object_get(json, "latency_ms");
    assert_true(json_real_value(json_object_get(latency, "p50")) > 9.8);
    assert_true(json_real_value(json_object_get(latency, "p99")) < 10.2);
    assert_true(json_real_value(json_object_get(json, "first_frame_ms")) == 510);
    assert_true(json_real_value(json_object_get(json, "rtt_ms")) == 5);
    assert_string_equal(json_string_value(json_object_get(json, "encoder")), "x264");
    assert_int_equal(json_integer_value(json_object_get(json, "height")), 360);
    json_decref(json);
    free(st);
}

static void test_overlay_text(void **state)
{
    const struct gs_receiver_stats rx = {0};
    struct gs_stats *st = create();
    const struct gs_report r = {.stats = st, .receiver = &rx, .rtt_ns = 5 * MS};
    char text[GS_OVERLAY_TEXT_MAX], tiny[10];

    (void)state;
    play(st, 1, 30, 1000 * MS);
    gs_report_overlay(&r, 59.94, 8123.4, text, sizeof(text));
    assert_non_null(strstr(text, "59.9 fps  8123 kb/s  rtt 5.0 ms"));
    assert_non_null(strstr(text, "latency p50 10."));
    assert_non_null(strstr(text, "\nencode "));
    assert_int_not_equal(text[strlen(text) - 1], '\n');
    gs_report_overlay(&r, 59.94, 8123.4, tiny, sizeof(tiny));
    assert_int_equal(strlen(tiny), sizeof(tiny) - 1);
    free(st);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decoded_counts),
        cmocka_unit_test(test_freeze_late_frame),
        cmocka_unit_test(test_freeze_threshold),
        cmocka_unit_test(test_freeze_not_on_still_screen),
        cmocka_unit_test(test_freeze_lost_frames),
        cmocka_unit_test(test_freeze_lost_after_still),
        cmocka_unit_test(test_freeze_not_across_restart),
        cmocka_unit_test(test_stages),
        cmocka_unit_test(test_stages_unknown),
        cmocka_unit_test(test_decoded_hostile_times),
        cmocka_unit_test(test_input_latency),
        cmocka_unit_test(test_input_latency_nothing_drawn),
        cmocka_unit_test(test_input_latency_many),
        cmocka_unit_test(test_max_gap),
        cmocka_unit_test(test_max_gap_still),
        cmocka_unit_test(test_max_gap_lost),
        cmocka_unit_test(test_recent),
        cmocka_unit_test(test_json_absent_is_null),
        cmocka_unit_test(test_set_offset_counts_early_frames),
        cmocka_unit_test(test_json_measured),
        cmocka_unit_test(test_overlay_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
