/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "session/settings.h"

static const struct gs_worker_config config = {
    .fps = 60, .max_kbps = 8000, .quality = 23, .unwatched = GS_UNWATCHED_FREEZE, .effort = "fast"};

static bool same(const struct gs_settings_difference *d)
{
    return !d->fps && !d->rate && !d->quality && !d->effort && !d->unwatched;
}

static void test_nothing(void **state)
{
    const struct gs_worker_set none = GS_WORKER_SET_NONE;
    struct gs_worker_config c = config;
    struct gs_settings_difference d;

    (void)state;
    gs_settings_apply(&none, &c);
    d = gs_settings_compare(&config, &c);
    assert_true(same(&d));
}

static void test_each(void **state)
{
    static const struct gs_worker_set sets[] = {
        {30, -1, -1, -1, ""}, {-1, 0, -1, -1, ""},      {-1, -1, 0, -1, ""},
        {-1, -1, -1, 0, ""},  {-1, -1, -1, -1, "auto"},
    };

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(sets); i++) {
        struct gs_worker_config c = config;
        struct gs_settings_difference d;

        gs_settings_apply(&sets[i], &c);
        d = gs_settings_compare(&config, &c);
        assert_int_equal(d.fps, i == 0);
        assert_int_equal(d.rate, i == 1);
        assert_int_equal(d.quality, i == 2);
        assert_int_equal(d.unwatched, i == 3);
        assert_int_equal(d.effort, i == 4);
    }
}

/* Of two that wait, the newer counts where it says something. */
static void test_add(void **state)
{
    struct gs_worker_set set = {30, 4000, -1, -1, "best"};
    const struct gs_worker_set more = {-1, 0, 18, GS_UNWATCHED_RUN, ""};
    struct gs_worker_config c = config;

    (void)state;
    gs_settings_add(&set, &more);
    gs_settings_apply(&set, &c);
    assert_int_equal(c.fps, 30);
    assert_int_equal(c.max_kbps, 0);
    assert_int_equal(c.quality, 18);
    assert_int_equal(c.unwatched, GS_UNWATCHED_RUN);
    assert_string_equal(c.effort, "best");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_add),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
