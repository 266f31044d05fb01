/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The output gets another size while a session runs and a client watches. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <xcb/xcb.h>

#include "common/clock.h"
#include "common/nv12.h"
#include "tests/support/likeness.h"
#include "tests/support/need.h"
#include "tests/support/session_run.h"
#include "tests/support/worker_rig.h"

#define MANY 100
/* A sanitizer keeps freed memory for a while. */
#ifdef __SANITIZE_ADDRESS__
#define RSS_TELLS 0
#else
#define RSS_TELLS 1
#endif

static const struct gs_video start_size = {640, 360};
static const struct gs_video sizes[] = {{1000, 700}, {321, 243},  {802, 602}, {66, 66},
                                        {641, 361},  {1366, 768}, {640, 360}};

static void start(struct worker_rig *rig, const char *source, const char *const *argv)
{
    const struct worker_rig_params params = {
        .source = source, .width = start_size.width, .height = start_size.height, .argv = argv};

    assert_int_equal(worker_rig_start(&params, rig), 0);
    assert_int_equal(rig->welcome.width, start_size.width);
}

/* Every frame there was could be decoded, none is missing, sizes change with keyframes only, and no
 * picture of an old size was made after the new one was announced. */
static void check_frames(struct worker_rig *rig)
{
    uint32_t id = 0;
    const struct worker_size *all = (const struct worker_size *)(void *)rig->sizes->data;
    struct gs_video now = start_size;
    unsigned next = 0;

    for (unsigned i = 0; i < worker_rig_frames(rig); i++) {
        struct worker_frame f = worker_rig_frame(rig, i);

        assert_int_equal(f.err, 0);
        assert_false(f.discontinuity);
        assert_true(i == 0 || f.id == id + 1);
        id = f.id;
        while (f.keyframe && next < rig->sizes->len &&
               (f.width != gs_nv12_side(now.width) || f.height != gs_nv12_side(now.height)))
            now = all[next++].video;
        assert_int_equal(f.width, gs_nv12_side(now.width));
        assert_int_equal(f.height, gs_nv12_side(now.height));
        assert_true(next == rig->sizes->len || f.host_capture < all[next].at);
    }
}

static void stop(struct worker_rig *rig)
{
    check_frames(rig);
    assert_int_equal(worker_rig_stop(rig), 0);
    worker_rig_finish(rig);
}

/* The newest frame has that size, and it was announced. */
static bool shows(struct worker_rig *rig, void *user)
{
    const struct gs_video *want = user;
    const struct worker_size *last;
    struct worker_frame f;

    if (!rig->sizes->len)
        return false;
    last = &g_array_index(rig->sizes, struct worker_size, rig->sizes->len - 1);
    f = worker_rig_frame(rig, worker_rig_frames(rig) - 1);
    return last->video.width == want->width && last->video.height == want->height &&
           f.width == gs_nv12_side(want->width) && f.height == gs_nv12_side(want->height);
}

static void resize(struct worker_rig *rig, const struct gs_video *to)
{
    worker_rig_resize(rig, to->width, to->height);
    if (!worker_rig_wait(rig, shows, (void *)to))
        fail_msg("%ux%u did not come", to->width, to->height);
}

/* ---- pictures ---- */

struct wanted {
    struct gs_canvas canvas;
    double most; /* mean difference of luma */
};

static bool looks_like(struct worker_rig *rig, void *user)
{
    const struct wanted *want = user;
    struct gs_picture *pic = worker_rig_picture(rig);
    bool ok = pic && pic->width == gs_nv12_side(want->canvas.width) &&
              pic->height == gs_nv12_side(want->canvas.height) &&
              gs_likeness_compare(pic, &want->canvas).luma_mean < want->most;

    gs_picture_unref(pic);
    return ok;
}

static struct gs_canvas canvas_of(const struct gs_video *size)
{
    return (struct gs_canvas){.pixels = g_new(uint32_t, (gsize)size->width * size->height),
                              .width = size->width,
                              .height = size->height,
                              .stride = size->width};
}

