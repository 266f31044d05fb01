/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of an application's pixels arrives at a client's decoder: colours, edges, text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "common/clock.h"
#include "tests/support/likeness.h"
#include "tests/support/session_run.h"
#include "tests/support/worker_rig.h"

#define WIDTH 1280
#define HEIGHT 720
#define REST_NS (700 * GS_NS_PER_MS) /* more than lies between two refinements */
#define SILENCE_MS 1500

static void start(struct worker_rig *rig, const char *mode, uint32_t quality, uint32_t max_kbps)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--mode", mode, NULL};
    const struct worker_rig_params params = {
        .width = WIDTH, .height = HEIGHT, .quality = quality, .max_kbps = max_kbps, .argv = argv};

    assert_int_equal(worker_rig_start(&params, rig), 0);
}

static void stop(struct worker_rig *rig)
{
    assert_int_equal(worker_rig_stop(rig), 0);
    worker_rig_finish(rig);
}

/* The application's picture has come, and nothing more since a while. */
static bool at_rest(struct worker_rig *rig, void *user)
{
    const struct gs_canvas *page = user;
    struct gs_picture *pic = worker_rig_picture(rig);
    bool there = !page || gs_likeness_compare(pic, page).luma_mean < 6;

    gs_picture_unref(pic);
    return there &&
           gs_now_ns() > worker_rig_frame(rig, worker_rig_frames(rig) - 1).decoded + REST_NS;
}

static gboolean wake(gpointer data GS_UNUSED)
{
    return G_SOURCE_CONTINUE;
}

static void print_frames(struct worker_rig *rig)
{
    uint64_t first = worker_rig_frame(rig, 0).decoded;

    for (unsigned i = 0; i < worker_rig_frames(rig); i++) {
        struct worker_frame f = worker_rig_frame(rig, i);

        print_message("frame %u at %.0f ms: %u bytes%s\n", f.id, (double)(f.decoded - first) / 1e6,
                      f.bytes, f.keyframe ? ", key" : "");
    }
}

static void wait_for_rest(struct worker_rig *rig, const struct gs_canvas *page)
{
    guint timer = g_timeout_add(100, wake, NULL);
    bool rested;

    rested = worker_rig_wait(rig, at_rest, (void *)page);
    g_source_remove(timer);
    if (!rested)
        print_frames(rig);
    assert_true(rested);
}

static struct gs_canvas canvas(void (*paint)(const struct gs_canvas *c))
{
    struct gs_canvas c = {.pixels = g_new(uint32_t, WIDTH * HEIGHT),
                          .width = WIDTH,
                          .height = HEIGHT,
                          .stride = WIDTH};

    paint(&c);
    return c;
}

/* ---- colours ---- */

struct errors {
    double mean[GS_RAMPS], pixel[GS_RAMPS]; /* the largest of a cell's mean; of any pixel inside */
};

static struct errors measure_ramps(const struct gs_picture *f)
{
    const uint32_t columns = WIDTH / GS_RAMP_CELL;
    struct errors e = {0};

    for (uint32_t i = 0; i < GS_RAMP_CELLS; i++) {
        uint32_t x = i % columns * GS_RAMP_CELL + 4, y = i / columns * GS_RAMP_CELL + 4;
        double mean = gs_likeness_distance(gs_likeness_mean(f, x, y, 8, 8), gs_ramp_colour(i));

        e.mean[i / 256] = fmax(e.mean[i / 256], mean);
        for (uint32_t k = 0; k < 64; k++) {
            struct gs_rgb p = gs_likeness_rgb(f, x + k % 8, y + k / 8);

            e.pixel[i / 256] = fmax(e.pixel[i / 256], gs_likeness_distance(p, gs_ramp_colour(i)));
        }
    }
    return e;
}

static void check_ramps(uint32_t quality, double most)
{
    static const char *const names[GS_RAMPS] = {"grey", "red", "green", "blue", "mixed"};
    struct gs_canvas page = canvas(gs_paint_ramps);
    struct gs_picture *pic;
    struct worker_rig rig;
    struct errors e;

    start(&rig, "ramps", quality, 0);
    wait_for_rest(&rig, &page);
    pic = worker_rig_picture(&rig);
    e = measure_ramps(pic);
    for (unsigned i = 0; i < GS_RAMPS; i++)
        print_message("quality %u, %s: mean of a cell off by %.2f, a pixel by %.2f\n", quality,
                      names[i], e.mean[i], e.pixel[i]);
    for (unsigned i = 0; i < GS_RAMPS; i++)
        assert_true(e.mean[i] <= most);
    gs_picture_unref(pic);
    g_free(page.pixels);
    stop(&rig);
}

static void test_colours_fine(void **state)
{
    (void)state;
    check_ramps(1, 2);
}

