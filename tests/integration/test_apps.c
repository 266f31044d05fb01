/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Applications that people use must be seen. Their pictures are kept under tests/apps of the build
 * tree, for people to look at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <gio/gio.h>
#include <glib.h>
#include <string.h>

#include "tests/support/need.h"
#include "tests/support/session_run.h"

#define SECONDS 60 /* at most; the script ends the client */

static void start(struct gs_session_run *run, const char *const *argv)
{
    const char *const options[] = {"--size", "1280x720", NULL};

    NEED(argv[0]);
    assert_int_equal(gs_session_run_start(options, argv, run), 0);
}

static void stop(struct gs_session_run *run)
{
    assert_int_equal(gs_session_run_stop(run), 0);
    gs_session_run_finish(run);
}

/* Copies the snapshot to where it outlives the session. */
static void keep(const struct gs_client_run *client, const char *name)
{
    const char *bin = g_getenv("GS_BIN_DIR");
    g_autofree char *dir = g_build_filename(bin ? bin : ".", "..", "pictures", NULL);
    g_autofree char *path = g_strdup_printf("%s/%s.png", dir, name);
    g_autoptr(GFile) from = g_file_new_for_path(client->snapshot_path);
    g_autoptr(GFile) to = g_file_new_for_path(path);

    g_mkdir_with_parents(dir, 0755);
    assert_true(g_file_copy(from, to, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, NULL));
}

/* Looks at the application until it has shown what the script waits for. */
static void look(struct gs_session_run *run, const char *name, const char *script,
                 struct gs_client_run *ret)
{
    assert_int_equal(gs_client_run(run, SECONDS, script, ret), 0);
    assert_non_null(ret->picture.rgb);
    keep(ret, name);
}

/* The application shows at least so many colours (of 32768), and so many frames. */
static void shows(const char *name, const char *const *argv, unsigned colours, double frames)
{
    /* Programs that load for long on a busy machine show one picture first. */
    g_autofree char *script =
        g_strdup_printf("wait 3\nwait-frame %g\nwait 1\nquit\n", MAX(frames, 1));
    struct gs_session_run run;
    struct gs_client_run client;
    unsigned seen;

    start(&run, argv);
    look(&run, name, script, &client);
    seen = gs_image_count_colours(&client.picture);
    if (seen < colours)
        fail_msg("%s: only %u colours", name, seen);
    if (gs_client_stat(&client, "frames_decoded") < frames)
        fail_msg("%s: only %g frames", name, gs_client_stat(&client, "frames_decoded"));
    gs_client_finish(&client);
    stop(&run);
}

static void test_glmark2(void **state)
{
    (void)state;
    shows("glmark2", (const char *const[]){"glmark2-es2-wayland", "-b", "build:duration=60", NULL},
          20, 10);
}

static void test_weston_simple_egl(void **state)
{
    (void)state;
    shows("weston-simple-egl", (const char *const[]){"weston-simple-egl", NULL}, 20, 10);
}

static void test_weston_flower(void **state)
{
    (void)state;
    shows("weston-flower", (const char *const[]){"weston-flower", NULL}, 20, 1);
}

static void test_glxgears(void **state)
{
    (void)state;
    shows("glxgears", (const char *const[]){"glxgears", NULL}, 20, 10);
}

static void test_gtk3_demo(void **state)
{
    (void)state;
    shows("gtk3-demo", (const char *const[]){"gtk3-demo", NULL}, 20, 1);
}

static void test_mpv(void **state)
{
    g_autofree char *dir = g_dir_make_tmp("gs-test-XXXXXX", NULL);
    g_autofree char *file = g_build_filename(dir, "video.mkv", NULL);
    const char *const make[] = {
        "ffmpeg", "-v",    "error", "-f", "lavfi", "-i", "testsrc=size=640x360:rate=30:duration=60",
        "-c:v",   "mpeg4", file,    NULL};
    struct gs_process p;

    (void)state;
    assert_int_equal(gs_process_start(make, NULL, &p), 0);
    assert_int_equal(gs_process_wait(&p, GS_PROCESS_DEADLINE_MS), 0);
    gs_process_finish(&p);
    shows("mpv", (const char *const[]){"mpv", "--no-audio", file, NULL}, 20, 10);
    gs_process_remove_dir(dir);
}

/* What is typed into a terminal is seen there: the same session before and after. */
static void typed_is_seen(const char *name, const char *const *argv)
{
    g_autofree char *typed = g_strconcat(name, "-typed", NULL);
    struct gs_session_run run;
    struct gs_client_run before, after;
    uint32_t changed;

    start(&run, argv);
    look(&run, name, "wait 4\nwait-frame\nquit\n", &before);
    look(&run, typed, "wait 0.5\ntext echo hello-$((6*7))\\n\nwait 2\nquit\n", &after);
    changed = gs_image_count_differing(&before.picture, &after.picture, 64);
    /* More than a cursor, less than another screen. */
    if (changed < 300 || changed > 1280 * 720 / 4)
        fail_msg("%s: %u pixels changed", name, changed);
    gs_client_finish(&before);
    gs_client_finish(&after);
    stop(&run);
}

static void test_foot(void **state)
{
    (void)state;
    typed_is_seen("foot", (const char *const[]){"foot", "sh", NULL});
}

static void test_weston_terminal(void **state)
{
    (void)state;
    typed_is_seen("weston-terminal",
                  (const char *const[]){"weston-terminal", "--shell=/bin/sh", NULL});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_glmark2),       cmocka_unit_test(test_weston_simple_egl),
        cmocka_unit_test(test_weston_flower), cmocka_unit_test(test_glxgears),
        cmocka_unit_test(test_gtk3_demo),     cmocka_unit_test(test_mpv),
        cmocka_unit_test(test_foot),          cmocka_unit_test(test_weston_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
