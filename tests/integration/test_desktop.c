/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The desktop source with real applications. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xkbcommon/xkbcommon.h>

#include "common/clock.h"
#include "tests/integration/source_rig.h"
#include "tests/support/need.h"

#define WIDTH 640
#define HEIGHT 480

static bool drew(struct source_rig *rig)
{
    return rig->n_captures >= 2 && source_rig_colours(rig, 3) >= 2;
}

/* Than rig->seen. */
static bool drew_more(struct source_rig *rig)
{
    return rig->n_damaged > rig->seen;
}

static bool ended(struct source_rig *rig)
{
    return rig->n_ended > 0;
}

static void open_app(struct source_rig *rig, const char *const *argv)
{
    assert_int_equal(
        source_rig_open(rig, "desktop", WIDTH, HEIGHT, (char *const *)(const void *)argv), 0);
}

/* What was painted where damage was reported is the same as everything painted anew. */
static void check_damage(struct source_rig *rig)
{
    uint32_t before;

    assert_int_equal(source_rig_capture(rig, false), 0);
    before = source_rig_hash(rig);
    assert_int_equal(source_rig_capture(rig, true), 0);
    assert_int_equal(source_rig_hash(rig), before);
}

/* Runs it for a while and keeps a picture. */
static void show(const char *const *argv, const char *picture, int ms)
{
    struct source_rig rig;

    open_app(&rig, argv);
    assert_true(source_rig_wait(&rig, drew, 20000));
    source_rig_run(&rig, ms);
    print_message("%s: %u damaged, %u captures, %u frames wanted, %u layers\n", picture,
                  rig.n_damaged, rig.n_captures, rig.n_frame_wanted, rig.n_layers);
    check_damage(&rig);
    source_rig_picture(&rig, picture);
    assert_int_equal(rig.n_ended, 0);
    source_rig_close(&rig);
    assert_false(rig.socket_left);
}

static void test_show_shm(void **state)
{
    const char *argv[] = {"weston-simple-shm", NULL};

    (void)state;
    NEED(argv[0]);
    show(argv, "simple-shm", 300);
}

static void test_show_gl(void **state)
{
    const char *argv[] = {"glmark2-es2-wayland", "-b", "build", "--size", "640x480", NULL};

    (void)state;
    NEED(argv[0]);
    show(argv, "glmark2", 1500);
}

static void test_show_x11(void **state)
{
    const char *argv[] = {"glxgears", NULL};

    (void)state;
    NEED(argv[0]);
    NEED("Xwayland");
    show(argv, "glxgears", 1500);
}

/* Xwayland commits nothing new before the callback of the commit before has come, and all that was
 * drawn meanwhile once it has; the listener is told that it is such a one. */
static void test_x11_keeps_pictures_until_answered(void **state)
{
    const char *argv[] = {"glxgears", NULL};
    struct source_rig rig;

    (void)state;
    NEED(argv[0]);
    NEED("Xwayland");
    open_app(&rig, argv);
    assert_true(source_rig_wait(&rig, drew, 20000));
    assert_true(rig.n_kept > 0);
    rig.silent = true;
    for (int i = 0; i < 20 && rig.seen != rig.n_damaged; i++) { /* what is on its way arrives */
        rig.seen = rig.n_damaged;
        source_rig_run(&rig, 500);
    }
    assert_int_equal(rig.n_damaged, rig.seen);
    rig.silent = false;
    rig.src->impl->frame_done(rig.src, gs_now_ns());
    assert_true(source_rig_wait(&rig, drew_more, 10000));
    source_rig_close(&rig);
}

/* A Wayland application does not: it is not taken for one with a clock. */
static void test_wayland_keeps_nothing(void **state)
{
    const char *argv[] = {"weston-simple-shm", NULL};
    struct source_rig rig;

    (void)state;
    NEED(argv[0]);
    open_app(&rig, argv);
    assert_true(source_rig_wait(&rig, drew, 20000));
    assert_true(rig.n_frame_wanted > 0);
    assert_int_equal(rig.n_kept, 0);
    source_rig_close(&rig);
}

