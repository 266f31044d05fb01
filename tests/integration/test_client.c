/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpushare-client without a window, against a host of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <linux/input-event-codes.h>
#include <signal.h>
#include <string.h>

#include "host/door.h"
#include "tests/integration/client_checks.h"
#include "tests/integration/client_program.h"
#include "tests/support/fake_host.h"
#include "tests/support/fake_pixel.h"
#include "tests/support/picture.h"
#include "tests/support/session_run.h"

static char *dir; /* of the test's files */

static int set_up(void **state)
{
    (void)state;
    dir = g_dir_make_tmp("gs-client-XXXXXX", NULL);
    return dir ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    gs_process_remove_dir(dir);
    g_free(dir);
    return 0;
}

static char *in_dir(const char *name)
{
    return g_build_filename(dir, name, NULL);
}

static const char some_url[] = "gpushare://127.0.0.1:1/test?ticket=t&fp="
                               "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static void test_usage(void **state)
{
    g_autofree char *script = in_dir("bad-script");

    (void)state;
    assert_true(g_file_set_contents(script, "wait 1\njump\n", -1, NULL));
    client_expect(NULL, NULL, 2, "URL");
    client_expect("http://example.org/", NULL, 2, "URL is wrong");
    client_expect(some_url, ARGS("--no-such-option"), 2, NULL);
    client_expect(some_url, ARGS("--duration", "-1"), 2, "--duration");
    client_expect(some_url, ARGS("--reconnect", "nan"), 2, "--reconnect");
    client_expect(some_url, ARGS("--wait", "-1"), 2, "--wait");
    client_expect(some_url, ARGS("--keymap", "nowhere"), 2, "layout");
    client_expect(some_url, ARGS("--decoder", "abacus"), 2, "abacus");
    client_expect(some_url, ARGS("--presenter", "abacus"), 2, "--presenter is");
    client_expect(some_url, ARGS("--headless", "--presenter", "gl"), 2, "contradict");
    client_expect(some_url, ARGS("--script", script), 2, "line 2");
    client_expect(some_url, ARGS("--script", "/nonexistent"), 2, "/nonexistent");
    client_expect(NULL, ARGS("--version"), 0, NULL);
    client_expect(NULL, ARGS("--help"), 0, NULL);
}

static void test_nobody_listens(void **state)
{
    (void)state;
    client_expect(some_url, ARGS("--headless"), 4, "127.0.0.1, port 1");
}

static void test_wrong_certificate(void **state)
{
    struct gs_fake_host *host = client_create_host((struct gs_fake_host_params){0});
    g_autofree char *url = gs_fake_host_url(host, true);
    struct gs_process p = client_start(url, ARGS("--headless"));

    (void)state;
    client_check_said(&p, gs_fake_host_run_program(host, &p), 4, "another certificate");
    assert_int_equal(gs_fake_host_clients(host), 0);
    gs_fake_host_destroy(host);
}

static void test_refused(void **state)
{
    struct gs_fake_host *host = client_create_host((struct gs_fake_host_params){.refuse = true});

    (void)state;
    client_run(host, ARGS("--headless"), 3, "the ticket is not valid");
    gs_fake_host_destroy(host);
}

static void check_recording(const char *path)
{
    g_autofree char *out = NULL;
    g_autofree char *ffprobe = g_find_program_in_path("ffprobe");
    const char *argv[] = {
        ffprobe, "-v",      "error",         "-count_frames",
        "-of",   "csv=p=0", "-show_entries", "stream=codec_name,width,height,nb_read_frames",
        path,    NULL};

    if (!ffprobe) {
        print_message("no ffprobe: the recording is not looked at\n");
        return;
    }
    assert_true(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL,
                             NULL, NULL));
    assert_true(g_str_has_prefix(out, "h264,640,360,"));
    assert_true(g_ascii_strtoull(out + strlen("h264,640,360,"), NULL, 10) > 5);
}

static void test_files(void **state)
{
    struct gs_fake_host *host = client_create_host((struct gs_fake_host_params){0});
    g_autofree char *stats = in_dir("stats.json"), *picture = in_dir("picture.png");
    g_autofree char *video = in_dir("video.mkv");

    (void)state;
    client_run(host,
               ARGS("--headless", "--duration", "1", "--stats", stats, "--snapshot", picture,
                    GS_LEAN ? NULL : "--record", video),
               0, "milliseconds");
    client_check_stats(stats);
    client_check_picture(picture, client_unswapped);
    client_check_cursor(picture, FAKE_WIDTH / 2, FAKE_HEIGHT / 2);
    if (!GS_LEAN)
        check_recording(video);
    assert_true(gs_fake_host_heard_bye(host));
    gs_fake_host_destroy(host);
}

