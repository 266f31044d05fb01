/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "common/clock.h"
#include "common/macros.h"
#include "encoder/x264_rate.h"

#define FRAME (GS_NS_PER_S / 60)
#define START (1000 * GS_NS_PER_S)

/* What a picture of this complexity comes to, in bits for 3600 macroblocks. */
static uint64_t size_of(double complexity, int qp)
{
    return (uint64_t)(complexity * 3600 / (0.85 * exp2((qp - 12) / 6.0)));
}

static struct gs_x264_rate make(uint32_t kbps)
{
    struct gs_x264_rate r;

    gs_x264_rate_init(&r, 1280, 720, 60, 23);
    gs_x264_rate_set_limit(&r, kbps);
    return r;
}

/* One picture as the encoder treats it; returns its quantizer. */
static int picture(struct gs_x264_rate *r, bool intra, double complexity, uint64_t now,
                   uint64_t *ret_bits)
{
    int qp = gs_x264_rate_begin(r, intra, 0, now), again;

    assert_in_range(qp, 1, GS_X264_QP_MAX);
    while ((again = gs_x264_rate_retry(r, intra, qp, size_of(complexity, qp)))) {
        assert_in_range(again, qp + 1, GS_X264_QP_MAX);
        qp = again;
    }
    *ret_bits = size_of(complexity, qp);
    gs_x264_rate_sent(r, intra, qp, *ret_bits);
    return qp;
}

static void test_quality_follows_motion(void **state)
{
    struct gs_x264_rate r = make(0);
    uint64_t bits;
    int calm, usual, wild;

    (void)state;
    assert_int_equal(picture(&r, true, 500, START, &bits), 23);
    for (int i = 0; i < 100; i++)
        usual = picture(&r, false, 16, START, &bits);
    for (int i = 0; i < 100; i++)
        wild = picture(&r, false, 2000, START, &bits);
    for (int i = 0; i < 100; i++)
        calm = picture(&r, false, 0.01, START, &bits);
    assert_int_equal(usual, 23);
    assert_int_equal(wild, 26);
    assert_int_equal(calm, 21);
}

static void test_one_loud_picture_changes_little(void **state)
{
    struct gs_x264_rate r = make(0);
    uint64_t bits;

    (void)state;
    for (int i = 0; i < 100; i++)
        picture(&r, false, 16, START, &bits);
    picture(&r, false, 500, START, &bits);
    assert_in_range(picture(&r, false, 16, START, &bits), 23, 26);
}

static void test_wish_for_one_picture(void **state)
{
    struct gs_x264_rate r = make(0);
    uint64_t bits;

    (void)state;
    assert_int_equal(gs_x264_rate_begin(&r, false, 12, START), 12);
    assert_int_equal(gs_x264_rate_begin(&r, true, 51, START), 51);
    assert_int_equal(picture(&r, false, 16, START, &bits), 23);
}

/* Whatever comes, no stretch takes more than the rate and the bucket, while quantizer 51 fits. */
static void test_limit_holds(void **state)
{
    enum { N = 600 };
    static const uint32_t rates[] = {2000, 5000, 20000};
    double sums[N + 1] = {0};
    uint32_t seed = 1;

    (void)state;
    for (size_t k = 0; k < GS_ARRAY_SIZE(rates); k++) {
        struct gs_x264_rate r = make(rates[k]);

        for (int i = 0; i < N; i++) {
            double complexity;
            uint64_t bits;

            seed = seed * 1103515245 + 12345;
            complexity = rates[k] / 20.0 * exp2((seed >> 16) % 80 / 10.0 - 6);
            picture(&r, i % 200 == 0, complexity, START + (uint64_t)i * FRAME, &bits);
            sums[i + 1] = sums[i] + (double)bits;
            for (int from = 0; from <= i; from++)
                assert_true(sums[i + 1] - sums[from] <=
                            rates[k] * 1000.0 * ((i - from) / 60.0 + 0.05) + 1);
        }
    }
}