/* The last column and row that were coded repeat what is beside them. */
static void check_padding(struct worker_rig *rig, const struct gs_video *size)
{
    struct gs_picture *pic = worker_rig_picture(rig);
    const struct gs_picture *f = pic;

    for (uint32_t y = 0; size->width % 2 && y < size->height; y++) {
        const uint8_t *p =
            f->pixels.data[0] + (size_t)y * (size_t)f->pixels.stride[0] + size->width;

        assert_in_range(abs(p[0] - p[-1]), 0, 12);
    }
    for (uint32_t x = 0; size->height % 2 && x < size->width; x++) {
        const uint8_t *p =
            f->pixels.data[0] + (size_t)size->height * (size_t)f->pixels.stride[0] + x;

        assert_in_range(abs(p[0] - p[-f->pixels.stride[0]]), 0, 12);
    }
    gs_picture_unref(pic);
}

static void resize_wayland(const char *converter)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--mode", "colours", NULL};
    const struct worker_rig_params params = {.converter = converter,
                                             .width = start_size.width,
                                             .height = start_size.height,
                                             .argv = argv};
    struct worker_rig rig;

    assert_int_equal(worker_rig_start(&params, &rig), 0);
    for (size_t i = 0; i < GS_ARRAY_SIZE(sizes); i++) {
        struct wanted want = {.canvas = canvas_of(&sizes[i]), .most = 2};

        gs_paint_colours(&want.canvas);
        resize(&rig, &sizes[i]);
        if (!worker_rig_wait(&rig, looks_like, &want))
            fail_msg("the picture of %ux%u is not right", sizes[i].width, sizes[i].height);
        check_padding(&rig, &sizes[i]);
        g_free(want.canvas.pixels);
    }
    assert_int_equal(rig.sizes->len, GS_ARRAY_SIZE(sizes));
    stop(&rig);
}

static void test_resize_wayland(void **state)
{
    (void)state;
    resize_wayland(NULL);
}

static void test_resize_gl_converter(void **state)
{
    (void)state;
    resize_wayland("gl");
}

static bool flipped(struct worker_rig *rig, void *user)
{
    struct gs_picture *pic = worker_rig_picture(rig);
    const struct gs_video *size = user;
    struct gs_rgb middle = gs_likeness_mean(pic, size->width / 2, size->height / 2, 16, 16);
    bool ok = gs_likeness_distance(middle, GS_FLIP_COLOUR_B) < 10;

    gs_picture_unref(pic);
    return ok;
}

/* A pointer that was where there is nothing now is on the application still. */
static void test_resize_pointer(void **state)
{
    const struct gs_input to_corner = {.kind = GS_INPUT_MOTION_ABS, .x = 630 * 256, .y = 350 * 256};
    const struct gs_input press = {.kind = GS_INPUT_BUTTON, .code = BTN_LEFT, .state = 1};
    const struct gs_video smaller = {321, 243};
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--mode", "flip", NULL};
    struct wanted want = {.canvas = canvas_of(&smaller), .most = 3};
    struct worker_rig rig;

    (void)state;
    gs_paint_rect(&want.canvas, 0, 0, 321, 243, GS_FLIP_PAGE);
    gs_paint_rect(&want.canvas, 80, 60, 160, 121, GS_FLIP_COLOUR_A);
    gs_paint_blocks(&want.canvas, 0);
    start(&rig, NULL, argv);
    worker_rig_input(&rig, &to_corner);
    resize(&rig, &smaller);
    assert_true(worker_rig_wait(&rig, looks_like, &want));
    worker_rig_input(&rig, &press);
    assert_true(worker_rig_wait(&rig, flipped, (void *)&smaller));
    g_free(want.canvas.pixels);
    stop(&rig);
}

/* Sizes that H.264 has to crop, from the start. */
static void test_start_sizes(void **state)
{
    static const struct gs_video some[] = {{1366, 768}, {802, 602},   {66, 66},
                                           {64, 65},    {1918, 1078}, {1281, 721}};
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--mode", "colours", NULL};

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(some); i++) {
        struct wanted want = {.canvas = canvas_of(&some[i]), .most = 2};
        const struct worker_rig_params params = {
            .width = some[i].width, .height = some[i].height, .argv = argv};
        struct worker_rig rig;

        gs_paint_colours(&want.canvas);
        assert_int_equal(worker_rig_start(&params, &rig), 0);
        assert_int_equal(rig.welcome.width, some[i].width);
        assert_int_equal(rig.welcome.height, some[i].height);
        if (!worker_rig_wait(&rig, looks_like, &want))
            fail_msg("the picture of %ux%u is not right", some[i].width, some[i].height);
        check_padding(&rig, &some[i]);
        g_free(want.canvas.pixels);
        assert_int_equal(worker_rig_stop(&rig), 0);
        worker_rig_finish(&rig);
    }
}

