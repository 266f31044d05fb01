/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/pipeline.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/auto_effort.h"
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
    bool short_of; /* of that quality */
    bool keyframe; /* it became one */
};

struct gs_pipeline;

/* One source for all that happens here: what is due at once, the timer, and the encode thread's
 * news. */
struct event_source {
    GSource base;
    struct gs_pipeline *pl;
    gpointer timer_tag, done_tag;
};

struct gs_pipeline {
    struct gs_pipeline_params params;

    /* Main thread. */
    GSource *events;
    bool due; /* something is to be done at once */
    int timer_fd;
    uint64_t timer_at; /* what timer_fd is set to; 0: off */
    struct gs_pacing pacing;
    struct gs_refine refine;
    bool watched, keyframe, complete; /* complete: the whole scene has been captured once */
    bool dirty, busy, callback_wanted;
    bool callback_kept; /* by one that keeps what it draws until then */
    uint64_t commit;
    uint32_t frame_id, input_id, dirty_input_id, shown_input_id;
    unsigned failures;
    struct gs_counters counters;
    void (*when_idle)(void *user);
    void *when_idle_user;
    struct gs_nv12
        picture; /* written while no frame is in flight, read by the encode thread else */

    pthread_t thread;
    bool running;
    /* The job changes hands: by `filled` to the encode thread, by `encoded` and done_fd back. */
    struct job job;
    sem_t filled;
    atomic_bool encoded, quit;
    int done_fd; /* eventfd: encode thread → main */

    /* Encode thread. */
    struct gs_auto_effort effort;
};

/* NULL: the converter draws into the encoder's surface. */
static struct gs_nv12 *picture(struct gs_pipeline *pl)
{
    return pl->params.converter->surface_of ? NULL : &pl->picture;
}

/* ---- encode thread ---- */

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
    job->keyframe = packet.keyframe;
    job->short_of = packet.quality > job->quality;
    job->send_err = gs_transport_send(pl->params.transport, &packet, &job->trace);
    gs_auto_effort_encoded(&pl->effort, pl->params.encoder, &job->trace, packet.size);
}

