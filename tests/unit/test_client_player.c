/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "client/player.h"

struct fixture {
    struct gs_keymap *keymap;
    struct gs_script *script;
    struct gs_player *player;
    GString *log;
    uint32_t last_input;
    int snapshot_result;
    bool done, quit;
    int err;
};

static void on_input(void *user, const struct gs_input *in)
{
    struct fixture *f = user;

    f->last_input++;
    g_string_append_printf(f->log, "i%u.%u ", in->code, in->state);
}

static uint32_t on_last_input(void *user)
{
    return ((struct fixture *)user)->last_input;
}

static int on_snapshot(void *user, const char *path)
{
    struct fixture *f = user;

    g_string_append_printf(f->log, "s%s ", path);
    return f->snapshot_result;
}

static void on_done(void *user, int err, bool quit)
{
    struct fixture *f = user;

    assert_false(f->done);
    f->done = true;
    f->quit = quit;
    f->err = err;
}

static const struct gs_player_listener listener = {on_input, on_last_input, on_snapshot, on_done};

static void start(struct fixture *f, const char *text)
{
    char *why = NULL;

    memset(f, 0, sizeof(*f));
    assert_int_equal(gs_keymap_create("us", &f->keymap), 0);
    assert_int_equal(gs_script_parse(text, f->keymap, &f->script, &why), 0);
    f->log = g_string_new(NULL);
    f->player = gs_player_create(f->script, &listener, f);
}

static void finish(struct fixture *f)
{
    gs_player_destroy(f->player);
    gs_script_destroy(f->script);
    gs_keymap_destroy(f->keymap);
    g_string_free(f->log, TRUE);
}

static void run_until_idle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

static void test_plays_in_order(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "key 30\nwait 0.001\nsnapshot a.png\nkey 31 down\n");
    while (!f.done)
        g_main_context_iteration(NULL, TRUE);
    assert_int_equal(f.err, 0);
    assert_false(f.quit);
    assert_string_equal(f.log->str, "i30.1 i30.0 sa.png i31.1 ");
    finish(&f);
}

static void test_wait_frame_wants_frames_after_the_input(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "key 30\nwait-frame 2\nsnapshot a.png\nquit\nkey 31");
    run_until_idle();
    gs_player_frame(f.player, 1); /* before the release */
    gs_player_frame(f.player, 2);
    assert_string_equal(f.log->str, "i30.1 i30.0 ");
    gs_player_frame(f.player, 5);
    assert_string_equal(f.log->str, "i30.1 i30.0 sa.png ");
    assert_true(f.done);
    assert_true(f.quit);
    finish(&f);
}

/* What waited for a connection goes out with later ids: pictures in between do not count. */
static void test_input_sent_late(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "key 30\nwait-frame 2\nsnapshot a.png\n");
    run_until_idle();
    gs_player_frame(f.player, 2);
    f.last_input = 7;
    gs_player_input_sent(f.player);
    gs_player_frame(f.player, 6);
    gs_player_frame(f.player, 7);
    assert_string_equal(f.log->str, "i30.1 i30.0 ");
    gs_player_frame(f.player, 7);
    assert_string_equal(f.log->str, "i30.1 i30.0 sa.png ");
    finish(&f);
}

/* The first picture of a screen that stands still may come before the script begins. */
static void test_wait_frame_counts_frames_before_it(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "wait-frame\nsnapshot a.png\nwait-frame\nsnapshot b.png");
    gs_player_frame(f.player, 0);
    run_until_idle();
    assert_string_equal(f.log->str, "sa.png ");
    gs_player_frame(f.player, 0);
    assert_string_equal(f.log->str, "sa.png sb.png ");
    finish(&f);
}

static void test_wait_frame_forgets_frames_before_input(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "key 30 down\nwait-frame\nsnapshot a.png");
    gs_player_frame(f.player, 0);
    run_until_idle();
    gs_player_frame(f.player, 0);
    assert_string_equal(f.log->str, "i30.1 ");
    gs_player_frame(f.player, 1);
    assert_string_equal(f.log->str, "i30.1 sa.png ");
    finish(&f);
}

static void test_snapshot_failure_ends(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "snapshot a.png\nkey 30");
    f.snapshot_result = -EAGAIN;
    run_until_idle();
    assert_true(f.done);
    assert_int_equal(f.err, -EAGAIN);
    assert_string_equal(f.log->str, "sa.png ");
    finish(&f);
}

static void test_destroy_while_waiting(void **state)
{
    struct fixture f;

    (void)state;
    start(&f, "wait-frame\n");
    run_until_idle();
    finish(&f);
    run_until_idle();
    assert_false(f.done);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plays_in_order),
        cmocka_unit_test(test_wait_frame_wants_frames_after_the_input),
        cmocka_unit_test(test_wait_frame_counts_frames_before_it),
        cmocka_unit_test(test_input_sent_late),
        cmocka_unit_test(test_wait_frame_forgets_frames_before_input),
        cmocka_unit_test(test_snapshot_failure_ends),
        cmocka_unit_test(test_destroy_while_waiting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
