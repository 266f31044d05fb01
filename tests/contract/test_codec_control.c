/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be changed in an encoder that runs: quality of a picture, effort, rate, references. None
 * of it makes an IDR, and the decoder goes on as if nothing had happened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "common/clock.h"
#include "tests/support/codec_pairs.h"
#include "tests/support/codec_scene.h"
#include "tests/support/ssim.h"

#define WIDTH 640
#define HEIGHT 360

struct rig {
    const struct codec_pair *pair;
    struct gs_encoder *enc;
    struct gs_decoder *dec;
    struct gs_nv12 src;
    uint32_t frame; /* number of the next picture, from 1 */
    size_t bytes;   /* of the last packet */
};

static void rig_open(struct rig *r, const struct codec_pair *pair, struct gs_encoder_params p)
{
    p.width = WIDTH;
    p.height = HEIGHT;
    *r = (struct rig){.pair = pair, .frame = 1};
    r->enc = codec_create_encoder(pair->enc->name, p);
    r->dec = codec_create_decoder(pair->dec->name);
    assert_int_equal(gs_nv12_alloc(WIDTH, HEIGHT, &r->src), 0);
}

static void rig_close(struct rig *r)
{
    gs_nv12_free(&r->src);
    gs_decoder_destroy(r->dec);
    gs_encoder_destroy(r->enc);
}

static void encode(struct rig *r, struct gs_encode_options o, struct gs_packet *pkt)
{
    bool first = r->frame == 1;

    o.frame_id = r->frame++;
    assert_int_equal(gs_encoder_encode(r->enc, &r->src, &o, pkt), 0);
    assert_int_equal(pkt->keyframe, first || o.idr);
    r->bytes = pkt->size;
}

/* The likeness of what the decoder shows; 1 where nothing is to be seen. */
static double decode(struct rig *r, const struct gs_packet *pkt)
{
    struct gs_picture *pic = NULL;
    double ssim = 1;

    assert_int_equal(codec_decode(r->dec, pkt, r->frame, false, &pic), 0);
    if (!r->pair->null)
        ssim = ssim_compare(r->src.y, r->src.y_stride, pic->pixels.data[0],
                            (uint32_t)pic->pixels.stride[0], WIDTH, HEIGHT)
                   .mean;
    gs_picture_unref(pic);
    return ssim;
}

static double encode_scene(struct rig *r, enum scene_kind scene, uint32_t quality)
{
    struct gs_packet pkt;

    scene_draw(scene, r->frame, &r->src);
    encode(r, (struct gs_encode_options){.quality = quality}, &pkt);
    return decode(r, &pkt);
}

/* Some 3D pictures that reach the receiver; the least likeness. */
static double send(struct rig *r, uint32_t n)
{
    double worst = 1;

    for (uint32_t i = 0; i < n; i++)
        worst = GS_MIN(worst, encode_scene(r, SCENE_3D, 0));
    return worst;
}

/* The same, lost on the way. */
static void lose(struct rig *r, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct gs_packet pkt;

        scene_draw(SCENE_3D, r->frame, &r->src);
        encode(r, (struct gs_encode_options){0}, &pkt);
    }
}

static void test_quality_of_one_picture(void **state)
{
    struct codec_pair pair;
    size_t at = 0;

    (void)state;
    while (codec_next_pair(&at, &pair)) {
        double usual, fine, after;
        size_t usual_bytes;
        struct rig r;

        if (pair.null)
            continue;
        rig_open(&r, &pair, (struct gs_encoder_params){.fps = 60, .quality = 30});
        send(&r, 20);
        usual = encode_scene(&r, SCENE_3D, 0);
        usual_bytes = r.bytes;
        fine = encode_scene(&r, SCENE_3D, 14);
        assert_true(1 - fine < (1 - usual) / 2);
        assert_true(r.bytes > 2 * usual_bytes);
        send(&r, 2);
        after = encode_scene(&r, SCENE_3D, 0);
        assert_true(r.bytes < 2 * usual_bytes);
        assert_true(1 - after > (1 - fine));
        rig_close(&r);
    }
}

