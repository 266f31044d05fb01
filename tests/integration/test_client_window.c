/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpushare-client's window on an X server of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/door.h"
#include "tests/support/fake_host.h"
#include "tests/support/fake_pixel.h"
#include "tests/support/need.h"
#include "tests/support/picture.h"
#include "tests/support/session_run.h"

#define SCREEN "1000x700x24"
/* No window manager: SDL puts the window into the middle of the screen. */
#define LEFT ((1000 - FAKE_WIDTH) / 2)
#define TOP ((700 - FAKE_HEIGHT) / 2)

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct gs_process xserver;
static char *dir, *screenshot;

static bool have(const char *program)
{
    g_autofree char *path = g_find_program_in_path(program);

    return path != NULL;
}

static int set_up(void **state)
{
    /* "1": it writes the number of the display that it found free on its stdout. Without -noreset
     * it starts anew whenever its last client left, and may forget who connects meanwhile. */
    static const char *const argv[] = {"Xvfb", "-displayfd", "1",   "-screen",  "0",
                                       SCREEN, "-nolisten",  "tcp", "-noreset", NULL};
    g_autofree char *number = NULL, *display = NULL;

    (void)state;
    dir = g_dir_make_tmp("gs-window-XXXXXX", NULL);
    screenshot = g_build_filename(dir, "screen.png", NULL);
    if (gs_process_start(argv, NULL, &xserver) != 0)
        return -1;
    number = gs_process_read_line(&xserver, GS_PROCESS_DEADLINE_MS);
    if (!number)
        return -1;
    display = g_strdup_printf(":%s", number);
    g_setenv("DISPLAY", display, TRUE);
    g_unsetenv("WAYLAND_DISPLAY");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    gs_process_finish(&xserver);
    gs_process_remove_dir(dir);
    g_free(screenshot);
    g_free(dir);
    return 0;
}

static struct gs_fake_host *create_host(struct gs_fake_host_params params)
{
    struct gs_fake_host *host;

    assert_int_equal(gs_fake_host_create(&params, &host), 0);
    return host;
}

static void run(struct gs_fake_host *host, const char *const *args, int status)
{
    g_autofree char *program = gs_program_path("gpushare-client"), *said = NULL;
    g_autofree char *url = gs_fake_host_url(host, false);
    const char *argv[16] = {program, url};
    struct gs_process p;
    int found;

    for (size_t n = 2; args && *args; args++)
        argv[n++] = *args;
    assert_int_equal(gs_process_start(argv, NULL, &p), 0);
    found = gs_fake_host_run_program(host, &p);
    said = gs_process_stderr(&p);
    gs_process_finish(&p);
    if (found != status)
        fail_msg("status %d instead of %d: %s", found, status, said);
}

static const struct gs_input *find_input(const struct gs_fake_host *host, enum gs_input_kind kind,
                                         uint16_t code, uint8_t pressed)
{
    const GArray *inputs = gs_fake_host_inputs(host);

    for (guint i = 0; i < inputs->len; i++) {
        const struct gs_input *in = &g_array_index(inputs, struct gs_input, i);

        if (in->kind == kind && in->code == code && in->state == pressed)
            return in;
    }
    return NULL;
}

#define CLOSE "xdotool key ctrl+alt+shift+q"
#define SCREENSHOT(path) g_strdup_printf("import -window root %s", path)

static void shows_the_picture(const char *presenter)
{
    g_autofree char *shoot = SCREENSHOT(screenshot);
    struct gs_fake_host *host =
        create_host((struct gs_fake_host_params){.steps = ARGS("true", shoot, CLOSE)});
    uint32_t width, height;
    struct gs_image img;

    run(host, ARGS("--presenter", presenter), 0);
    gs_fake_host_display(host, &width, &height);
    assert_int_equal(width, 1000);
    assert_int_equal(height, 700);
    assert_int_equal(gs_image_load(screenshot, &img), 0);
    fake_check_pixel(&img, LEFT + 100, TOP + 50, FAKE_RED);
    fake_check_pixel(&img, LEFT + 540, TOP + 50, FAKE_GREEN);
    fake_check_pixel(&img, LEFT + 100, TOP + 300, FAKE_BLUE);
    fake_check_pixel(&img, LEFT + 540, TOP + 300, FAKE_WHITE);
    fake_check_pixel(&img, LEFT - 20, TOP - 20, 0);
    gs_image_finish(&img);
    assert_true(gs_fake_host_heard_bye(host));
    gs_fake_host_destroy(host);
}

