/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every allocation of a size from outside fails once: the part says so or goes on without, and does
 * its work when there is memory again. Crashes, hangs and (under asan) leaks are what is looked
 * for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client/decode.h"
#include "client/pipeline.h"
#include "client/receive/receiver.h"
#include "client/record.h"
#include "client/snapshot.h"
#include "common/link.h"
#include "common/proto.h"
#include "encoder/encoder.h"
#include "session/convert.h"
#include "tests/support/alloc_fail.h"

/* What x264_encoder_open has got so far when it fails. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libx264\n";
}

#define WIDTH 128
#define HEIGHT 64
#define PADDING 64
#define MAX_ALLOCATIONS 20000

/* Runs `work` with its first, second … allocation failing, until all of them were. It returns 0, or
 * an error, which must be one of lacking memory or what `other` is (0: none else). */
static void fail_each(const char *name, int (*work)(void), int other)
{
    unsigned n, refused = 0;

    assert_int_equal(work(), 0); /* and libraries set up what they keep */
    for (n = 1; n < MAX_ALLOCATIONS; n++) {
        bool happened;
        int err;

        gs_alloc_fail_arm(n);
        err = work();
        happened = gs_alloc_fail_disarm();
        if (!happened) {
            assert_int_equal(err, 0);
            break;
        }
        if (err && err != -ENOMEM && (!other || err != other))
            fail_msg("%s: %d when allocation %u fails", name, err, n);
        refused += err != 0;
    }
    assert_true(n > 1 && n < MAX_ALLOCATIONS);
    assert_int_equal(work(), 0);
    print_message("%s: %u allocations, %u refused, the others done without\n", name, n - 1,
                  refused);
}

/* ---- messages ---- */

static char *welcome_json, *config_json;

static int read_messages(void)
{
    struct gs_worker_config config;
    struct gs_welcome welcome;
    int err = gs_welcome_from_json(welcome_json, strlen(welcome_json), &welcome);

    if (!err)
        err = gs_worker_config_from_json(config_json, strlen(config_json), &config);
    if (!err)
        gs_worker_config_finish(&config);
    return err;
}

static void test_messages(void **state)
{
    char *argv[] = {(char *)"app", (char *)"-x", NULL};
    struct gs_welcome welcome = {.session = "s",
                                 .width = 64,
                                 .height = 64,
                                 .fps = 60,
                                 .udp_port = 47810,
                                 .ssrc = 1,
                                 .client_ssrc = 2};
    struct gs_worker_config config = {.session = "s",
                                      .width = 64,
                                      .height = 64,
                                      .fps = 60,
                                      .runtime_dir = "/run/x",
                                      .udp_first = 1,
                                      .udp_last = 2,
                                      .viewers = 1,
                                      .argv = argv};

    (void)state;
    welcome_json = gs_welcome_to_json(&welcome);
    config_json = gs_worker_config_to_json(&config);
    fail_each("messages", read_messages, -EBADMSG); /* dropped like any that can't be read */
    free(welcome_json);
    free(config_json);
}

/* ---- codecs ---- */

static struct gs_access_unit unit(const struct gs_packet *packet, uint32_t id)
{
    uint8_t *data = g_malloc0(packet->size + PADDING);

    memcpy(data, packet->data, packet->size);
    return (struct gs_access_unit){.data = data,
                                   .size = packet->size,
                                   .keyframe = packet->keyframe,
                                   .info = {.frame_id = id, .host_capture = id * 1000000u}};
}

static struct gs_access_unit units[3];

static void encode_into(struct gs_encoder *enc, struct gs_nv12 *pic, int *err)
{
    for (unsigned i = 0; i < GS_ARRAY_SIZE(units) && !*err; i++) {
        struct gs_packet packet;

        for (uint32_t y = 0; y < HEIGHT; y++)
            memset(pic->y + y * pic->y_stride, (int)(16 + (y * 3 + i * 20) % 200), WIDTH);
        memset(pic->uv, 128, (size_t)pic->uv_stride * HEIGHT / 2);
        *err = gs_encoder_encode(enc, pic, NULL, &packet);
        if (!*err && !units[i].data)
            units[i] = unit(&packet, i + 1);
    }
}

static int use_encoder(void)
{
    struct gs_encoder_params params = {.width = WIDTH, .height = HEIGHT, .fps = 60};
    struct gs_encoder *enc = NULL;
    struct gs_nv12 pic = {0};
    int err = gs_nv12_alloc(WIDTH, HEIGHT, &pic);

    if (!err)
        err = gs_encoder_create("x264", &params, &enc);
    if (!err)
        encode_into(enc, &pic, &err);
    gs_encoder_destroy(enc);
    gs_nv12_free(&pic);
    return err;
}

static void test_encoder(void **state)
{
    (void)state;
    fail_each("encoder", use_encoder, -EIO); /* what libavcodec says when x264 does not open */
}