static void test_show_gtk(void **state)
{
    const char *argv[] = {"gtk3-demo", NULL};

    (void)state;
    NEED(argv[0]);
    show(argv, "gtk3-demo", 1500);
}

static void type_text(struct source_rig *rig, const unsigned *codes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        source_rig_key(rig, codes[i]);
}

static void test_terminal_typing(void **state)
{
    const char *argv[] = {"foot", "--log-level=none", "--override=cursor.blink=no", "sh", NULL};
    const unsigned text[] = {KEY_E, KEY_C, KEY_H, KEY_O, KEY_SPACE, KEY_H, KEY_I};
    const unsigned leave[] = {KEY_ENTER, KEY_E, KEY_X, KEY_I, KEY_T, KEY_ENTER};
    struct source_rig rig;
    uint32_t before;

    (void)state;
    NEED(argv[0]);
    open_app(&rig, argv);
    assert_true(source_rig_wait(&rig, drew, 10000));
    source_rig_run(&rig, 700);
    before = source_rig_hash(&rig);
    type_text(&rig, text, G_N_ELEMENTS(text));
    source_rig_run(&rig, 500);
    check_damage(&rig);
    source_rig_picture(&rig, "foot-typed");
    assert_int_not_equal(source_rig_hash(&rig), before);
    type_text(&rig, leave, G_N_ELEMENTS(leave));
    assert_true(source_rig_wait(&rig, ended, 5000));
    assert_int_equal(rig.wait_status, 0);
    assert_string_equal(rig.reason, "foot exited");
    source_rig_close(&rig);
}

/* The pointer goes into a text field: another cursor than the arrow. */
static void test_cursor_changes(void **state)
{
    const char *argv[] = {"weston-terminal", NULL};
    struct source_rig rig;
    unsigned before;

    (void)state;
    NEED(argv[0]);
    open_app(&rig, argv);
    rig.src->impl->announce(rig.src);
    assert_true(rig.cursor.visible); /* an arrow, before anybody has set one */
    assert_true(rig.cursor.width > 0);
    assert_true(source_rig_wait(&rig, drew, 10000));
    source_rig_move(&rig, 300, 10);
    source_rig_run(&rig, 300);
    before = rig.n_cursor;
    source_rig_move(&rig, 300, 240);
    source_rig_run(&rig, 300);
    print_message("cursor: %u callbacks, %dx%d\n", rig.n_cursor, rig.cursor.width,
                  rig.cursor.height);
    assert_true(rig.n_cursor > before);
    check_damage(&rig);
    source_rig_picture(&rig, "weston-terminal");
    source_rig_close(&rig);
}

static void test_end_missing(void **state)
{
    const char *argv[] = {"gpushare-no-such-program", NULL};
    struct source_rig rig;

    (void)state;
    assert_int_equal(
        source_rig_open(&rig, "desktop", WIDTH, HEIGHT, (char *const *)(const void *)argv),
        -ENOENT);
}

static void test_end_status(void **state)
{
    const char *argv[] = {"sh", "-c", "exit 3", NULL};
    struct source_rig rig;

    (void)state;
    open_app(&rig, argv);
    assert_true(source_rig_wait(&rig, ended, 5000));
    assert_true(WIFEXITED(rig.wait_status));
    assert_int_equal(WEXITSTATUS(rig.wait_status), 3);
    assert_string_equal(rig.reason, "sh exited with status 3");
    source_rig_close(&rig);
}

static void test_end_crash(void **state)
{
    const char *argv[] = {"sh", "-c", "kill -SEGV $$", NULL};
    struct source_rig rig;

    (void)state;
    open_app(&rig, argv);
    assert_true(source_rig_wait(&rig, ended, 5000));
    assert_true(WIFSIGNALED(rig.wait_status));
    assert_string_equal(rig.reason, "sh was killed by SIGSEGV");
    source_rig_close(&rig);
}

