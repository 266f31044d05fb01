/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Several viewers of one session: one controls, the others watch; connections break and come back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib/gstdio.h>
#include <linux/input-event-codes.h>
#include <string.h>

#include "common/clock.h"
#include "tests/support/session_run.h"
#include "tests/support/worker_client.h"

static void start(struct worker_rig *rig, uint32_t viewers)
{
    const struct worker_rig_params params = {
        .source = "pattern", .width = 640, .height = 360, .viewers = viewers};

    assert_int_equal(worker_rig_start(&params, rig), 0);
}

static void stop(struct worker_rig *rig)
{
    assert_int_equal(worker_rig_stop(rig), 0);
    worker_rig_finish(rig);
}

static void enter(struct worker_rig *rig, struct worker_client *c, uint32_t id, bool view,
                  const char *resume)
{
    const struct worker_client_params params = {.id = id, .view = view, .resume = resume};

    assert_true(worker_client_enter(rig, c, &params));
    assert_int_equal(c->welcomes, 1);
    assert_int_equal(c->welcome.view, view);
    assert_false(c->welcome.resumed);
    assert_string_equal(c->welcome.resume, resume ? resume : "");
    assert_true(worker_client_await_frames(c, 1));
}

static bool has_input(struct worker_rig *rig GS_UNUSED, void *user)
{
    struct worker_client *c = user;

    return worker_client_stream(c).last_input >= 77;
}

/* ---- watching ---- */

static void test_watchers_watch(void **state GS_UNUSED)
{
    const struct worker_client_params late = {.id = 5, .view = true};
    struct worker_client boss, a, b, c;
    const uint8_t bad[7] = {1};
    struct worker_rig rig;

    start(&rig, 3);
    enter(&rig, &boss, 2, false, NULL);
    enter(&rig, &a, 3, true, "a");
    enter(&rig, &b, 4, true, "b");
    assert_int_not_equal(a.welcome.ssrc, b.welcome.ssrc);
    assert_memory_not_equal(a.welcome.host_key, b.welcome.host_key, GS_SRTP_KEY_SIZE);
    assert_int_equal(a.welcome.udp_port, b.welcome.udp_port);
    /* There is no place left, and it is said so. */
    assert_true(worker_client_enter(&rig, &c, &late));
    assert_true(c.closed && !c.welcomes);
    assert_int_equal(c.bye.status, 3);
    assert_non_null(strstr(c.bye.reason, "viewers"));
    worker_client_finish(&c);

    /* What watchers do is ignored, right or wrong; only questions are answered. */
    worker_client_press(&a, WORKER_CLIENT_FOREIGN, true);
    worker_client_send(&a, GS_MSG_INPUT, bad, sizeof(bad));
    worker_client_send(&a, GS_MSG_KEYMAP, "", 0);
    worker_client_send(&a, GS_MSG_PING, "12345678", 8);
    worker_client_press(&boss, 77, true);
    assert_true(worker_rig_wait(&rig, has_input, &a));
    assert_true(worker_rig_wait(&rig, has_input, &b));
    assert_true(worker_client_await(&a, &a.pongs, 1));
    assert_false(a.closed);
    assert_false(worker_client_stream(&a).foreign_input);
    assert_false(worker_client_stream(&boss).foreign_input);

    /* The size is everybody's. */
    worker_rig_resize(&rig, 800, 600);
    assert_true(worker_client_await(&a, &a.sizes, 1));
    assert_true(worker_client_await(&b, &b.sizes, 1));

    /* Who says good-bye makes room at once. */
    worker_client_bye(&b);
    enter(&rig, &c, 5, true, "c");
    assert_true(worker_client_await_frames(&a, 10));
    assert_int_equal(worker_client_stream(&a).gaps, 0);
    assert_int_equal(worker_client_stream(&boss).gaps, 0);
    worker_client_finish(&a);
    worker_client_finish(&b);
    worker_client_finish(&c);
    worker_client_finish(&boss);
    stop(&rig);
}

static void test_take_over(void **state GS_UNUSED)
{
    struct worker_client first, second, watcher;
    struct worker_rig rig;

    start(&rig, 2);
    enter(&rig, &first, 2, false, "first");
    enter(&rig, &watcher, 3, true, "watcher");
    enter(&rig, &second, 4, false, "second");
    assert_true(first.closed);
    assert_int_equal(first.bye.status, 0);
    assert_non_null(strstr(first.bye.reason, "took over"));
    worker_client_press(&first, WORKER_CLIENT_FOREIGN, true);
    worker_client_press(&second, 77, true);
    assert_true(worker_rig_wait(&rig, has_input, &watcher));
    assert_true(worker_rig_wait(&rig, has_input, &second));
    assert_false(worker_client_stream(&watcher).foreign_input);
    assert_int_equal(worker_client_stream(&watcher).gaps, 0);
    worker_client_finish(&first);
    worker_client_finish(&second);
    worker_client_finish(&watcher);
    stop(&rig);
}

