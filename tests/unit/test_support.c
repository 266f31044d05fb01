/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The helpers of the other tests: what they say about programs and pictures must be true. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <png.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/apps/paint.h"
#include "tests/support/picture.h"
#include "tests/support/process.h"

#define DEADLINE_MS GS_PROCESS_DEADLINE_MS

static void start_shell(const char *script, const char *const *env, struct gs_process *ret)
{
    const char *const argv[] = {"sh", "-c", script, NULL};

    assert_int_equal(gs_process_start(argv, env, ret), 0);
}

static void test_process_lines(void **state)
{
    struct gs_process p;
    char *line;

    (void)state;
    start_shell("echo one; echo two; echo no newline >&2; exit 3", NULL, &p);
    line = gs_process_read_line(&p, DEADLINE_MS);
    assert_string_equal(line, "one");
    g_free(line);
    line = gs_process_read_line(&p, DEADLINE_MS);
    assert_string_equal(line, "two");
    g_free(line);
    assert_null(gs_process_read_line(&p, DEADLINE_MS));
    assert_int_equal(gs_process_wait(&p, DEADLINE_MS), 3);
    line = gs_process_stderr(&p);
    assert_string_equal(line, "no newline\n");
    g_free(line);
    gs_process_finish(&p);
}

static void test_process_wait_signal(void **state)
{
    struct gs_process p;

    (void)state;
    start_shell("exec sleep 1000", NULL, &p);
    assert_int_equal(gs_process_wait(&p, 1), -ETIMEDOUT);
    gs_process_signal(&p, SIGKILL);
    assert_int_equal(gs_process_wait(&p, DEADLINE_MS), 128 + SIGKILL);
    gs_process_finish(&p);
}

static void test_process_start_missing(void **state)
{
    const char *const argv[] = {"/nonexistent/program", NULL};
    struct gs_process p;

    (void)state;
    assert_int_equal(gs_process_start(argv, NULL, &p), 0);
    assert_int_equal(gs_process_wait(&p, DEADLINE_MS), 127);
    gs_process_finish(&p);
    gs_process_finish(&p);
}

static void test_process_marked(void **state)
{
    g_autofree char *mark = g_strdup_printf("GS_TEST_MARK=unit-%d", (int)getpid());
    const char *const env[] = {mark, "HOME", NULL};
    struct gs_process p;
    char *line;

    (void)state;
    start_shell("sleep 1000 & echo ${HOME-unset}; wait", env, &p);
    line = gs_process_read_line(&p, DEADLINE_MS);
    assert_string_equal(line, "unset");
    g_free(line);
    assert_int_not_equal(gs_process_find_marked(mark, "sh"), 0);
    assert_int_equal(gs_process_find_marked(mark, "nobody"), 0);
    assert_false(gs_process_wait_unmarked(mark, 1));
    assert_int_equal(gs_process_count_marked(mark, true), 2);
    assert_true(gs_process_wait(&p, DEADLINE_MS) > 128);
    assert_true(gs_process_wait_unmarked(mark, DEADLINE_MS));
    gs_process_finish(&p);
}

static void test_process_files(void **state)
{
    char *dir = g_dir_make_tmp("gs-test-XXXXXX", NULL);
    g_autofree char *inner = g_build_filename(dir, "a", "b", NULL);

    (void)state;
    assert_int_equal(gs_process_count_files(dir), 0);
    assert_int_equal(g_mkdir_with_parents(inner, 0700), 0);
    assert_int_equal(gs_process_count_files(dir), 2);
    gs_process_remove_dir(dir);
    assert_false(g_file_test(dir, G_FILE_TEST_EXISTS));
    g_free(dir);
}

/* Draws into memory, and reads it again through a PNG file. */
static void through_png(const struct gs_canvas *c, struct gs_image *ret)
{
    png_image png = {.version = PNG_IMAGE_VERSION,
                     .width = c->width,
                     .height = c->height,
                     .format = PNG_FORMAT_BGRA};
    char *path = NULL;
    int fd = g_file_open_tmp("gs-test-XXXXXX", &path, NULL);

    assert_true(fd >= 0);
    g_close(fd, NULL);
    assert_true(png_image_write_to_file(&png, path, 0, c->pixels, (png_int_32)c->stride * 4, NULL));
    assert_int_equal(gs_image_load(path, ret), 0);
    g_remove(path);
    g_free(path);
}

static void test_image_blocks(void **state)
{
    static const uint32_t values[] = {0, 1, 2, 1000, 0x7fffffff, 0x80000000, 0xffffffff};
    uint32_t *pixels = g_new0(uint32_t, 320 * 200);
    struct gs_canvas c = {pixels, 320, 200, 320};

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(values); i++) {
        struct gs_image img;
        uint32_t value = ~values[i];

        gs_paint_motion(&c, values[i]);
        gs_paint_blocks(&c, values[i]);
        through_png(&c, &img);
        assert_true(gs_image_read_blocks(&img, &value));
        assert_int_equal(value, values[i]);
        gs_image_finish(&img);
    }
    g_free(pixels);
}

static void test_image_blocks_absent(void **state)
{
    uint32_t *pixels = g_new0(uint32_t, 320 * 200);
    struct gs_canvas c = {pixels, 320, 200, 320};
    struct gs_image img;
    uint32_t value;

    (void)state;
    gs_paint_page(&c, 7);
    through_png(&c, &img);
    assert_false(gs_image_read_blocks(&img, &value));
    gs_image_finish(&img);
    g_free(pixels);
}

static void test_image_compare(void **state)
{
    uint32_t *pixels = g_new0(uint32_t, 320 * 200);
    struct gs_canvas c = {pixels, 320, 200, 320};
    struct gs_image a, b;

    (void)state;
    gs_paint_rect(&c, 0, 0, 320, 200, 0x102030);
    through_png(&c, &a);
    assert_int_equal(gs_image_pixel(&a, 319, 199), 0x102030);
    assert_int_equal(gs_image_count_colours(&a), 1);
    gs_paint_rect(&c, -5, 190, 15, 100, 0x102050);
    through_png(&c, &b);
    assert_int_equal(gs_image_count_colours(&b), 2);
    assert_int_equal(gs_image_count_differing(&a, &b, 8), 10 * 10);
    assert_int_equal(gs_image_count_differing(&a, &b, 0x20), 0);
    assert_int_equal(gs_colour_distance(0x102030, 0x0f2440), 0x10);
    gs_image_finish(&a);
    gs_image_finish(&b);
    g_free(pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_process_lines),         cmocka_unit_test(test_process_wait_signal),
        cmocka_unit_test(test_process_start_missing), cmocka_unit_test(test_process_marked),
        cmocka_unit_test(test_process_files),         cmocka_unit_test(test_image_blocks),
        cmocka_unit_test(test_image_blocks_absent),   cmocka_unit_test(test_image_compare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
