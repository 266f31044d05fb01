/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/pipeline.h"

#include <errno.h>
#include <glib-unix.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/effort.h"
#include "session/idle.h"
#include "session/pacing.h"
#include "session/refine.h"

#define MAX_FAILURES_IN_A_ROW 30
#define DEFAULT_QUALITY 23 /* of an encoder that does not say */

/* What the encode thread is given, and gives back. */
struct job {
    struct gs_frame_trace trace;
    bool idr;
    uint32_t quality; /* not 0: the picture before, better */
    int encode_err, send_err;
    size_t bytes;
};

struct gs_pipeline {
    struct gs_pipeline_params params;

    /* Main thread. */
    GSource *tick; /* runs what is due; ready at once or by timer_fd */
    GSource *done; /* the encode thread finished a frame */
    int timer_fd;
    uint64_t timer_at; /* what timer_fd is set to; 0: off */
    struct gs_pacing pacing;
    struct gs_refine refine;
    bool watched, keyframe, complete; /* complete: the whole scene has been captured once */
    bool dirty, busy, callback_wanted;
    uint64_t commit;
    uint32_t frame_id, input_id, dirty_input_id, shown_input_id;
    unsigned failures;
    void (*when_idle)(void *user);
    void *when_idle_user;
    struct gs_nv12
        picture; /* written while no frame is in flight, read by the encode thread else */

    /* Handed over under lock. */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool running, have_job, quit;
    struct job job;
    int done_fd; /* eventfd: encode thread → main */

    /* Encode thread. */
    struct gs_effort effort;
    struct gs_idle idle;
};

/* NULL: the converter draws into the encoder's surface. */
static struct gs_nv12 *picture(struct gs_pipeline *pl)
{
    return pl->params.converter->surface_of ? NULL : &pl->picture;
}

/* ---- encode thread ---- */

static void adapt_effort(struct gs_pipeline *pl, const struct gs_frame_trace *t, size_t bytes)
{
    struct gs_encoder *enc = pl->params.encoder;
    uint32_t effort;
    double idle;
    int err;

    if (!pl->effort.automatic)
        return;
    if (gs_idle_measure(&pl->idle, t->encode_end, &idle))
        gs_effort_set_idle(&pl->effort, idle);
    effort = gs_effort_encoded(&pl->effort, t->encode_end - t->encode_start, bytes, t->encode_end);
    if (effort == enc->params.effort)
        return;
    err = gs_encoder_set_effort(enc, effort);
    if (err < 0)
        pl->effort.automatic = false;
    gs_debug("encoder effort %u: %s", effort, err < 0 ? g_strerror(-err) : "from here on");
}

static void encode_one(struct gs_pipeline *pl, struct job *job)
{
    const struct gs_encode_options options = {
        .idr = job->idr, .frame_id = job->trace.frame_id, .quality = job->quality};
    struct gs_packet packet;

    job->trace.encode_start = gs_now_ns();
    job->encode_err = gs_encoder_encode(pl->params.encoder, picture(pl), &options, &packet);
    job->trace.encode_end = gs_now_ns();
    if (job->encode_err < 0)
        return;
    job->bytes = packet.size;
    job->send_err = gs_transport_send(pl->params.transport, &packet, &job->trace);
    adapt_effort(pl, &job->trace, packet.size);
}

static void *encode_thread(void *data)
{
    struct gs_pipeline *pl = data;
    struct job job;

    for (;;) {
        pthread_mutex_lock(&pl->lock);
        while (!pl->have_job && !pl->quit)
            pthread_cond_wait(&pl->wake, &pl->lock);
        if (pl->quit) {
            pthread_mutex_unlock(&pl->lock);
            return NULL;
        }
        job = pl->job;
        pl->have_job = false;
        pthread_mutex_unlock(&pl->lock);

        encode_one(pl, &job);

        pthread_mutex_lock(&pl->lock);
        pl->job = job;
        pthread_mutex_unlock(&pl->lock);
        if (eventfd_write(pl->done_fd, 1) < 0)
            gs_error("eventfd: %s", g_strerror(errno));
    }
}

/* ---- main thread ---- */

static void set_timer(struct gs_pipeline *pl, uint64_t at)
{
    struct itimerspec spec = {
        .it_value = {.tv_sec = (time_t)(at / GS_NS_PER_S), .tv_nsec = (long)(at % GS_NS_PER_S)}};

    if (at == pl->timer_at)
        return;
    pl->timer_at = at;
    if (timerfd_settime(pl->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL) < 0)
        gs_error("timerfd_settime: %s", g_strerror(errno));
}

static bool wants_capture(const struct gs_pipeline *pl)
{
    return pl->watched && !pl->busy && !pl->when_idle && (pl->dirty || pl->keyframe);
}

