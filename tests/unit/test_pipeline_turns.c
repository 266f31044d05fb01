/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which frames of the pipeline take turns: with the test as the application and as the host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "session/effort.h"
#include "session/pipeline.h"
#include "tests/support/grants_host.h"
#include "tests/support/wait.h"

#define SIZE 64
#define FPS 200

/* An application that does what the test says. */
struct app {
    struct gs_source base;
    unsigned callbacks, syncs, captures, gates;
    bool shut;
};

struct rig {
    struct app app;
    struct gs_converter *converter;
    struct gs_encoder *encoder;
    struct gs_transport *transport;
    struct gs_pipeline *pipeline;
    char *dir;
    struct gs_worker_config config;
    struct grants_host host;
    struct gs_turns *turns;
};

/* ---- the application ---- */

static int app_capture(struct gs_source *src, bool full GS_UNUSED,
                       int (*fn)(void *user, const struct gs_scene *scene), void *user)
{
    struct gs_scene scene = {.width = SIZE, .height = SIZE};
    pixman_region32_t damage;
    int err;

    ((struct app *)src)->captures++;
    pixman_region32_init_rect(&damage, 0, 0, SIZE, SIZE);
    scene.damage = &damage;
    err = fn(user, &scene);
    pixman_region32_fini(&damage);
    return err;
}

static void app_frame_done(struct gs_source *src, uint64_t now GS_UNUSED)
{
    ((struct app *)src)->callbacks++;
}

static void app_sync_done(struct gs_source *src)
{
    ((struct app *)src)->syncs++;
}

static void app_set_gate(struct gs_source *src, bool shut)
{
    struct app *app = (struct app *)src;

    assert_int_not_equal(shut, app->shut);
    app->shut = shut;
    app->gates++;
}

static const struct gs_source_impl app_impl = {
    .name = "test",
    .capture = app_capture,
    .frame_done = app_frame_done,
    .sync_done = app_sync_done,
    .set_gate = app_set_gate,
};

static void commit(struct rig *r)
{
    gs_pipeline_damaged(r->pipeline, gs_now_ns());
}

/* A whole frame of one that waits for callbacks, drawn by software. */
static void draw(struct rig *r)
{
    commit(r);
    gs_pipeline_drawn(r->pipeline, gs_now_ns());
    gs_pipeline_frame_wanted(r->pipeline, false);
}

/* ---- the rig ---- */

static void on_changed(void *user)
{
    gs_pipeline_turns_changed(((struct rig *)user)->pipeline);
}

static void on_hold(void *user GS_UNUSED, bool hold GS_UNUSED)
{
}

static const struct gs_turns_listener listener = {on_changed, on_hold};

static void on_failed(void *user GS_UNUSED, const char *reason)
{
    fprintf(stderr, "%s\n", reason);
    abort();
}

static int open_parts(struct rig *r)
{
    const struct gs_encoder_params ep = {.width = SIZE, .height = SIZE, .fps = FPS};
    const struct gs_transport_params tp = {.fps = FPS};
    struct gs_pipeline_params pp = {.width = SIZE,
                                    .height = SIZE,
                                    .fps = FPS,
                                    .unwatched_fps = FPS,
                                    .source = &r->app.base,
                                    .failed = on_failed};

    r->app.base.impl = &app_impl;
    if (gs_encoder_create("null", &ep, &r->encoder) < 0 ||
        gs_converter_create("cpu", NULL, SIZE, SIZE, &r->converter) < 0 ||
        gs_transport_create("null", &tp, &r->transport) < 0)
        return -1;
    pp.encoder = r->encoder;
    pp.converter = r->converter;
    pp.transport = r->transport;
    pp.turns = r->turns;
    return gs_pipeline_create(&pp, &r->pipeline);
}