/* The pattern's background, which session/pattern.c draws below its counter and beside its square.
 */
static bool pattern_is_right(struct worker_rig *rig, void *user)
{
    const struct gs_video *size = user;
    struct gs_picture *pic = worker_rig_picture(rig);
    bool ok = pic->width == gs_nv12_side(size->width);

    for (uint32_t x = 20; ok && x < size->width; x += 37) {
        uint32_t y = size->height - 4;
        uint32_t rgb = x * 255 / size->width << 16 | y * 255 / size->height << 8 | 0x40;

        ok = gs_likeness_distance(gs_likeness_mean(pic, x - 2, y - 2, 4, 4), rgb) < 10;
    }
    gs_picture_unref(pic);
    return ok;
}

static void test_resize_pattern(void **state)
{
    struct worker_rig rig;

    (void)state;
    start(&rig, "pattern", NULL);
    for (size_t i = 0; i < GS_ARRAY_SIZE(sizes); i++) {
        if (sizes[i].width < 200)
            continue; /* the counter covers it */
        resize(&rig, &sizes[i]);
        assert_true(worker_rig_wait(&rig, pattern_is_right, (void *)&sizes[i]));
    }
    stop(&rig);
}

/* No corner is black, so the application fills the new size. */
static bool fills(struct worker_rig *rig, void *user)
{
    const struct gs_video *size = user;
    struct gs_picture *pic = worker_rig_picture(rig);
    const struct gs_picture *f = pic;
    bool ok = (uint32_t)f->width == gs_nv12_side(size->width);

    for (unsigned i = 0; ok && i < 4; i++) {
        uint32_t x = i % 2 ? size->width - 8 : 0, y = i / 2 ? size->height - 8 : 0;
        struct gs_rgb corner = gs_likeness_mean(f, x, y, 8, 8);

        ok = corner.r + corner.g + corner.b > 200;
    }
    gs_picture_unref(pic);
    return ok;
}

static void test_resize_gl(void **state)
{
    const char *const argv[] = {
        "glmark2-es2-wayland", "-b", "clear:duration=1000", "--size", "640x360", NULL};
    const struct gs_video to[] = {{900, 500}, {400, 300}, {1281, 721}};
    struct worker_rig rig;

    (void)state;
    NEED(argv[0]);
    start(&rig, NULL, argv);
    for (size_t i = 0; i < GS_ARRAY_SIZE(to); i++) {
        unsigned before;

        resize(&rig, &to[i]);
        before = worker_rig_frames(&rig);
        worker_rig_run(&rig, 300);
        assert_true(worker_rig_frames(&rig) > before);
    }
    stop(&rig);
}

/* What a new X11 client is told the screen has. */
static bool root_is(struct worker_rig *rig, void *user)
{
    const struct gs_video *size = user;
    g_autofree char *name = g_strdup_printf(":%d", rig->x11_display);
    xcb_connection_t *x = xcb_connect(name, NULL);
    const xcb_screen_t *screen =
        xcb_connection_has_error(x) ? NULL : xcb_setup_roots_iterator(xcb_get_setup(x)).data;
    bool ok = screen && screen->width_in_pixels == size->width &&
              screen->height_in_pixels == size->height;

    xcb_disconnect(x);
    g_usleep(ok ? 0 : 20000);
    return ok;
}

static void test_resize_x11(void **state)
{
    const char *const argv[] = {"xmessage", "-bg", "#a0c0e0", "hello", NULL};
    const struct gs_video to[] = {{900, 500}, {401, 301}, {1280, 720}};
    struct worker_rig rig;

    (void)state;
    NEED(argv[0]);
    NEED("Xwayland");
    start(&rig, NULL, argv);
    assert_true(rig.x11_display >= 0);
    for (size_t i = 0; i < GS_ARRAY_SIZE(to); i++) {
        resize(&rig, &to[i]);
        if (!worker_rig_wait(&rig, fills, (void *)&to[i]))
            fail_msg("the window does not fill %ux%u", to[i].width, to[i].height);
        assert_true(worker_rig_wait(&rig, root_is, (void *)&to[i]));
    }
    stop(&rig);
}

