/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings that the host changes while a client watches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/support/session_run.h"
#include "tests/support/worker_rig.h"

static void start(struct worker_rig *rig, uint32_t fps)
{
    const struct worker_rig_params params = {
        .source = "pattern", .encoder = "x264", .width = 640, .height = 360, .fps = fps};

    assert_int_equal(worker_rig_start(&params, rig), 0);
}

/* Pictures that cost something. */
static void start_scroll(struct worker_rig *rig)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--mode", "scroll", NULL};
    const struct worker_rig_params params = {
        .encoder = "x264", .width = 640, .height = 360, .fps = 30, .quality = 10, .argv = argv};

    assert_int_equal(worker_rig_start(&params, rig), 0);
}

static void stop(struct worker_rig *rig)
{
    for (unsigned i = 1; i < worker_rig_frames(rig); i++) {
        assert_int_equal(worker_rig_frame(rig, i).err, 0);
        assert_false(worker_rig_frame(rig, i).discontinuity);
        assert_int_equal(worker_rig_frame(rig, i).id, worker_rig_frame(rig, i - 1).id + 1);
    }
    assert_int_equal(worker_rig_stop(rig), 0);
    worker_rig_finish(rig);
}

static void set(struct worker_rig *rig, struct gs_worker_set s)
{
    char *json = gs_worker_set_to_json(&s);

    worker_rig_send(rig, GS_LINK_SET, json, strlen(json));
    free(json);
}

static bool has_frames(struct worker_rig *rig, void *user)
{
    return worker_rig_frames(rig) >= *(unsigned *)user;
}

/* Frames from now on; returns the first one's place. */
static unsigned wait_frames(struct worker_rig *rig, unsigned more)
{
    unsigned begin = worker_rig_frames(rig), n = begin + more;

    assert_true(worker_rig_wait(rig, has_frames, &n));
    return begin;
}

static uint32_t mean_bytes(struct worker_rig *rig, unsigned begin)
{
    unsigned n = worker_rig_frames(rig) - begin;
    uint64_t sum = 0;

    for (unsigned i = begin; i < begin + n; i++)
        sum += worker_rig_frame(rig, i).bytes;
    return (uint32_t)(sum / n);
}

static unsigned keyframes(struct worker_rig *rig)
{
    unsigned n = 0;

    for (unsigned i = 0; i < worker_rig_frames(rig); i++)
        n += worker_rig_frame(rig, i).keyframe;
    return n;
}

static bool has_keyframes(struct worker_rig *rig, void *user)
{
    return keyframes(rig) >= *(unsigned *)user;
}

static void wait_keyframe(struct worker_rig *rig, unsigned n)
{
    assert_true(worker_rig_wait(rig, has_keyframes, &n));
}

/* Of the last n frames, by their capture; a busy machine can only lengthen it. */
static uint64_t mean_interval(struct worker_rig *rig, unsigned n)
{
    unsigned end = worker_rig_frames(rig);
    uint64_t first = worker_rig_frame(rig, end - n).host_capture;
    uint64_t last = worker_rig_frame(rig, end - 1).host_capture;

    return (last - first) / (n - 1);
}

/* The frames come slower, by a mean that load can only make longer; the encoder is a new one. */
static void test_fps(void **state)
{
    struct worker_rig rig;
    struct gs_worker_set s = GS_WORKER_SET_NONE;

    (void)state;
    start(&rig, 60);
    wait_frames(&rig, 10);
    s.fps = 20; /* less would leave time for pictures at rest between */
    set(&rig, s);
    wait_keyframe(&rig, 2);
    wait_frames(&rig, 12);
    assert_true(mean_interval(&rig, 10) > 45000000);
    s.fps = 60;
    set(&rig, s);
    wait_keyframe(&rig, 3);
    wait_frames(&rig, 30);
    stop(&rig);
}

/* By the same encoder. A picture that does not fit the new limit may cost an IDR, more room none.
 */
