/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <libavutil/frame.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "client/snapshot.h"

#define SIDE 16

static struct gs_picture *create_picture(enum AVPixelFormat format, uint8_t y, uint8_t u, uint8_t v)
{
    struct gs_picture_info info = {.frame_id = 3};
    AVFrame *f = av_frame_alloc();

    f->format = format;
    f->width = f->height = SIDE;
    assert_int_equal(av_frame_get_buffer(f, 0), 0);
    memset(f->data[0], y, (size_t)f->linesize[0] * SIDE);
    for (int row = 0; row < SIDE / 2; row++) {
        for (int x = 0; x < SIDE / 2; x++) {
            if (format == AV_PIX_FMT_NV12) {
                f->data[1][row * f->linesize[1] + 2 * x] = u;
                f->data[1][row * f->linesize[1] + 2 * x + 1] = v;
            } else if (format == AV_PIX_FMT_YUV420P) {
                f->data[1][row * f->linesize[1] + x] = u;
                f->data[2][row * f->linesize[2] + x] = v;
            }
        }
    }
    return gs_picture_create(f, &info);
}

/* BT.709, limited range: Y' = 16 + 219·E, and so on. */
static void test_to_bgra_colours(void **state)
{
    static const struct {
        uint8_t y, u, v, b, g, r;
    } colours[] = {
        {16, 128, 128, 0, 0, 0},   {235, 128, 128, 255, 255, 255}, {126, 128, 128, 128, 128, 128},
        {63, 102, 240, 0, 0, 255}, {173, 42, 26, 0, 255, 0},       {32, 240, 118, 255, 0, 0},
    };
    static const enum AVPixelFormat formats[] = {AV_PIX_FMT_YUV420P, AV_PIX_FMT_NV12};

    (void)state;
    for (size_t i = 0; i < 2 * GS_ARRAY_SIZE(colours); i++) {
        size_t c = i / 2;
        struct gs_picture *pic =
            create_picture(formats[i % 2], colours[c].y, colours[c].u, colours[c].v);
        uint8_t out[SIDE * SIDE * 4];
        const uint8_t *p = out + (SIDE * 5 + 7) * 4;

        assert_int_equal(gs_picture_to_bgra(pic, out, SIDE * 4), 0);
        assert_in_range(p[0] + 1, colours[c].b, colours[c].b + 2);
        assert_in_range(p[1] + 1, colours[c].g, colours[c].g + 2);
        assert_in_range(p[2] + 1, colours[c].r, colours[c].r + 2);
        assert_int_equal(p[3], 255);
        gs_picture_unref(pic);
    }
}

static void test_to_bgra_other_format(void **state)
{
    struct gs_picture *pic = create_picture(AV_PIX_FMT_GRAY8, 1, 2, 3);
    uint8_t out[SIDE * SIDE * 4];

    (void)state;
    assert_int_equal(gs_picture_to_bgra(pic, out, SIDE * 4), -ENOTSUP);
    gs_picture_unref(pic);
}

static void test_picture_references(void **state)
{
    struct gs_picture *pic = create_picture(AV_PIX_FMT_YUV420P, 1, 2, 3);

    (void)state;
    assert_ptr_equal(gs_picture_ref(pic), pic);
    gs_picture_unref(pic);
    assert_int_equal(pic->info.frame_id, 3);
    gs_picture_unref(pic);
    gs_picture_unref(NULL);
}

static void test_draw_cursor_blends(void **state)
{
    static const uint8_t pixels[] = {0, 0, 0, 0, 50, 60, 70, 128, 1, 2, 3, 255, 255, 255, 255, 0};
    struct gs_cursor_msg cursor = {.visible = true, .width = 2, .height = 2, .pixels = pixels};
    uint8_t canvas[SIDE * SIDE * 4];

    (void)state;
    memset(canvas, 100, sizeof(canvas));
    gs_bgra_draw_cursor(canvas, SIDE * 4, SIDE, SIDE, &cursor, 4, 5);
    assert_int_equal(canvas[(5 * SIDE + 4) * 4], 100);
    assert_int_equal(canvas[(5 * SIDE + 5) * 4], 50 + 50);
    assert_int_equal(canvas[(5 * SIDE + 5) * 4 + 2], 70 + 50);
    assert_int_equal(canvas[(6 * SIDE + 4) * 4 + 2], 3);
    assert_int_equal(canvas[(6 * SIDE + 5) * 4], 255);
    assert_int_equal(canvas[(6 * SIDE + 5) * 4 + 3], 100);
    assert_int_equal(canvas[(7 * SIDE + 4) * 4], 100);
}

