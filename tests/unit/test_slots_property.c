/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Encoder slots, whatever sessions do: worlds of random sessions, whose workers follow the link's
 * messages with a delay, on hardware with a limit that the schedule is not told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "host/slots.h"

#define MANY 8
#define STEP (GS_NS_PER_S / 2)
#define HOUR 7200 /* steps */
#define WORLDS 60

/* A worker, and what the test knows of it. */
struct worker {
    struct gs_slot_session *slot;
    bool alive, moves, watched;
    uint64_t commits, moved;
    enum gs_slot_state state;
    bool hardware;                     /* has a session of it */
    unsigned opens_in, gives_in;       /* steps; 0: does not */
    uint64_t given, freed, wanted;     /* when; 0: never */
    uint64_t given_often, moving_wait; /* steps */
};

struct world {
    struct gs_slots *slots;
    struct worker w[MANY];
    uint32_t random, configured, hardware, open;
    unsigned n;
    uint64_t now;
};

static uint32_t pick(struct world *world, uint32_t below)
{
    world->random = world->random * 1664525 + 1013904223;
    return (world->random >> 8) % below;
}

static bool moving(const struct world *world, const struct worker *w)
{
    return w->watched && world->now - w->moved < GS_SLOTS_REST;
}

/* ---- a worker ---- */

static void want(struct world *world, struct worker *w)
{
    w->state = GS_SLOT_WANTED;
    w->wanted = world->now;
    gs_slots_want(w->slot, false, world->now);
}

static void start(struct world *world, struct worker *w)
{
    *w = (struct worker){.alive = true, .watched = true, .moved = world->now};
    w->slot = gs_slots_add(world->slots, 1 + pick(world, 3) * 100, w, world->now);
    want(world, w);
}

static void die(struct world *world, struct worker *w)
{
    world->open -= w->hardware;
    gs_slots_remove(w->slot);
    *w = (struct worker){0};
}

static void open_hardware(struct world *world, struct worker *w)
{
    if (world->open < world->hardware) {
        world->open++;
        w->hardware = true;
        return;
    }
    gs_slots_free(w->slot, GS_SLOT_END_FULL, world->now);
    w->freed = world->now;
    want(world, w);
}

static void close_hardware(struct world *world, struct worker *w)
{
    world->open -= w->hardware;
    w->hardware = false;
    w->opens_in = 0;
    gs_slots_free(w->slot, GS_SLOT_END_BACK, world->now);
    w->freed = world->now;
    want(world, w);
}

static void live(struct world *world, struct worker *w)
{
    if (pick(world, 200) == 0)
        w->watched = !w->watched;
    if (pick(world, 60) == 0)
        w->moves = !w->moves;
    if (w->moves) {
        w->commits++;
        w->moved = world->now;
    }
    gs_slots_stats(w->slot, w->watched, w->commits, world->now);
    if (w->opens_in && --w->opens_in == 0)
        open_hardware(world, w);
    if (w->gives_in && --w->gives_in == 0)
        close_hardware(world, w);
}

/* ---- what must hold ---- */

static void check_given(struct world *world, struct worker *to)
{
    assert_int_equal(to->state, GS_SLOT_WANTED);
    assert_true(!to->freed || world->now - to->freed >= GS_SLOTS_KEEP);
    for (unsigned i = 0; i < world->n; i++) {
        const struct worker *w = &world->w[i];
        bool may = w->alive && w != to && w->state == GS_SLOT_WANTED && moving(world, w) &&
                   (!w->freed || world->now - w->freed >= GS_SLOTS_KEEP);

        /* Nobody who has waited for a minute is passed by. */
        assert_false(may && world->now - w->wanted >= GS_SLOTS_AGED &&
                     (!moving(world, to) || w->wanted < to->wanted));
        assert_false(may && !moving(world, to));
    }
}

static void obey(struct world *world, const struct gs_slot_order *o)
{
    struct worker *w = o->user;

    assert_true(w->alive);
    if (o->kind == GS_SLOT_ORDER_GIVE) {
        check_given(world, w);
        w->state = GS_SLOT_HELD;
        w->given = world->now;
        w->given_often++;
        w->opens_in = 1 + pick(world, 3);
    } else if (o->kind == GS_SLOT_ORDER_TAKE_BACK) {
        assert_int_equal(w->state, GS_SLOT_HELD);
        assert_int_equal(w->gives_in, 0);
        assert_true(world->now - w->given >= GS_SLOTS_KEEP);
        assert_false(moving(world, w));
        w->gives_in = 1 + pick(world, 3);
    } else {
        assert_int_equal(w->state, GS_SLOT_WANTED);
    }
}

