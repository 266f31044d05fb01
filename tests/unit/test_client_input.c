/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/input-event-codes.h>

#include "client/input.h"

#define MS GS_NS_PER_MS

struct sent {
    struct gs_input in[64];
    size_t batch[64];
    size_t n, batches;
};

static void on_send(void *user, const struct gs_input *records, size_t n)
{
    struct sent *s = user;

    for (size_t i = 0; i < n; i++)
        s->in[s->n++] = records[i];
    s->batch[s->batches++] = n;
}

static void push(struct gs_input_queue *q, struct gs_input in, uint64_t now)
{
    gs_input_push(q, &in, now);
}

static void test_push_first_motion_goes_at_once(void **state)
{
    struct sent s = {0};
    struct gs_input_queue q;

    (void)state;
    gs_input_queue_init(&q, on_send, &s);
    push(&q, gs_input_motion(10, 20.5), 100 * MS);
    assert_int_equal(s.n, 1);
    assert_int_equal(s.in[0].id, 1);
    assert_int_equal(s.in[0].time, 100);
    assert_int_equal(s.in[0].x, 10 * 256);
    assert_int_equal(s.in[0].y, 20 * 256 + 128);
    assert_int_equal(gs_input_deadline(&q), 0);
}

static void test_push_merges_motion(void **state)
{
    struct sent s = {0};
    struct gs_input_queue q;

    (void)state;
    gs_input_queue_init(&q, on_send, &s);
    push(&q, gs_input_motion(0, 0), 100 * MS);
    push(&q, gs_input_motion(1, 1), 100 * MS + 500000);
    push(&q, gs_input_motion(2, 3), 101 * MS);
    assert_int_equal(s.n, 1);
    assert_int_equal(gs_input_deadline(&q), 102 * MS);
    gs_input_flush(&q, 102 * MS);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.in[1].id, 2);
    assert_int_equal(s.in[1].x, 2 * 256);
    assert_int_equal(s.in[1].y, 3 * 256);
    gs_input_flush(&q, 200 * MS);
    assert_int_equal(s.n, 2);
}

static void test_push_adds_relative_motion(void **state)
{
    struct sent s = {0};
    struct gs_input_queue q;

    (void)state;
    gs_input_queue_init(&q, on_send, &s);
    push(&q, gs_input_motion_rel(1, 1), 100 * MS);
    push(&q, gs_input_motion_rel(2, -1), 100 * MS);
    push(&q, gs_input_motion_rel(3, -1), 101 * MS);
    push(&q, gs_input_motion(7, 7), 101 * MS); /* of another kind: the sum goes first */
    assert_int_equal(s.n, 2);
    assert_int_equal(s.in[1].kind, GS_INPUT_MOTION_REL);
    assert_int_equal(s.in[1].x, 5 * 256);
    assert_int_equal(s.in[1].y, -2 * 256);
    gs_input_flush(&q, 103 * MS);
    assert_int_equal(s.in[2].kind, GS_INPUT_MOTION_ABS);
}

static void test_push_button_takes_motion_along(void **state)
{
    struct sent s = {0};
    struct gs_input_queue q;

    (void)state;
    gs_input_queue_init(&q, on_send, &s);
    push(&q, gs_input_motion(1, 1), 100 * MS);
    push(&q, gs_input_motion(5, 5), 100 * MS);
    push(&q, gs_input_button(BTN_LEFT, true), 100 * MS);
    assert_int_equal(s.batches, 2);
    assert_int_equal(s.batch[1], 2);
    assert_int_equal(s.in[1].kind, GS_INPUT_MOTION_ABS);
    assert_int_equal(s.in[2].kind, GS_INPUT_BUTTON);
    assert_int_equal(s.in[2].id, 3);
    assert_int_equal(gs_input_deadline(&q), 0);
}

static void test_push_ids_skip_zero(void **state)
{
    struct sent s = {0};
    struct gs_input_queue q;

    (void)state;
    gs_input_queue_init(&q, on_send, &s);
    q.last_id = UINT32_MAX;
    push(&q, gs_input_key(KEY_A, true), 0);
    assert_int_equal(s.in[0].id, 1);
}

static void test_wheel(void **state)
{
    struct gs_input in = gs_input_wheel(false, 2);

    (void)state;
    assert_int_equal(in.code, 0);
    assert_int_equal(in.x, 30 * 256);
    assert_int_equal(in.y, 240);
    in = gs_input_wheel(true, -0.5);
    assert_int_equal(in.code, 1);
    assert_int_equal(in.x, -1920);
    assert_int_equal(in.y, 0);
}

/* What the host would refuse must not be made here. */
static void test_records_are_valid(void **state)
{
    const struct gs_input all[] = {
        gs_input_key(KEY_A, true),   gs_input_button(BTN_EXTRA, false),
        gs_input_motion(0, 32767),   gs_input_motion_rel(-1e9, 1e9),
        gs_input_wheel(false, -1e9), {.kind = GS_INPUT_LOCKS, .x = 7},
        {.kind = GS_INPUT_RESET},
    };
    uint8_t bytes[GS_INPUT_SIZE];
    struct gs_input back;

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(all); i++) {
        struct gs_input in = all[i];

        in.id = 1;
        gs_input_write(&in, bytes);
        assert_int_equal(gs_input_read(bytes, &back), 0);
    }
}

static void test_may_draw(void **state)
{
    const struct gs_input press = gs_input_key(KEY_A, true), release = gs_input_key(KEY_A, false);
    const struct gs_input reset = {.kind = GS_INPUT_RESET}, wheel = gs_input_wheel(false, 1);

    (void)state;
    assert_true(gs_input_may_draw(&press));
    assert_true(gs_input_may_draw(&wheel));
    assert_false(gs_input_may_draw(&release));
    assert_false(gs_input_may_draw(&reset));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push_first_motion_goes_at_once),
        cmocka_unit_test(test_push_merges_motion),
        cmocka_unit_test(test_push_adds_relative_motion),
        cmocka_unit_test(test_push_button_takes_motion_along),
        cmocka_unit_test(test_push_ids_skip_zero),
        cmocka_unit_test(test_wheel),
        cmocka_unit_test(test_records_are_valid),
        cmocka_unit_test(test_may_draw),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
