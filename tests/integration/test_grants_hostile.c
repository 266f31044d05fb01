/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scheduler's thread with two workers that behave and one that does not: the two go on, and
 * share as if it were not so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <signal.h>
#include <unistd.h>

#include "tests/support/fake_turns.h"
#include "tests/support/turns_rig.h"

static struct turns_rig rig;

static uint64_t frames(unsigned i)
{
    return atomic_load(&rig.all[i].counts->frames);
}

/* Beside one of that kind; what the host noticed of it. */
static struct gs_grants_info live_beside(enum turns_kind kind)
{
    const struct turns_params honest = {.weight = 100, .burn_ns = 3 * GS_NS_PER_MS};
    const struct turns_params hostile = {.kind = kind, .weight = 100, .burn_ns = 3 * GS_NS_PER_MS};
    unsigned a = turns_rig_add(&rig, &honest), b = turns_rig_add(&rig, &honest);
    unsigned h = turns_rig_add(&rig, &hostile);
    uint64_t before[2], drawn[2];

    assert_true(turns_rig_wait_frames(&rig, a, 30));
    before[0] = frames(a);
    before[1] = frames(b);
    assert_true(turns_rig_wait_frames(&rig, b, 200));
    drawn[0] = frames(a) - before[0];
    drawn[1] = frames(b) - before[1];
    print_message("%lu and %lu frames\n", (unsigned long)drawn[0], (unsigned long)drawn[1]);
    assert_in_range(drawn[0], drawn[1] * 2 / 3, drawn[1] * 3 / 2);
    assert_int_equal(turns_rig_info(&rig, a).nonsense, 0);
    assert_int_equal(turns_rig_info(&rig, a).floods, 0);
    assert_int_equal(turns_rig_info(&rig, b).sched.liberties, 0);
    return turns_rig_info(&rig, h);
}

static void test_floods(void **state)
{
    (void)state;
    assert_true(live_beside(TURNS_FLOOD).floods > 10);
}

static void test_counters_jump(void **state)
{
    (void)state;
    assert_true(live_beside(TURNS_JUMP).nonsense > 10);
}

/* It is measured, not asked. */
static void test_claims_to_be_done(void **state)
{
    struct gs_grants_info hostile = live_beside(TURNS_CLAIM);

    (void)state;
    assert_true(hostile.sched.used_ns > 100 * GS_NS_PER_MS);
}

/* Its lease ends, or its place is given up as it is seen to rest: the next is granted. */
static void test_never_finishes(void **state)
{
    (void)state;
    assert_true(live_beside(TURNS_NEVER).sched.frames > 10);
}

static void test_asks_and_withdraws(void **state)
{
    (void)state;
    live_beside(TURNS_FLIP);
}

static void test_never_asks(void **state)
{
    (void)state;
    assert_true(live_beside(TURNS_LIBERTY).sched.liberties > 10);
}

/* Neither writing to it nor hearing it may block. */
static void test_descriptors_block(void **state)
{
    (void)state;
    live_beside(TURNS_BLOCK);
}

static void test_says_nothing(void **state)
{
    (void)state;
    assert_true(live_beside(TURNS_DEAF).sched.used_ns > 100 * GS_NS_PER_MS);
}

static bool wait_held(unsigned i, enum gs_grants_held wanted)
{
    uint64_t deadline = gs_now_ns() + 60 * GS_NS_PER_S;

    while (turns_rig_info(&rig, i).held != wanted) {
        if (gs_now_ns() > deadline)
            return false;
        g_usleep(10000);
    }
    return true;
}

/* Who does not stand still when it is told to is made to. Whatever the machine does beside, it gets
 * more of the processor than its weight is worth. */
static void test_deaf_is_frozen(void **state)
{
    const struct turns_params honest = {.weight = 100, .burn_ns = 3 * GS_NS_PER_MS};
    const struct turns_params deaf = {.kind = TURNS_DEAF, .weight = 10, .confined = true};
    unsigned a, h;
    uint64_t used[2];

    (void)state;
    if (!turns_rig_can_confine())
        skip();
    a = turns_rig_add(&rig, &honest);
    h = turns_rig_add(&rig, &deaf);
    turns_rig_add(&rig, &honest);
    assert_true(wait_held(h, GS_GRANTS_HELD_FORCED));
    used[0] = turns_rig_info(&rig, a).sched.used_ns;
    used[1] = turns_rig_info(&rig, h).sched.used_ns;
    assert_true(turns_rig_wait_frames(&rig, a, 300));
    used[0] = turns_rig_info(&rig, a).sched.used_ns - used[0];
    used[1] = turns_rig_info(&rig, h).sched.used_ns - used[1];
    print_message("%lu ms beside %lu ms of the frozen one\n",
                  (unsigned long)(used[0] / GS_NS_PER_MS), (unsigned long)(used[1] / GS_NS_PER_MS));
    assert_true(used[1] < used[0] / 2); /* a tenth is due to it */
}

static void test_deaf_without_groups(void **state)
{
    const struct turns_params honest = {.weight = 100, .burn_ns = 3 * GS_NS_PER_MS};
    const struct turns_params deaf = {.kind = TURNS_DEAF, .weight = 10};
    unsigned h;

    (void)state;
    turns_rig_add(&rig, &honest);
    h = turns_rig_add(&rig, &deaf);
    turns_rig_add(&rig, &honest);
    assert_true(wait_held(h, GS_GRANTS_HELD_FREE));
}

#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(name, turns_rig_setup, turns_rig_teardown, &rig)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_floods),
        TEST(test_counters_jump),
        TEST(test_claims_to_be_done),
        TEST(test_never_finishes),
        TEST(test_asks_and_withdraws),
        TEST(test_never_asks),
        TEST(test_descriptors_block),
        TEST(test_says_nothing),
        TEST(test_deaf_is_frozen),
        TEST(test_deaf_without_groups),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
