/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>

#include "common/clock.h"
#include "host/promise.h"

static void assert_said(char *text, const char *wanted)
{
    assert_string_equal(text, wanted);
    g_free(text);
}

static void test_assumed_cost(void **state)
{
    (void)state;
    assert_int_equal(gs_promise_assumed_cost(1280, 720, 1), 4 * GS_NS_PER_MS);
    assert_int_equal(gs_promise_assumed_cost(1280, 720, 2), 8 * GS_NS_PER_MS);
    assert_int_equal(gs_promise_assumed_cost(2560, 1440, 1), 16 * GS_NS_PER_MS);
    assert_true(gs_promise_assumed_cost(64, 64, 1) > 0);
    assert_true(gs_promise_assumed_cost(8192, 8192, 256) > 64 * GS_NS_PER_S);
}

static void test_what_fits(void **state)
{
    struct gs_promise p = {.floor_fps = 60, .needed_permille = 312, .left_permille = 180};

    (void)state;
    assert_int_equal(gs_promise_fitting_fps(&p), 34);
    p.left_permille = 0;
    assert_int_equal(gs_promise_fitting_fps(&p), 0);
    p.left_permille = 800;
    assert_int_equal(gs_promise_fitting_fps(&p), 60);
    p.needed_permille = 0;
    assert_int_equal(gs_promise_fitting_fps(&p), 60);
    p.needed_permille = UINT32_MAX;
    assert_int_equal(gs_promise_fitting_fps(&p), 0);
}

static void test_arithmetic_is_told(void **state)
{
    const struct gs_promise_holder holders[] = {{"cad-1", 400}, {"game", 220}};
    const struct gs_promise p = {.floor_fps = 60,
                                 .measured_for = "glmark2",
                                 .cost_ns = 5200000,
                                 .engines = 1,
                                 .needed_permille = 312,
                                 .promised_permille = 620,
                                 .left_permille = 180,
                                 .holders = holders,
                                 .n_holders = 2};

    (void)state;
    assert_said(gs_promise_refusal(&p),
                "floor 60 fps needs about 32 % of the GPU (5.2 ms a frame, measured for glmark2); "
                "62 % of the 80 % that may be promised is promised already (cad-1: 40 %, game: "
                "22 %), 18 % is left: floor=34 would fit");
    assert_said(gs_promise_short(&p), "floor 60 needs 32 % of the GPU, 18 % is left");
}

static void test_nothing_fits(void **state)
{
    const struct gs_promise_holder holders[] = {{"", 800}};
    struct gs_promise p = {.floor_fps = 30,
                           .cost_ns = 8000000,
                           .width = 1280,
                           .height = 720,
                           .engines = 2,
                           .needed_permille = 120,
                           .promised_permille = 800,
                           .holders = holders,
                           .n_holders = 1};

    (void)state;
    assert_said(gs_promise_refusal(&p),
                "floor 30 fps needs about 12 % of the 2 processors (8.0 ms a frame, assumed for "
                "1280x720 as nothing was measured yet); 80 % of the 80 % that may be promised is "
                "promised already (sessions of others: 80 %), 0 % is left: no floor would fit "
                "until one of them ends or is lowered");
    p.promised_permille = 0;
    p.n_holders = 0;
    p.left_permille = 800;
    p.needed_permille = 1920;
    assert_said(gs_promise_refusal(&p),
                "floor 30 fps needs about 192 % of the 2 processors (8.0 ms a frame, assumed for "
                "1280x720 as nothing was measured yet); 80 % may be promised: floor=12 would fit");
    p.needed_permille = 40000;
    assert_said(gs_promise_refusal(&p),
                "floor 30 fps needs about 4000 % of the 2 processors (8.0 ms a frame, assumed for "
                "1280x720 as nothing was measured yet); 80 % may be promised: not even one frame "
                "a second would fit");
}

static void test_many_holders(void **state)
{
    struct gs_promise_holder holders[9];
    const struct gs_promise p = {.floor_fps = 30,
                                 .measured_for = "x",
                                 .engines = 1,
                                 .needed_permille = 100,
                                 .promised_permille = 720,
                                 .left_permille = 80,
                                 .holders = holders,
                                 .n_holders = 9};

    (void)state;
    for (unsigned i = 0; i < 9; i++)
        holders[i] = (struct gs_promise_holder){"s", 80};
    assert_said(gs_promise_refusal(&p),
                "floor 30 fps needs about 10 % of the GPU (0.0 ms a frame, measured for x); 72 % "
                "of the 80 % that may be promised is promised already (s: 8 %, s: 8 %, s: 8 %, s: "
                "8 %, s: 8 %, 4 more: 32 %), 8 % is left: floor=24 would fit");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assumed_cost),       cmocka_unit_test(test_what_fits),
        cmocka_unit_test(test_arithmetic_is_told), cmocka_unit_test(test_nothing_fits),
        cmocka_unit_test(test_many_holders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