static void test_window_shows_the_picture(void **state)
{
    (void)state;
    shows_the_picture("window");
    shows_the_picture("shm");
}

static void test_gl_shows_the_picture(void **state)
{
    (void)state;
    shows_the_picture("gl");
}

/* A compositor on the X server, with one window that fills it. */
static bool start_weston(struct gs_process *ret)
{
    static const char *const argv[] = {"weston",       "--backend=x11-backend.so",
                                       "--use-pixman", "--shell=kiosk-shell.so",
                                       "--width=1000", "--height=700",
                                       "--socket=gs",  "--idle-time=0",
                                       "--no-config",  NULL};
    g_autofree char *socket = g_build_filename(dir, "gs", NULL);

    g_setenv("XDG_RUNTIME_DIR", dir, TRUE);
    if (gs_process_start(argv, NULL, ret) != 0)
        return false;
    for (int i = 0; i < 1000 && !g_file_test(socket, G_FILE_TEST_EXISTS); i++)
        g_usleep(10000);
    return g_file_test(socket, G_FILE_TEST_EXISTS);
}

/* Wayland has no memory of a window by way of SDL, so it is our own. Scaled, and swapped on the
 * way, which goes through all buffers. */
static void test_wayland_shows_the_picture(void **state)
{
    g_autofree char *shoot = SCREENSHOT(screenshot);
    struct gs_fake_host *host;
    struct gs_process weston;
    struct gs_image img;

    (void)state;
    NEED("weston");
    assert_true(start_weston(&weston));
    host = create_host((struct gs_fake_host_params){
        .steps = ARGS("xdotool mousemove 500 350", "xdotool key space", "true", shoot, CLOSE)});
    g_setenv("SDL_VIDEODRIVER", "wayland", TRUE);
    g_setenv("WAYLAND_DISPLAY", "gs", TRUE);
    run(host, ARGS("--presenter", "shm"), 0);
    g_unsetenv("SDL_VIDEODRIVER");
    g_unsetenv("WAYLAND_DISPLAY");
    gs_process_finish(&weston);
    assert_int_equal(gs_image_load(screenshot, &img), 0);
    fake_check_pixel(&img, 100, 100, FAKE_GREEN);
    fake_check_pixel(&img, 900, 100, FAKE_RED);
    fake_check_pixel(&img, 100, 600, FAKE_WHITE);
    fake_check_pixel(&img, 900, 600, FAKE_BLUE);
    fake_check_pixel(&img, 500, 30, 0);
    fake_check_pixel(&img, 500, 670, 0);
    gs_image_finish(&img);
    gs_fake_host_destroy(host);
}

