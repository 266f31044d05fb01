/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/sched-sim/device.h"

#include <math.h>

#include "common/macros.h"

static struct sim_job *job_at(const struct sim_device *d, unsigned i)
{
    return g_ptr_array_index(d->jobs, i);
}

static void advance(struct sim_device *d)
{
    double passed = (double)(d->clock->now - d->as_of);

    for (unsigned i = 0; i < d->jobs->len; i++) {
        struct sim_job *job = job_at(d, i);

        job->left -= job->rate * passed;
        d->used[job->owner] += job->rate * passed;
    }
    d->as_of = d->clock->now;
}

/* How far the owner's turn is away. */
static unsigned distance(const struct sim_device *d, unsigned owner)
{
    return (owner + SIM_OWNERS_MAX - d->last_owner - 1) % SIM_OWNERS_MAX;
}

static bool comes_before(const struct sim_device *d, const struct sim_job *a,
                         const struct sim_job *b)
{
    if (a->urgent != b->urgent)
        return a->urgent;
    return d->conf.in_turn && distance(d, a->owner) < distance(d, b->owner);
}

static struct sim_job *next_job(const struct sim_device *d)
{
    struct sim_job *best = NULL;

    for (unsigned i = 0; i < d->jobs->len; i++) {
        struct sim_job *job = job_at(d, i);

        if (job->rate == 0 && (!best || comes_before(d, job, best)))
            best = job;
    }
    return best;
}

static void start_on_gpu(struct sim_device *d)
{
    unsigned running = 0;
    struct sim_job *job;

    for (unsigned i = 0; i < d->jobs->len; i++)
        running += job_at(d, i)->rate > 0;
    for (; running < d->conf.engines && (job = next_job(d)); running++) {
        job->rate = 1;
        if (!job->urgent)
            d->last_owner = job->owner;
    }
}

/* Of which some may stand still. */
static unsigned threads_of(const struct sim_device *d, const struct sim_job *job)
{
    return job->stoppable && d->held[job->owner] ? 0 : job->threads;
}

static void share_evenly(struct sim_device *d)
{
    unsigned threads = 0;

    for (unsigned i = 0; i < d->jobs->len; i++)
        threads += threads_of(d, job_at(d, i));
    for (unsigned i = 0; i < d->jobs->len; i++) {
        struct sim_job *job = job_at(d, i);
        double each = fmin(1, (double)d->conf.engines / GS_MAX(threads, 1U));

        job->rate = each * threads_of(d, job);
    }
}

static double weight_of(const struct sim_device *d, unsigned owner)
{
    return d->weight[owner] ? d->weight[owner] : 100;
}

/* What each of those that are short gets for its weight: others have a processor for each thread,
 * and that is less than their part. */
static double fill_by_weight(const struct sim_device *d, const double threads[SIM_OWNERS_MAX],
                             bool full[SIM_OWNERS_MAX])
{
    double left = d->conf.engines, weights = 0, each;

    for (unsigned o = 0; o < SIM_OWNERS_MAX; o++) {
        if (full[o])
            left -= threads[o];
        else if (threads[o] > 0)
            weights += weight_of(d, o);
    }
    each = weights > 0 ? left / weights : 0;
    for (unsigned o = 0; o < SIM_OWNERS_MAX; o++) {
        if (full[o] || threads[o] <= 0 || threads[o] > each * weight_of(d, o))
            continue;
        full[o] = true;
        return fill_by_weight(d, threads, full);
    }
    return each;
}

static void share_by_weight(struct sim_device *d)
{
    double threads[SIM_OWNERS_MAX] = {0}, each;
    bool full[SIM_OWNERS_MAX] = {false};

    for (unsigned i = 0; i < d->jobs->len; i++)
        threads[job_at(d, i)->owner] += threads_of(d, job_at(d, i));
    each = fill_by_weight(d, threads, full);
    for (unsigned i = 0; i < d->jobs->len; i++) {
        struct sim_job *job = job_at(d, i);
        unsigned o = job->owner;

        job->rate = threads_of(d, job);
        if (!full[o] && threads[o] > 0)
            job->rate *= each * weight_of(d, o) / threads[o];
    }
}

