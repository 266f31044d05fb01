/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/pipeline.h"

#include <glib.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/alarm.h"
#include "session/encode_thread.h"
#include "session/pacing.h"
#include "session/refine.h"
#include "session/turn_gate.h"

#define MAX_FAILURES_IN_A_ROW 30
#define DEFAULT_QUALITY 23 /* of an encoder that does not say */

struct gs_pipeline {
    struct gs_pipeline_params params;

    struct gs_alarm *alarm;
    struct gs_encode_thread *encode;
    struct gs_pacing pacing;
    struct gs_refine refine;
    struct gs_turn_gate gate;
    bool gate_shut;                   /* the source's */
    uint32_t max_fps;                 /* of the scheduler's policy; 0: no limit */
    bool watched, keyframe, complete; /* complete: the whole scene has been captured once */
    bool dirty, busy, callback_wanted, sync_wanted;
    bool callback_kept; /* by one that keeps what it draws until then */
    uint64_t commit;
    uint32_t frame_id, input_id, dirty_input_id, shown_input_id;
    unsigned failures;
    struct gs_counters counters;
    void (*when_idle)(void *user);
    void *when_idle_user;
    /* Written while no frame is in flight, read by the encode thread else. */
    struct gs_nv12 picture;
};

/* NULL: the converter draws into the encoder's surface. */
static struct gs_nv12 *picture(struct gs_pipeline *pl)
{
    return pl->params.converter->surface_of ? NULL : &pl->picture;
}

static bool wants_capture(const struct gs_pipeline *pl)
{
    return pl->params.encoder && pl->watched && !pl->busy && !pl->when_idle &&
           (pl->dirty || pl->keyframe);
}

static uint64_t capture_at(const struct gs_pipeline *pl, uint64_t now)
{
    return wants_capture(pl) ? gs_pacing_capture_at(&pl->pacing, now) : UINT64_MAX;
}

/* There is a picture, nothing else to do, and nobody who has more use for the GPU. */
static uint64_t refine_at(const struct gs_pipeline *pl)
{
    bool may = pl->watched && pl->complete && !pl->busy && !pl->when_idle && !pl->dirty &&
               !pl->keyframe && !gs_turns_contended(pl->params.turns);

    return may ? gs_refine_due(&pl->refine) : UINT64_MAX;
}

/* A commit that waits to be captured keeps its callback: the next one would be drawn for nothing.
 */
static uint64_t answer_at(const struct gs_pipeline *pl, uint64_t now)
{
    if (!(pl->callback_wanted || pl->sync_wanted) || (pl->watched && pl->dirty))
        return UINT64_MAX;
    return gs_turn_gate_answer_at(&pl->gate, gs_pacing_callback_at(&pl->pacing, now));
}

static void schedule(struct gs_pipeline *pl)
{
    uint64_t now = gs_now_ns();
    uint64_t capture = capture_at(pl, now), answer = answer_at(pl, now);

    /* What waits for its turn is heard of by gs_pipeline_turns_changed. */
    if (pl->gate.asked) {
        bool capture_waits = capture <= now && gs_turn_gate_capture_asks(&pl->gate);

        if (!capture_waits && answer > now)
            gs_turn_gate_withdraw(&pl->gate);
        if (capture_waits)
            capture = UINT64_MAX;
        if (answer <= now)
            answer = UINT64_MAX;
    }
    gs_alarm_set(pl->alarm, GS_MIN(GS_MIN(capture, answer), refine_at(pl)), now);
}

static int convert_scene(void *user, const struct gs_scene *scene)
{
    struct gs_pipeline *pl = user;
    int r = gs_converter_convert(pl->params.converter, scene, picture(pl));
    uint64_t gpu_ns = gs_converter_gpu_ns(pl->params.converter);

    pl->counters.gpu_ns += gpu_ns;
    gs_turns_own(pl->params.turns, gpu_ns);
    return r;
}

static void note_result(struct gs_pipeline *pl, const char *what, int err)
{
    if (err >= 0) {
        pl->failures = 0;
        return;
    }
    pl->keyframe = true;
    if (pl->failures++ == 0)
        gs_warn("%s failed: %s", what, g_strerror(-err));
    if (pl->failures == MAX_FAILURES_IN_A_ROW) {
        g_autofree char *reason = g_strdup_printf("%s keeps failing: %s", what, g_strerror(-err));

        pl->watched = false;
        pl->params.failed(pl->params.user, reason);
    }
}

static void start_job(struct gs_pipeline *pl, struct gs_encode_job *job)
{
    job->encoder = pl->params.encoder;
    job->picture = picture(pl);
    pl->frame_id = job->trace.frame_id;
    pl->busy = true;
    gs_encode_thread_start(pl->encode, job);
}