static int use_decoder(void)
{
    struct gs_decoder *dec = NULL;
    int err = gs_decoder_create("software", &dec);

    for (unsigned i = 0; i < GS_ARRAY_SIZE(units) && !err; i++) {
        struct gs_picture *pic = NULL;

        err = gs_decoder_decode(dec, &units[i], &pic);
        gs_picture_unref(pic);
    }
    gs_decoder_destroy(dec);
    return err;
}

static void test_decoder(void **state)
{
    (void)state;
    fail_each("decoder", use_decoder, -EBADMSG); /* and a key frame is asked for */
}

/* ---- the client's pipeline ---- */

struct sink {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned decoded, wanted;
};

static void on_decoded(void *user, const struct gs_picture_info *info)
{
    struct sink *s = user;

    (void)info;
    pthread_mutex_lock(&s->lock);
    s->decoded++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void on_skipped(void *user)
{
    (void)user;
}

static void on_keyframe_wanted(void *user)
{
    struct sink *s = user;

    pthread_mutex_lock(&s->lock);
    s->wanted++;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

static void on_ready(void *user)
{
    (void)user;
}

/* Whether all were decoded, or a key frame was asked for. */
static void await(struct sink *s)
{
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 20;
    pthread_mutex_lock(&s->lock);
    while (s->decoded < GS_ARRAY_SIZE(units) && !s->wanted)
        assert_int_equal(pthread_cond_timedwait(&s->changed, &s->lock, &end), 0);
    pthread_mutex_unlock(&s->lock);
}

static int use_pipeline(void)
{
    static const struct gs_pipeline_listener listener = {on_decoded, on_skipped, on_keyframe_wanted,
                                                         on_ready};
    struct sink sink = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct gs_pipeline_params params = {.listener = &listener, .user = &sink};
    struct gs_pipeline *pl;
    int err = gs_decoder_create("software", &params.decoder);

    if (err)
        return err;
    pl = gs_pipeline_create(&params);
    for (unsigned i = 0; i < GS_ARRAY_SIZE(units); i++)
        gs_pipeline_push(pl, &units[i]);
    await(&sink);
    err = gs_pipeline_destroy(pl);
    gs_decoder_destroy(params.decoder);
    return err;
}

static void test_pipeline(void **state)
{
    (void)state;
    fail_each("pipeline", use_pipeline, 0);
}

/* ---- files ---- */

static char *path_of(const char *name)
{
    return g_strdup_printf("%s/alloc-%d-%s", g_get_tmp_dir(), (int)getpid(), name);
}

static int use_recorder(void)
{
    g_autofree char *path = path_of("video.mkv");
    struct gs_recorder *rec = NULL;
    int err = gs_recorder_create(path, WIDTH, HEIGHT, &rec), end;

    for (unsigned i = 0; i < GS_ARRAY_SIZE(units) && !err; i++)
        err = gs_recorder_write(rec, &units[i]);
    end = gs_recorder_destroy(rec);
    g_unlink(path);
    return err ? err : end;
}

static void test_recorder(void **state)
{
    (void)state;
    fail_each("recorder", use_recorder, -EIO);
}

static int use_png(void)
{
    static uint8_t pixels[WIDTH * HEIGHT * 4];
    g_autofree char *path = path_of("picture.png");
    int err = gs_png_write(path, pixels, WIDTH * 4, WIDTH, HEIGHT);

    g_unlink(path);
    return err;
}

static void test_png(void **state)
{
    (void)state;
    fail_each("png", use_png, -EIO);
}

/* ---- converter ---- */

static int use_converter(void)
{
    struct gs_converter *conv = NULL;
    int err = gs_converter_create("cpu", NULL, WIDTH, HEIGHT, &conv);
    pixman_region32_t all;
    struct gs_scene scene = {.width = WIDTH, .height = HEIGHT, .damage = &all};
    struct gs_nv12 pic = {0};

    pixman_region32_init_rect(&all, 0, 0, WIDTH, HEIGHT);
    if (!err)
        err = gs_nv12_alloc(WIDTH, HEIGHT, &pic);
    if (!err)
        err = gs_converter_convert(conv, &scene, &pic);
    pixman_region32_fini(&all);
    gs_nv12_free(&pic);
    gs_converter_destroy(conv);
    return err;
}

static void test_converter(void **state)
{
    (void)state;
    fail_each("converter", use_converter, 0);
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned i = 0; i < GS_ARRAY_SIZE(units); i++)
        g_free((void *)units[i].data);
    return 0;
}

int main(void)
{
    /* The encoder's pictures are the next ones' input. */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),  cmocka_unit_test(test_encoder),
        cmocka_unit_test(test_decoder),   cmocka_unit_test(test_pipeline),
        cmocka_unit_test(test_recorder),  cmocka_unit_test(test_png),
        cmocka_unit_test(test_converter),
    };

    return cmocka_run_group_tests(tests, NULL, tear_down);
}