/* There is a picture, and nothing else to do. */
static bool may_refine(const struct gs_pipeline *pl)
{
    return pl->watched && pl->complete && !pl->busy && !pl->when_idle && !pl->dirty &&
           !pl->keyframe;
}

/* A commit that waits to be captured keeps its callback: the next one would be drawn for nothing.
 */
static bool may_answer_callbacks(const struct gs_pipeline *pl)
{
    return pl->callback_wanted && !(pl->watched && pl->dirty);
}

static void schedule(struct gs_pipeline *pl)
{
    uint64_t now = gs_now_ns(), at = UINT64_MAX;

    if (wants_capture(pl))
        at = gs_pacing_capture_at(&pl->pacing, now);
    if (may_refine(pl))
        at = gs_refine_due(&pl->refine);
    if (may_answer_callbacks(pl))
        at = GS_MIN(at, gs_pacing_callback_at(&pl->pacing, now));
    if (at <= now)
        g_source_set_ready_time(pl->tick, 0);
    else
        set_timer(pl, at == UINT64_MAX ? 0 : at);
}

static int convert_scene(void *user, const struct gs_scene *scene)
{
    struct gs_pipeline *pl = user;

    return gs_converter_convert(pl->params.converter, scene, picture(pl));
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

static void start_job(struct gs_pipeline *pl, const struct job *job)
{
    pl->frame_id = job->trace.frame_id;
    pl->busy = true;
    pthread_mutex_lock(&pl->lock);
    pl->job = *job;
    pl->have_job = true;
    pthread_cond_signal(&pl->wake);
    pthread_mutex_unlock(&pl->lock);
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
    start_job(pl, &(struct job){.trace = trace, .idr = pl->keyframe});
    pl->keyframe = false;
}

/* The picture that was sent last, once more. */
static void refine(struct gs_pipeline *pl, uint64_t now)
{
    uint32_t quality = pl->params.encoder->params.quality;
    struct job job = {.trace = {.frame_id = pl->frame_id + 1,
                                .input_id = pl->shown_input_id,
                                .commit = now,
                                .grant = now,
                                .convert_start = now,
                                .convert_end = now}};

    job.quality = gs_refine_begin(&pl->refine, quality ? quality : DEFAULT_QUALITY);
    start_job(pl, &job);
}

static gboolean on_tick(gpointer data)
{
    struct gs_pipeline *pl = data;
    uint64_t now = gs_now_ns(), expirations;

    g_source_set_ready_time(pl->tick, -1);
    if (pl->timer_at && pl->timer_at <= now) {
        if (read(pl->timer_fd, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN)
            gs_error("timerfd: %s", g_strerror(errno));
        pl->timer_at = 0;
    }
    if (wants_capture(pl) && gs_pacing_capture_at(&pl->pacing, now) <= now)
        capture(pl, now);
    if (may_refine(pl) && gs_refine_due(&pl->refine) <= now)
        refine(pl, now);
    if (may_answer_callbacks(pl) && gs_pacing_callback_at(&pl->pacing, now) <= now) {
        pl->callback_wanted = false;
        gs_pacing_callback_sent(&pl->pacing, now);
        pl->params.source->impl->frame_done(pl->params.source, now);
    }
    schedule(pl);
    return G_SOURCE_CONTINUE;
}

static void tell_idle(struct gs_pipeline *pl)
{
    void (*fn)(void *user) = pl->when_idle;

    pl->when_idle = NULL;
    if (fn)
        fn(pl->when_idle_user);
}

static gboolean on_done(int fd, GIOCondition condition GS_UNUSED, gpointer data)
{
    struct gs_pipeline *pl = data;
    struct job job;
    eventfd_t n;

    if (eventfd_read(fd, &n) < 0)
        return G_SOURCE_CONTINUE;
    pthread_mutex_lock(&pl->lock);
    job = pl->job;
    pthread_mutex_unlock(&pl->lock);
    pl->busy = false;
    note_result(pl, "encoding", job.encode_err);
    /* A frame that never left leaves no gap for the receiver to see. */
    if (job.send_err < 0)
        pl->keyframe = true;
    if (job.quality)
        gs_refine_done(&pl->refine, job.trace.grant, job.bytes,
                       pl->params.encoder->params.max_kbps);
    else
        gs_pacing_encoded(&pl->pacing, gs_now_ns() - job.trace.grant);
    gs_trace("frame %u: convert %.2f ms, encode %.2f ms, commit to sent %.2f ms",
             job.trace.frame_id, (double)(job.trace.convert_end - job.trace.convert_start) / 1e6,
             (double)(job.trace.encode_end - job.trace.encode_start) / 1e6,
             (double)(job.trace.last_packet - job.trace.commit) / 1e6);
    tell_idle(pl);
    schedule(pl);
    return G_SOURCE_CONTINUE;
}

/* The tick source has no check of its own: a ready time or the timer's descriptor wakes it. */
static gboolean tick_dispatch(GSource *source GS_UNUSED, GSourceFunc callback, gpointer data)
{
    return callback(data);
}

static GSourceFuncs tick_funcs = {.dispatch = tick_dispatch};

static void attach_sources(struct gs_pipeline *pl)
{
    GMainContext *context = g_main_context_get_thread_default();

    pl->tick = g_source_new(&tick_funcs, sizeof(GSource));
    g_source_set_static_name(pl->tick, "pipeline tick");
    g_source_add_unix_fd(pl->tick, pl->timer_fd, G_IO_IN);
    g_source_set_callback(pl->tick, on_tick, pl, NULL);
    g_source_set_priority(pl->tick, G_PRIORITY_HIGH);
    g_source_attach(pl->tick, context);
    pl->done = g_unix_fd_source_new(pl->done_fd, G_IO_IN);
    g_source_set_callback(pl->done, G_SOURCE_FUNC(on_done), pl, NULL);
    g_source_set_priority(pl->done, G_PRIORITY_HIGH);
    g_source_attach(pl->done, context);
}

int gs_pipeline_create(const struct gs_pipeline_params *params, struct gs_pipeline **ret)
{
    struct gs_pipeline *pl = g_new0(struct gs_pipeline, 1);
    int err;

    pl->params = *params;
    pl->timer_fd = pl->done_fd = -1;
    pthread_mutex_init(&pl->lock, NULL);
    pthread_cond_init(&pl->wake, NULL);
    gs_pacing_init(&pl->pacing, GS_PIPELINE_UNWATCHED_FPS);
    gs_effort_init(&pl->effort, params->fps, params->effort);
    err = picture(pl) ? gs_nv12_alloc(gs_nv12_side(params->width), gs_nv12_side(params->height),
                                      &pl->picture)
                      : 0;
    if (err < 0)
        goto fail;
    pl->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    pl->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pl->timer_fd < 0 || pl->done_fd < 0) {
        err = -errno;
        goto fail;
    }
    attach_sources(pl);
    err = -pthread_create(&pl->thread, NULL, encode_thread, pl);
    if (err < 0)
        goto fail;
    pthread_setname_np(pl->thread, "encode");
    pl->running = true;
    *ret = pl;
    return 0;
fail:
    gs_pipeline_destroy(pl);
    return err;
}

static void destroy_source(GSource *source)
{
    if (!source)
        return;
    g_source_destroy(source);
    g_source_unref(source);
}

void gs_pipeline_destroy(struct gs_pipeline *pl)
{
    if (!pl)
        return;
    if (pl->running) {
        pthread_mutex_lock(&pl->lock);
        pl->quit = true;
        pthread_cond_signal(&pl->wake);
        pthread_mutex_unlock(&pl->lock);
        pthread_join(pl->thread, NULL);
    }
    destroy_source(pl->tick);
    destroy_source(pl->done);
    if (pl->timer_fd >= 0)
        close(pl->timer_fd);
    if (pl->done_fd >= 0)
        close(pl->done_fd);
    gs_nv12_free(&pl->picture);
    pthread_mutex_destroy(&pl->lock);
    pthread_cond_destroy(&pl->wake);
    g_free(pl);
}

void gs_pipeline_damaged(struct gs_pipeline *pl, uint64_t commit_ns)
{
    gs_pacing_committed(&pl->pacing, commit_ns);
    /* The newest: an application that commits faster than the rate has its older pictures
     * replaced, and the latency is the age of what is shown. */
    pl->commit = commit_ns;
    pl->dirty = true;
    pl->dirty_input_id = pl->input_id;
    schedule(pl);
}

void gs_pipeline_frame_wanted(struct gs_pipeline *pl)
{
    pl->callback_wanted = true;
    schedule(pl);
}

void gs_pipeline_input_applied(struct gs_pipeline *pl, uint32_t input_id)
{
    pl->input_id = input_id;
    gs_refine_disturbed(&pl->refine, gs_now_ns());
}

void gs_pipeline_set_watched(struct gs_pipeline *pl, bool watched)
{
    if (pl->watched == watched)
        return;
    pl->watched = watched;
    pl->pacing.next_callback = 0;
    gs_pacing_set_fps(&pl->pacing, watched ? pl->params.fps : GS_PIPELINE_UNWATCHED_FPS);
    /* What changed while nobody watched is not late: its frame begins now. */
    if (watched && pl->dirty)
        pl->commit = gs_now_ns();
    schedule(pl);
}

void gs_pipeline_request_keyframe(struct gs_pipeline *pl)
{
    pl->keyframe = true;
    schedule(pl);
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
