/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which entropy coder x264 opens with, as the PPS tells it, and that it stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/nv12.h"
#include "encoder/encoder.h"
#include "encoder/h264.h"

#define WIDTH 320
#define HEIGHT 240

/* H.264 7.3.2.2: entropy_coding_mode_flag comes after two ue(v), both 0. */
static bool encode_idr(struct gs_encoder *enc)
{
    struct gs_packet pkt;
    struct gs_nv12 pic;
    struct gs_nal nal = {0};
    size_t pos = 0;

    assert_int_equal(gs_nv12_alloc(enc->params.width, enc->params.height, &pic), 0);
    assert_int_equal(gs_encoder_encode(enc, &pic, &(struct gs_encode_options){.idr = true}, &pkt),
                     0);
    gs_nv12_free(&pic);
    while (nal.type != GS_NAL_PPS)
        assert_true(gs_h264_next_nal(pkt.data, pkt.size, &pos, &nal));
    assert_true(nal.size > 1);
    assert_int_equal(nal.data[1] >> 6, 3);
    return nal.data[1] >> 5 & 1;
}

static bool opens_with_cabac(uint32_t effort, uint32_t fps, uint32_t kbps)
{
    const struct gs_encoder_params p = {
        .width = WIDTH, .height = HEIGHT, .fps = fps, .effort = effort, .max_kbps = kbps};
    struct gs_encoder *enc;
    bool cabac;

    assert_int_equal(gs_encoder_create("x264", &p, &enc), 0);
    cabac = encode_idr(enc);
    gs_encoder_destroy(enc);
    return cabac;
}

static void test_by_effort(void **state)
{
    (void)state;
    assert_false(opens_with_cabac(0, 60, 0));
    assert_true(opens_with_cabac(1, 60, 0));
    assert_true(opens_with_cabac(2, 60, 0));
}

/* A quarter of a bit a pixel. */
static void test_by_limit(void **state)
{
    const uint32_t enough = WIDTH * HEIGHT * 60 / 4 / 1000;

    (void)state;
    assert_false(opens_with_cabac(0, 60, enough));
    assert_true(opens_with_cabac(0, 60, enough - 1));
    assert_false(opens_with_cabac(0, 30, enough / 2));
    assert_true(opens_with_cabac(0, 120, enough));
    assert_true(opens_with_cabac(1, 60, 10 * enough));
}

/* The receiver has the PPS that came with the last IDR. */
static void test_stays(void **state)
{
    (void)state;
    for (uint32_t opened = 0; opened < 3; opened++) {
        const struct gs_encoder_params p = {
            .width = WIDTH, .height = HEIGHT, .fps = 60, .effort = opened};
        struct gs_encoder *enc;

        assert_int_equal(gs_encoder_create("x264", &p, &enc), 0);
        for (uint32_t effort = 0; effort < 3; effort++) {
            assert_int_equal(gs_encoder_set_effort(enc, effort), 0);
            assert_int_equal(gs_encoder_set_rate(enc, effort == 1 ? 200 : 0), 0);
            assert_int_equal(encode_idr(enc), opened > 0);
        }
        gs_encoder_destroy(enc);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_effort),
        cmocka_unit_test(test_by_limit),
        cmocka_unit_test(test_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
