/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The worker's side of the scheduler, with the test as the host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "session/turns.h"
#include "tests/support/grants_host.h"
#include "tests/support/wait.h"

struct rig {
    char *dir;
    struct gs_worker_config config;
    struct grants_host host;
    struct gs_turns *turns;
    unsigned changes, holds, releases;
    bool held;
    unsigned fds; /* before the worker asked */
};

static void on_changed(void *user)
{
    ((struct rig *)user)->changes++;
}

static void on_hold(void *user, bool hold)
{
    struct rig *r = user;

    assert_int_not_equal(hold, r->held);
    r->held = hold;
    r->holds += hold;
    r->releases += !hold;
}

static const struct gs_turns_listener listener = {on_changed, on_hold};

static unsigned open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static int setup(void **state)
{
    struct rig *r = g_new0(struct rig, 1);
    g_autofree char *path = NULL;

    r->dir = g_dir_make_tmp("gs-test-XXXXXX", NULL);
    path = g_build_filename(r->dir, "host.sock", NULL);
    g_strlcpy(r->config.session, "rig", sizeof(r->config.session));
    g_strlcpy(r->config.secret, "its-secret", sizeof(r->config.secret));
    g_strlcpy(r->config.adopt_path, path, sizeof(r->config.adopt_path));
    r->turns = gs_turns_create(&listener, r);
    *state = r;
    if (grants_host_start(&r->host, path) < 0)
        return -1;
    r->fds = open_fds();
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;

    gs_turns_destroy(r->turns);
    grants_host_finish(&r->host);
    rmdir(r->dir);
    g_free(r->dir);
    g_free(r);
    return 0;
}

static struct gs_grant_page *page(const struct rig *r)
{
    return r->host.channel.page;
}

static void set_flags(struct rig *r, uint32_t flags)
{
    unsigned before = r->changes;

    grants_host_flags(&r->host, flags);
    if (flags & GS_GRANT_HOLD)
        WAIT_FOR(r->held);
    else
        WAIT_FOR(r->changes > before);
}

/* With a page, on which these are set. */
static void connect_with(struct rig *r, uint32_t flags)
{
    gs_turns_connect(r->turns, &r->config);
    WAIT_FOR(page(r));
    gs_turns_set_fps(r->turns, 60);
    WAIT_FOR(atomic_load(&page(r)->up.fps) == 60);
    if (flags != GS_GRANT_FREE)
        set_flags(r, flags);
}

static bool start(struct rig *r)
{
    return gs_turns_start(r->turns, gs_now_ns());
}

static void finish(struct rig *r)
{
    gs_turns_finished(r->turns, gs_now_ns());
}

/* ---- nobody to ask ---- */

static void test_none(void **state)
{
    (void)state;
    assert_true(gs_turns_start(NULL, 1));
    gs_turns_finished(NULL, 2);
    gs_turns_withdraw(NULL);
    gs_turns_set_fps(NULL, 60);
    gs_turns_own(NULL, 5);
    assert_false(gs_turns_asks(NULL));
    assert_false(gs_turns_contended(NULL));
    assert_int_equal(gs_turns_max_fps(NULL), 0);
    gs_turns_destroy(NULL);
}

static void test_no_path(void **state)
{
    struct rig *r = *state;

    r->config.adopt_path[0] = '\0';
    gs_turns_connect(r->turns, &r->config);
    turn(50);
    assert_int_equal(r->host.asked, 0);
    assert_true(start(r));
    finish(r);
}

static void test_says_who(void **state)
{
    struct rig *r = *state;

    connect_with(r, GS_GRANT_FREE);
    assert_string_equal(r->host.who.session, "rig");
    assert_string_equal(r->host.who.secret, "its-secret");
}

/* A host that closes has no scheduler, and is not asked again; the next one is. */
static void test_no_scheduler(void **state)
{
    struct rig *r = *state;

    r->host.answer = GRANTS_CLOSE;
    gs_turns_connect(r->turns, &r->config);
    WAIT_FOR(r->host.asked == 1);
    turn(400);
    assert_int_equal(r->host.asked, 1);
    assert_true(start(r));
    r->host.answer = GRANTS_PAGE;
    gs_turns_lost(r->turns);
    connect_with(r, GS_GRANT_FREE);
}

static void test_silent_host(void **state)
{
    struct rig *r = *state;

    r->host.answer = GRANTS_SILENCE;
    gs_turns_connect(r->turns, &r->config);
    WAIT_FOR(r->host.asked == 1);
    assert_true(start(r));
    finish(r);
    turn(300);
    assert_int_equal(r->host.asked, 1);
}

