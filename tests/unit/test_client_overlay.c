/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "client/overlay.h"

#define WIDTH 100
#define HEIGHT 40
#define STRIDE (WIDTH * 4 + 16)

static uint8_t *grey(void)
{
    uint8_t *p = malloc((size_t)STRIDE * HEIGHT);

    assert_non_null(p);
    return memset(p, 128, (size_t)STRIDE * HEIGHT);
}

static void test_size(void **state)
{
    uint32_t width, height;

    (void)state;
    gs_overlay_size("ab\nlonger\nc", 2, &width, &height);
    assert_int_equal(width, (6 * 6 + 6) * 2);
    assert_int_equal(height, (3 * 9 + 6) * 2);
}

static void test_draw_letter(void **state)
{
    uint8_t *p = grey();

    (void)state;
    gs_overlay_draw(p, STRIDE, WIDTH, HEIGHT, "L", 1);
    assert_int_equal(p[3 * STRIDE + 3 * 4], 255); /* top of the stem */
    assert_int_equal(p[3 * STRIDE + 5 * 4], 32);  /* the darkened box beside it */
    for (int x = 3; x < 8; x++)
        assert_int_equal(p[9 * STRIDE + x * 4], 255); /* the foot */
    assert_int_equal(p[3 * STRIDE + 30 * 4], 128);    /* outside of the box */
    free(p);
}

static bool any_white(const char *text)
{
    uint8_t *p = grey();
    bool found = false;

    gs_overlay_draw(p, STRIDE, WIDTH, HEIGHT, text, 1);
    for (int i = 0; i < STRIDE * HEIGHT; i++)
        found |= p[i] == 255 && i % 4 != 3;
    free(p);
    return found;
}

static void test_draw_all_ascii(void **state)
{
    (void)state;
    assert_false(any_white(" "));
    for (char c = '!'; c <= '~'; c++)
        assert_true(any_white((char[]){c, '\0'}));
    assert_true(any_white("\xc3\xa9"));
}

/* Nothing outside of a row or of the picture is touched. */
static void test_draw_clips(void **state)
{
    char text[400];
    uint8_t *p = grey();

    (void)state;
    memset(text, 'W', sizeof(text));
    for (size_t i = 50; i < sizeof(text); i += 50)
        text[i] = '\n';
    text[sizeof(text) - 1] = '\0';
    gs_overlay_draw(p, STRIDE, WIDTH, HEIGHT - 1, text, 3);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = WIDTH * 4; x < STRIDE; x++)
            assert_int_equal(p[y * STRIDE + x], 128);
    for (int x = 0; x < STRIDE; x++)
        assert_int_equal(p[(HEIGHT - 1) * STRIDE + x], 128);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_draw_letter),
        cmocka_unit_test(test_draw_all_ascii),
        cmocka_unit_test(test_draw_clips),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
