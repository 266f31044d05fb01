/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What encoding and decoding cost: a JSON line for each scene, effort and number of threads. */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/decode.h"
#include "common/clock.h"
#include "common/log.h"
#include "encoder/encoder.h"
#include "tests/support/codec_scene.h"

#define LOOP 30 /* pictures drawn beforehand; shown forth and back */

static int opt_width = 1280, opt_height = 720, opt_frames = 300, opt_kbps, opt_quality;
static int opt_effort = -1, opt_threads = -1, opt_pause = 2000;
static char *opt_encoder, *opt_decoder, *opt_scene;

static const GOptionEntry options[] = {
    {"width", 0, 0, G_OPTION_ARG_INT, &opt_width, "of the pictures", "N"},
    {"height", 0, 0, G_OPTION_ARG_INT, &opt_height, "of the pictures", "N"},
    {"frames", 0, 0, G_OPTION_ARG_INT, &opt_frames, "in a run", "N"},
    {"kbps", 0, 0, G_OPTION_ARG_INT, &opt_kbps, "limit; 0: none", "N"},
    {"quality", 0, 0, G_OPTION_ARG_INT, &opt_quality, "rate factor; 0: default", "N"},
    {"effort", 0, 0, G_OPTION_ARG_INT, &opt_effort, "only this one", "N"},
    {"threads", 0, 0, G_OPTION_ARG_INT, &opt_threads, "only this many", "N"},
    {"pause", 0, 0, G_OPTION_ARG_INT, &opt_pause, "between pictures, microseconds", "N"},
    {"encoder", 0, 0, G_OPTION_ARG_STRING, &opt_encoder, "x264", "NAME"},
    {"decoder", 0, 0, G_OPTION_ARG_STRING, &opt_decoder, "software, openh264", "NAME"},
    {"scene", 0, 0, G_OPTION_ARG_STRING, &opt_scene, "only this one: 3d, text", "NAME"},
    {0},
};

struct run {
    GArray *encode_ms, *decode_ms;
    double encode_cpu, decode_cpu; /* ms, all frames but the IDR */
    uint64_t bytes, idr_bytes, peak_bytes;
    double psnr_sum, psnr_idr, psnr_min;
    GPtrArray *packets; /* GByteArray, with the padding that decoders want */
    const struct gs_nv12 *pictures;
};