/* Each is refused, leaves nothing open, and is asked for again. */
static void test_garbage(void **state)
{
    struct rig *r = *state;

    gs_turns_connect(r->turns, &r->config);
    WAIT_FOR(page(r));
    for (int answer = GRANTS_PIPE; answer <= GRANTS_TWO_BYTES; answer++) {
        r->host.answer = (enum grants_answer)answer;
        r->host.asked = 0;
        gs_turns_lost(r->turns);
        grants_host_drop(&r->host);
        gs_turns_connect(r->turns, &r->config);
        WAIT_FOR(r->host.asked == 2);
        assert_true(start(r));
        finish(r);
        turn(20);
        gs_turns_lost(r->turns);
        grants_host_drop(&r->host);
        turn(20);
        assert_int_equal(open_fds(), r->fds);
    }
    r->host.answer = GRANTS_PAGE;
    connect_with(r, GS_GRANT_FREE);
}

static void test_babble(void **state)
{
    struct rig *r = *state;

    connect_with(r, 0);
    grants_host_babble(&r->host);
    WAIT_FOR(!gs_turns_asks(r->turns));
    WAIT_FOR(r->host.asked == 2);
    WAIT_FOR(page(r));
}

/* ---- frames ---- */

static void test_while_free(void **state)
{
    struct rig *r = *state;

    connect_with(r, GS_GRANT_FREE);
    for (uint32_t i = 1; i <= 3; i++) {
        assert_true(start(r));
        assert_int_equal(atomic_load(&page(r)->up.started), i);
        assert_int_equal(atomic_load(&page(r)->up.finished), i - 1);
        finish(r);
        assert_int_equal(atomic_load(&page(r)->up.finished), i);
    }
    assert_int_equal(atomic_load(&page(r)->up.asked), 0);
    assert_false(gs_turns_asks(r->turns));
}

static void test_asked(void **state)
{
    struct rig *r = *state;
    unsigned before;

    connect_with(r, GS_GRANT_CONTENDED);
    assert_true(gs_turns_asks(r->turns));
    assert_true(gs_turns_contended(r->turns));
    assert_false(start(r));
    assert_false(start(r));
    assert_int_equal(atomic_load(&page(r)->up.asked), 1);
    assert_int_equal(atomic_load(&page(r)->up.started), 0);
    before = r->changes;
    grants_host_grant(&r->host);
    WAIT_FOR(r->changes > before);
    assert_true(start(r));
    assert_int_equal(atomic_load(&page(r)->up.started), 1);
    finish(r);
    /* One grant is for one frame. */
    assert_false(start(r));
    assert_int_equal(atomic_load(&page(r)->up.asked), 2);
}

static void test_free_while_asked(void **state)
{
    struct rig *r = *state;

    connect_with(r, 0);
    assert_false(start(r));
    set_flags(r, GS_GRANT_FREE);
    assert_true(start(r));
    assert_false(grants_host_is_asked(&r->host));
    assert_int_equal(atomic_load(&page(r)->up.withdrawn), 1);
}

static void test_withdraw(void **state)
{
    struct rig *r = *state;

    connect_with(r, 0);
    assert_false(start(r));
    assert_true(grants_host_is_asked(&r->host));
    gs_turns_withdraw(r->turns);
    assert_false(grants_host_is_asked(&r->host));
    /* What is granted too late is not taken for the next one. */
    grants_host_grant(&r->host);
    turn(10);
    assert_false(start(r));
    assert_int_equal(atomic_load(&page(r)->up.asked), 2);
}

static void test_own_and_app_time(void **state)
{
    struct rig *r = *state;
    uint64_t t = gs_now_ns();

    connect_with(r, GS_GRANT_FREE);
    gs_turns_own(r->turns, 700);
    gs_turns_own(r->turns, 300);
    assert_int_equal(atomic_load(&page(r)->up.own_ns), 1000);
    assert_true(gs_turns_start(r->turns, t));
    gs_turns_finished(r->turns, t + 5 * GS_NS_PER_MS);
    assert_int_equal(atomic_load(&page(r)->up.app_ns), 5 * GS_NS_PER_MS);
    /* It had nothing to draw. */
    assert_true(gs_turns_start(r->turns, t));
    gs_turns_finished(r->turns, t + 5 * GS_NS_PER_S);
    assert_int_equal(atomic_load(&page(r)->up.app_ns), 105 * GS_NS_PER_MS);
}