/* Steady pictures use most of what is allowed, and seldom twice the time. */
static void test_limit_is_used(void **state)
{
    struct gs_x264_rate r = make(5000);
    uint64_t bits, total = 0, retries = 0;

    (void)state;
    for (int i = 0; i < 660; i++) {
        uint64_t now = START + (uint64_t)i * FRAME;
        int qp = gs_x264_rate_begin(&r, false, 0, now);

        bits = size_of(300, qp);
        retries += gs_x264_rate_retry(&r, false, qp, bits) != 0;
        gs_x264_rate_sent(&r, false, qp, bits);
        total += i >= 60 ? bits : 0;
    }
    assert_in_range(total, 80 * 500000, 100 * 500000 + 250000);
    assert_in_range(retries, 0, 12);
}

/* A page that scrolls: what moves in is cheap, a finer quantizer refines all of it. */
static void test_limit_refines_in_steps(void **state)
{
    struct gs_x264_rate r = make(5000);
    uint64_t now = START, bits, retries = 0;
    int qp, last = picture(&r, true, 800, now, &bits);

    (void)state;
    assert_true(last > 35);
    for (int i = 0; i < 240; i++) {
        qp = gs_x264_rate_begin(&r, false, 0, now += FRAME);
        bits = size_of(4, qp) + (qp < last ? size_of(40, qp) * (uint64_t)(last - qp) : 0);
        if (gs_x264_rate_retry(&r, false, qp, bits)) {
            retries++;
            qp = last;
            bits = size_of(4, qp);
        }
        gs_x264_rate_sent(&r, false, qp, bits);
        last = qp;
    }
    assert_in_range(last, 20, 30);
    assert_in_range(retries, 0, 12);
}

/* A picture that comes after a pause has the whole bucket, not a frame's share. */
/* A page of text: a step down takes more than the bucket holds. With a free line it is taken all
 * the same, until the quality asked for; while the line is not free, it is not. */
static void test_limit_betters_at_rest(void **state)
{
    struct gs_x264_rate r = make(2000);
    const uint64_t step = 150000; /* bits; the bucket holds 100,000 */
    uint64_t now = START, bits;
    int last = picture(&r, false, 20000, now, &bits), n = 0;

    (void)state;
    assert_in_range(last, 30, GS_X264_QP_MAX);
    for (; last > 12 && n < 60; n++) {
        int qp, again;

        now += GS_NS_PER_S / 2;
        qp = gs_x264_rate_begin(&r, false, 12, now);
        while (qp < last &&
               (again = gs_x264_rate_retry(&r, false, qp, step * (uint64_t)(last - qp))))
            qp = again;
        bits = qp < last ? step * (uint64_t)(last - qp) : 100;
        assert_true(bits <= 800000);
        gs_x264_rate_sent(&r, false, qp, bits);
        /* At once after it nothing better fits. */
        if (qp < last)
            assert_true(gs_x264_rate_begin(&r, false, 12, now + FRAME) >= qp);
        last = qp;
    }
    assert_int_equal(last, 12);
}

static void test_limit_fills_with_time(void **state)
{
    struct gs_x264_rate r = make(1000);
    uint64_t now = START, bits;

    (void)state;
    for (int i = 0; i < 60; i++)
        picture(&r, false, 300, now += FRAME, &bits);
    assert_true(r.room < 25000);
    gs_x264_rate_begin(&r, false, 0, now + GS_NS_PER_S);
    assert_true(r.room > 49999 && r.room < 50001);
}

static void test_limit_on_and_off(void **state)
{
    struct gs_x264_rate r = make(0);
    uint64_t now = START, bits;

    (void)state;
    for (int i = 0; i < 30; i++)
        picture(&r, false, 100, now += FRAME, &bits);
    gs_x264_rate_set_limit(&r, 500);
    for (int i = 0; i < 30; i++) {
        picture(&r, false, 100, now += FRAME, &bits);
        assert_true(bits <= 25000);
    }
    gs_x264_rate_set_limit(&r, 0);
    assert_in_range(picture(&r, false, 100, now += FRAME, &bits), 23, 26);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quality_follows_motion),
        cmocka_unit_test(test_one_loud_picture_changes_little),
        cmocka_unit_test(test_wish_for_one_picture),
        cmocka_unit_test(test_limit_holds),
        cmocka_unit_test(test_limit_is_used),
        cmocka_unit_test(test_limit_refines_in_steps),
        cmocka_unit_test(test_limit_betters_at_rest),
        cmocka_unit_test(test_limit_fills_with_time),
        cmocka_unit_test(test_limit_on_and_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