/* ---- keyframes ---- */

static void test_watchers_keyframes_are_limited(void **state GS_UNUSED)
{
    struct worker_client boss, watcher;
    struct worker_stream before, after;
    struct worker_rig rig;
    uint64_t begin, asked;

    start(&rig, 2);
    enter(&rig, &boss, 2, false, NULL);
    enter(&rig, &watcher, 3, true, NULL);
    before = worker_client_stream(&boss);
    begin = gs_now_ns();
    do {
        gs_receiver_request_keyframe(watcher.rx);
        worker_rig_run(&rig, 20);
    } while (gs_now_ns() < begin + 5 * GS_NS_PER_S);
    after = worker_client_stream(&boss);
    asked = gs_now_ns() - begin;
    assert_true(after.keyframes > before.keyframes);
    assert_true(after.keyframes - before.keyframes <= asked / (2 * GS_NS_PER_S) + 1);
    assert_int_equal(after.gaps, 0);
    /* Who controls need not wait for that. */
    for (unsigned i = 0; i < 3; i++) {
        unsigned keyframes = worker_client_stream(&boss).keyframes;

        gs_receiver_request_keyframe(boss.rx);
        while (worker_client_stream(&boss).keyframes == keyframes)
            assert_true(worker_client_await_frames(&boss, 1));
    }
    worker_client_finish(&boss);
    worker_client_finish(&watcher);
    stop(&rig);
}

static void test_bad_network_of_a_watcher(void **state GS_UNUSED)
{
    struct gs_relay_params network = {.seed = 5, .loss = 0.2, .delay_us = 10000};
    const struct worker_client_params params = {
        .id = 3, .view = true, .resume = "w", .network = &network};
    struct worker_client boss, good, bad;
    struct gs_receiver_stats stats;
    struct worker_rig rig;

    start(&rig, 3);
    enter(&rig, &boss, 2, false, NULL);
    enter(&rig, &good, 4, true, NULL);
    assert_true(worker_client_enter(&rig, &bad, &params));
    assert_true(worker_client_await_frames(&bad, 50));
    assert_true(worker_client_await_frames(&boss, 100));
    /* Its packets are repaired, by its own key. */
    gs_receiver_get_stats(bad.rx, &stats);
    assert_true(stats.packets_lost > 0);
    assert_true(stats.packets_repaired > 0);
    assert_int_equal(stats.rejected, 0);
    /* Then it never answers again. */
    network.loss = 1;
    gs_relay_set_params(bad.relay, &network);
    assert_true(worker_client_await_frames(&boss, 100));
    gs_receiver_get_stats(boss.rx, &stats);
    assert_int_equal(worker_client_stream(&boss).gaps, 0);
    assert_int_equal(worker_client_stream(&good).gaps, 0);
    assert_int_equal(stats.frames_lost, 0);
    worker_client_finish(&boss);
    worker_client_finish(&good);
    worker_client_finish(&bad);
    stop(&rig);
}

/* ---- connections that break ---- */

static void assert_same_stream(const struct gs_welcome *a, const struct gs_welcome *b)
{
    assert_int_equal(a->ssrc, b->ssrc);
    assert_int_equal(a->client_ssrc, b->client_ssrc);
    assert_int_equal(a->udp_port, b->udp_port);
    assert_memory_equal(a->host_key, b->host_key, GS_SRTP_KEY_SIZE);
    assert_memory_equal(a->client_key, b->client_key, GS_SRTP_KEY_SIZE);
    assert_string_equal(a->resume, b->resume);
}

static void test_comes_back(void **state GS_UNUSED)
{
    struct worker_client boss, watcher;
    struct gs_welcome before;
    struct worker_stream was;
    struct worker_rig rig;

    start(&rig, 2);
    enter(&rig, &boss, 2, false, "boss");
    enter(&rig, &watcher, 3, true, "watcher");
    before = boss.welcome;
    was = worker_client_stream(&boss);
    worker_client_break(&boss);
    worker_client_break(&watcher);
    assert_true(worker_client_await_frames(&boss, 30));
    assert_true(worker_client_return(&boss, 4));
    assert_int_equal(boss.welcomes, 1);
    assert_true(boss.welcome.resumed);
    assert_false(boss.welcome.view);
    assert_same_stream(&before, &boss.welcome);
    worker_client_press(&boss, 77, true);
    assert_true(worker_rig_wait(&rig, has_input, &watcher));
    assert_true(worker_client_return(&watcher, 5));
    assert_true(watcher.welcome.resumed && watcher.welcome.view);

    /* While the connection before is still thought to be there. */
    assert_true(worker_client_return(&boss, 6));
    assert_true(boss.welcome.resumed);
    assert_same_stream(&before, &boss.welcome);
    assert_true(worker_client_await_frames(&boss, 30));
    assert_int_equal(worker_client_stream(&boss).keyframes, was.keyframes);
    assert_int_equal(worker_client_stream(&boss).gaps, 0);
    worker_client_finish(&boss);
    worker_client_finish(&watcher);
    stop(&rig);
}

