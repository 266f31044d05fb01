/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the recorder writes, judged by ffprobe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/record.h"
#include "common/clock.h"
#include "encoder/encoder.h"
#include "tests/support/codec_scene.h"

#define PADDING 64
#define FRAMES 60
#define WIDTH 320
#define HEIGHT 240

struct fixture {
    char *dir;
    struct gs_encoder *enc;
    struct gs_nv12 src;
};

static int set_up(void **state)
{
    struct gs_encoder_params p = {.width = WIDTH, .height = HEIGHT, .fps = 60};
    struct fixture *f = g_new0(struct fixture, 1);

    f->dir = g_dir_make_tmp("gs-record-XXXXXX", NULL);
    *state = f;
    if (!f->dir || gs_nv12_alloc(WIDTH, HEIGHT, &f->src) < 0)
        return -1;
    return gs_encoder_create(NULL, &p, &f->enc);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    g_rmdir(f->dir);
    g_free(f->dir);
    gs_nv12_free(&f->src);
    gs_encoder_destroy(f->enc);
    g_free(f);
    return 0;
}

static void write_frame(struct fixture *f, struct gs_recorder *rec, uint32_t i, uint64_t capture,
                        bool idr, bool lost)
{
    g_autofree uint8_t *data = NULL;
    struct gs_access_unit au;
    struct gs_packet pkt;

    scene_draw(SCENE_3D, i, &f->src);
    assert_int_equal(
        gs_encoder_encode(f->enc, &f->src, &(struct gs_encode_options){.idr = idr}, &pkt), 0);
    data = g_malloc0(pkt.size + PADDING);
    memcpy(data, pkt.data, pkt.size);
    au = (struct gs_access_unit){.data = data,
                                 .size = pkt.size,
                                 .keyframe = pkt.keyframe,
                                 .discontinuity = lost,
                                 .info = {.frame_id = i, .host_capture = capture}};
    assert_int_equal(gs_recorder_write(rec, &au), 0);
}

/* Runs ffprobe, which decodes every frame; what it complains about counts as a failure. */
static char *probe(const char *path, const char *entries)
{
    const char *argv[] = {
        "ffprobe", "-v", "error", "-count_frames", "-show_entries", entries, "-of",
        "csv=p=0", path, NULL};
    g_autofree char *err = NULL;
    char *out = NULL;
    int status = -1;

    if (!g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &err,
                      &status, NULL))
        skip();
    assert_int_equal(status, 0);
    assert_string_equal(err, "");
    return g_strstrip(out);
}

static void check_file(struct fixture *f, const char *name, const char *format)
{
    g_autofree char *path = g_build_filename(f->dir, name, NULL), *out = NULL, *type = NULL;
    struct gs_recorder *rec = NULL;
    double duration;

    assert_int_equal(gs_recorder_create(path, WIDTH, HEIGHT, &rec), 0);
    for (uint32_t i = 0; i < FRAMES; i++)
        write_frame(f, rec, i, 5 * GS_NS_PER_S + i * GS_NS_PER_S / 60, i == 0 || i == 30, false);
    assert_int_equal(gs_recorder_destroy(rec), 0);

    out = probe(path, "stream=codec_name,width,height,nb_read_frames");
    assert_string_equal(out, "h264,320,240,60");
    type = probe(path, "format=format_name,duration");
    assert_true(g_str_has_prefix(strchr(type, '"') ? strchr(type, '"') + 1 : type, format));
    duration = g_ascii_strtod(strrchr(type, ',') + 1, NULL);
    assert_true(duration > 0.95 && duration < 1.05);
    g_unlink(path);
}

static void test_record_matroska(void **state)
{
    check_file(*state, "a.mkv", "matroska");
}

static void test_record_other_endings(void **state)
{
    check_file(*state, "a.mp4", "mov");
    check_file(*state, "no-ending", "matroska");
}

/* Clocks that stand still, go back and jump: the file's order is kept, and every frame is there. */
static void test_record_odd_times(void **state)
{
    static const uint64_t times[] = {10, 10, 5, 0, UINT64_MAX, 7, 1u << 30, 1u << 30, 2};
    struct fixture *f = *state;
    g_autofree char *path = g_build_filename(f->dir, "odd.mkv", NULL), *out = NULL;
    struct gs_recorder *rec = NULL;

    assert_int_equal(gs_recorder_create(path, WIDTH, HEIGHT, &rec), 0);
    for (uint32_t i = 0; i < GS_ARRAY_SIZE(times); i++)
        write_frame(f, rec, i, times[i], i == 0, false);
    assert_int_equal(gs_recorder_destroy(rec), 0);
    out = probe(path, "stream=nb_read_frames");
    assert_string_equal(out, "9");
    g_unlink(path);
}