static void test_rate(void **state)
{
    struct worker_rig rig;
    struct gs_worker_set s = GS_WORKER_SET_NONE;
    uint32_t free_bytes, limited;
    unsigned before;

    (void)state;
    start_scroll(&rig);
    wait_frames(&rig, 30);
    free_bytes = mean_bytes(&rig, 1);
    print_message("a frame has %u bytes without a limit\n", free_bytes);
    s.max_kbps = (int32_t)(free_bytes * 8 * 30 / 1000 / 10);
    set(&rig, s);
    wait_frames(&rig, 60);
    limited = mean_bytes(&rig, worker_rig_frames(&rig) - 30);
    print_message("with one of %d kb/s %u\n", s.max_kbps, limited);
    assert_true(limited < free_bytes / 2);
    assert_in_range(keyframes(&rig), 1, 2);
    before = keyframes(&rig);
    s.max_kbps = 0;
    set(&rig, s);
    wait_frames(&rig, 60);
    assert_true(mean_bytes(&rig, worker_rig_frames(&rig) - 20) > 2 * limited);
    assert_int_equal(keyframes(&rig), before);
    stop(&rig);
}

static void test_quality(void **state)
{
    struct worker_rig rig;
    struct gs_worker_set s = GS_WORKER_SET_NONE;
    uint32_t usual;

    (void)state;
    start_scroll(&rig);
    wait_frames(&rig, 30);
    usual = mean_bytes(&rig, 1);
    s.quality = 45;
    set(&rig, s);
    wait_keyframe(&rig, 2);
    assert_true(mean_bytes(&rig, wait_frames(&rig, 30)) < usual);
    stop(&rig);
}

static void test_effort(void **state)
{
    static const char *const efforts[] = {"best", "fast", "auto", "better"};
    struct worker_rig rig;

    (void)state;
    start(&rig, 60);
    for (size_t i = 0; i < GS_ARRAY_SIZE(efforts); i++) {
        struct gs_worker_set s = GS_WORKER_SET_NONE;

        g_strlcpy(s.effort, efforts[i], sizeof(s.effort));
        set(&rig, s);
        wait_frames(&rig, 10);
    }
    assert_int_equal(keyframes(&rig), 1);
    stop(&rig);
}

/* An encoder that cannot change something gives way to a new one. */
static void test_needs_new_encoder(void **state)
{
    struct worker_rig rig;
    struct gs_worker_set s = {30, 3000, 30, GS_UNWATCHED_RUN, "best"};

    (void)state;
    start(&rig, 60);
    set(&rig, s);
    wait_keyframe(&rig, 2);
    wait_frames(&rig, 10);
    assert_int_equal(keyframes(&rig), 2);
    stop(&rig);
}

static void test_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "{}",
        "nonsense",
        "{\"v\":1,\"fps\":0,\"max_kbps\":-1,\"quality\":-1,\"unwatched\":-1,\"effort\":\"\"}",
        "{\"v\":1,\"fps\":241,\"max_kbps\":-1,\"quality\":-1,\"unwatched\":-1,\"effort\":\"\"}",
        "{\"v\":1,\"fps\":10,\"max_kbps\":-2,\"quality\":-1,\"unwatched\":-1,\"effort\":\"\"}",
        "{\"v\":1,\"fps\":10,\"max_kbps\":-1,\"quality\":52,\"unwatched\":-1,\"effort\":\"\"}",
        "{\"v\":1,\"fps\":10,\"max_kbps\":-1,\"quality\":-1,\"unwatched\":3,\"effort\":\"\"}",
        "{\"v\":1,\"fps\":10,\"max_kbps\":-1,\"quality\":-1,\"unwatched\":-1,\"effort\":\"most\"}",
    };
    struct worker_rig rig;

    (void)state;
    start(&rig, 60);
    for (size_t i = 0; i < GS_ARRAY_SIZE(wrong); i++)
        worker_rig_send(&rig, GS_LINK_SET, wrong[i], strlen(wrong[i]));
    set(&rig, GS_WORKER_SET_NONE);
    wait_frames(&rig, 30);
    /* Any of them would have made a new encoder. */
    assert_int_equal(keyframes(&rig), 1);
    stop(&rig);
}

/* Size and settings at once, from a host that does not wait. */
static void test_with_sizes(void **state)
{
    struct worker_rig rig;

    (void)state;
    start(&rig, 60);
    for (uint32_t i = 0; i < 20; i++) {
        struct gs_worker_set s = GS_WORKER_SET_NONE;

        s.quality = (int32_t)(20 + i);
        worker_rig_resize(&rig, 640 + 2 * i, 360 + 2 * i);
        set(&rig, s);
        worker_rig_run(&rig, 10);
    }
    do
        wait_frames(&rig, 1);
    while (worker_rig_frame(&rig, worker_rig_frames(&rig) - 1).width != 640 + 38);
    stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fps),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_quality),
        cmocka_unit_test(test_effort),
        cmocka_unit_test(test_needs_new_encoder),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_with_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