/* After all has been said. */
static void check_world(struct world *world)
{
    struct gs_slots_count n;
    uint32_t held = 0, wanted = 0;

    gs_slots_count(world->slots, &n);
    for (unsigned i = 0; i < world->n; i++) {
        held += world->w[i].alive && world->w[i].state == GS_SLOT_HELD;
        wanted += world->w[i].alive && world->w[i].state == GS_SLOT_WANTED;
    }
    assert_int_equal(n.used, held);
    assert_int_equal(n.wanted, wanted);
    assert_true(n.limit <= world->configured && held <= world->configured);
    if (n.limit != GS_SLOTS_AUTO)
        assert_true(held <= n.limit + 1); /* one is tried */
    if (world->hardware >= world->configured)
        assert_int_equal(n.limit, world->configured);
    for (unsigned i = 0; i < world->n; i++) {
        const struct worker *w = &world->w[i];

        /* None lies idle while somebody waits who may have it. */
        assert_false(w->alive && w->state == GS_SLOT_WANTED && held < n.limit &&
                     (!w->freed || world->now - w->freed >= GS_SLOTS_KEEP));
    }
}

static void step(struct world *world)
{
    struct gs_slot_order o;
    unsigned said = 0;

    for (unsigned i = 0; i < world->n; i++) {
        struct worker *w = &world->w[i];

        if (!w->alive && pick(world, 40) == 0)
            start(world, w);
        else if (w->alive && pick(world, 2000) == 0)
            die(world, w);
        else if (w->alive)
            live(world, w);
    }
    while (gs_slots_next(world->slots, world->now, &o)) {
        obey(world, &o);
        assert_true(++said <= 4 * MANY); /* it comes to an end */
    }
    check_world(world);
}

static void run_world(uint32_t seed, uint32_t configured, uint32_t hardware)
{
    struct world world = {.random = seed,
                          .configured = configured,
                          .hardware = hardware,
                          .n = MANY,
                          .now = GS_NS_PER_S};

    world.slots = gs_slots_create(configured);
    for (unsigned i = 0; i < HOUR; i++) {
        step(&world);
        world.now += STEP;
    }
    gs_slots_destroy(world.slots);
}

static void test_with_a_configured_limit(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < WORLDS; seed++)
        run_world(seed, seed % (MANY + 1), seed % 3 ? MANY : seed % MANY);
}

static void test_with_a_limit_to_learn(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < WORLDS; seed++)
        run_world(seed, GS_SLOTS_AUTO, seed % (MANY + 1));
}

/* Sessions of different weight take turns; the lightest gets its own. */
static void test_nobody_starves(void **state)
{
    struct world world = {.n = 3, .hardware = 1, .configured = 1, .now = GS_NS_PER_S};
    static const uint32_t weights[] = {1, 500, 10000};
    struct gs_slot_order o;

    (void)state;
    world.slots = gs_slots_create(1);
    for (unsigned i = 0; i < world.n; i++) {
        world.w[i] = (struct worker){.alive = true, .watched = true, .moved = world.now};
        world.w[i].slot = gs_slots_add(world.slots, weights[i], &world.w[i], world.now);
        want(&world, &world.w[i]);
    }
    for (unsigned i = 0; i < HOUR; i++, world.now += STEP) {
        for (unsigned j = 0; j < world.n; j++) {
            struct worker *w = &world.w[j];

            /* Who has one rests after a while, until it is gone; who has none moves. */
            if (w->state != GS_SLOT_HELD || world.now - w->given < 5 * GS_NS_PER_S) {
                w->commits++;
                w->moved = world.now;
            }
            gs_slots_stats(w->slot, 1, w->commits, world.now);
            if (w->opens_in && --w->opens_in == 0)
                open_hardware(&world, w);
            if (w->gives_in && --w->gives_in == 0)
                close_hardware(&world, w);
            w->moving_wait = w->state == GS_SLOT_WANTED ? w->moving_wait + 1 : 0;
            /* A minute, and the turns of the two others. */
            assert_true(w->moving_wait * STEP < GS_SLOTS_AGED + 60 * GS_NS_PER_S);
        }
        while (gs_slots_next(world.slots, world.now, &o))
            obey(&world, &o);
        check_world(&world);
    }
    for (unsigned i = 0; i < world.n; i++)
        assert_true(world.w[i].given_often > 20);
    gs_slots_destroy(world.slots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_with_a_configured_limit),
        cmocka_unit_test(test_with_a_limit_to_learn),
        cmocka_unit_test(test_nobody_starves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