static void capture(struct gs_pipeline *pl, uint64_t now)
{
    struct gs_frame_trace trace = {.frame_id = pl->frame_id + 1,
                                   .input_id = pl->dirty ? pl->dirty_input_id : pl->input_id,
                                   .commit = pl->dirty ? pl->commit : now,
                                   .grant = now};
    int err;

    trace.convert_start = gs_now_ns();
    err = pl->params.source->impl->capture(pl->params.source, !pl->complete, convert_scene, pl);
    trace.convert_end = gs_now_ns();
    pl->dirty = false;
    gs_pacing_captured(&pl->pacing, now);
    if (err < 0) {
        pl->complete = false;
        note_result(pl, "conversion", err);
        return;
    }
    pl->complete = true;
    pl->shown_input_id = trace.input_id;
    gs_refine_changed(&pl->refine, now);
    start_job(pl, &(struct gs_encode_job){.trace = trace, .idr = pl->keyframe});
    pl->keyframe = false;
}

/* The picture that was sent last, once more. */
static void refine(struct gs_pipeline *pl, uint64_t now)
{
    uint32_t quality = pl->params.encoder->params.quality;
    struct gs_encode_job job = {.trace = {.frame_id = pl->frame_id + 1,
                                          .input_id = pl->shown_input_id,
                                          .commit = now,
                                          .grant = now,
                                          .convert_start = now,
                                          .convert_end = now}};

    job.quality = gs_refine_begin(&pl->refine, quality ? quality : DEFAULT_QUALITY);
    start_job(pl, &job);
}

static void answer(struct gs_pipeline *pl, uint64_t now)
{
    const struct gs_source_impl *source = pl->params.source->impl;
    bool callbacks = pl->callback_wanted, syncs = pl->sync_wanted;

    gs_pacing_callback_sent(&pl->pacing, now, pl->callback_kept);
    pl->callback_wanted = pl->callback_kept = pl->sync_wanted = false;
    if (callbacks)
        source->frame_done(pl->params.source, now);
    if (syncs)
        source->sync_done(pl->params.source);
}

static void run_due(struct gs_pipeline *pl)
{
    uint64_t now = gs_now_ns();

    if (capture_at(pl, now) <= now && gs_turn_gate_capture(&pl->gate, now))
        capture(pl, now);
    if (refine_at(pl) <= now)
        refine(pl, now);
    if (answer_at(pl, now) <= now && gs_turn_gate_answer(&pl->gate, now))
        answer(pl, now);
    gs_turn_gate_settle(&pl->gate, gs_now_ns());
    schedule(pl);
}

static void tell_idle(struct gs_pipeline *pl)
{
    void (*fn)(void *user) = pl->when_idle;

    pl->when_idle = NULL;
    if (fn)
        fn(pl->when_idle_user);
}

static void take_result(struct gs_pipeline *pl, const struct gs_encode_job *job)
{
    pl->busy = false;
    note_result(pl, "encoding", job->encode_err);
    if (!job->encode_err && !job->send_err)
        gs_counters_frame(&pl->counters, &job->trace, job->keyframe, job->quality);
    /* A frame that never left leaves no gap for the receiver to see. */
    if (job->send_err < 0) {
        pl->counters.unsent++;
        pl->keyframe = true;
    }
    if (job->quality)
        gs_refine_done(&pl->refine, job->trace.grant, job->bytes, job->short_of,
                       pl->params.encoder->params.max_kbps);
    else
        gs_pacing_encoded(&pl->pacing, gs_now_ns() - job->trace.grant);
    tell_idle(pl);
}

static void on_alarm(void *user)
{
    struct gs_pipeline *pl = user;
    const struct gs_encode_job *job = gs_encode_thread_take(pl->encode);

    if (job)
        take_result(pl, job);
    run_due(pl);
}

int gs_pipeline_create(const struct gs_pipeline_params *params, struct gs_pipeline **ret)
{
    struct gs_pipeline *pl = g_new0(struct gs_pipeline, 1);
    int err;

    pl->params = *params;
    pl->gate.turns = params->turns;
    gs_pacing_init(&pl->pacing, params->unwatched_fps);
    err = picture(pl) ? gs_nv12_alloc(gs_nv12_side(params->width), gs_nv12_side(params->height),
                                      &pl->picture)
                      : 0;
    if (!err)
        err = gs_encode_thread_create(params->transport, params->fps, params->effort, &pl->encode);
    if (!err)
        err = gs_alarm_create(gs_encode_thread_fd(pl->encode), on_alarm, pl, &pl->alarm);
    if (err < 0) {
        gs_pipeline_destroy(pl);
        return err;
    }
    *ret = pl;
    return 0;
}

void gs_pipeline_destroy(struct gs_pipeline *pl)
{
    if (!pl)
        return;
    gs_alarm_destroy(pl->alarm);
    gs_encode_thread_destroy(pl->encode);
    gs_nv12_free(&pl->picture);
    g_free(pl);
}

