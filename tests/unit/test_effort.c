/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "common/clock.h"
#include "session/effort.h"

#define START (1000 * GS_NS_PER_S)
#define FRAME (GS_NS_PER_S / 60)
#define US GS_NS_PER_US

/* A machine and a scene: the level costs what it costs. */
struct world {
    struct gs_effort e;
    uint64_t now, frame;
    uint64_t cost[3]; /* ns to encode, by level */
    double idle;
    size_t bytes;
    unsigned changes;
};

static struct world make(uint64_t base_us)
{
    struct world w = {.now = START,
                      .frame = FRAME,
                      .cost = {base_us * US, base_us * US * 13 / 10, base_us * US * 5 / 2},
                      .idle = 0.8,
                      .bytes = 10000};

    gs_effort_init(&w.e, 60, GS_EFFORT_AUTO);
    return w;
}

static void run(struct world *w, uint64_t ms)
{
    uint64_t end = w->now + ms * GS_NS_PER_MS;

    for (; w->now < end; w->now += w->frame) {
        uint32_t before = w->e.level, after;

        gs_effort_set_idle(&w->e, w->idle);
        after = gs_effort_encoded(&w->e, w->cost[before], w->bytes, w->now);
        assert_in_range(after, 0, GS_EFFORT_MOST);
        assert_int_equal(after, w->e.level);
        assert_true(abs((int)after - (int)before) <= 1);
        w->changes += after != before;
    }
}

static void test_spare_raises_slowly(void **state)
{
    struct world w = make(1000);

    (void)state;
    run(&w, 2900);
    assert_int_equal(w.e.level, 0);
    run(&w, 1000);
    assert_int_equal(w.e.level, 1);
    run(&w, 2000);
    assert_int_equal(w.e.level, 1);
    run(&w, 60000);
    assert_int_equal(w.e.level, 2);
    assert_int_equal(w.changes, 2);
}

static void test_latency_bounds_it(void **state)
{
    struct world w = make(1900);

    (void)state;
    run(&w, 120000);
    assert_int_equal(w.e.level, 1);
    w = make(3000);
    run(&w, 120000);
    assert_int_equal(w.e.level, 0);
    /* At 240 frames a second the frame is what bounds it. */
    w = make(1300);
    gs_effort_init(&w.e, 240, GS_EFFORT_AUTO);
    run(&w, 120000);
    assert_int_equal(w.e.level, 0);
}

static void test_few_frames_may_take_it_too(void **state)
{
    struct world w = make(1000);

    (void)state;
    w.frame = GS_NS_PER_S / 5;
    w.bytes = 40000;
    run(&w, 20000);
    assert_int_equal(w.e.level, 2);
}

static void test_busy_machine_gets_none(void **state)
{
    struct world w = make(1000);

    (void)state;
    w.idle = 0.2;
    run(&w, 30000);
    assert_int_equal(w.e.level, 0);
    w.idle = -1;
    run(&w, 30000);
    assert_int_equal(w.e.level, 0);
}

static void test_nothing_to_save(void **state)
{
    struct world w = make(1000);

    (void)state;
    w.bytes = 500;
    run(&w, 30000);
    assert_int_equal(w.e.level, 0);
}

static void test_drops_at_once(void **state)
{
    struct world w = make(1000);

    (void)state;
    run(&w, 20000);
    assert_int_equal(w.e.level, 2);
    assert_int_equal(gs_effort_encoded(&w.e, FRAME, w.bytes, w.now += FRAME), 1);
    gs_effort_set_idle(&w.e, 0.05);
    assert_int_equal(gs_effort_encoded(&w.e, w.cost[1], w.bytes, w.now += FRAME), 0);
    /* And not back for a while. */
    run(&w, 4000);
    assert_int_equal(w.e.level, 0);
}

static void test_slower_pictures_drop(void **state)
{
    struct world w = make(1000);

    (void)state;
    run(&w, 20000);
    assert_int_equal(w.e.level, 2);
    for (int i = 0; i < 3; i++)
        w.cost[i] *= 4;
    run(&w, 500);
    assert_true(w.e.level < 2);
    run(&w, 3000);
    assert_int_equal(w.e.level, 0);
}

/* A level that looks right from below and proves wrong is tried ever more seldom. */
static void test_never_flaps(void **state)
{
    struct world w = make(1000);

    (void)state;
    w.cost[1] = 12 * GS_NS_PER_MS;
    run(&w, 600000);
    assert_in_range(w.changes, 2, 24);
}

/* Whatever the world does: few raises in any ten seconds. */
static void test_any_world(void **state)
{
    struct world w = make(1000);
    unsigned raises[600] = {0};
    uint32_t seed = 7;

    (void)state;
    for (int second = 0; second < 600; second++) {
        uint32_t before;

        seed = seed * 1103515245 + 12345;
        w.idle = (seed >> 16) % 100 / 100.0;
        w.cost[0] = (500 + (seed >> 8) % 3000) * US;
        w.cost[1] = w.cost[0] * (10 + seed % 15) / 10;
        w.cost[2] = w.cost[0] * (10 + seed % 40) / 10;
        before = w.e.level;
        run(&w, 1000);
        raises[second] = w.e.level > before;
    }
    for (int i = 0; i + 10 <= 600; i++) {
        unsigned n = 0;

        for (int k = 0; k < 10; k++)
            n += raises[i + k];
        assert_in_range(n, 0, 3);
    }
}

static void test_fixed_stays(void **state)
{
    struct world w = make(30000);

    (void)state;
    gs_effort_init(&w.e, 60, 2);
    w.idle = 0;
    run(&w, 10000);
    assert_int_equal(w.e.level, 2);
}

static void test_names(void **state)
{
    int e = 7;

    (void)state;
    assert_true(gs_effort_parse("", &e));
    assert_int_equal(e, GS_EFFORT_AUTO);
    assert_true(gs_effort_parse("auto", &e));
    assert_int_equal(e, GS_EFFORT_AUTO);
    assert_true(gs_effort_parse("fast", &e));
    assert_int_equal(e, 0);
    assert_true(gs_effort_parse("best", &e));
    assert_int_equal(e, 2);
    assert_false(gs_effort_parse("worst", &e));
    assert_int_equal(e, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spare_raises_slowly),
        cmocka_unit_test(test_latency_bounds_it),
        cmocka_unit_test(test_few_frames_may_take_it_too),
        cmocka_unit_test(test_busy_machine_gets_none),
        cmocka_unit_test(test_nothing_to_save),
        cmocka_unit_test(test_drops_at_once),
        cmocka_unit_test(test_slower_pictures_drop),
        cmocka_unit_test(test_never_flaps),
        cmocka_unit_test(test_any_world),
        cmocka_unit_test(test_fixed_stays),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