/* A launcher that leaves the real application behind does not end the session. */
static void test_end_launcher(void **state)
{
    const char *argv[] = {"sh", "-c", "(sleep 0.3; exec weston-simple-shm) & exit 0", NULL};
    struct source_rig rig;

    (void)state;
    NEED("weston-simple-shm");
    open_app(&rig, argv);
    assert_true(source_rig_wait(&rig, drew, 10000));
    source_rig_run(&rig, 1500);
    assert_int_equal(rig.n_ended, 0);
    source_rig_close(&rig);
}

static bool process_exists(const char *marker)
{
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
    const char *name;

    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_strdup_printf("/proc/%s/cmdline", name);
        g_autofree char *text = NULL;
        gsize size = 0;

        if (atoi(name) == getpid() || !g_file_get_contents(path, &text, &size, NULL))
            continue;
        if (memmem(text, size, marker, strlen(marker)))
            return true;
    }
    return false;
}

/* Nothing is left: not what ignores signals, not what went away from its parents. */
static void test_close_stubborn(void **state)
{
    g_autofree char *marker = g_strdup_printf("54321.%d", getpid());
    g_autofree char *script =
        g_strdup_printf("trap '' TERM HUP; (setsid sh -c \"trap '' TERM; sleep %s; true\" &) ; "
                        "sleep %s; true",
                        marker, marker);
    const char *argv[] = {"sh", "-c", script, NULL};
    struct source_rig rig;
    gint64 before;

    (void)state;
    open_app(&rig, argv);
    source_rig_run(&rig, 300);
    assert_true(process_exists(marker));
    before = g_get_monotonic_time();
    source_rig_close(&rig);
    print_message("closed after %d ms\n", (int)((g_get_monotonic_time() - before) / 1000));
    assert_false(process_exists(marker));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void test_close_x11_leaves_nothing(void **state)
{
    const char *argv[] = {"glxgears", NULL};
    struct source_rig rig;
    char socket[64], lock[64], *dir;
    int display;

    (void)state;
    NEED(argv[0]);
    NEED("Xwayland");
    open_app(&rig, argv);
    assert_true(source_rig_wait(&rig, drew, 20000));
    display = rig.src->impl->x11_display(rig.src);
    assert_true(display >= 0);
    snprintf(socket, sizeof(socket), "/tmp/.X11-unix/X%d", display);
    snprintf(lock, sizeof(lock), "/tmp/.X%d-lock", display);
    assert_int_equal(access(socket, F_OK), 0);
    dir = g_strdup(rig.runtime_dir);
    source_rig_close(&rig);
    assert_int_equal(access(socket, F_OK), -1);
    assert_int_equal(access(lock, F_OK), -1);
    assert_int_equal(access(dir, F_OK), -1);
    g_free(dir);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* ---- clients that do what they must not ---- */

static void run_hostile(const char *mode, struct source_rig *rig)
{
    const char *argv[] = {HOSTILE, mode, NULL};

    open_app(rig, argv);
    source_rig_run(rig, 700);
    for (int i = 0; i < 5; i++) {
        source_rig_move(rig, 300 + i, 200);
        assert_int_equal(source_rig_capture(rig, true), 0);
        source_rig_run(rig, 20);
    }
    print_message("%s: %u layers, %s\n", mode, rig->n_layers, rig->n_ended ? rig->reason : "runs");
}

static void test_hostile_buffers(void **state)
{
    static const char *const modes[] = {"truncate", "orphan", "stride", "unmapped"};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(modes); i++) {
        struct source_rig rig;

        run_hostile(modes[i], &rig);
        source_rig_close(&rig);
        assert_false(rig.socket_left);
    }
}

/* One that only writes is cut off, or at least does not keep us from ending. */
static void test_hostile_flood(void **state)
{
    struct source_rig rig;
    gint64 before;

    (void)state;
    run_hostile("flood", &rig);
    before = g_get_monotonic_time();
    source_rig_close(&rig);
    assert_true(g_get_monotonic_time() - before < 10 * G_USEC_PER_SEC);
}

/* ---- keyboard ---- */

static bool typed(struct source_rig *rig)
{
    return rig->n_damaged > 0;
}

static void test_set_keymap(void **state)
{
    const char *argv[] = {"foot",
                          "--log-level=none",
                          "--override=cursor.blink=no",
                          "sh",
                          "-c",
                          "read x; [ \"$x\" = zy ]",
                          NULL};
    struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_FLAGS);
    struct xkb_rule_names names = {.layout = "de"};
    struct xkb_keymap *keymap =
        xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
    char *text = xkb_keymap_get_as_string(keymap, XKB_KEYMAP_FORMAT_TEXT_V1);
    struct source_rig rig;

    (void)state;
    NEED(argv[0]);
    open_app(&rig, argv);
    assert_int_equal(rig.src->impl->set_keymap(rig.src, "nonsense"), -EINVAL);
    assert_int_equal(rig.src->impl->set_keymap(rig.src, ""), -EINVAL);
    assert_int_equal(rig.src->impl->set_keymap(rig.src, text), 0);
    assert_true(source_rig_wait(&rig, typed, 10000));
    source_rig_run(&rig, 700);
    source_rig_key(&rig, KEY_Y); /* QWERTZ has them the other way round */
    source_rig_key(&rig, KEY_Z);
    source_rig_key(&rig, KEY_ENTER);
    assert_true(source_rig_wait(&rig, ended, 5000));
    assert_int_equal(rig.wait_status, 0);
    source_rig_close(&rig);
    free(text);
    xkb_keymap_unref(keymap);
    xkb_context_unref(context);
}