static int setup(void **state)
{
    struct rig *r = g_new0(struct rig, 1);
    g_autofree char *path = NULL;

    *state = r;
    r->dir = g_dir_make_tmp("gs-test-XXXXXX", NULL);
    path = g_build_filename(r->dir, "host.sock", NULL);
    g_strlcpy(r->config.session, "rig", sizeof(r->config.session));
    g_strlcpy(r->config.secret, "its-secret", sizeof(r->config.secret));
    g_strlcpy(r->config.adopt_path, path, sizeof(r->config.adopt_path));
    r->turns = gs_turns_create(&listener, r);
    if (open_parts(r) < 0 || grants_host_start(&r->host, path) < 0)
        return -1;
    gs_turns_connect(r->turns, &r->config);
    for (unsigned i = 0; i < WAIT_DEADLINE_MS && !r->host.channel.page; i++)
        turn(1);
    gs_pipeline_set_watched(r->pipeline, true);
    return r->host.channel.page ? 0 : -1;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    gs_pipeline_destroy(r->pipeline);
    gs_turns_destroy(r->turns);
    gs_transport_destroy(r->transport);
    gs_converter_destroy(r->converter);
    gs_encoder_destroy(r->encoder);
    grants_host_finish(&r->host);
    rmdir(r->dir);
    g_free(r->dir);
    g_free(r);
    return 0;
}

static const struct gs_grant_up *up(const struct rig *r)
{
    return &r->host.channel.page->up;
}

static uint64_t frames(const struct rig *r)
{
    return gs_pipeline_counters(r->pipeline)->frames;
}

/* Flags that shut the gate, or open it again. */
static void set_flags(struct rig *r, uint32_t flags)
{
    grants_host_flags(&r->host, flags);
    WAIT_FOR(r->app.shut == !(flags & GS_GRANT_FREE));
}

static void grant(struct rig *r)
{
    WAIT_FOR(grants_host_is_asked(&r->host));
    grants_host_grant(&r->host);
}

/* For as long as frames at the full rate would be many. */
static void nothing_starts(struct rig *r)
{
    uint32_t started = atomic_load(&up(r)->started);
    unsigned callbacks = r->app.callbacks, syncs = r->app.syncs;

    turn(50);
    assert_int_equal(atomic_load(&up(r)->started), started);
    assert_int_equal(r->app.callbacks, callbacks);
    assert_int_equal(r->app.syncs, syncs);
}

/* ---- free ---- */

static void test_free_frames(void **state)
{
    struct rig *r = *state;

    for (uint32_t i = 1; i <= 10; i++) {
        draw(r);
        assert_int_equal(atomic_load(&up(r)->finished), i - 1);
        WAIT_FOR(r->app.callbacks == i);
        assert_int_equal(atomic_load(&up(r)->started), i);
    }
    WAIT_FOR(frames(r) == 10);
    assert_int_equal(atomic_load(&up(r)->asked), 0);
    assert_int_equal(r->app.gates, 0);
}

static void test_says_its_rate(void **state)
{
    struct rig *r = *state;

    assert_int_equal(atomic_load(&up(r)->fps), FPS);
    gs_pipeline_set_rates(r->pipeline, 30, 5);
    assert_int_equal(atomic_load(&up(r)->fps), 30);
    gs_pipeline_set_watched(r->pipeline, false);
    assert_int_equal(atomic_load(&up(r)->fps), 0);
}

/* ---- asked ---- */

static void test_callbacks_wait(void **state)
{
    struct rig *r = *state;

    set_flags(r, GS_GRANT_CONTENDED);
    for (uint32_t i = 1; i <= 3; i++) {
        gs_pipeline_frame_wanted(r->pipeline, false);
        WAIT_FOR(grants_host_is_asked(&r->host));
        nothing_starts(r);
        grant(r);
        WAIT_FOR(r->app.callbacks == i);
        assert_int_equal(atomic_load(&up(r)->started), i);
        assert_int_equal(atomic_load(&up(r)->finished), i - 1);
        /* Its capture belongs to the same turn. */
        commit(r);
        gs_pipeline_drawn(r->pipeline, gs_now_ns());
        assert_int_equal(atomic_load(&up(r)->finished), i);
        WAIT_FOR(frames(r) == i);
        assert_false(grants_host_is_asked(&r->host));
        assert_int_equal(atomic_load(&up(r)->started), i);
    }
}

static void test_commit_without_damage(void **state)
{
    struct rig *r = *state;

    set_flags(r, GS_GRANT_CONTENDED);
    gs_pipeline_frame_wanted(r->pipeline, false);
    grant(r);
    WAIT_FOR(r->app.callbacks == 1);
    gs_pipeline_drawn(r->pipeline, gs_now_ns());
    assert_int_equal(atomic_load(&up(r)->finished), 1);
}

