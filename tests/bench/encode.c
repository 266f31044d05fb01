/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What encoding and decoding cost: a JSON line for each scene and configuration. By itself it runs
 * every effort with one and two threads; configurations of one's own take turns picture by picture,
 * so that what else the machine does meets them all. */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/decode.h"
#include "common/clock.h"
#include "common/log.h"
#include "encoder/encoder.h"
#include "tests/support/codec_scene.h"
#include "tests/support/ssim.h"

#define LOOP 30 /* pictures drawn beforehand; shown forth and back */

static int opt_width = 1280, opt_height = 720, opt_frames = 300, opt_kbps, opt_quality;
static int opt_effort = -1, opt_threads = -1, opt_pause = 2000;
static char *opt_encoder, *opt_decoder, *opt_scene, *opt_pictures;
static char **opt_configs;

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
    {"config", 0, 0, G_OPTION_ARG_STRING_ARRAY, &opt_configs,
     "several times: encoder=x264,effort=1,threads=2,quality=23,kbps=0 (each as above if left out)",
     "LIST"},
    {"pictures", 0, 0, G_OPTION_ARG_FILENAME, &opt_pictures,
     "thirty of one's own in place of the scenes: raw NV12 of that size", "FILE"},
    {"scene", 0, 0, G_OPTION_ARG_STRING, &opt_scene, "only this one: 3d, text", "NAME"},
    {0},
};

struct run {
    struct gs_encoder *enc;
    GArray *encode_ms, *decode_ms;
    double encode_cpu, decode_cpu; /* ms, all frames but the IDR */
    uint64_t bytes, idr_bytes, peak_bytes;
    double psnr_sum, psnr_idr, psnr_min;
    double ssim_sum, ssim_min, tile_min;
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
    struct ssim ssim = ssim_compare(src->y, src->y_stride, pic->pixels.data[0],
                                    (uint32_t)pic->pixels.stride[0], src->width, src->height);

    if (frame == 0)
        r->psnr_idr = psnr;
    r->tile_min = frame ? GS_MIN(r->tile_min, ssim.tile_min) : ssim.tile_min;
    r->ssim_min = frame ? GS_MIN(r->ssim_min, ssim.mean) : ssim.mean;
    r->ssim_sum += ssim.mean;
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

/* The IDR counts apart: there is one in a session. */
static void note(struct run *r, int frame, const struct gs_packet *pkt, double t, double cpu)
{
    keep_packet(r, pkt);
    if (frame == 0) {
        r->idr_bytes = pkt->size;
        return;
    }
    g_array_append_val(r->encode_ms, t);
    r->encode_cpu += cpu;
    r->bytes += pkt->size;
    r->peak_bytes = GS_MAX(r->peak_bytes, pkt->size);
}

/* After the picture there is a pause, as there is in a session: x264 leaves some filtering for
 * after the packet, and its processor time counts too. */
static int encode_one(struct run *r, int frame)
{
    uint64_t cpu = gs_clock_ns(CLOCK_PROCESS_CPUTIME_ID), start = gs_now_ns();
    struct gs_packet pkt;
    int err = gs_encoder_encode(r->enc, picture_at(r, frame), NULL, &pkt);
    double t = ms(gs_now_ns() - start);

    if (err)
        return err;
    g_usleep((gulong)opt_pause);
    note(r, frame, &pkt, t, ms(gs_clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu));
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

static void print_run(struct run *r, const char *scene)
{
    const struct gs_encoder_params *p = &r->enc->params;
    double n = opt_frames - 1;

    printf("{\"encoder\": \"%s\", \"scene\": \"%s\", \"width\": %d, \"height\": %d, "
           "\"effort\": %u, \"threads\": %u, \"quality\": %u, \"max_kbps\": %u, ",
           r->enc->impl->name, scene, opt_width, opt_height, p->effort, p->threads, p->quality,
           p->max_kbps);
    printf("\"ms_p50\": %.2f, \"ms_p95\": %.2f, \"cpu_ms\": %.2f, \"kbps_at_60\": %.0f, "
           "\"peak_bytes\": %llu, \"idr_bytes\": %llu, ",
           percentile(r->encode_ms, 0.5), percentile(r->encode_ms, 0.95), r->encode_cpu / n,
           (double)r->bytes / n * 60 * 8 / 1000, (unsigned long long)r->peak_bytes,
           (unsigned long long)r->idr_bytes);
    printf("\"ssim_y\": %.5f, \"ssim_y_min\": %.5f, \"ssim_tile_min\": %.4f, \"psnr_y\": %.2f, "
           "\"psnr_y_min\": %.2f, \"psnr_y_idr\": %.2f, \"decode_ms_p50\": %.2f, "
           "\"decode_cpu_ms\": %.2f}\n",
           r->ssim_sum / opt_frames, r->ssim_min, r->tile_min, r->psnr_sum / opt_frames,
           r->psnr_min, r->psnr_idr, percentile(r->decode_ms, 0.5), r->decode_cpu / n);
    fflush(stdout);
}

static int run_open(struct run *r, const char *encoder, const struct gs_encoder_params *p,
                    const struct gs_nv12 *pictures)
{
    *r = (struct run){.encode_ms = g_array_new(FALSE, FALSE, sizeof(double)),
                      .decode_ms = g_array_new(FALSE, FALSE, sizeof(double)),
                      .packets = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref),
                      .pictures = pictures};
    return gs_encoder_create(encoder, p, &r->enc);
}

static void run_close(struct run *r)
{
    gs_encoder_destroy(r->enc);
    g_array_unref(r->encode_ms);
    g_array_unref(r->decode_ms);
    g_ptr_array_unref(r->packets);
}

static int decode_and_print(struct run *r, const char *scene)
{
    struct gs_decoder *dec = NULL;
    int err = gs_decoder_create(opt_decoder, &dec);

    if (!err)
        err = decode_all(r, dec);
    if (!err)
        print_run(r, scene);
    gs_decoder_destroy(dec);
    return err;
}

struct config {
    char encoder[32];
    struct gs_encoder_params params;
};

/* By turns, picture by picture. */
static int run_configs(const char *scene, const struct config *configs, unsigned n,
                       const struct gs_nv12 *pictures)
{
    g_autofree struct run *runs = g_new0(struct run, n);
    unsigned opened = 0;
    int err = 0;

    for (; opened < n && !err; opened++)
        err = run_open(&runs[opened], configs[opened].encoder, &configs[opened].params, pictures);
    for (int frame = 0; frame < opt_frames; frame++) {
        for (unsigned i = 0; i < n && !err; i++)
            err = encode_one(&runs[i], frame);
    }
    for (unsigned i = 0; i < n && !err; i++)
        err = decode_and_print(&runs[i], scene);
    while (opened)
        run_close(&runs[--opened]);
    return err;
}

static struct config usual_config(void)
{
    struct config c = {.params = {.width = (uint32_t)opt_width,
                                  .height = (uint32_t)opt_height,
                                  .fps = 60,
                                  .max_kbps = (uint32_t)opt_kbps,
                                  .quality = (uint32_t)opt_quality,
                                  .threads = (uint32_t)GS_MAX(opt_threads, 0),
                                  .effort = (uint32_t)GS_MAX(opt_effort, 0)}};