static void test_colours_default(void **state)
{
    (void)state;
    check_ramps(0, 2);
}

/* Chroma between two colours: 1-2-1 around the even column (chroma_sample_loc_type 0). */
static double expected_chroma(uint32_t x, uint32_t edge, double left, double right)
{
    double sum = 0;
    const int weights[] = {1, 2, 1};

    for (int i = 0; i < 3; i++)
        sum += weights[i] * (x + (uint32_t)i < edge + 1 ? left : right);
    return sum / 4;
}

static double cr_of(uint32_t rgb)
{
    double r = rgb >> 16 & 0xff, g = rgb >> 8 & 0xff, b = rgb & 0xff;

    return 128 + (r - (0.2126 * r + 0.7152 * g + 0.0722 * b)) / 1.5748 * 224 / 255;
}

static void test_chroma_siting(void **state)
{
    struct gs_canvas page = canvas(gs_paint_stripes);
    double cr[] = {cr_of(GS_STRIPE_A), cr_of(GS_STRIPE_B)}, most = 0;
    struct gs_picture *pic;
    struct worker_rig rig;

    (void)state;
    start(&rig, "stripes", 0, 0);
    wait_for_rest(&rig, &page);
    pic = worker_rig_picture(&rig);
    for (uint32_t i = 1; gs_stripe_edge(i) < WIDTH; i++) {
        uint32_t edge = gs_stripe_edge(i);

        for (uint32_t x = (edge & ~1u) - 4; x <= (edge & ~1u) + 4; x += 2) {
            double want = expected_chroma(x, edge, cr[(i + 1) % 2], cr[i % 2]);
            double got = pic->pixels.data[2][HEIGHT / 4 * pic->pixels.stride[2] + (int)x / 2];

            most = fmax(most, fabs(got - want));
        }
    }
    print_message("chroma at colour edges off by %.2f\n", most);
    assert_true(most <= 2.5); /* an eighth of the step would be 17 */
    gs_picture_unref(pic);
    g_free(page.pixels);
    stop(&rig);
}

/* ---- text ---- */

static void page_at_top(const struct gs_canvas *c)
{
    gs_paint_page(c, 0);
}

static struct gs_likeness likeness(struct worker_rig *rig, const struct gs_canvas *page)
{
    struct gs_picture *pic = worker_rig_picture(rig);
    struct gs_likeness l = gs_likeness_compare(pic, page);

    gs_picture_unref(pic);
    return l;
}

/* A page that stands still becomes as good as it can, and then nothing is sent any more. */
static void test_text_at_rest(void **state)
{
    struct gs_canvas page = canvas(page_at_top);
    struct gs_likeness l;
    struct worker_rig rig;
    unsigned n;

    (void)state;
    start(&rig, "static", 0, 0);
    wait_for_rest(&rig, &page);
    print_frames(&rig);
    l = likeness(&rig, &page);
    print_message("text: SSIM %.5f, worst tile %.5f, luma off by %.3f\n", l.ssim, l.ssim_tile,
                  l.luma_mean);
    assert_true(l.ssim >= 0.9998);
    assert_true(l.ssim_tile >= 0.999);
    n = worker_rig_frames(&rig);
    worker_rig_run(&rig, SILENCE_MS);
    assert_int_equal(worker_rig_frames(&rig), n);
    g_free(page.pixels);
    stop(&rig);
}

/* With a rate limit the refinements keep to half of it. */
static void check_text_rate(uint32_t kbps)
{
    struct gs_canvas page = canvas(page_at_top);
    struct gs_likeness l;
    struct worker_rig rig;
    uint64_t bytes = 0;

    start(&rig, "static", 0, kbps);
    wait_for_rest(&rig, &page);
    print_frames(&rig);
    for (unsigned i = 1; i < worker_rig_frames(&rig); i++) {
        struct worker_frame f = worker_rig_frame(&rig, i), before = worker_rig_frame(&rig, i - 1);

        if (!f.keyframe && !before.keyframe && bytes)
            assert_true(f.host_capture - before.host_capture >=
                        (uint64_t)before.bytes * 16 * GS_NS_PER_MS / kbps);
        bytes += f.bytes;
    }
    l = likeness(&rig, &page);
    print_message("text at %u kb/s: SSIM %.5f, worst tile %.5f\n", kbps, l.ssim, l.ssim_tile);
    assert_true(l.ssim >= 0.999);
    g_free(page.pixels);
    stop(&rig);
}

static void test_text_rate(void **state)
{
    (void)state;
    check_text_rate(8000);
    check_text_rate(2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_colours_fine),  cmocka_unit_test(test_colours_default),
        cmocka_unit_test(test_chroma_siting), cmocka_unit_test(test_text_at_rest),
        cmocka_unit_test(test_text_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