/* Begins at a keyframe, and goes on at one after a loss. */
static void test_record_waits_for_keyframe(void **state)
{
    struct fixture *f = *state;
    g_autofree char *path = g_build_filename(f->dir, "lost.mkv", NULL), *out = NULL;
    struct gs_recorder *rec = NULL;
    struct gs_packet pkt;

    assert_int_equal(
        gs_encoder_encode(f->enc, &f->src, &(struct gs_encode_options){.idr = true}, &pkt), 0);
    assert_int_equal(gs_recorder_create(path, WIDTH, HEIGHT, &rec), 0);
    for (uint32_t i = 0; i < 20; i++)
        write_frame(f, rec, i, i * GS_NS_PER_S / 60, i == 3 || i == 15, i == 10);
    assert_int_equal(gs_recorder_destroy(rec), 0);
    out = probe(path, "stream=nb_read_frames");
    assert_string_equal(out, "12"); /* 3 … 9, 15 … 19 */
    g_unlink(path);
}

static void replace_encoder(struct fixture *f, uint32_t width, uint32_t height)
{
    const struct gs_encoder_params p = {.width = width, .height = height, .fps = 60};

    gs_encoder_destroy(f->enc);
    gs_nv12_free(&f->src);
    assert_int_equal(gs_nv12_alloc(width, height, &f->src), 0);
    assert_int_equal(gs_encoder_create(NULL, &p, &f->enc), 0);
}

/* One file goes on with pictures of another size, whose parameter sets are in the keyframe. */
static void test_record_size_changes(void **state)
{
    static const char *const sizes[] = {"320,240", "402,300", "320,240"};
    static const char *const names[] = {"sizes.mkv", "sizes.mp4"};
    struct fixture *f = *state;

    for (size_t n = 0; n < GS_ARRAY_SIZE(names); n++) {
        g_autofree char *path = g_build_filename(f->dir, names[n], NULL), *out = NULL;
        struct gs_recorder *rec = NULL;
        g_auto(GStrv) lines = NULL;

        assert_int_equal(gs_recorder_create(path, WIDTH, HEIGHT, &rec), 0);
        for (uint32_t i = 0; i < 15; i++) {
            if (i == 5)
                replace_encoder(f, 402, 300);
            else if (i == 10)
                replace_encoder(f, WIDTH, HEIGHT);
            write_frame(f, rec, i, i * GS_NS_PER_S / 60, i == 0, false);
        }
        assert_int_equal(gs_recorder_destroy(rec), 0);
        out = probe(path, "frame=width,height");
        lines = g_strsplit(out, "\n", -1);
        assert_int_equal(g_strv_length(lines), 15);
        for (int i = 0; i < 15; i++)
            assert_true(g_str_has_prefix(lines[i], sizes[i / 5]));
        g_unlink(path);
    }
}

static void test_record_nothing(void **state)
{
    struct fixture *f = *state;
    g_autofree char *path = g_build_filename(f->dir, "none.mkv", NULL);
    struct gs_recorder *rec = NULL;

    assert_int_equal(gs_recorder_create(path, WIDTH, HEIGHT, &rec), 0);
    assert_int_equal(gs_recorder_destroy(rec), -ENODATA);
    assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    assert_int_equal(gs_recorder_destroy(NULL), 0);
}

static void test_record_no_such_folder(void **state)
{
    struct fixture *f = *state;
    g_autofree char *path = g_build_filename(f->dir, "missing", "a.mkv", NULL);
    struct gs_recorder *rec = NULL;

    assert_int_equal(gs_recorder_create(path, WIDTH, HEIGHT, &rec), -ENOENT);
    assert_null(rec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_matroska),
        cmocka_unit_test(test_record_other_endings),
        cmocka_unit_test(test_record_odd_times),
        cmocka_unit_test(test_record_waits_for_keyframe),
        cmocka_unit_test(test_record_size_changes),
        cmocka_unit_test(test_record_nothing),
        cmocka_unit_test(test_record_no_such_folder),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
