/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a conversion costs: one JSON line for each way and size, in ms for a frame: wall median and
 * p95, processor time of all threads. Usage: bench_convert [frames]
 */
#include <drm_fourcc.h>
#include <libyuv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/convert.h"
#include "session/egl.h"
#include "tests/support/test_scene.h"

struct work {
    struct test_scene *s;
    struct gs_converter *conv;
    struct gs_nv12 pic;
    uint8_t *copy;
    unsigned layers;
    uint32_t damage; /* side of the damaged square; 0: all */
    unsigned frame;
};

static void do_convert(struct work *w)
{
    pixman_region32_t *damage = &w->s->damage;
    uint32_t width = w->damage ? w->damage : w->pic.width;
    uint32_t height = w->damage ? w->damage : w->pic.height;
    int x = w->damage ? (int)(w->frame * 37 % (w->pic.width - width)) : 0;
    int y = w->damage ? (int)(w->frame * 23 % (w->pic.height - height)) : 0;

    pixman_region32_fini(damage);
    pixman_region32_init_rect(damage, x, y, width, height);
    pixman_region32_copy(w->s->layers[0].damage, damage);
    w->s->scene.n_layers = w->layers;
    if (gs_converter_convert(w->conv, &w->s->scene, &w->pic) < 0)
        exit(1);
    if (w->layers > 1)
        pixman_region32_clear(w->s->layers[1].damage);
}

static void do_libyuv(struct work *w)
{
    ARGBToNV12(w->s->surfaces[0].pixels, (int)w->s->surfaces[0].stride, w->pic.y,
               (int)w->pic.y_stride, w->pic.uv, (int)w->pic.uv_stride, (int)w->pic.width,
               (int)w->pic.height);
}

static void do_memcpy(struct work *w)
{
    memcpy(w->copy, w->s->surfaces[0].pixels, (size_t)w->s->surfaces[0].stride * w->pic.height);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void run(const char *what, void (*fn)(struct work *), struct work *w, int frames)
{
    double *ms = g_new0(double, frames);
    uint64_t cpu;

    for (w->frame = 0; w->frame < 10; w->frame++)
        fn(w);
    cpu = gs_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < frames; i++) {
        uint64_t start = gs_now_ns();

        w->frame++;
        fn(w);
        ms[i] = (double)(gs_now_ns() - start) / 1e6;
    }
    cpu = gs_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    qsort(ms, (size_t)frames, sizeof(*ms), compare);
    printf("{\"bench\": \"convert\", \"what\": \"%s\", \"width\": %u, \"height\": %u, "
           "\"layers\": %u, \"damage\": %u, \"ms\": %.3f, \"ms_p95\": %.3f, \"cpu_ms\": %.3f}\n",
           what, w->pic.width, w->pic.height, w->layers, w->damage, ms[frames / 2],
           ms[frames * 95 / 100], (double)cpu / 1e6 / frames);
    fflush(stdout);
    g_free(ms);
}

static void bench_converters(struct work *w, struct gs_egl *egl, int frames)
{
    for (unsigned i = 0; gs_converter_impls[i]; i++) {
        const char *name = gs_converter_impls[i]->name;

        if (gs_converter_create(name, egl, w->pic.width, w->pic.height, &w->conv) < 0)
            continue;
        for (w->layers = 1; w->layers <= 2; w->layers++) {
            w->damage = 0;
            run(name, do_convert, w, frames);
            w->damage = 64;
            run(name, do_convert, w, frames);
        }
        gs_converter_destroy(w->conv);
    }
}

static void bench_size(struct gs_egl *egl, uint32_t width, uint32_t height, int frames)
{
    struct test_scene s;
    struct work w = {.s = &s, .layers = 1};

    test_scene_init(&s, width, height, 1);
    test_scene_add(&s, DRM_FORMAT_XRGB8888, width, height, 0, 0, 0);
    test_scene_add(&s, DRM_FORMAT_ARGB8888, 400, 300, 100, 100, 0);
    w.copy = g_malloc0((size_t)s.surfaces[0].stride * height);
    if (gs_nv12_alloc(width, height, &w.pic) < 0)
        exit(1);
    run("memcpy", do_memcpy, &w, frames);
    run("libyuv ARGBToNV12", do_libyuv, &w, frames);
    bench_converters(&w, egl, frames);
    gs_nv12_free(&w.pic);
    g_free(w.copy);
    s.scene.n_layers = 2;
    test_scene_finish(&s);
}

int main(int argc, char **argv)
{
    int frames = argc > 1 ? atoi(argv[1]) : 200;
    struct gs_egl *egl = NULL;

    gs_log_set_level(GS_LOG_WARN);
    if (gs_egl_create(NULL, &egl) < 0)
        egl = NULL;
    frames = GS_CLAMP(frames, 1, 100000);
    bench_size(egl, 1280, 720, frames);
    bench_size(egl, 1920, 1080, frames);
    gs_egl_destroy(egl);
    return 0;
}