static void share_processors(struct sim_device *d)
{
    if (d->conf.weighed)
        share_by_weight(d);
    else
        share_evenly(d);
}

static void look(void *arg, uint64_t tag);

static void plan(struct sim_device *d)
{
    double soonest = INFINITY;

    for (unsigned i = 0; i < d->jobs->len; i++) {
        const struct sim_job *job = job_at(d, i);

        if (job->rate > 0)
            soonest = fmin(soonest, fmax(job->left, 0) / job->rate);
    }
    d->tag++;
    if (isfinite(soonest))
        sim_clock_at(d->clock, d->clock->now + (uint64_t)ceil(soonest), look, d, d->tag);
}

static struct sim_job *take_done(struct sim_device *d)
{
    for (unsigned i = 0; i < d->jobs->len; i++) {
        struct sim_job *job = job_at(d, i);

        if (job->rate > 0 && job->left < 0.5) {
            g_ptr_array_remove_index(d->jobs, i);
            return job;
        }
    }
    return NULL;
}

static struct sim_job *take_begun(struct sim_device *d)
{
    for (unsigned i = 0; i < d->jobs->len; i++) {
        struct sim_job *job = job_at(d, i);

        if (job->rate > 0 && !job->begun)
            return job;
    }
    return NULL;
}

/* Callbacks may submit more: all is as it should be before each of them. */
static void update(struct sim_device *d)
{
    struct sim_job *done, *begun;

    advance(d);
    done = take_done(d);
    if (d->conf.kind == SIM_GPU)
        start_on_gpu(d);
    else
        share_processors(d);
    plan(d);
    while ((begun = take_begun(d))) {
        begun->begun = true;
        if (begun->on_begun)
            begun->on_begun(begun);
    }
    if (done) {
        if (done->on_done)
            done->on_done(done);
        update(d);
    }
}

static void look(void *arg, uint64_t tag)
{
    struct sim_device *d = arg;

    if (tag == d->tag)
        update(d);
}

void sim_device_init(struct sim_device *d, const struct sim_device_conf *conf,
                     struct sim_clock *clock)
{
    *d = (struct sim_device){.conf = *conf, .clock = clock, .as_of = clock->now};
    d->jobs = g_ptr_array_new();
}

void sim_device_finish(struct sim_device *d)
{
    for (unsigned i = 0; i < d->jobs->len; i++)
        job_at(d, i)->on_done(job_at(d, i));
    g_ptr_array_free(d->jobs, TRUE);
    d->jobs = NULL;
}

void sim_device_submit(struct sim_device *d, struct sim_job *job)
{
    advance(d);
    job->rate = 0;
    job->begun = false;
    g_ptr_array_add(d->jobs, job);
    update(d);
}

void sim_device_hold(struct sim_device *d, unsigned owner, bool hold)
{
    if (d->held[owner] == hold)
        return;
    advance(d);
    d->held[owner] = hold;
    update(d);
}

void sim_device_weigh(struct sim_device *d, unsigned owner, unsigned weight)
{
    if (d->weight[owner] == weight)
        return;
    advance(d);
    d->weight[owner] = weight;
    update(d);
}

void sim_device_drop(struct sim_device *d, unsigned owner, void (*forget)(struct sim_job *job))
{
    advance(d);
    for (unsigned i = d->jobs->len; i-- > 0;) {
        struct sim_job *job = job_at(d, i);

        if (job->owner != owner)
            continue;
        job->on_begun = NULL;
        job->on_done = NULL;
        if (d->conf.kind == SIM_SOFTWARE || job->rate == 0) {
            g_ptr_array_remove_index(d->jobs, i);
            forget(job);
        } else {
            job->on_done = forget;
        }
    }
    update(d);
}

double sim_device_used(struct sim_device *d, unsigned owner)
{
    advance(d);
    return d->used[owner];
}