/* The smaller picture is odd, and the snapshot has its size. */
static void test_size_changes(void **state)
{
    struct gs_fake_host *host = client_create_host(
        (struct gs_fake_host_params){.resize_after = 10, .width = 401, .height = 299});
    g_autofree char *picture = in_dir("resized.png");
    struct gs_image img;

    (void)state;
    client_run(host, ARGS("--headless", "--duration", "1", "--snapshot", picture), 0, "401x299");
    assert_int_equal(gs_image_load(picture, &img), 0);
    assert_int_equal(img.width, 401);
    assert_int_equal(img.height, 299);
    fake_check_pixel(&img, 50, 50, FAKE_RED);
    fake_check_pixel(&img, 399, 50, FAKE_GREEN);
    fake_check_pixel(&img, 50, 297, FAKE_BLUE);
    fake_check_pixel(&img, 400, 298, FAKE_WHITE);
    gs_image_finish(&img);
    gs_fake_host_destroy(host);
}

/* As on a machine where only the program is installed: OpenH264 decodes, and what is not possible
 * says so. */
static void test_without_modules(void **state)
{
    struct gs_fake_host *host = client_create_host((struct gs_fake_host_params){0});
    g_autofree char *picture = in_dir("lean.png"), *stats = in_dir("lean.json");
    g_autofree char *video = in_dir("lean.mkv");
    uint32_t width, height;
    json_t *json;

    (void)state;
    g_setenv("GPUSHARE_MODULES", "/nonexistent", TRUE);
    client_run(host, ARGS("--headless", "--duration", "1", "--snapshot", picture, "--stats", stats),
               0, "decoder software refused");
    client_run(
        host, ARGS("--headless", "--duration", "1", "--record", video), 1,
        "recording is not possible here: the module gpushare-client-record is not installed");
    client_run(host, ARGS("--duration", "1"), 1,
               "no window: the module gpushare-client-window is not installed");
    g_unsetenv("GPUSHARE_MODULES");
    client_check_picture(picture, client_unswapped);
    json = json_load_file(stats, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json, "decoder")), "openh264");
    json_decref(json);
    gs_fake_host_display(host, &width, &height);
    assert_int_equal(width, 0);
    assert_int_equal(height, 0);
    gs_fake_host_destroy(host);
}

static void test_overlay_in_snapshot(void **state)
{
    struct gs_fake_host *host = client_create_host((struct gs_fake_host_params){0});
    g_autofree char *picture = in_dir("overlay.png");
    struct gs_image img;

    (void)state;
    client_run(host, ARGS("--headless", "--overlay", "--duration", "1", "--snapshot", picture), 0,
               NULL);
    assert_int_equal(gs_image_load(picture, &img), 0);
    fake_check_pixel(&img, 1, 1, 0x3f0000);
    fake_check_pixel(&img, 540, 50, FAKE_GREEN);
    gs_image_finish(&img);
    gs_fake_host_destroy(host);
}

static void test_stats_on_stdout(void **state)
{
    struct gs_fake_host *host = client_create_host((struct gs_fake_host_params){0});
    g_autofree char *url = gs_fake_host_url(host, false);
    struct gs_process p =
        client_start(url, ARGS("--headless", "--duration", "0.5", "--stats", "-"));
    g_autofree char *line = NULL;

    (void)state;
    assert_int_equal(gs_fake_host_run_program(host, &p), 0);
    line = gs_process_read_line(&p, GS_PROCESS_DEADLINE_MS);
    assert_string_equal(line, "{");
    gs_process_finish(&p);
    gs_fake_host_destroy(host);
}

static void test_unwritable_files(void **state)
{
    struct gs_fake_host *host = client_create_host((struct gs_fake_host_params){0});

    (void)state;
    client_run(host, ARGS("--headless", "--duration", "0.5", "--stats", "/nonexistent/stats"), 1,
               "/nonexistent/stats");
    client_run(host, ARGS("--headless", "--duration", "0.5", "--snapshot", "/nonexistent/a.png"), 1,
               "/nonexistent/a.png");
    client_run(host, ARGS("--headless", "--duration", "0.5", "--record", "/nonexistent/a.mkv"), 1,
               GS_LEAN ? "not installed" : "/nonexistent/a.mkv");
    gs_fake_host_destroy(host);
}

static void test_bye(void **state)
{
    struct gs_fake_host *host = client_create_host((struct gs_fake_host_params){.bye_after = 120});
    g_autofree char *picture = in_dir("bye.png");

    (void)state;
    client_run(host, ARGS("--headless", "--snapshot", picture), 0, "the application ended");
    client_check_picture(picture, client_unswapped);
    assert_int_equal(gs_fake_host_clients(host), 1);
    gs_fake_host_destroy(host);
}

