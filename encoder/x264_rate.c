/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "encoder/x264_rate.h"

#include <math.h>

#include "common/clock.h"
#include "common/macros.h"

/* A page of text that scrolls has about this complexity; a 3D scene that moves all over, 5 times.
 */
#define USUAL_COMPLEXITY 16.0
/* Quantizer steps for each doubling of the complexity, and how far that goes. */
#define STEPS_PER_DOUBLING 1.2
#define MOST_UP 3
#define MOST_DOWN 2
/* How much the newest picture counts in the mean. */
#define WEIGHT 0.25
/* What a picture may plan to take of the room. An IDR shows all that is new: it takes nearly all;
 * the others leave some, so that a picture that was guessed wrong need not be encoded again. */
#define INTRA_SHARE 0.9
#define INTER_SHARE 0.7
/* A finer quantizer than that of the picture before refines all of the picture, also what has not
 * moved: on a page of text that costs more than the motion. What a step took is learnt, and limits
 * how many are taken; and forgotten in about a second, so that it is tried again. */
#define MOST_STEPS_DOWN 6
#define REFINE_GUESS 0.25 /* of an IDR of the same picture */
#define REFINE_FORGET 0.97
/* At rest a picture may take more than the bucket, and the ones after it wait for that: a step down
 * that never fits would leave a page of text as it first came. So many buckets at most. */
#define REST_BUCKETS 8
/* Above the model when it has failed: steps that halve a picture, not 6. */
#define STEPS_PER_HALVING 7

/* H.264 8.5: the step doubles every 6. */
static double step_of(double qp)
{
    return 0.85 * exp2((qp - 12) / 6);
}

static double qp_of(double step)
{
    return 12 + 6 * log2(step / 0.85);
}

static int clamp_qp(double qp)
{
    return (int)GS_CLAMP(ceil(qp), 1, GS_X264_QP_MAX);
}

static double bucket(const struct gs_x264_rate *r)
{
    return r->max_kbps * 1000.0 * GS_MAX(0.05, 1.5 / r->fps);
}

void gs_x264_rate_init(struct gs_x264_rate *r, uint32_t width, uint32_t height, uint32_t fps,
                       uint32_t quality)
{
    *r = (struct gs_x264_rate){
        .macroblocks = (width + 15) / 16 * ((height + 15) / 16),
        .fps = fps,
        .quality = quality,
        .inter = {USUAL_COMPLEXITY, USUAL_COMPLEXITY},
        .intra = {10 * USUAL_COMPLEXITY, 10 * USUAL_COMPLEXITY},
    };
}

void gs_x264_rate_set_limit(struct gs_x264_rate *r, uint32_t max_kbps)
{
    bool limited = r->max_kbps;

    r->max_kbps = max_kbps;
    r->room = limited ? GS_MIN(r->room, bucket(r)) : bucket(r);
}

static void fill(struct gs_x264_rate *r, uint64_t now)
{
    double frame = 1.0 / r->fps;
    double passed = r->filled ? (double)(now - r->filled) / GS_NS_PER_S : frame;

    r->room += r->max_kbps * 1000.0 * GS_MAX(passed, frame);
    r->room = GS_MIN(r->room, bucket(r));
    r->filled = now;
}

/* The quantizer with which a picture of this complexity has this many bits. */
static double qp_for_bits(const struct gs_x264_rate *r, double complexity, double bits)
{
    return qp_of(complexity * r->macroblocks / GS_MAX(bits, 1));
}

static int steps_down(const struct gs_x264_rate *r)
{
    return (int)GS_CLAMP(r->room * INTER_SHARE / GS_MAX(r->refine, 1), 0, MOST_STEPS_DOWN);
}

/* Nothing moves, nothing waits, and the caller asks for better. */
static bool at_rest(const struct gs_x264_rate *r, bool intra, uint32_t quality)
{
    return quality && !intra && r->last_qp && r->room > 0.99 * bucket(r);
}

int gs_x264_rate_begin(struct gs_x264_rate *r, bool intra, uint32_t quality, uint64_t now)
{
    const struct gs_x264_complexity *c = intra ? &r->intra : &r->inter;
    double offset = STEPS_PER_DOUBLING * log2(r->inter.mean / USUAL_COMPLEXITY), qp;

    qp = quality ? quality : r->quality + GS_CLAMP(offset, intra ? 0 : -MOST_DOWN, MOST_UP);
    if (!r->max_kbps)
        return clamp_qp(qp);
    fill(r, now);
    r->rest = at_rest(r, intra, quality);
    if (r->rest)
        return clamp_qp(GS_MAX(qp, r->last_qp - GS_MAX(steps_down(r), 1)));
    qp = GS_MAX(qp, qp_for_bits(r, GS_MAX(c->mean, c->last),
                                r->room * (intra ? INTRA_SHARE : INTER_SHARE)));
    if (!intra && r->last_qp)
        qp = GS_MAX(qp, r->last_qp - steps_down(r));
    return clamp_qp(qp);
}

static double bits_at(const struct gs_x264_rate *r, double complexity, int qp)
{
    return complexity * r->macroblocks / step_of(qp);
}

/* What the steps down from the last picture took. */
static void learn_refinement(struct gs_x264_rate *r, int qp, double bits)
{
    double extra = bits - bits_at(r, r->inter.mean, qp), sample;

    r->refine *= REFINE_FORGET;
    if (!r->last_qp || qp >= r->last_qp || extra <= 0)
        return;
    sample = extra / (r->last_qp - qp);
    r->refine = GS_MAX(sample, (r->refine + sample) / 2);
}

int gs_x264_rate_retry(struct gs_x264_rate *r, bool intra, int qp, uint64_t bits)
{
    double most = r->rest ? REST_BUCKETS * bucket(r) : r->room;
    int again;

    if (!r->max_kbps || (double)bits <= most || qp >= GS_X264_QP_MAX)
        return 0;
    again = clamp_qp(qp + STEPS_PER_HALVING * log2((double)bits / GS_MAX(r->room * 0.9, 1)));
    if (!intra && r->last_qp > qp) {
        learn_refinement(r, qp, (double)bits);
        again = r->last_qp;
    }
    return GS_MAX(again, qp + 1);
}

static void note(struct gs_x264_complexity *c, double sample)
{
    c->last = sample;
    c->mean = exp2((1 - WEIGHT) * log2(c->mean) + WEIGHT * log2(sample));
}

void gs_x264_rate_sent(struct gs_x264_rate *r, bool intra, int qp, uint64_t bits)
{
    double sample = (double)GS_MAX(bits, 1) * step_of(qp) / r->macroblocks;

    if (intra) {
        r->refine = REFINE_GUESS * (double)bits;
    } else {
        learn_refinement(r, qp, (double)bits);
        /* The next one has nothing to refine, or chooses not to. */
        if (r->max_kbps && qp < r->last_qp)
            sample = GS_MIN(sample, r->inter.mean);
    }
    note(intra ? &r->intra : &r->inter, sample);
    r->room -= r->max_kbps ? (double)bits : 0;
    r->last_qp = qp;
}