static void check_effort_live(const struct codec_pair *pair, uint32_t opened)
{
    static const uint32_t efforts[] = {0, 2, 1, 0, 2};
    uint64_t bytes[3] = {0};
    struct rig r;

    rig_open(&r, pair, (struct gs_encoder_params){.fps = 60, .effort = opened});
    assert_true(send(&r, 10) > 0.9);
    for (size_t i = 0; i < GS_ARRAY_SIZE(efforts); i++) {
        if (gs_encoder_set_effort(r.enc, efforts[i]) == -ENOTSUP)
            break;
        assert_int_equal(r.enc->params.effort, efforts[i]);
        for (uint32_t n = 0; n < 12; n++) {
            assert_true(encode_scene(&r, SCENE_3D, 28) > 0.9);
            bytes[efforts[i]] += r.bytes;
        }
    }
    assert_true(pair->null || !bytes[0] || bytes[2] < bytes[0]);
    assert_int_equal(gs_encoder_set_effort(r.enc, 3), -EINVAL);
    rig_close(&r);
}

/* From whichever it was opened with. */
static void test_effort_live(void **state)
{
    struct codec_pair pair;
    size_t at = 0;

    (void)state;
    while (codec_next_pair(&at, &pair)) {
        for (uint32_t opened = 0; opened < 3; opened++)
            check_effort_live(&pair, opened);
    }
}

/* Every number of pictures that is lost before the encoder hears of it, once and again. */
static void test_recovery_without_idr(void **state)
{
    struct codec_pair pair;
    size_t at = 0;

    (void)state;
    while (codec_next_pair(&at, &pair)) {
        struct rig r;

        rig_open(&r, &pair, (struct gs_encoder_params){.fps = 60, .kept = 4});
        send(&r, 5);
        for (uint32_t lost = 1; lost <= 12; lost++) {
            uint32_t first = r.frame;

            lose(&r, 1 + lost % 3);
            if (gs_encoder_invalidate(r.enc, first) == -ENOTSUP)
                break;
            /* The very first decodes, and looks like its source, not like its neighbours. */
            assert_true(send(&r, 1) > 0.9);
            assert_true(send(&r, lost % 5) > 0.9);
        }
        rig_close(&r);
    }
}

/* A second loss, reported while the first is being repaired; what was never sent does no harm. */
static void test_recovery_twice(void **state)
{
    struct codec_pair pair;
    size_t at = 0;

    (void)state;
    while (codec_next_pair(&at, &pair)) {
        struct rig r;

        rig_open(&r, &pair, (struct gs_encoder_params){.fps = 60, .kept = 4});
        send(&r, 5);
        lose(&r, 1);
        if (gs_encoder_invalidate(r.enc, r.frame - 1) != -ENOTSUP) {
            lose(&r, 1);
            assert_int_equal(gs_encoder_invalidate(r.enc, r.frame - 1), 0);
            assert_true(send(&r, 6) > 0.9);
            assert_int_equal(gs_encoder_invalidate(r.enc, r.frame + 10), 0);
            assert_true(send(&r, 2) > 0.9);
        }
        rig_close(&r);
    }
}

/* As far back as was asked for, and no further. */
static void test_recovery_reaches(void **state)
{
    struct codec_pair pair;
    size_t at = 0;

    (void)state;
    while (codec_next_pair(&at, &pair)) {
        for (uint32_t kept = 1; kept <= 4; kept++) {
            uint32_t first;
            struct rig r;

            rig_open(&r, &pair, (struct gs_encoder_params){.fps = 60, .kept = kept});
            send(&r, 6);
            first = r.frame;
            lose(&r, kept - 1);
            if (gs_encoder_invalidate(r.enc, first) != -ENOTSUP) {
                assert_int_equal(gs_encoder_invalidate(r.enc, first), 0);
                assert_true(send(&r, 5) > 0.9);
                first = r.frame;
                lose(&r, kept);
                assert_int_equal(gs_encoder_invalidate(r.enc, first), -ENOENT);
            }
            rig_close(&r);
        }
    }
}