/* Callbacks and syncs together are one frame. */
static void test_syncs_wait(void **state)
{
    struct rig *r = *state;

    set_flags(r, GS_GRANT_CONTENDED);
    gs_pipeline_sync_wanted(r->pipeline);
    gs_pipeline_frame_wanted(r->pipeline, false);
    WAIT_FOR(grants_host_is_asked(&r->host));
    nothing_starts(r);
    grant(r);
    WAIT_FOR(r->app.syncs == 1);
    assert_int_equal(r->app.callbacks, 1);
    assert_int_equal(atomic_load(&up(r)->started), 1);
    /* No sync is answered that nobody waits for. */
    draw(r);
    grant(r);
    WAIT_FOR(r->app.callbacks == 2);
    assert_int_equal(r->app.syncs, 1);
}

/* One that waits for nothing: its capture takes a turn, which ends with it. */
static void test_capture_takes_a_turn(void **state)
{
    struct rig *r = *state;

    set_flags(r, GS_GRANT_CONTENDED);
    for (uint32_t i = 1; i <= 3; i++) {
        commit(r);
        gs_pipeline_drawn(r->pipeline, gs_now_ns());
        WAIT_FOR(grants_host_is_asked(&r->host));
        commit(r); /* the newer one takes its place */
        gs_pipeline_drawn(r->pipeline, gs_now_ns());
        turn(30);
        assert_int_equal(r->app.captures, i - 1);
        grant(r);
        WAIT_FOR(frames(r) == i);
        assert_int_equal(r->app.captures, i);
        assert_int_equal(atomic_load(&up(r)->asked), i);
        assert_int_equal(atomic_load(&up(r)->started), i);
        assert_int_equal(atomic_load(&up(r)->finished), i);
    }
}

/* A whole application that commits before it is let go on: every turn is asked for once, begins
 * once and ends, and none is left open. */
static void test_no_turn_twice(void **state)
{
    struct rig *r = *state;
    unsigned answered = 0;

    set_flags(r, GS_GRANT_CONTENDED);
    draw(r);
    gs_pipeline_sync_wanted(r->pipeline);
    for (unsigned i = 0; i < 400 && frames(r) < 10; i++) {
        if (grants_host_is_asked(&r->host))
            grants_host_grant(&r->host);
        turn(2);
        assert_true(atomic_load(&up(r)->started) - atomic_load(&up(r)->finished) <= 1);
        assert_int_equal(r->app.callbacks, r->app.syncs);
        if (r->app.syncs == answered)
            continue;
        answered = r->app.syncs;
        draw(r);
        gs_pipeline_sync_wanted(r->pipeline);
        draw(r); /* and one that nobody asked for */
    }
    assert_true(frames(r) >= 10);
    assert_int_equal(atomic_load(&up(r)->withdrawn), 0);
    assert_true(atomic_load(&up(r)->started) <= r->app.syncs + r->app.captures);
}

/* The next frame is not asked for while the GPU draws the one before. */
static void test_waits_for_the_gpu(void **state)
{
    struct rig *r = *state;

    set_flags(r, GS_GRANT_CONTENDED);
    gs_pipeline_frame_wanted(r->pipeline, false);
    grant(r);
    WAIT_FOR(r->app.callbacks == 1);
    commit(r);
    gs_pipeline_frame_wanted(r->pipeline, false);
    WAIT_FOR(frames(r) == 1);
    assert_int_equal(atomic_load(&up(r)->finished), 0);
    assert_false(grants_host_is_asked(&r->host));
    gs_pipeline_drawn(r->pipeline, gs_now_ns());
    assert_int_equal(atomic_load(&up(r)->finished), 1);
    WAIT_FOR(grants_host_is_asked(&r->host));
}

