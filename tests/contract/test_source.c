/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every source promises, run over all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>

#include "session/pattern.h"
#include "tests/integration/source_rig.h"

static char *simple_app[] = {"weston-simple-shm", NULL};

static bool drew_three(struct source_rig *rig)
{
    return rig->n_captures >= 3 && rig->n_frame_wanted >= 3;
}

static bool have_program(void)
{
    g_autofree char *path = g_find_program_in_path(simple_app[0]);

    return path != NULL;
}

static void test_source_draws(void **state)
{
    (void)state;
    for (size_t i = 0; gs_source_impls[i]; i++) {
        struct source_rig rig;

        print_message("source %s\n", gs_source_impls[i]->name);
        assert_int_equal(source_rig_open(&rig, gs_source_impls[i]->name, 640, 480, simple_app), 0);
        assert_true(source_rig_wait(&rig, drew_three, 10000));
        assert_true(rig.n_damaged >= 3);
        assert_true(rig.n_drawn >= 3);
        assert_int_equal(rig.drawn_early, 0);
        assert_true(source_rig_colours(&rig, 8) >= 8);
        source_rig_close(&rig);
        assert_int_equal(rig.n_ended, 0);
    }
}

static bool drew_six(struct source_rig *rig)
{
    return rig->n_captures >= 6;
}

/* Who waits for frame callbacks is not held by a gate, shut or open. */
static void test_source_gate(void **state)
{
    (void)state;
    for (size_t i = 0; gs_source_impls[i]; i++) {
        const struct gs_source_impl *impl = gs_source_impls[i];
        struct source_rig rig;

        if (!impl->set_gate)
            continue;
        assert_int_equal(source_rig_open(&rig, impl->name, 640, 480, simple_app), 0);
        impl->set_gate(rig.src, true);
        assert_true(source_rig_wait(&rig, drew_six, 10000));
        impl->sync_done(rig.src);
        impl->set_gate(rig.src, false);
        impl->sync_done(rig.src);
        rig.n_captures = 0;
        assert_true(source_rig_wait(&rig, drew_six, 10000));
        assert_int_equal(rig.n_sync_wanted, 0);
        source_rig_close(&rig);
    }
}

static int refuse(void *user, const struct gs_scene *scene)
{
    unsigned *n = user;

    *n = pixman_region32_not_empty((pixman_region32_t *)(void *)scene->damage);
    return -EAGAIN;
}

static int note(void *user, const struct gs_scene *scene)
{
    refuse(user, scene);
    return 0;
}

/* A capture that fails forgets nothing; one that works forgets all. */
static void test_source_capture_failed(void **state)
{
    (void)state;
    for (size_t i = 0; gs_source_impls[i]; i++) {
        struct source_rig rig;
        unsigned damaged = 0;

        assert_int_equal(source_rig_open(&rig, gs_source_impls[i]->name, 640, 480, simple_app), 0);
        rig.keep_up = false;
        assert_true(source_rig_wait(&rig, drew_three, 0) || true);
        while (!rig.dirty)
            g_main_context_iteration(NULL, TRUE);
        assert_int_equal(rig.src->impl->capture(rig.src, false, refuse, &damaged), -EAGAIN);
        assert_int_equal(damaged, 1);
        assert_int_equal(rig.src->impl->capture(rig.src, false, note, &damaged), 0);
        assert_int_equal(damaged, 1);
        assert_int_equal(rig.src->impl->capture(rig.src, false, note, &damaged), 0);
        assert_int_equal(damaged, 0);
        assert_int_equal(rig.src->impl->capture(rig.src, true, note, &damaged), 0);
        assert_int_equal(damaged, 1);
        source_rig_close(&rig);
    }
}

static bool damaged(struct source_rig *rig)
{
    return rig->dirty;
}

static bool redrawn(struct source_rig *rig)
{
    return rig->n_captures >= 2 && source_rig_colours(rig, 8) >= 8;
}

