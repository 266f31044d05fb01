/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "client/snapshot.h"

#define SIDE 16

static struct gs_picture *create_picture(enum gs_picture_format format, uint8_t y, uint8_t u,
                                         uint8_t v)
{
    struct gs_picture_info info = {.frame_id = 3};
    struct gs_picture *pic = gs_picture_alloc(NULL, format, SIDE, SIDE, &info);

    for (int row = 0; row < SIDE; row++) {
        uint8_t *const at[3] = {(uint8_t *)pic->pixels.data[0] + row * pic->pixels.stride[0],
                                (uint8_t *)pic->pixels.data[1] + row / 2 * pic->pixels.stride[1],
                                (uint8_t *)pic->pixels.data[2] + row / 2 * pic->pixels.stride[2]};

        memset(at[0], y, SIDE);
        for (int x = 0; x < SIDE / 2; x++) {
            if (format == GS_PICTURE_NV12) {
                at[1][2 * x] = u;
                at[1][2 * x + 1] = v;
            } else {
                at[1][x] = u;
                at[2][x] = v;
            }
        }
    }
    return pic;
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
    static const enum gs_picture_format formats[] = {GS_PICTURE_I420, GS_PICTURE_NV12};

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

static void release_nothing(void *owner)
{
    ++*(int *)owner;
}

static int download_grey(void *owner, struct gs_picture_pixels *ret)
{
    static const uint8_t grey[SIDE * SIDE] = {[0 ... SIDE * SIDE - 1] = 128};

    *(int *)owner += 100;
    *ret = (struct gs_picture_pixels){.data = {grey, grey, grey}, .stride = {SIDE, SIDE, SIDE}};
    return 0;
}

/* One that a GPU has is copied once, when somebody wants to look at it. */
static void test_to_bgra_downloads(void **state)
{
    static const struct gs_picture_owner gpu = {release_nothing, download_grey};
    static const struct gs_picture_owner hidden = {release_nothing, NULL};
    struct gs_picture_info info = {0};
    uint8_t out[SIDE * SIDE * 4];
    int calls = 0;
    struct gs_picture *pic = gs_picture_create(SIDE, SIDE, &info, &gpu, &calls);

    (void)state;
    assert_int_equal(gs_picture_to_bgra(pic, out, SIDE * 4), 0);
    assert_int_equal(gs_picture_to_bgra(pic, out, SIDE * 4), 0);
    assert_int_equal(out[0], 130);
    assert_int_equal(calls, 100);
    gs_picture_unref(pic);
    assert_int_equal(calls, 101);
    pic = gs_picture_create(SIDE, SIDE, &info, &hidden, &calls);
    assert_int_equal(gs_picture_to_bgra(pic, out, SIDE * 4), -ENOTSUP);
    gs_picture_unref(pic);
}

/* Odd sizes: the last column and row are shown without their partners, the rest not at all. */
static void test_crop(void **state)
{
    struct gs_picture *pic = create_picture(GS_PICTURE_NV12, 235, 128, 128);
    uint8_t out[SIDE * SIDE * 4];

    (void)state;
    gs_picture_crop(pic, SIDE - 1, SIDE - 3);
    assert_int_equal(pic->width, SIDE - 1);
    assert_int_equal(pic->height, SIDE - 3);
    assert_int_equal(gs_picture_rows(pic, 0), 13);
    assert_int_equal(gs_picture_rows(pic, 1), 7);
    assert_int_equal(gs_picture_row_size(pic, 0), 15);
    assert_int_equal(gs_picture_row_size(pic, 1), 16);
    assert_int_equal(gs_picture_row_size(pic, 2), 0);
    memset(out, 7, sizeof(out));
    assert_int_equal(gs_picture_to_bgra(pic, out, SIDE * 4), 0);
    assert_int_equal(out[(12 * SIDE + 14) * 4], 255);
    assert_int_equal(out[(12 * SIDE + 15) * 4], 7);
    assert_int_equal(out[(13 * SIDE + 14) * 4], 7);
    gs_picture_crop(pic, 2 * SIDE, SIDE);
    assert_int_equal(pic->width, SIDE - 1);
    gs_picture_unref(pic);
}

static void test_picture_references(void **state)
{
    struct gs_picture *pic = create_picture(GS_PICTURE_I420, 1, 2, 3);

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
        cmocka_unit_test(test_to_bgra_colours),
        cmocka_unit_test(test_to_bgra_downloads),
        cmocka_unit_test(test_crop),
        cmocka_unit_test(test_picture_references),
        cmocka_unit_test(test_draw_cursor_blends),
        cmocka_unit_test(test_draw_cursor_clips),
        cmocka_unit_test(test_png_write_reads_back),
        cmocka_unit_test(test_png_write_fails_cleanly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