static void test_recovery_needs_idr(void **state)
{
    struct codec_pair pair;
    size_t at = 0;

    (void)state;
    while (codec_next_pair(&at, &pair)) {
        struct gs_packet pkt;
        uint32_t first;
        struct rig r;

        rig_open(&r, &pair, (struct gs_encoder_params){.fps = 60, .kept = 4});
        send(&r, 5);
        first = r.frame;
        lose(&r, 20);
        if (gs_encoder_invalidate(r.enc, first) != -ENOTSUP) {
            assert_int_equal(gs_encoder_invalidate(r.enc, first), -ENOENT);
            scene_draw(SCENE_3D, r.frame, &r.src);
            encode(&r, (struct gs_encode_options){.idr = true}, &pkt);
            assert_true(decode(&r, &pkt) > 0.9);
            assert_true(send(&r, 3) > 0.9);
            /* Reports about what was before the IDR come late, and mean nothing. */
            assert_int_equal(gs_encoder_invalidate(r.enc, r.frame - 3), 0);
        }
        rig_close(&r);
    }
}

/* Fresh pages of text, still ones and a moving scene, by turns. */
static void draw_demanding(struct rig *r)
{
    uint32_t phase = r->frame / 10 % 3;

    if (phase == 0)
        scene_draw(SCENE_TEXT, r->frame * 1000, &r->src);
    else if (phase == 1)
        scene_draw(SCENE_TEXT, r->frame / 5 * 77, &r->src);
    else
        scene_draw(SCENE_3D, r->frame * 5, &r->src);
}

#define LIMIT_FRAMES 150

struct sent {
    double since; /* s since the one before, as the encoder may have counted at most */
    double bits;
};

/* In any stretch no more than the rate and one bucket. */
static void assert_limited(const struct sent *sent, uint32_t fps, double kbps)
{
    double bucket = kbps * 1000 * GS_MAX(0.05, 1.5 / fps);

    for (int from = 0; from < LIMIT_FRAMES; from++) {
        double bits = 0, seconds = 0;

        for (int to = from; to < LIMIT_FRAMES; to++) {
            seconds += to > from ? sent[to].since : 0;
            bits += sent[to].bits;
            assert_true(bits <= kbps * 1000 * seconds + bucket + 8);
        }
    }
}

/* A frame apart, or what the clock says where this machine is slower than that. */
static double encode_limited(struct rig *r, struct sent *sent)
{
    double frame = 1.0 / r->enc->params.fps, total = 0;
    uint64_t before = gs_now_ns();
    struct gs_packet pkt;

    for (int i = 0; i < LIMIT_FRAMES; i++) {
        uint64_t start;

        draw_demanding(r);
        start = gs_now_ns();
        encode(r, (struct gs_encode_options){.idr = i == 70}, &pkt);
        sent[i].since = GS_MAX(frame, (double)(gs_now_ns() - before) / GS_NS_PER_S);
        sent[i].bits = (double)pkt.size * 8;
        before = start;
        total += sent[i].bits;
        assert_true(decode(r, &pkt) > 0.1);
    }
    return total;
}

static void test_rate_limit_holds(void **state)
{
    static const uint32_t limits[][2] = {{20, 1500}, {10, 1000}};
    struct sent sent[LIMIT_FRAMES];
    struct codec_pair pair;
    size_t at = 0;

    (void)state;
    while (codec_next_pair(&at, &pair)) {
        for (size_t i = 0; i < GS_ARRAY_SIZE(limits); i++) {
            struct gs_encoder_params p = {.fps = limits[i][0]};
            double free_bits;
            struct rig r;

            if (pair.null)
                continue;
            rig_open(&r, &pair, p);
            free_bits = encode_limited(&r, sent);
            rig_close(&r);
            p.max_kbps = limits[i][1];
            /* Else this would test nothing. */
            assert_true(free_bits > 1.5 * 1000 * p.max_kbps * LIMIT_FRAMES / p.fps);
            rig_open(&r, &pair, p);
            encode_limited(&r, sent);
            assert_limited(sent, p.fps, p.max_kbps);
            rig_close(&r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quality_of_one_picture), cmocka_unit_test(test_effort_live),
        cmocka_unit_test(test_recovery_without_idr),   cmocka_unit_test(test_recovery_twice),
        cmocka_unit_test(test_recovery_reaches),       cmocka_unit_test(test_recovery_needs_idr),
        cmocka_unit_test(test_rate_limit_holds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