static void test_comes_back_too_late(void **state GS_UNUSED)
{
    struct worker_client boss, again, watcher;
    struct worker_rig rig;

    start(&rig, 2);
    enter(&rig, &watcher, 3, true, "watcher");
    enter(&rig, &boss, 2, false, "boss");
    /* It said good-bye. */
    worker_client_bye(&boss);
    enter(&rig, &again, 4, false, "boss");
    assert_int_not_equal(again.welcome.ssrc, boss.welcome.ssrc);
    worker_client_finish(&boss);
    /* Its receiver did, and then the connection broke. */
    worker_client_break(&again);
    worker_client_finish(&again);
    worker_rig_run(&rig, 200);
    enter(&rig, &boss, 5, false, "boss");
    /* The host sent it away. */
    worker_client_send_away(&boss);
    enter(&rig, &again, 8, false, "boss");
    assert_int_not_equal(again.welcome.ssrc, boss.welcome.ssrc);
    worker_client_bye(&again);
    worker_client_finish(&again);
    worker_client_finish(&boss);
    enter(&rig, &boss, 9, false, "boss");
    /* Another took over while it was away: it does not take the control back by itself. */
    worker_client_break(&boss);
    enter(&rig, &again, 6, false, "other");
    assert_true(worker_client_return(&boss, 7));
    assert_true(boss.closed && !boss.welcomes);
    assert_int_equal(boss.bye.status, 0);
    assert_true(worker_client_await_frames(&again, 1));
    assert_true(worker_client_await_frames(&watcher, 1));
    worker_client_finish(&again);
    worker_client_finish(&boss);
    worker_client_finish(&watcher);
    stop(&rig);
}

/* ---- the application sees nothing of it, but what is held down is released ---- */

struct said {
    const char *path, *line;
};

static bool has_said(struct worker_rig *rig GS_UNUSED, void *user)
{
    const struct said *said = user;
    g_autofree char *text = NULL;

    return g_file_get_contents(said->path, &text, NULL, NULL) && strstr(text, said->line);
}

/* Until the window is there, the pointer is over nothing. */
static void move_into_window(struct worker_client *c, const char *path)
{
    struct said motion = {path, "motion"};
    uint64_t end = gs_now_ns() + WORKER_RIG_DEADLINE_MS * GS_NS_PER_MS;

    for (int32_t x = 100; !has_said(c->rig, &motion) && gs_now_ns() < end; x = 300 - x) {
        const struct gs_input in = {
            .id = 1, .kind = GS_INPUT_MOTION_ABS, .x = x * 256, .y = 100 * 256};
        uint8_t payload[GS_INPUT_SIZE];

        gs_input_write(&in, payload);
        worker_client_send(c, GS_MSG_INPUT, payload, sizeof(payload));
        worker_rig_run(c->rig, 20);
    }
    assert_true(has_said(c->rig, &motion));
}

static void test_break_releases_input(void **state GS_UNUSED)
{
    g_autofree char *dir = g_dir_make_tmp("gs-viewers-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "said", NULL);
    g_autofree char *app = gs_program_path("gs-test-app");
    g_autofree char *command =
        g_strdup_printf("exec %s --mode counter --fps 30 --verbose > %s", app, path);
    const char *const argv[] = {"sh", "-c", command, NULL};
    const struct worker_rig_params params = {
        .width = 640, .height = 360, .viewers = 2, .argv = argv};
    struct said down = {path, "button 0x110 1"}, up = {path, "button 0x110 0"};
    struct worker_client boss;
    struct worker_rig rig;
    unsigned cursors, modes;

    assert_int_equal(worker_rig_start(&params, &rig), 0);
    enter(&rig, &boss, 2, false, "boss");
    assert_true(boss.cursors && boss.modes);
    move_into_window(&boss, path);
    worker_client_press(&boss, 77, true);
    assert_true(worker_rig_wait(&rig, has_said, &down));
    assert_false(has_said(&rig, &up));
    worker_client_break(&boss);
    assert_true(worker_rig_wait(&rig, has_said, &up));
    cursors = boss.cursors;
    modes = boss.modes;
    /* Cursor and pointer mode are said again to who comes back. */
    assert_true(worker_client_return(&boss, 3));
    assert_true(boss.welcome.resumed);
    assert_true(worker_client_await(&boss, &boss.cursors, cursors + 1));
    assert_true(worker_client_await(&boss, &boss.modes, modes + 1));
    worker_client_finish(&boss);
    stop(&rig);
    g_unlink(path);
    g_rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_watchers_watch),
        cmocka_unit_test(test_take_over),
        cmocka_unit_test(test_watchers_keyframes_are_limited),
        cmocka_unit_test(test_bad_network_of_a_watcher),
        cmocka_unit_test(test_comes_back),
        cmocka_unit_test(test_comes_back_too_late),
        cmocka_unit_test(test_break_releases_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