/* Nothing is touched outside of the picture, wherever the cursor is. */
static void test_draw_cursor_clips(void **state)
{
    uint8_t pixels[8 * 8 * 4], *canvas = g_malloc(SIDE * SIDE * 4);
    struct gs_cursor_msg cursor = {
        .visible = true, .width = 8, .height = 8, .hot_x = 3, .hot_y = 200, .pixels = pixels};

    (void)state;
    memset(pixels, 255, sizeof(pixels));
    for (int y = -20; y < 240; y++) {
        for (int x = -20; x < 40; x++)
            gs_bgra_draw_cursor(canvas, SIDE * 4, SIDE, SIDE, &cursor, x, y);
    }
    gs_bgra_draw_cursor(canvas, SIDE * 4, SIDE, SIDE, &cursor, INT32_MIN, INT32_MAX);
    gs_bgra_draw_cursor(canvas, SIDE * 4, SIDE, SIDE, &cursor, INT32_MAX, INT32_MIN);
    gs_bgra_draw_cursor(canvas, SIDE * 4, SIDE, SIDE, NULL, 1, 1);
    memset(canvas, 0, SIDE * SIDE * 4);
    gs_bgra_draw_cursor(canvas, SIDE * 4, SIDE, SIDE, &cursor, 1, 203);
    assert_int_equal(canvas[(3 * SIDE + 0) * 4], 255);
    assert_int_equal(canvas[(3 * SIDE + 5) * 4], 255);
    assert_int_equal(canvas[(3 * SIDE + 6) * 4], 0);
    assert_int_equal(canvas[(2 * SIDE + 0) * 4], 0);
    cursor.visible = false;
    memset(canvas, 0, SIDE * SIDE * 4);
    gs_bgra_draw_cursor(canvas, SIDE * 4, SIDE, SIDE, &cursor, 8, 208);
    for (int i = 0; i < SIDE * SIDE * 4; i++)
        assert_int_equal(canvas[i], 0);
    g_free(canvas);
}

static unsigned count_files(const char *dir)
{
    g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
    unsigned n = 0;

    while (g_dir_read_name(d))
        n++;
    return n;
}

static void test_png_write_reads_back(void **state)
{
    g_autofree char *dir = g_dir_make_tmp("gs-png-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "a.png", NULL);
    png_image image = {.version = PNG_IMAGE_VERSION};
    uint8_t in[3 * 24], out[3 * 5 * 3];

    (void)state;
    for (size_t i = 0; i < sizeof(in); i++)
        in[i] = (uint8_t)(i * 7);
    assert_int_equal(gs_png_write(path, in, 24, 5, 3), 0);
    assert_int_equal(gs_png_write(path, in, 24, 5, 3), 0);
    assert_int_equal(count_files(dir), 1);
    assert_true(png_image_begin_read_from_file(&image, path));
    assert_int_equal(image.width, 5);
    assert_int_equal(image.height, 3);
    assert_int_equal(image.format & PNG_FORMAT_FLAG_ALPHA, 0);
    image.format = PNG_FORMAT_RGB;
    assert_true(png_image_finish_read(&image, NULL, out, 0, NULL));
    for (int y = 0; y < 3; y++) {
        for (int x = 0; x < 5; x++) {
            for (int c = 0; c < 3; c++)
                assert_int_equal(out[(y * 5 + x) * 3 + c], in[y * 24 + x * 4 + 2 - c]);
        }
    }
    g_unlink(path);
    g_rmdir(dir);
}

static void test_png_write_fails_cleanly(void **state)
{
    g_autofree char *dir = g_dir_make_tmp("gs-png-XXXXXX", NULL);
    g_autofree char *missing = g_build_filename(dir, "missing", "a.png", NULL);
    g_autofree char *path = g_build_filename(dir, "a.png", NULL);
    uint8_t in[4] = {0};

    (void)state;
    assert_int_equal(gs_png_write(missing, in, 4, 1, 1), -ENOENT);
    assert_int_equal(gs_png_write(path, in, 4, 0, 1), -EIO);
    assert_int_equal(count_files(dir), 0);
    g_rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_to_bgra_colours),         cmocka_unit_test(test_to_bgra_other_format),
        cmocka_unit_test(test_picture_references),      cmocka_unit_test(test_draw_cursor_blends),
        cmocka_unit_test(test_draw_cursor_clips),       cmocka_unit_test(test_png_write_reads_back),
        cmocka_unit_test(test_png_write_fails_cleanly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