static void check_ids(const struct gs_fake_host *host)
{
    const GArray *inputs = gs_fake_host_inputs(host);

    for (guint i = 0; i < inputs->len; i++)
        assert_int_equal(g_array_index(inputs, struct gs_input, i).id, i + 1);
}

static void test_script(void **state)
{
    struct gs_fake_host *host = client_create_host((struct gs_fake_host_params){0});
    g_autofree char *before = in_dir("before.png"), *after = in_dir("after.png");
    g_autofree char *stats = in_dir("script.json"), *path = in_dir("script");
    g_autofree char *script =
        g_strdup_printf("wait-frame\nsnapshot %s\nkey KEY_SPACE\nmove 200 20\nwait-frame 2\n"
                        "snapshot %s\nclick\nscroll 1\ntext Hi\n",
                        before, after);
    json_t *json;

    (void)state;
    assert_true(g_file_set_contents(path, script, -1, NULL));
    client_run(host, ARGS("--headless", "--script", path, "--stats", stats), 0, NULL);
    client_check_picture(before, client_unswapped);
    client_check_picture(after, client_swapped);
    client_check_cursor(after, 200, 20);
    check_ids(host);
    client_find_input(host, GS_INPUT_KEY, KEY_SPACE, 0);
    client_find_input(host, GS_INPUT_BUTTON, BTN_LEFT, 1);
    client_find_input(host, GS_INPUT_KEY, KEY_LEFTSHIFT, 1);
    client_find_input(host, GS_INPUT_KEY, KEY_I, 0);
    assert_int_equal(client_find_input(host, GS_INPUT_AXIS, 0, 0)->y, 120);
    assert_int_equal(client_find_input(host, GS_INPUT_MOTION_ABS, 0, 0)->x, 200 * 256);
    assert_non_null(strstr(gs_fake_host_keymap(host), "xkb_keymap"));
    json = json_load_file(stats, 0, NULL);
    client_check_percentiles(json, "input_latency_ms");
    json_decref(json);
    gs_fake_host_destroy(host);
}

/* With a duration the end of a script is not the end; quit is. */
static void test_script_and_duration(void **state)
{
    struct gs_fake_host *host = client_create_host((struct gs_fake_host_params){0});
    g_autofree char *path = in_dir("short-script"), *stats = in_dir("duration.json");

    (void)state;
    assert_true(g_file_set_contents(path, "wait-frame\n", -1, NULL));
    client_run(host, ARGS("--headless", "--script", path, "--duration", "3", "--stats", stats), 0,
               NULL);
    client_check_stats(stats);
    assert_true(g_file_set_contents(path, "wait-frame\nquit\n", -1, NULL));
    client_run(host, ARGS("--headless", "--script", path, "--duration", "1000"), 0, NULL);
    gs_fake_host_destroy(host);
}

static gboolean send_sigterm(void *user)
{
    gs_process_signal(user, SIGTERM);
    return G_SOURCE_REMOVE;
}

static void test_sigterm(void **state)
{
    struct gs_fake_host *host = client_create_host((struct gs_fake_host_params){0});
    g_autofree char *stats = in_dir("term.json"), *picture = in_dir("term.png");
    g_autofree char *url = gs_fake_host_url(host, false);
    struct gs_process p =
        client_start(url, ARGS("--headless", "--stats", stats, "--snapshot", picture));

    (void)state;
    g_timeout_add(3000, send_sigterm, &p);
    client_check_said(&p, gs_fake_host_run_program(host, &p), 0, NULL);
    client_check_stats(stats);
    client_check_picture(picture, client_unswapped);
    assert_true(gs_fake_host_heard_bye(host));
    gs_fake_host_destroy(host);
}

static void test_snapshot_without_picture(void **state)
{
    struct gs_fake_host *host = client_create_host((struct gs_fake_host_params){.mute = true});
    g_autofree char *picture = in_dir("none.png");

    (void)state;
    client_run(host, ARGS("--headless", "--duration", "0.3", "--snapshot", picture), 1,
               "no picture arrived");
    assert_false(g_file_test(picture, G_FILE_TEST_EXISTS));
    gs_fake_host_destroy(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_wrong_certificate),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_size_changes),
        cmocka_unit_test(test_without_modules),
        cmocka_unit_test(test_overlay_in_snapshot),
        cmocka_unit_test(test_stats_on_stdout),
        cmocka_unit_test(test_unwritable_files),
        cmocka_unit_test(test_bye),
        cmocka_unit_test(test_script),
        cmocka_unit_test(test_script_and_duration),
        cmocka_unit_test(test_sigterm),
        cmocka_unit_test(test_snapshot_without_picture),
    };

    gs_door_prepare_tls();
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