/* While nobody is asked the GPU may be a frame behind: what it draws then is the older frame. */
static void test_late_drawing_while_free(void **state)
{
    struct rig *r = *state;

    gs_pipeline_frame_wanted(r->pipeline, false);
    WAIT_FOR(r->app.callbacks == 1);
    commit(r);
    gs_pipeline_frame_wanted(r->pipeline, false);
    WAIT_FOR(r->app.callbacks == 2);
    gs_pipeline_drawn(r->pipeline, gs_now_ns());
    assert_int_equal(atomic_load(&up(r)->finished), 0);
    commit(r);
    gs_pipeline_drawn(r->pipeline, gs_now_ns());
    assert_int_equal(atomic_load(&up(r)->finished), 2);
}

/* ---- wishes that go ---- */

static void test_withdraws_capture_when_unwatched(void **state)
{
    struct rig *r = *state;

    set_flags(r, GS_GRANT_CONTENDED);
    commit(r);
    WAIT_FOR(grants_host_is_asked(&r->host));
    gs_pipeline_set_watched(r->pipeline, false);
    assert_false(grants_host_is_asked(&r->host));
    assert_int_equal(r->app.captures, 0);
}

/* What was asked for the application serves its capture, if that comes first. */
static void test_one_asking_for_both(void **state)
{
    struct rig *r = *state;

    set_flags(r, GS_GRANT_CONTENDED);
    gs_pipeline_frame_wanted(r->pipeline, false);
    WAIT_FOR(grants_host_is_asked(&r->host));
    commit(r);
    gs_pipeline_drawn(r->pipeline, gs_now_ns());
    assert_true(grants_host_is_asked(&r->host));
    assert_int_equal(atomic_load(&up(r)->asked), 1);
    grant(r);
    WAIT_FOR(frames(r) == 1);
}

static void test_free_again(void **state)
{
    struct rig *r = *state;

    set_flags(r, GS_GRANT_CONTENDED);
    gs_pipeline_frame_wanted(r->pipeline, false);
    WAIT_FOR(grants_host_is_asked(&r->host));
    set_flags(r, GS_GRANT_FREE);
    WAIT_FOR(r->app.callbacks == 1);
    assert_int_equal(r->app.gates, 2);
}

static void test_host_dies(void **state)
{
    struct rig *r = *state;

    set_flags(r, GS_GRANT_CONTENDED);
    gs_pipeline_frame_wanted(r->pipeline, false);
    WAIT_FOR(grants_host_is_asked(&r->host));
    r->host.answer = GRANTS_CLOSE;
    grants_host_drop(&r->host);
    WAIT_FOR(r->app.callbacks == 1);
    assert_false(r->app.shut);
}

/* ---- limits ---- */

static void test_max_fps(void **state)
{
    struct rig *r = *state;
    gint64 begin;

    atomic_store(&r->host.channel.page->down.max_fps, 20);
    grants_host_flags(&r->host, GS_GRANT_FREE);
    WAIT_FOR(r->app.shut); /* those who wait for nothing are held to it, too */
    begin = g_get_monotonic_time();
    for (unsigned i = 1; i <= 12; i++) {
        draw(r);
        WAIT_FOR(r->app.callbacks == i);
    }
    /* One and a half may come early. */
    assert_true(g_get_monotonic_time() - begin >= 10 * 50000 - 25000);
    atomic_store(&r->host.channel.page->down.max_fps, 0);
    set_flags(r, GS_GRANT_FREE);
}

static void test_no_refinement(void **state)
{
    struct rig *r = *state;

    set_flags(r, GS_GRANT_CONTENDED);
    commit(r);
    gs_pipeline_drawn(r->pipeline, gs_now_ns());
    grant(r);
    WAIT_FOR(frames(r) == 1);
    turn(600);
    assert_int_equal(gs_pipeline_counters(r->pipeline)->refined, 0);
    set_flags(r, GS_GRANT_FREE);
    WAIT_FOR(gs_pipeline_counters(r->pipeline)->refined > 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_free_frames),
        CASE(test_says_its_rate),
        CASE(test_callbacks_wait),
        CASE(test_commit_without_damage),
        CASE(test_syncs_wait),
        CASE(test_capture_takes_a_turn),
        CASE(test_no_turn_twice),
        CASE(test_waits_for_the_gpu),
        CASE(test_late_drawing_while_free),
        CASE(test_withdraws_capture_when_unwatched),
        CASE(test_one_asking_for_both),
        CASE(test_free_again),
        CASE(test_host_dies),
        CASE(test_max_fps),
        CASE(test_no_refinement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