static double ms(uint64_t ns)
{
    return (double)ns / (double)GS_NS_PER_MS;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double percentile(GArray *a, double p)
{
    g_array_sort(a, compare);
    return g_array_index(a, double, (guint)(p * (a->len - 1)));
}

static void add_quality(struct run *r, int frame, const struct gs_nv12 *src,
                        const struct gs_picture *pic)
{
    double psnr = scene_psnr(src->y, src->y_stride, pic->pixels.data[0],
                             (uint32_t)pic->pixels.stride[0], src->width, src->height);

    if (frame == 0)
        r->psnr_idr = psnr;
    r->psnr_sum += psnr;
    r->psnr_min = frame ? GS_MIN(r->psnr_min, psnr) : psnr;
}

static const struct gs_nv12 *picture_at(const struct run *r, int frame)
{
    int at = frame % (2 * LOOP - 2);

    return &r->pictures[at < LOOP ? at : 2 * LOOP - 2 - at];
}

static void keep_packet(struct run *r, const struct gs_packet *pkt)
{
    static const uint8_t padding[64];
    GByteArray *data = g_byte_array_sized_new((guint)pkt->size + sizeof(padding));

    g_byte_array_append(data, pkt->data, (guint)pkt->size);
    g_byte_array_append(data, padding, sizeof(padding));
    g_ptr_array_add(r->packets, data);
}

/* The IDR counts apart: there is one in a session. Between two pictures there is a pause, as there
 * is in a session: x264 leaves some filtering for after the packet. */
static int encode_all(struct run *r, struct gs_encoder *enc)
{
    uint64_t cpu = 0;

    for (int i = 0; i < opt_frames; i++) {
        uint64_t start = gs_now_ns();
        struct gs_packet pkt;
        int err = gs_encoder_encode(enc, picture_at(r, i), NULL, &pkt);
        double t = ms(gs_now_ns() - start);

        if (err)
            return err;
        keep_packet(r, &pkt);
        g_usleep((gulong)opt_pause);
        if (i == 0) {
            cpu = gs_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
            r->idr_bytes = pkt.size;
            continue;
        }
        g_array_append_val(r->encode_ms, t);
        r->bytes += pkt.size;
        r->peak_bytes = GS_MAX(r->peak_bytes, pkt.size);
    }
    r->encode_cpu = ms(gs_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    return 0;
}

static int decode_all(struct run *r, struct gs_decoder *dec)
{
    for (int i = 0; i < opt_frames; i++) {
        GByteArray *data = r->packets->pdata[i];
        struct gs_access_unit au = {.data = data->data,
                                    .size = data->len - 64,
                                    .keyframe = i == 0,
                                    .info.frame_id = (uint32_t)i};
        uint64_t cpu = gs_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
        struct gs_picture *pic;
        int err = gs_decoder_decode(dec, &au, &pic);
        double t;

        if (err)
            return err;
        t = ms(pic->info.decoded - pic->info.decode_start);
        if (i) {
            r->decode_cpu += ms(gs_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu);
            g_array_append_val(r->decode_ms, t);
        }
        add_quality(r, i, picture_at(r, i), pic);
        gs_picture_unref(pic);
    }
    return 0;
}

static void print_run(struct run *r, enum scene_kind scene, const struct gs_encoder *enc)
{
    double n = opt_frames - 1;

    printf(
        "{\"encoder\": \"%s\", \"scene\": \"%s\", \"width\": %d, \"height\": %d, \"effort\": %u, "
        "\"threads\": %u, \"max_kbps\": %u, \"ms_p50\": %.2f, \"ms_p95\": %.2f, \"cpu_ms\": %.2f, "
        "\"kbps_at_60\": %.0f, \"peak_bytes\": %llu, \"idr_bytes\": %llu, \"psnr_y\": %.2f, "
        "\"psnr_y_min\": %.2f, \"psnr_y_idr\": %.2f, \"decode_ms_p50\": %.2f, "
        "\"decode_cpu_ms\": %.2f}\n",
        enc->impl->name, scene_name(scene), opt_width, opt_height, enc->params.effort,
        enc->params.threads, enc->params.max_kbps, percentile(r->encode_ms, 0.5),
        percentile(r->encode_ms, 0.95), r->encode_cpu / n, (double)r->bytes / n * 60 * 8 / 1000,
        (unsigned long long)r->peak_bytes, (unsigned long long)r->idr_bytes,
        r->psnr_sum / opt_frames, r->psnr_min, r->psnr_idr, percentile(r->decode_ms, 0.5),
        r->decode_cpu / n);
    fflush(stdout);
}

static int run(enum scene_kind scene, uint32_t effort, uint32_t threads,
               const struct gs_nv12 *pictures)
{
    struct gs_encoder_params p = {.width = (uint32_t)opt_width,
                                  .height = (uint32_t)opt_height,
                                  .fps = 60,
                                  .max_kbps = (uint32_t)opt_kbps,
                                  .quality = (uint32_t)opt_quality,
                                  .threads = threads,
                                  .effort = effort};
    struct run r = {.encode_ms = g_array_new(FALSE, FALSE, sizeof(double)),
                    .decode_ms = g_array_new(FALSE, FALSE, sizeof(double)),
                    .packets = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref),
                    .pictures = pictures};
    struct gs_encoder *enc = NULL;
    struct gs_decoder *dec = NULL;
    int err = gs_encoder_create(opt_encoder, &p, &enc);

    if (!err)
        err = gs_decoder_create(opt_decoder, &dec);
    if (!err)
        err = encode_all(&r, enc);
    if (!err)
        err = decode_all(&r, dec);
    if (!err)
        print_run(&r, scene, enc);
    gs_decoder_destroy(dec);
    gs_encoder_destroy(enc);
    g_array_unref(r.encode_ms);
    g_array_unref(r.decode_ms);
    g_ptr_array_unref(r.packets);
    return err;
}

static int run_scene(enum scene_kind scene)
{
    struct gs_nv12 pictures[LOOP] = {0};
    int err = 0;

    for (uint32_t i = 0; i < LOOP && !err; i++) {
        err = gs_nv12_alloc((uint32_t)opt_width, (uint32_t)opt_height, &pictures[i]);
        if (!err)
            scene_draw(scene, i, &pictures[i]);
    }
    for (uint32_t effort = 0; effort < 3; effort++) {
        for (uint32_t threads = 1; threads <= 2; threads++) {
            if (err || (opt_effort >= 0 && effort != (uint32_t)opt_effort) ||
                (opt_threads >= 0 && threads != (uint32_t)opt_threads))
                continue;
            err = run(scene, effort, threads, pictures);
        }
    }
    for (int i = 0; i < LOOP; i++)
        gs_nv12_free(&pictures[i]);
    return err;
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("- times the codecs");
    g_autoptr(GError) error = NULL;
    int err = 0;

    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || opt_frames < 2) {
        fprintf(stderr, "bench_encode: %s\n", error ? error->message : "too few frames");
        return 2;
    }
    gs_log_init("bench_encode", NULL);
    if (!getenv("GPUSHARE_LOG"))
        gs_log_set_level(GS_LOG_WARN);
    for (int scene = 0; scene < SCENE_KINDS && !err; scene++) {
        if (!opt_scene || strcmp(opt_scene, scene_name((enum scene_kind)scene)) == 0)
            err = run_scene((enum scene_kind)scene);
    }
    if (err)
        fprintf(stderr, "bench_encode: %s\n", strerror(-err));
    return err ? 1 : 0;
}