/* ---- wishes ---- */

static void test_resize_refused(void **state)
{
    const struct gs_video wrong[] = {{63, 360}, {640, 8193}, {0, 0}, {UINT32_MAX, 100}};
    struct worker_rig rig;
    unsigned before;

    (void)state;
    start(&rig, "pattern", NULL);
    for (size_t i = 0; i < GS_ARRAY_SIZE(wrong); i++)
        worker_rig_resize(&rig, wrong[i].width, wrong[i].height);
    worker_rig_resize_raw(&rig, "1234567", 7);
    worker_rig_resize_raw(&rig, "", 0);
    worker_rig_resize(&rig, start_size.width, start_size.height);
    before = worker_rig_frames(&rig);
    worker_rig_run(&rig, 500);
    assert_int_equal(rig.sizes->len, 0);
    assert_true(worker_rig_frames(&rig) > before);
    stop(&rig);
}

/* A window's edge is dragged: the last size is what counts, and few of those before are built. */
static void test_resize_drag(void **state)
{
    const struct gs_video last = {759, 479};
    struct worker_rig rig;

    (void)state;
    start(&rig, "pattern", NULL);
    for (uint32_t i = 0; i < 60; i++) {
        worker_rig_resize(&rig, 700 + i, 420 + i);
        worker_rig_run(&rig, 5);
    }
    assert_true(worker_rig_wait(&rig, shows, (void *)&last));
    print_message("60 wishes, %u sizes\n", rig.sizes->len);
    assert_in_range(rig.sizes->len, 1, 30);
    stop(&rig);
}

/* ---- leaks ---- */

static unsigned count_fds(const struct worker_rig *rig)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/fd", (int)rig->pid);
    DIR *dir = opendir(path);
    unsigned n = 0;

    assert_non_null(dir);
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static unsigned long rss_kb(const struct worker_rig *rig)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/statm", (int)rig->pid);
    g_autofree char *text = NULL;
    unsigned long total, resident;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    assert_int_equal(sscanf(text, "%lu %lu", &total, &resident), 2);
    return resident * 4;
}

static int by_value(gconstpointer a, gconstpointer b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void test_resize_often(void **state)
{
    const struct gs_video two[] = {{802, 602}, start_size};
    unsigned long after_ten = 0;
    unsigned fds = 0;
    double ms[MANY];
    struct worker_rig rig;

    (void)state;
    start(&rig, "pattern", NULL);
    for (unsigned i = 0; i < MANY; i++) {
        unsigned n;

        resize(&rig, &two[i % 2]);
        n = worker_rig_frames(&rig);
        while (n > 1 && worker_rig_frame(&rig, n - 2).decoded > rig.asked_at &&
               worker_rig_frame(&rig, n - 2).width == two[i % 2].width)
            n--;
        ms[i] = (double)(worker_rig_frame(&rig, n - 1).decoded - rig.asked_at) / 1e6;
        /* Past the rate limit, so that only the work is timed. */
        worker_rig_run(&rig, 120);
        if (i == 9) {
            after_ten = rss_kb(&rig);
            fds = count_fds(&rig);
        }
    }
    qsort(ms, MANY, sizeof(ms[0]), by_value);
    print_message("resize to its first frame decoded: p50 %.1f p95 %.1f ms; rss %lu kB, then %lu\n",
                  ms[MANY / 2], ms[MANY * 95 / 100], after_ten, rss_kb(&rig));
    assert_int_equal(count_fds(&rig), fds);
    if (RSS_TELLS)
        assert_true(rss_kb(&rig) < after_ten + 8192);
    stop(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_sizes),         cmocka_unit_test(test_resize_wayland),
        cmocka_unit_test(test_resize_gl_converter), cmocka_unit_test(test_resize_pointer),
        cmocka_unit_test(test_resize_pattern),      cmocka_unit_test(test_resize_gl),
        cmocka_unit_test(test_resize_x11),          cmocka_unit_test(test_resize_refused),
        cmocka_unit_test(test_resize_drag),         cmocka_unit_test(test_resize_often),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
