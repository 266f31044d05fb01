/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way of the pictures: receiver, pipeline, presenter. */
#include <errno.h>
#include <string.h>

#include "client/client_internal.h"
#include "common/log.h"

static void request_keyframe(void *user)
{
    struct gs_client *c = user;

    pthread_mutex_lock(&c->lock);
    if (c->receiver)
        gs_receiver_request_keyframe(c->receiver);
    pthread_mutex_unlock(&c->lock);
}

static void on_decoded(void *user, const struct gs_picture_info *info)
{
    struct gs_client *c = user;

    pthread_mutex_lock(&c->lock);
    gs_stats_decoded(&c->stats, info);
    pthread_mutex_unlock(&c->lock);
}

static void on_skipped(void *user)
{
    struct gs_client *c = user;

    pthread_mutex_lock(&c->lock);
    gs_stats_skipped(&c->stats);
    pthread_mutex_unlock(&c->lock);
}

void gs_client_show(struct gs_client *c)
{
    struct gs_picture *pic = c->presenting ? gs_pipeline_take(c->pipeline) : NULL;
    struct gs_size shown;
    uint32_t input_id;

    if (!pic)
        return;
    shown = gs_video_size_shown(&c->video, pic->width, pic->height);
    gs_picture_crop(pic, shown.width, shown.height);
    c->presenter->impl->present(c->presenter, pic);
    pic->info.presented = gs_now_ns();
    input_id = pic->info.input_id;
    pthread_mutex_lock(&c->lock);
    gs_stats_presented(&c->stats, &pic->info);
    pthread_mutex_unlock(&c->lock);
    gs_picture_unref(pic);
    gs_client_end_idle(c);
    gs_client_update_overlay(c);
    gs_client_report_soon(c);
    /* Input that waits for a connection is in no picture. */
    if (c->player && c->keep.records->len == 0)
        gs_player_frame(c->player, input_id);
}

static void on_ready(void *user)
{
    gs_client_show(user);
}

static const struct gs_pipeline_listener pipeline_listener = {
    .decoded = on_decoded,
    .skipped = on_skipped,
    .keyframe_wanted = request_keyframe,
    .ready = on_ready,
};

static void on_access_unit(void *user, const struct gs_access_unit *au)
{
    gs_pipeline_push(((struct gs_client *)user)->pipeline, au);
}

static const struct gs_receiver_listener receiver_listener = {.access_unit = on_access_unit};

static void add_stats(struct gs_receiver_stats *sum, const struct gs_receiver_stats *more)
{
    sum->packets += more->packets;
    sum->bytes += more->bytes;
    sum->frames += more->frames;
    sum->keyframes += more->keyframes;
    sum->packets_lost += more->packets_lost;
    sum->packets_repaired += more->packets_repaired;
    sum->frames_lost += more->frames_lost;
    sum->nacks_sent += more->nacks_sent;
    sum->plis_sent += more->plis_sent;
    sum->rejected += more->rejected;
}

void gs_client_get_receiver_stats(struct gs_client *c, struct gs_receiver_stats *ret)
{
    struct gs_receiver_stats now;
    struct gs_receiver_stats sum = c->receiver_before;

    if (c->receiver) {
        gs_receiver_get_stats(c->receiver, &now);
        add_stats(&sum, &now);
    }
    *ret = sum;
}

/* Destroyed outside the lock, for its thread may wait for it. */
void gs_client_stop_receiver(struct gs_client *c)
{
    struct gs_receiver_stats last;
    struct gs_receiver *rx;

    pthread_mutex_lock(&c->lock);
    rx = g_steal_pointer(&c->receiver);
    pthread_mutex_unlock(&c->lock);
    if (!rx)
        return;
    /* Only when its thread has ended do the counters hold all that was delivered. */
    gs_receiver_stop(rx);
    gs_receiver_get_stats(rx, &last);
    add_stats(&c->receiver_before, &last);
    gs_receiver_destroy(rx);
}

int gs_client_start_receiver(struct gs_client *c, GInetAddress *address)
{
    struct gs_receiver *rx;
    int err = gs_receiver_create(address, &c->welcome, &receiver_listener, c, &rx);

    if (err) {
        gs_error("can't receive media: %s", g_strerror(-err));
        return err;
    }
    pthread_mutex_lock(&c->lock);
    gs_stats_restart(&c->stats);
    c->receiver = rx;
    pthread_mutex_unlock(&c->lock);
    return 0;
}

int gs_client_start_pipeline(struct gs_client *c)
{
    struct gs_pipeline_params p = {
        .decoder = c->decoder, .listener = &pipeline_listener, .user = c};
    int err;

    if (c->options->record) {
        err = gs_recorder_create(c->options->record, c->welcome.width, c->welcome.height,
                                 &c->recorder);
        if (err)
            return err;
    }
    p.recorder = c->recorder;
    c->pipeline = gs_pipeline_create(&p);
    return 0;
}