static void *encode_thread(void *data)
{
    struct gs_pipeline *pl = data;

    for (;;) {
        while (sem_wait(&pl->filled) < 0)
            continue; /* a signal's handler ran */
        if (atomic_load(&pl->quit))
            return NULL;
        encode_one(pl, &pl->job);
        atomic_store_explicit(&pl->encoded, true, memory_order_release);
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
    return pl->params.encoder && pl->watched && !pl->busy && !pl->when_idle &&
           (pl->dirty || pl->keyframe);
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
    pl->due = at <= now;
    if (!pl->due)
        set_timer(pl, at == UINT64_MAX ? 0 : at);
}

static int convert_scene(void *user, const struct gs_scene *scene)
{
    struct gs_pipeline *pl = user;
    int r = gs_converter_convert(pl->params.converter, scene, picture(pl));

    pl->counters.gpu_ns += gs_converter_gpu_ns(pl->params.converter);
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

static void start_job(struct gs_pipeline *pl, const struct job *job)
{
    pl->frame_id = job->trace.frame_id;
    pl->busy = true;
    pl->job = *job;
    sem_post(&pl->filled);
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

static void run_due(struct gs_pipeline *pl)
{
    uint64_t now = gs_now_ns();

    if (wants_capture(pl) && gs_pacing_capture_at(&pl->pacing, now) <= now)
        capture(pl, now);
    if (may_refine(pl) && gs_refine_due(&pl->refine) <= now)
        refine(pl, now);
    if (may_answer_callbacks(pl) && gs_pacing_callback_at(&pl->pacing, now) <= now) {
        gs_pacing_callback_sent(&pl->pacing, now, pl->callback_kept);
        pl->callback_wanted = pl->callback_kept = false;
        pl->params.source->impl->frame_done(pl->params.source, now);
    }
    schedule(pl);
}

static void tell_idle(struct gs_pipeline *pl)
{
    void (*fn)(void *user) = pl->when_idle;

    pl->when_idle = NULL;
    if (fn)
        fn(pl->when_idle_user);
}

static void take_result(struct gs_pipeline *pl)
{
    const struct job *job = &pl->job;

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

static void clear_fd(int fd)
{
    uint64_t n;

    if (read(fd, &n, sizeof(n)) < 0 && errno != EAGAIN)
        gs_error("pipeline: read: %s", g_strerror(errno));
}

static gboolean events_prepare(GSource *source, gint *timeout)
{
    *timeout = -1;
    return ((struct event_source *)source)->pl->due;
}

static gboolean events_check(GSource *source)
{
    struct event_source *events = (struct event_source *)source;

    return events->pl->due || g_source_query_unix_fd(source, events->timer_tag) ||
           g_source_query_unix_fd(source, events->done_tag);
}

static gboolean events_dispatch(GSource *source, GSourceFunc callback GS_UNUSED,
                                gpointer data GS_UNUSED)
{
    struct event_source *events = (struct event_source *)source;
    struct gs_pipeline *pl = events->pl;

    if (g_source_query_unix_fd(source, events->timer_tag)) {
        clear_fd(pl->timer_fd);
        pl->timer_at = 0;
    }
    if (g_source_query_unix_fd(source, events->done_tag))
        clear_fd(pl->done_fd);
    if (atomic_exchange_explicit(&pl->encoded, false, memory_order_acquire))
        take_result(pl);
    run_due(pl);
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs event_funcs = {
    .prepare = events_prepare, .check = events_check, .dispatch = events_dispatch};

static void attach_events(struct gs_pipeline *pl)
{
    struct event_source *events;

    pl->events = g_source_new(&event_funcs, sizeof(struct event_source));
    events = (struct event_source *)pl->events;
    events->pl = pl;
    events->timer_tag = g_source_add_unix_fd(pl->events, pl->timer_fd, G_IO_IN);
    events->done_tag = g_source_add_unix_fd(pl->events, pl->done_fd, G_IO_IN);
    g_source_set_static_name(pl->events, "pipeline");
    g_source_set_priority(pl->events, G_PRIORITY_HIGH);
    /* Nobody runs the loop inside of it. For a source that says so GLib does not take the
     * descriptors out of its set and back at each dispatch, which wakes the loop twice. */
    g_source_set_can_recurse(pl->events, TRUE);
    g_source_attach(pl->events, g_main_context_get_thread_default());
}

int gs_pipeline_create(const struct gs_pipeline_params *params, struct gs_pipeline **ret)
{
    struct gs_pipeline *pl = g_new0(struct gs_pipeline, 1);
    int err;

    pl->params = *params;
    pl->timer_fd = pl->done_fd = -1;
    sem_init(&pl->filled, 0, 0);
    gs_pacing_init(&pl->pacing, params->unwatched_fps);
    gs_auto_effort_init(&pl->effort, params->fps, params->effort);
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
    attach_events(pl);
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

void gs_pipeline_destroy(struct gs_pipeline *pl)
{
    if (!pl)
        return;
    if (pl->running) {
        atomic_store(&pl->quit, true);
        sem_post(&pl->filled);
        pthread_join(pl->thread, NULL);
    }
    if (pl->events)
        g_source_destroy(pl->events);
    g_clear_pointer(&pl->events, g_source_unref);
    if (pl->timer_fd >= 0)
        close(pl->timer_fd);
    if (pl->done_fd >= 0)
        close(pl->done_fd);
    gs_nv12_free(&pl->picture);
    sem_destroy(&pl->filled);
    g_free(pl);
}

void gs_pipeline_damaged(struct gs_pipeline *pl, uint64_t commit_ns)
{
    pl->counters.commits++;
    gs_pacing_committed(&pl->pacing, commit_ns);
    /* The newest: an application that commits faster than the rate has its older pictures
     * replaced, and the latency is the age of what is shown. */
    pl->commit = commit_ns;
    pl->dirty = true;
    pl->dirty_input_id = pl->input_id;
    schedule(pl);
}

void gs_pipeline_frame_wanted(struct gs_pipeline *pl, bool keeps)
{
    pl->callback_wanted = true;
    pl->callback_kept |= keeps;
    schedule(pl);
}

void gs_pipeline_input_applied(struct gs_pipeline *pl, uint32_t input_id)
{
    pl->input_id = input_id;
    gs_refine_disturbed(&pl->refine, gs_now_ns());
}

static void follow_rate(struct gs_pipeline *pl)
{
    gs_pacing_set_fps(&pl->pacing, pl->watched ? pl->params.fps : pl->params.unwatched_fps);
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

void gs_pipeline_set_effort(struct gs_pipeline *pl, uint32_t fps, int effort)
{
    gs_auto_effort_init(&pl->effort, fps, effort);
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
