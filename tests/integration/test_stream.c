/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a user sees and what the statistics say, for pictures that we know. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "tests/apps/paint.h"
#include "tests/support/session_run.h"

/* Where the clicks go: the middle of 640x360. */
#define MIDDLE "move 320 180\n"
#define LIMIT_S 60 /* of a client whose script ends it */

static void start(struct gs_session_run *run, const char *mode)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--mode", mode, NULL};

    assert_int_equal(gs_session_run_start(NULL, argv, run), 0);
}

static void stop(struct gs_session_run *run)
{
    assert_int_equal(gs_session_run_stop(run), 0);
    gs_session_run_finish(run);
}

static uint32_t blocks_of(const struct gs_client_run *client)
{
    uint32_t value = 0;

    assert_non_null(client->picture.rgb);
    assert_true(gs_image_read_blocks(&client->picture, &value));
    return value;
}

/* Every key that others rely on is there; what must be ordered is. */
static void check_stats(const struct gs_client_run *client)
{
    static const char *const numbers[] = {
        "frames_received",  "frames_decoded", "fps",       "bytes_received", "packets_lost",
        "packets_repaired", "freezes",        "freeze_ms", "keyframes",      "first_frame_ms",
        "rtt_ms",           "cpu_s",          "pss_kb",
    };
    static const char *const times[] = {
        "latency_ms",       "stages_ms.grant",   "stages_ms.convert",
        "stages_ms.encode", "stages_ms.send",    "stages_ms.network",
        "stages_ms.decode", "stages_ms.present", "input_latency_ms",
    };

    assert_non_null(client->stats);
    for (size_t i = 0; i < GS_ARRAY_SIZE(numbers); i++)
        if (gs_client_stat(client, numbers[i]) < 0)
            fail_msg("no %s", numbers[i]);
    for (size_t i = 0; i < GS_ARRAY_SIZE(times); i++) {
        double p[3];

        for (int j = 0; j < 3; j++) {
            g_autofree char *path = g_strdup_printf("%s.p%d", times[i], (int[]){50, 95, 99}[j]);

            p[j] = gs_client_stat(client, path);
            if (p[j] < 0)
                fail_msg("no %s", path);
        }
        assert_true(p[0] <= p[1] && p[1] <= p[2]);
    }
}

static void test_counter_streams(void **state)
{
    struct gs_session_run run;
    struct gs_client_run client;
    double received, decoded;

    (void)state;
    start(&run, "counter");
    assert_int_equal(gs_client_run(&run, 3, "wait-frame\n" MIDDLE "click left\n", &client), 0);
    check_stats(&client);
    received = gs_client_stat(&client, "frames_received");
    decoded = gs_client_stat(&client, "frames_decoded");
    assert_true(decoded > 10);
    assert_true(decoded <= received);
    assert_true(gs_client_stat(&client, "bytes_received") > received);
    assert_true(gs_client_stat(&client, "keyframes") == 1);
    assert_true(gs_client_stat(&client, "latency_ms.p50") > 0);
    assert_true(gs_client_stat(&client, "stages_ms.encode.p50") > 0);
    assert_true(gs_client_stat(&client, "cpu_s") > 0);
    assert_true(gs_client_stat(&client, "pss_kb") > 1000);
    assert_int_equal(client.picture.width, 640);
    assert_int_equal(client.picture.height, 360);
    /* The application can't have been seen further than it was asked to draw. */
    assert_true(blocks_of(&client) + 1 >= decoded);
    gs_client_finish(&client);
    stop(&run);
}

/* The number of frames does not depend on how long one looks. */
static void test_static_is_quiet(void **state)
{
    struct gs_session_run run;
    struct gs_client_run shorter, longer;

    (void)state;
    start(&run, "static");
    assert_int_equal(gs_client_run(&run, 2, NULL, &shorter), 0);
    assert_int_equal(gs_client_run(&run, 6, NULL, &longer), 0);
    assert_true(gs_client_stat(&shorter, "frames_decoded") >= 1);
    assert_true(gs_client_stat(&longer, "frames_received") <=
                gs_client_stat(&shorter, "frames_received") + 1);
    assert_true(gs_client_stat(&longer, "bytes_received") <
                gs_client_stat(&shorter, "bytes_received") * 1.5 + 10000);
    /* Black and white with blurred edges at most; and both saw the same page. */
    assert_true(gs_image_count_colours(&longer.picture) >= 2);
    assert_int_equal(gs_image_count_differing(&longer.picture, &shorter.picture, 64), 0);
    gs_client_finish(&shorter);
    gs_client_finish(&longer);
    stop(&run);
}

