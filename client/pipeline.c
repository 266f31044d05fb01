/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/pipeline.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <string.h>

#include "common/log.h"

#define PADDING 64 /* zero bytes that decoders read past the end */

struct unit {
    struct gs_access_unit au; /* data points into storage */
    uint8_t *storage;         /* kept from unit to unit */
    size_t capacity;
};

struct gs_pipeline {
    struct gs_pipeline_params params;
    GThread *thread;
    GSource *wakeup;  /* main thread */
    int record_error; /* decode thread, then the one that joins it */

    pthread_mutex_t lock; /* all below; the unit at first is the decode thread's while it decodes */
    pthread_cond_t filled;
    struct unit units[GS_PIPELINE_UNITS];
    unsigned first, count;
    bool need_keyframe; /* units are dropped until one comes */
    bool stop;
    struct gs_picture *newest;
};

static bool fill(struct unit *u, const struct gs_access_unit *au)
{
    if (u->capacity < au->size + PADDING) {
        g_free(u->storage);
        u->capacity = au->size + au->size / 2 + PADDING;
        u->storage = g_try_malloc(u->capacity);
    }
    if (!u->storage) {
        u->capacity = 0;
        return false;
    }
    memcpy(u->storage, au->data, au->size);
    memset(u->storage + au->size, 0, PADDING);
    u->au = *au;
    u->au.data = u->storage;
    return true;
}

/* Locked. */
static bool accept(struct gs_pipeline *pl, const struct gs_access_unit *au)
{
    if (pl->need_keyframe && !au->keyframe)
        return false;
    if (pl->count == GS_PIPELINE_UNITS ||
        !fill(&pl->units[(pl->first + pl->count) % GS_PIPELINE_UNITS], au)) {
        pl->need_keyframe = true;
        return false;
    }
    pl->need_keyframe = false;
    pl->count++;
    return true;
}

void gs_pipeline_push(struct gs_pipeline *pl, const struct gs_access_unit *au)
{
    bool taken;

    pthread_mutex_lock(&pl->lock);
    taken = accept(pl, au);
    pthread_mutex_unlock(&pl->lock);
    /* Not before: the thread would wake up only to wait for the lock. */
    if (taken)
        pthread_cond_signal(&pl->filled);
    else
        pl->params.listener->keyframe_wanted(pl->params.user);
}

/* Locked. What follows a unit that could not be decoded is of no use up to the next keyframe. */
static bool drop_to_keyframe(struct gs_pipeline *pl)
{
    while (pl->count > 0 && !pl->units[pl->first].au.keyframe) {
        pl->first = (pl->first + 1) % GS_PIPELINE_UNITS;
        pl->count--;
    }
    pl->need_keyframe = pl->count == 0;
    return !pl->need_keyframe;
}

static void record(struct gs_pipeline *pl, const struct gs_access_unit *au)
{
    if (pl->params.recorder && !pl->record_error)
        pl->record_error = gs_recorder_write(pl->params.recorder, au);
}

static void deliver(struct gs_pipeline *pl, struct gs_picture *pic)
{
    struct gs_picture *replaced;

    pl->params.listener->decoded(pl->params.user, &pic->info);
    pthread_mutex_lock(&pl->lock);
    replaced = pl->newest;
    pl->newest = pic;
    pthread_mutex_unlock(&pl->lock);
    if (replaced)
        pl->params.listener->skipped(pl->params.user);
    gs_picture_unref(replaced);
    g_source_set_ready_time(pl->wakeup, 0);
}

/* Returns whether an IDR has to be asked for. */
static bool decode(struct gs_pipeline *pl, const struct unit *u)
{
    struct gs_picture *pic = NULL;
    bool found;
    int err;

    record(pl, &u->au);
    err = gs_decoder_decode(pl->params.decoder, &u->au, &pic);
    if (!err)
        deliver(pl, pic);
    else
        gs_debug("frame %u can't be decoded: %s", u->au.info.frame_id, g_strerror(-err));
    pthread_mutex_lock(&pl->lock);
    pl->first = (pl->first + 1) % GS_PIPELINE_UNITS;
    pl->count--;
    found = !err || drop_to_keyframe(pl);
    pthread_mutex_unlock(&pl->lock);
    return !found;
}

static void *run(void *user)
{
    struct gs_pipeline *pl = user;

    for (;;) {
        struct unit *u;

        pthread_mutex_lock(&pl->lock);
        while (pl->count == 0 && !pl->stop)
            pthread_cond_wait(&pl->filled, &pl->lock);
        u = pl->stop ? NULL : &pl->units[pl->first];
        pthread_mutex_unlock(&pl->lock);
        if (!u)
            return NULL;
        if (decode(pl, u))
            pl->params.listener->keyframe_wanted(pl->params.user);
    }
}

static gboolean dispatch(GSource *source, GSourceFunc callback GS_UNUSED, void *user)
{
    struct gs_pipeline *pl = user;

    g_source_set_ready_time(source, -1);
    pl->params.listener->ready(pl->params.user);
    return G_SOURCE_CONTINUE;
}

static gboolean no_callback(void *user GS_UNUSED)
{
    return G_SOURCE_CONTINUE;
}

struct gs_pipeline *gs_pipeline_create(const struct gs_pipeline_params *params)
{
    static GSourceFuncs funcs = {.dispatch = dispatch};
    struct gs_pipeline *pl = g_new0(struct gs_pipeline, 1);

    pl->params = *params;
    pthread_mutex_init(&pl->lock, NULL);
    pthread_cond_init(&pl->filled, NULL);
    pl->wakeup = g_source_new(&funcs, sizeof(GSource));
    g_source_set_callback(pl->wakeup, no_callback, pl, NULL);
    g_source_set_priority(pl->wakeup, G_PRIORITY_HIGH);
    g_source_attach(pl->wakeup, NULL);
    pl->thread = g_thread_new("decode", run, pl);
    return pl;
}

struct gs_picture *gs_pipeline_take(struct gs_pipeline *pl)
{
    struct gs_picture *pic;

    pthread_mutex_lock(&pl->lock);
    pic = g_steal_pointer(&pl->newest);
    pthread_mutex_unlock(&pl->lock);
    return pic;
}

int gs_pipeline_destroy(struct gs_pipeline *pl)
{
    int err;

    if (!pl)
        return 0;
    pthread_mutex_lock(&pl->lock);
    pl->stop = true;
    pthread_cond_signal(&pl->filled);
    pthread_mutex_unlock(&pl->lock);
    g_thread_join(pl->thread);
    g_source_destroy(pl->wakeup);
    g_source_unref(pl->wakeup);
    gs_picture_unref(pl->newest);
    for (unsigned i = 0; i < GS_PIPELINE_UNITS; i++)
        g_free(pl->units[i].storage);
    pthread_cond_destroy(&pl->filled);
    pthread_mutex_destroy(&pl->lock);
    err = pl->record_error;
    g_free(pl);
    return err;
}