/* What an opaque window covers is not in the scene; closing it by Alt+F4 brings it back. */
static void test_stack_and_close_key(void **state)
{
    const char *argv[] = {"sh", "-c", "weston-flower & sleep 0.7; exec foot --log-level=none sh",
                          NULL};
    struct source_rig rig;

    (void)state;
    NEED("foot");
    NEED("weston-flower");
    open_app(&rig, argv);
    assert_true(source_rig_wait(&rig, drew, 10000));
    source_rig_run(&rig, 2000);
    assert_int_equal(rig.n_layers, 1);
    source_rig_picture(&rig, "stack-covered");
    source_rig_input(&rig, GS_INPUT_KEY, KEY_LEFTALT, 1, 0, 0);
    source_rig_key(&rig, KEY_F4);
    source_rig_input(&rig, GS_INPUT_KEY, KEY_LEFTALT, 0, 0, 0);
    source_rig_run(&rig, 500);
    check_damage(&rig);
    source_rig_picture(&rig, "stack-below");
    assert_int_equal(rig.n_layers, 1);
    assert_true(source_rig_colours(&rig, 3) >= 2);
    source_rig_close(&rig);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_end_missing),
        cmocka_unit_test(test_end_status),
        cmocka_unit_test(test_end_crash),
        cmocka_unit_test(test_end_launcher),
        cmocka_unit_test(test_show_shm),
        cmocka_unit_test(test_show_gl),
        cmocka_unit_test(test_x11_keeps_pictures_until_answered),
        cmocka_unit_test(test_wayland_keeps_nothing),
        cmocka_unit_test(test_show_x11),
        cmocka_unit_test(test_show_gtk),
        cmocka_unit_test(test_terminal_typing),
        cmocka_unit_test(test_cursor_changes),
        cmocka_unit_test(test_set_keymap),
        cmocka_unit_test(test_stack_and_close_key),
        cmocka_unit_test(test_hostile_buffers),
        cmocka_unit_test(test_hostile_flood),
        cmocka_unit_test(test_close_stubborn),
        cmocka_unit_test(test_close_x11_leaves_nothing),
    };

    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