    g_strlcpy(c.encoder, opt_encoder ? opt_encoder : "", sizeof(c.encoder));
    return c;
}

static bool parse_config(const char *text, struct config *ret)
{
    g_auto(GStrv) parts = g_strsplit(text, ",", -1);

    *ret = usual_config();
    for (char **p = parts; *p; p++) {
        struct gs_encoder_params *q = &ret->params;

        if (sscanf(*p, "encoder=%31[a-z0-9]", ret->encoder) != 1 &&
            sscanf(*p, "effort=%u", &q->effort) != 1 &&
            sscanf(*p, "threads=%u", &q->threads) != 1 &&
            sscanf(*p, "quality=%u", &q->quality) != 1 && sscanf(*p, "kbps=%u", &q->max_kbps) != 1)
            return false;
    }
    return true;
}

static int run_given(const char *scene, const struct gs_nv12 *pictures)
{
    unsigned n = g_strv_length(opt_configs);
    g_autofree struct config *configs = g_new0(struct config, n);

    for (unsigned i = 0; i < n; i++) {
        if (!parse_config(opt_configs[i], &configs[i]))
            return -EINVAL;
    }
    return run_configs(scene, configs, n, pictures);
}

static int run_all(const char *scene, const struct gs_nv12 *pictures)
{
    int err = 0;

    for (uint32_t effort = 0; effort < 3; effort++) {
        for (uint32_t threads = 1; threads <= 2; threads++) {
            struct config c = usual_config();

            if (err || (opt_effort >= 0 && effort != (uint32_t)opt_effort) ||
                (opt_threads >= 0 && threads != (uint32_t)opt_threads))
                continue;
            c.params.effort = effort;
            c.params.threads = threads;
            err = run_configs(scene, &c, 1, pictures);
        }
    }
    return err;
}

static int read_picture(FILE *file, struct gs_nv12 *pic)
{
    size_t got = 0;

    for (uint32_t y = 0; y < pic->height; y++)
        got += fread(pic->y + (size_t)y * pic->y_stride, pic->width, 1, file);
    for (uint32_t y = 0; y < pic->height / 2; y++)
        got += fread(pic->uv + (size_t)y * pic->uv_stride, pic->width, 1, file);
    return got == pic->height + pic->height / 2 ? 0 : -ENODATA;
}

/* file NULL: draw the scene. */
static int run_scene(const char *name, enum scene_kind scene, FILE *file)
{
    struct gs_nv12 pictures[LOOP] = {0};
    int err = 0;

    for (uint32_t i = 0; i < LOOP && !err; i++) {
        err = gs_nv12_alloc((uint32_t)opt_width, (uint32_t)opt_height, &pictures[i]);
        if (!err && file)
            err = read_picture(file, &pictures[i]);
        else if (!err)
            scene_draw(scene, i, &pictures[i]);
    }
    if (!err)
        err = opt_configs ? run_given(name, pictures) : run_all(name, pictures);
    for (int i = 0; i < LOOP; i++)
        gs_nv12_free(&pictures[i]);
    return err;
}

static int run_file(void)
{
    FILE *file = fopen(opt_pictures, "rb");
    int err = file ? run_scene(opt_pictures, SCENE_3D, file) : -errno;

    if (file)
        fclose(file);
    return err;
}

static int run_scenes(void)
{
    int err = 0;

    for (int scene = 0; scene < SCENE_KINDS && !err; scene++) {
        const char *name = scene_name((enum scene_kind)scene);

        if (!opt_scene || strcmp(opt_scene, name) == 0)
            err = run_scene(name, (enum scene_kind)scene, NULL);
    }
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
    err = opt_pictures ? run_file() : run_scenes();
    if (err)
        fprintf(stderr, "bench_encode: %s\n", strerror(-err));
    return err ? 1 : 0;
}