/* Up, down, odd; the whole of it is new damage that the listener hears of later. */
static void test_source_resize(void **state)
{
    static const uint32_t sizes[][2] = {{900, 700}, {321, 243}, {64, 64}, {640, 480}};

    (void)state;
    for (size_t i = 0; gs_source_impls[i]; i++) {
        struct source_rig rig;

        assert_int_equal(source_rig_open(&rig, gs_source_impls[i]->name, 640, 480, simple_app), 0);
        assert_true(source_rig_wait(&rig, drew_three, 10000));
        for (size_t k = 0; k < G_N_ELEMENTS(sizes); k++) {
            unsigned heard = rig.n_damaged;

            assert_int_equal(source_rig_resize(&rig, sizes[k][0], sizes[k][1]), 0);
            assert_int_equal(rig.n_damaged, heard);
            rig.keep_up = rig.dirty = false;
            assert_true(source_rig_wait(&rig, damaged, 10000));
            assert_int_equal(source_rig_capture(&rig, false), 0);
            assert_int_equal(rig.scene_width, sizes[k][0]);
            assert_int_equal(rig.scene_height, sizes[k][1]);
            assert_int_equal(rig.damage_area_last, sizes[k][0] * sizes[k][1]);
            rig.keep_up = true;
            rig.n_captures = 0;
            assert_true(source_rig_wait(&rig, redrawn, 10000));
        }
        assert_int_equal(source_rig_resize(&rig, 0, 480), -EINVAL);
        assert_int_equal(source_rig_capture(&rig, true), 0);
        assert_int_equal(rig.scene_width, 640);
        source_rig_close(&rig);
    }
}

/* Whatever is sent, it is taken. */
static void test_source_input_any(void **state)
{
    (void)state;
    for (size_t i = 0; gs_source_impls[i]; i++) {
        struct source_rig rig;

        assert_int_equal(source_rig_open(&rig, gs_source_impls[i]->name, 640, 480, simple_app), 0);
        for (unsigned kind = 0; kind < 10; kind++) {
            for (unsigned code = 0; code < 0x400; code += 0x33) {
                source_rig_input(&rig, kind, code, 1, INT32_MAX, INT32_MIN);
                source_rig_input(&rig, kind, code, 1, -1, 120);
                source_rig_input(&rig, kind, code, 0, INT32_MIN, INT32_MAX);
            }
        }
        source_rig_run(&rig, 50);
        source_rig_close(&rig);
    }
}

static void test_source_create_unknown(void **state)
{
    struct gs_source_params params = {.width = 64, .height = 64, .fps = 60};
    struct gs_source *src = NULL;

    (void)state;
    assert_int_equal(gs_source_create("no-such-source", &params, &src), -ENOENT);
    assert_null(src);
    gs_source_destroy(NULL);
}

static uint32_t read_counter(const struct source_rig *rig)
{
    uint32_t gray = 0;

    for (unsigned i = 0; i < GS_PATTERN_BITS; i++) {
        uint32_t p = source_rig_pixel(rig, i * GS_PATTERN_BLOCK + 4, 4);

        gray = gray << 1 | (p > 0x7fffff);
    }
    return gs_pattern_from_gray(gray);
}

static bool counted_twenty(struct source_rig *rig)
{
    return rig->n_captures > 0 && read_counter(rig) >= 20;
}

static bool square_flipped(struct source_rig *rig)
{
    uint32_t x = read_counter(rig) * 4 % (rig->width - GS_PATTERN_SQUARE);

    return source_rig_pixel(rig, x + 5, rig->height / 2 + 5) ==
           (GS_PATTERN_COLOUR_PRESSED & 0xffffff);
}

static void test_pattern_counter_and_button(void **state)
{
    struct source_rig rig;

    (void)state;
    for (uint32_t n = 0; n < 70000; n += 7)
        assert_int_equal(gs_pattern_from_gray(gs_pattern_to_gray(n)), n);
    assert_int_equal(source_rig_open(&rig, "pattern", 320, 200, NULL), 0);
    assert_true(source_rig_wait(&rig, counted_twenty, 5000));
    assert_false(square_flipped(&rig));
    source_rig_click(&rig, BTN_LEFT);
    assert_true(source_rig_wait(&rig, square_flipped, 2000));
    source_rig_picture(&rig, "pattern");
    source_rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_source_create_unknown),
        cmocka_unit_test(test_source_draws),
        cmocka_unit_test(test_source_gate),
        cmocka_unit_test(test_source_capture_failed),
        cmocka_unit_test(test_source_input_any),
        cmocka_unit_test(test_pattern_counter_and_button),
        cmocka_unit_test(test_source_resize),
    };

    if (!have_program())
        return 77;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