/* A swap, a smaller odd picture, enlarged to the window that stays, and the pointer in it. */
static void size_changes(const char *presenter)
{
    g_autofree char *picture = g_build_filename(dir, "seen.png", NULL);
    g_autofree char *shoot = SCREENSHOT(screenshot);
    struct gs_fake_host *host = create_host((struct gs_fake_host_params){
        .resize_after = 25,
        .width = 159,
        .height = 89,
        .steps = ARGS("true", "xdotool key space", "true", "true",
                      "xdotool mousemove 400 400 mousemove 340 300", shoot, CLOSE)});
    const struct gs_input *motion = NULL;
    struct gs_image img;

    run(host, ARGS("--presenter", presenter, "--snapshot", picture), 0);
    assert_int_equal(gs_image_load(screenshot, &img), 0);
    fake_check_pixel(&img, LEFT + 100, TOP + 50, FAKE_GREEN);
    fake_check_pixel(&img, LEFT + 540, TOP + 50, FAKE_RED);
    fake_check_pixel(&img, LEFT + 100, TOP + 300, FAKE_WHITE);
    fake_check_pixel(&img, LEFT + 540, TOP + 300, FAKE_BLUE);
    fake_check_pixel(&img, LEFT + 636, TOP + 300, FAKE_BLUE);
    fake_check_pixel(&img, LEFT - 2, TOP - 2, 0);
    gs_image_finish(&img);
    assert_int_equal(gs_image_load(picture, &img), 0);
    assert_int_equal(img.width, 159);
    assert_int_equal(img.height, 89);
    fake_check_pixel(&img, 20, 20, FAKE_GREEN);
    fake_check_pixel(&img, 158, 88, FAKE_BLUE);
    gs_image_finish(&img);
    for (guint i = 0; i < gs_fake_host_inputs(host)->len; i++) {
        const struct gs_input *in = &g_array_index(gs_fake_host_inputs(host), struct gs_input, i);

        if (in->kind == GS_INPUT_MOTION_ABS)
            motion = in;
    }
    assert_non_null(motion);
    assert_in_range(motion->x / 256, 38, 40);
    assert_in_range(motion->y / 256, 31, 33);
    gs_fake_host_destroy(host);
}

static void test_window_size_changes(void **state)
{
    (void)state;
    size_changes("shm");
}

static void test_gl_size_changes(void **state)
{
    (void)state;
    size_changes("gl");
}

/* What the display forgot while something lay over the window comes back, although nothing changed.
 */
static void test_window_exposed(void **state)
{
    g_autofree char *shoot = SCREENSHOT(screenshot);
    struct gs_fake_host *host = create_host((struct gs_fake_host_params){
        .steps = ARGS("true", "xdotool search --class gpushare-client windowunmap", "true",
                      "xdotool search --class gpushare-client windowmap windowfocus", "true", shoot,
                      CLOSE)});
    struct gs_image img;

    (void)state;
    run(host, ARGS("--presenter", "shm"), 0);
    assert_int_equal(gs_image_load(screenshot, &img), 0);
    fake_check_pixel(&img, LEFT + 100, TOP + 50, FAKE_RED);
    fake_check_pixel(&img, LEFT + 540, TOP + 300, FAKE_WHITE);
    gs_image_finish(&img);
    gs_fake_host_destroy(host);
}

static void test_window_sends_input(void **state)
{
    struct gs_fake_host *host = create_host((struct gs_fake_host_params){
        .steps = ARGS("true", "xdotool mousemove 250 220", "xdotool click 1 click 3",
                      "xdotool key a space F5", "xdotool click 5", CLOSE)});
    const struct gs_input *motion = NULL;
    const GArray *inputs;

    (void)state;
    run(host, NULL, 0);
    inputs = gs_fake_host_inputs(host);
    for (guint i = 0; i < inputs->len; i++) {
        const struct gs_input *in = &g_array_index(inputs, struct gs_input, i);

        assert_int_equal(in->id, i + 1);
        if (in->kind == GS_INPUT_MOTION_ABS)
            motion = in;
    }
    assert_non_null(motion);
    assert_int_equal(motion->x / 256, 250 - LEFT);
    assert_int_equal(motion->y / 256, 220 - TOP);
    assert_non_null(find_input(host, GS_INPUT_BUTTON, BTN_LEFT, 1));
    assert_non_null(find_input(host, GS_INPUT_BUTTON, BTN_LEFT, 0));
    assert_non_null(find_input(host, GS_INPUT_BUTTON, BTN_RIGHT, 1));
    assert_non_null(find_input(host, GS_INPUT_KEY, KEY_A, 1));
    assert_non_null(find_input(host, GS_INPUT_KEY, KEY_A, 0));
    assert_non_null(find_input(host, GS_INPUT_KEY, KEY_F5, 1));
    assert_int_equal(find_input(host, GS_INPUT_AXIS, 0, 0)->y, 120);
    assert_non_null(find_input(host, GS_INPUT_LOCKS, 0, 0));
    /* The chord was ours. */
    assert_null(find_input(host, GS_INPUT_KEY, KEY_Q, 1));
    assert_null(find_input(host, GS_INPUT_KEY, KEY_Q, 0));
    assert_non_null(strstr(gs_fake_host_keymap(host), "xkb_keymap"));
    gs_fake_host_destroy(host);
}