static void test_max_fps(void **state)
{
    struct rig *r = *state;

    connect_with(r, GS_GRANT_FREE);
    atomic_store(&page(r)->down.max_fps, 25);
    set_flags(r, GS_GRANT_FREE);
    assert_int_equal(gs_turns_max_fps(r->turns), 25);
}

/* ---- hosts that fail ---- */

static void frees_all(struct rig *r, unsigned before)
{
    WAIT_FOR(r->changes > before);
    assert_false(gs_turns_asks(r->turns));
    assert_false(gs_turns_contended(r->turns));
    assert_true(start(r));
    finish(r);
}

static void test_lost(void **state)
{
    struct rig *r = *state;
    unsigned before;

    connect_with(r, GS_GRANT_CONTENDED);
    assert_false(start(r));
    before = r->changes;
    gs_turns_lost(r->turns);
    assert_int_equal(r->changes, before); /* not from inside */
    frees_all(r, before);
}

static void test_host_dies(void **state)
{
    struct rig *r = *state;
    unsigned before;

    connect_with(r, GS_GRANT_CONTENDED);
    assert_false(start(r));
    before = r->changes;
    grants_host_drop(&r->host);
    frees_all(r, before);
    WAIT_FOR(page(r)); /* it is asked again */
    set_flags(r, GS_GRANT_CONTENDED);
    assert_false(start(r));
}

/* The host's end of the pipe goes, and the connection stays. */
static void test_page_dies(void **state)
{
    struct rig *r = *state;
    unsigned before;

    connect_with(r, GS_GRANT_CONTENDED);
    before = r->changes;
    close(r->host.channel.to_worker);
    r->host.channel.to_worker = -1;
    WAIT_FOR(r->changes > before);
    WAIT_FOR(r->host.asked == 2);
}

static void test_alone(void **state)
{
    struct rig *r = *state;
    unsigned frames = 0;

    connect_with(r, GS_GRANT_CONTENDED);
    grants_host_fall_silent(&r->host);
    for (gint64 end = g_get_monotonic_time() + 1500000; g_get_monotonic_time() < end;) {
        unsigned before = r->changes;

        if (start(r)) {
            frames++;
            finish(r);
        } else {
            WAIT_FOR(r->changes > before);
        }
    }
    /* 100 ms, then 30 a second; fewer where the machine is slow. */
    assert_in_range(frames, 2, 46);
    assert_int_equal(atomic_load(&page(r)->up.started), frames);
    /* It lives: nothing starts unasked. */
    grants_host_flags(&r->host, GS_GRANT_CONTENDED);
    for (unsigned i = 0; i < 30; i++) {
        turn(10);
        assert_false(start(r));
    }
}

/* ---- held ---- */

static void test_hold(void **state)
{
    struct rig *r = *state;

    connect_with(r, GS_GRANT_CONTENDED | GS_GRANT_HOLD);
    grants_host_flags(&r->host, GS_GRANT_CONTENDED);
    WAIT_FOR(!r->held);
    grants_host_flags(&r->host, GS_GRANT_CONTENDED | GS_GRANT_HOLD);
    WAIT_FOR(r->held);
}

/* The host is not killed, it only stands still. */
static void test_hold_of_silent_host(void **state)
{
    struct rig *r = *state;

    connect_with(r, GS_GRANT_HOLD);
    grants_host_fall_silent(&r->host);
    WAIT_FOR(!r->held);
    turn(300);
    assert_int_equal(r->holds, 1);
}

static void test_hold_of_dead_host(void **state)
{
    struct rig *r = *state;

    connect_with(r, GS_GRANT_HOLD);
    gs_turns_lost(r->turns);
    WAIT_FOR(!r->held);
}

/* However often it says so. */
static void test_hold_at_most(void **state)
{
    struct rig *r = *state;

    connect_with(r, GS_GRANT_HOLD);
    WAIT_FOR(r->holds >= 3);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),
        CASE(test_no_path),
        CASE(test_says_who),
        CASE(test_no_scheduler),
        CASE(test_silent_host),
        CASE(test_garbage),
        CASE(test_babble),
        CASE(test_while_free),
        CASE(test_asked),
        CASE(test_free_while_asked),
        CASE(test_withdraw),
        CASE(test_own_and_app_time),
        CASE(test_max_fps),
        CASE(test_lost),
        CASE(test_host_dies),
        CASE(test_page_dies),
        CASE(test_alone),
        CASE(test_hold),
        CASE(test_hold_of_silent_host),
        CASE(test_hold_of_dead_host),
        CASE(test_hold_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