static void test_colours_are_right(void **state)
{
    struct gs_session_run run;
    struct gs_client_run client;
    const struct gs_image *img = &client.picture;

    (void)state;
    start(&run, "colours");
    assert_int_equal(gs_client_run(&run, 3, NULL, &client), 0);
    assert_non_null(img->rgb);
    for (uint32_t i = 0; i < GS_COLOUR_BARS; i++) {
        uint32_t x = img->width * (2 * i + 1) / (2 * GS_COLOUR_BARS);
        uint32_t seen = gs_image_pixel(img, x, img->height / 3);

        if (gs_colour_distance(seen, gs_colour_bars[i]) > 3)
            fail_msg("bar %u is %06x, not %06x", i, seen, gs_colour_bars[i]);
    }
    for (uint32_t x = 8; x < img->width; x += 16) {
        uint32_t grey = x * 255 / (img->width - 1);
        uint32_t seen = gs_image_pixel(img, x, img->height * 7 / 8);

        if (gs_colour_distance(seen, grey * 0x010101) > 5)
            fail_msg("ramp at %u is %06x, not %02x", x, seen, grey);
    }
    gs_client_finish(&client);
    stop(&run);
}

/* One press by `script` is one press for the application, and its colour is seen. */
static void flips(const char *script)
{
    struct gs_session_run run;
    struct gs_client_run client;
    uint32_t inside;

    start(&run, "flip");
    assert_int_equal(gs_client_run(&run, LIMIT_S, script, &client), 0);
    assert_int_equal(blocks_of(&client), 1);
    /* Within the field that flips, and not under the pointer. */
    inside = gs_image_pixel(&client.picture, 220, 110);
    assert_true(gs_colour_distance(inside, GS_FLIP_COLOUR_B) <= 6);
    assert_true(gs_client_stat(&client, "input_latency_ms.p50") > 0);
    gs_client_finish(&client);
    stop(&run);
}

static void test_click_flips(void **state)
{
    (void)state;
    flips("wait-frame\n" MIDDLE "button left down\nwait-frame\nbutton left up\nquit\n");
}

static void test_key_flips(void **state)
{
    (void)state;
    flips("wait-frame\nkey space down\nwait-frame\nkey space up\nquit\n");
}

static uint32_t count_colour(const struct gs_image *img, uint32_t rgb)
{
    uint32_t n = 0;

    for (uint32_t y = 0; y < img->height; y++)
        for (uint32_t x = 0; x < img->width; x++)
            n += gs_colour_distance(gs_image_pixel(img, x, y), rgb) <= 8;
    return n;
}

/* Main window, subsurface and dialog are seen, and the popup once it was asked for. */
static void test_windows_are_seen(void **state)
{
    struct gs_session_run run;
    struct gs_client_run before, after;

    (void)state;
    start(&run, "windows");
    assert_int_equal(gs_client_run(&run, 2, NULL, &before), 0);
    assert_true(count_colour(&before.picture, 0x305070) > 640 * 360 / 3);
    assert_true(count_colour(&before.picture, 0xe0c020) > 160 * 120 / 3);
    assert_true(count_colour(&before.picture, 0x60a040) > 320 * 200 / 2);
    assert_int_equal(count_colour(&before.picture, 0xd04080), 0);
    assert_int_equal(gs_client_run(&run, 3, "wait 0.5\nmove 300 20\nclick right\n", &after), 0);
    assert_true(count_colour(&after.picture, 0xd04080) > 120 * 90 / 2);
    gs_client_finish(&before);
    gs_client_finish(&after);
    stop(&run);
}

/* What was recorded is H.264 that another decoder plays without a complaint. */
static void test_record_plays(void **state)
{
    struct gs_session_run run;
    struct gs_client_run client;
    struct gs_process probe;
    char *complaints;

    (void)state;
    start(&run, "counter");
    {
        g_autofree char *file = g_build_filename(run.dir, "video.mkv", NULL);
        const char *const more[] = {"--record", file, NULL};
        /* Decodes everything. Not ffmpeg, whose muxers complain when two pictures came within half
         * a frame's time, as they do on a loaded machine. */
        const char *const argv[] = {"ffprobe", "-v", "error", "-count_frames", file, NULL};

        assert_int_equal(gs_client_start(&run, NULL, 3, NULL, more, &client), 0);
        assert_int_equal(gs_client_wait(&client), 0);
        assert_int_equal(gs_process_start(argv, NULL, &probe), 0);
        assert_int_equal(gs_process_wait(&probe, GS_PROCESS_DEADLINE_MS), 0);
    }
    complaints = gs_process_stderr(&probe);
    assert_string_equal(complaints, "");
    g_free(complaints);
    gs_process_finish(&probe);
    gs_client_finish(&client);
    stop(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counter_streams),   cmocka_unit_test(test_static_is_quiet),
        cmocka_unit_test(test_colours_are_right), cmocka_unit_test(test_click_flips),
        cmocka_unit_test(test_key_flips),         cmocka_unit_test(test_windows_are_seen),
        cmocka_unit_test(test_record_plays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