/* Half the size: colours stay in place and the pointer is mapped back. */
static void test_window_scales(void **state)
{
    g_autofree char *shoot = SCREENSHOT(screenshot);
    struct gs_fake_host *host = create_host((struct gs_fake_host_params){
        .steps =
            ARGS("true", "xdotool search --class gpushare-client windowsize 320 240 windowmove 0 0",
                 "true", "xdotool mousemove 80 75", shoot, CLOSE)});
    const struct gs_input *motion = NULL;
    struct gs_image img;

    (void)state;
    run(host, NULL, 0);
    assert_int_equal(gs_image_load(screenshot, &img), 0);
    fake_check_pixel(&img, 50, 50, FAKE_RED);
    fake_check_pixel(&img, 270, 50, FAKE_GREEN);
    fake_check_pixel(&img, 50, 200, FAKE_BLUE);
    fake_check_pixel(&img, 270, 200, FAKE_WHITE);
    fake_check_pixel(&img, 160, 10, 0); /* letterbox: 30 rows above and below */
    fake_check_pixel(&img, 160, 230, 0);
    gs_image_finish(&img);
    for (guint i = 0; i < gs_fake_host_inputs(host)->len; i++) {
        const struct gs_input *in = &g_array_index(gs_fake_host_inputs(host), struct gs_input, i);

        if (in->kind == GS_INPUT_MOTION_ABS)
            motion = in;
    }
    assert_non_null(motion);
    assert_int_equal(motion->x / 256, 160);
    assert_int_equal(motion->y / 256, 90);
    gs_fake_host_destroy(host);
}

static void test_window_relative_motion(void **state)
{
    struct gs_fake_host *host = create_host((struct gs_fake_host_params){
        .relative = true,
        .steps = ARGS("true", "xdotool mousemove 500 350", "xdotool mousemove_relative 7 0", "true",
                      "xdotool mousemove_relative 0 5", "true", CLOSE)});
    const GArray *inputs = gs_fake_host_inputs(host);
    int x = 0, y = 0;

    (void)state;
    run(host, NULL, 0);
    for (guint i = 0; i < inputs->len; i++) {
        const struct gs_input *in = &g_array_index(inputs, struct gs_input, i);

        assert_int_not_equal(in->kind, GS_INPUT_MOTION_ABS);
        if (in->kind == GS_INPUT_MOTION_REL) {
            x += in->x;
            y += in->y;
        }
    }
    assert_true(x != 0 || y != 0);
    gs_fake_host_destroy(host);
}

static void test_window_reconnects(void **state)
{
    g_autofree char *shoot = SCREENSHOT(screenshot);
    struct gs_fake_host *host = create_host((struct gs_fake_host_params){
        .drop_after = 15, .steps = ARGS("true", "true", "xdotool key a", shoot, CLOSE)});
    struct gs_image img;

    (void)state;
    run(host, NULL, 0);
    assert_int_equal(gs_fake_host_clients(host), 2);
    assert_non_null(find_input(host, GS_INPUT_KEY, KEY_A, 1));
    assert_int_equal(gs_image_load(screenshot, &img), 0);
    fake_check_pixel(&img, LEFT + 100, TOP + 50, FAKE_RED);
    gs_image_finish(&img);
    gs_fake_host_destroy(host);
}

/* Takes a screenshot when the window's title has the text. */
static char *when_titled(const char *text, const char *path)
{
    return g_strdup_printf("timeout 20 sh -c 'until xwininfo -root -tree | grep -q \"%s\"; do "
                           "sleep 0.1; done' && import -window root %s",
                           text, path);
}