void gs_pipeline_damaged(struct gs_pipeline *pl, uint64_t commit_ns)
{
    if (!pl)
        return;
    pl->counters.commits++;
    gs_pacing_committed(&pl->pacing, commit_ns);
    /* The newest: an application that commits faster than the rate has its older pictures
     * replaced, and the latency is the age of what is shown. */
    pl->commit = commit_ns;
    gs_turn_gate_committed(&pl->gate, pl->dirty, commit_ns);
    pl->dirty = true;
    pl->dirty_input_id = pl->input_id;
    schedule(pl);
}

void gs_pipeline_frame_wanted(struct gs_pipeline *pl, bool keeps)
{
    if (!pl)
        return;
    pl->callback_wanted = true;
    pl->callback_kept |= keeps;
    schedule(pl);
}

void gs_pipeline_sync_wanted(struct gs_pipeline *pl)
{
    if (!pl)
        return;
    pl->sync_wanted = true;
    schedule(pl);
}

void gs_pipeline_drawn(struct gs_pipeline *pl, uint64_t now)
{
    if (pl && gs_turn_gate_drawn(&pl->gate, now))
        schedule(pl);
}

void gs_pipeline_input_applied(struct gs_pipeline *pl, uint32_t input_id)
{
    pl->input_id = input_id;
    gs_refine_disturbed(&pl->refine, gs_now_ns());
}

static uint32_t limited_fps(const struct gs_pipeline *pl)
{
    uint32_t fps = pl->watched ? pl->params.fps : pl->params.unwatched_fps;

    return pl->max_fps ? GS_MIN(fps, pl->max_fps) : fps;
}

static void follow_rate(struct gs_pipeline *pl)
{
    gs_turns_set_fps(pl->params.turns, pl->watched ? pl->params.fps : 0);
    gs_pacing_set_fps(&pl->pacing, limited_fps(pl));
    pl->pacing.next_callback = 0;
}

void gs_pipeline_set_watched(struct gs_pipeline *pl, bool watched)
{
    if (pl->watched == watched)
        return;
    pl->watched = watched;
    follow_rate(pl);
    /* What changed while nobody watched is not late: its frame begins now. */
    if (watched && pl->dirty)
        pl->commit = gs_now_ns();
    schedule(pl);
}

void gs_pipeline_set_rates(struct gs_pipeline *pl, uint32_t fps, uint32_t unwatched_fps)
{
    if (pl->params.fps == fps && pl->params.unwatched_fps == unwatched_fps)
        return;
    pl->params.fps = fps;
    pl->params.unwatched_fps = unwatched_fps;
    follow_rate(pl);
    schedule(pl);
}

/* Applications that wait for no callback draw as fast as they can, unless they are held. */
static void follow_gate(struct gs_pipeline *pl)
{
    const struct gs_source_impl *source = pl->params.source->impl;
    bool shut = gs_turns_asks(pl->params.turns) || pl->max_fps;

    if (shut == pl->gate_shut || !source->set_gate)
        return;
    pl->gate_shut = shut;
    /* What is held is answered by that. */
    if (!shut)
        pl->sync_wanted = false;
    source->set_gate(pl->params.source, shut);
}

void gs_pipeline_turns_changed(struct gs_pipeline *pl)
{
    uint32_t max_fps;

    if (!pl)
        return;
    max_fps = gs_turns_max_fps(pl->params.turns);
    if (max_fps != pl->max_fps) {
        pl->max_fps = max_fps;
        follow_rate(pl);
    }
    follow_gate(pl);
    run_due(pl);
}

void gs_pipeline_set_effort(struct gs_pipeline *pl, uint32_t fps, int effort)
{
    gs_encode_thread_set_effort(pl->encode, fps, effort);
}

void gs_pipeline_request_keyframe(struct gs_pipeline *pl)
{
    pl->keyframe = true;
    schedule(pl);
}

struct gs_counters *gs_pipeline_counters(struct gs_pipeline *pl)
{
    return &pl->counters;
}

void gs_pipeline_when_idle(struct gs_pipeline *pl, void (*fn)(void *user), void *user)
{
    pl->when_idle = fn;
    pl->when_idle_user = user;
    if (pl->busy)
        return;
    tell_idle(pl);
    schedule(pl);
}

void gs_pipeline_replace(struct gs_pipeline *pl, const struct gs_pipeline_parts *parts)
{
    pl->params.width = parts->width;
    pl->params.height = parts->height;
    pl->params.converter = parts->converter;
    pl->params.encoder = parts->encoder;
    gs_nv12_free(&pl->picture);
    pl->picture = parts->picture;
    pl->complete = false;
    pl->keyframe = true;
}