/* In the title and over the picture, as long as there is no connection. The pictures go on. */
static void test_window_says_reconnecting(void **state)
{
    g_autofree char *path = g_build_filename(dir, "away.png", NULL);
    g_autofree char *away = when_titled("127.0.0.1 .* reconnecting", path);
    g_autofree char *back = when_titled("127.0.0.1\\\"", screenshot);
    struct gs_fake_host *host = create_host((struct gs_fake_host_params){
        .drop_after = 15,
        .back = {.resume = true, .file = path},
        .steps = ARGS("true", away, GS_FAKE_AWAIT_CLIENT, "true", back, CLOSE)});
    struct gs_image img;

    (void)state;
    run(host, NULL, 0);
    assert_int_equal(gs_fake_host_clients(host), 2);
    assert_int_equal(gs_image_load(path, &img), 0);
    fake_check_pixel(&img, LEFT + 1, TOP + 1, 0x3f0000);
    fake_check_pixel(&img, LEFT + 540, TOP + 50, FAKE_GREEN);
    gs_image_finish(&img);
    assert_int_equal(gs_image_load(screenshot, &img), 0);
    fake_check_pixel(&img, LEFT + 1, TOP + 1, FAKE_RED);
    gs_image_finish(&img);
    gs_fake_host_destroy(host);
}

/* The pointer is not caught, whatever the application wants. */
static void test_window_says_watching(void **state)
{
    g_autofree char *path = g_build_filename(dir, "watching.png", NULL);
    g_autofree char *watching = when_titled("127.0.0.1 (watching)", path);
    struct gs_fake_host *host = create_host((struct gs_fake_host_params){
        .relative = true,
        .steps = ARGS("true", "xdotool mousemove 400 300 click 1 key a", watching, CLOSE)});

    (void)state;
    run(host, ARGS("--view"), 0);
    assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    assert_int_equal(gs_fake_host_inputs(host)->len, 0);
    gs_fake_host_destroy(host);
}

static void test_window_overlay_chord(void **state)
{
    g_autofree char *shoot = SCREENSHOT(screenshot);
    struct gs_fake_host *host = create_host((struct gs_fake_host_params){
        .steps = ARGS("true", "true", "true", "true", "xdotool key ctrl+alt+shift+s", "true", shoot,
                      CLOSE)});
    struct gs_image img;

    (void)state;
    run(host, NULL, 0);
    assert_int_equal(gs_image_load(screenshot, &img), 0);
    fake_check_pixel(&img, LEFT + 1, TOP + 1, 0x3f0000);
    gs_image_finish(&img);
    gs_fake_host_destroy(host);
}

static void test_no_display(void **state)
{
    g_autofree char *display = g_strdup(g_getenv("DISPLAY"));
    struct gs_fake_host *host = create_host((struct gs_fake_host_params){0});

    (void)state;
    g_setenv("DISPLAY", ":9999", TRUE);
    run(host, NULL, 1);
    g_setenv("DISPLAY", display, TRUE);
    gs_fake_host_destroy(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window_shows_the_picture),
        cmocka_unit_test(test_gl_shows_the_picture),
        cmocka_unit_test(test_window_size_changes),
        cmocka_unit_test(test_gl_size_changes),
        cmocka_unit_test(test_window_exposed),
        cmocka_unit_test(test_wayland_shows_the_picture),
        cmocka_unit_test(test_window_sends_input),
        cmocka_unit_test(test_window_scales),
        cmocka_unit_test(test_window_relative_motion),
        cmocka_unit_test(test_window_reconnects),
        cmocka_unit_test(test_window_says_reconnecting),
        cmocka_unit_test(test_window_says_watching),
        cmocka_unit_test(test_window_overlay_chord),
        cmocka_unit_test(test_no_display),
    };

    if (!have("Xvfb") || !have("xdotool") || !have("xwininfo") || !have("import")) {
        print_message("Xvfb, xdotool and ImageMagick's import are needed\n");
        return 77;
    }
    gs_door_prepare_tls();
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
