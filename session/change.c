/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/change.h"

#include <errno.h>
#include <glib.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/effort.h"
#include "session/resize.h"
#include "session/settings.h"

struct gs_change {
    struct gs_change_params params;
    struct gs_resize resize;
    guint resize_timer;
    bool waiting; /* for the pipeline to be idle */
    bool has_settings;
    struct gs_worker_set settings; /* wanted */
};

static void schedule_resize(struct gs_change *c);
static void on_idle(void *user);

static void wait_for_idle(struct gs_change *c)
{
    if (c->waiting)
        return;
    c->waiting = true;
    gs_pipeline_when_idle(c->params.parts->pipeline, on_idle, c);
}

/* What could not be had: 0, or it is over. */
static int judge(struct gs_change *c, int err, const char *reason)
{
    if (err == -ENOTRECOVERABLE)
        c->params.failed(c->params.user, reason);
    return err == -ENOTRECOVERABLE ? err : 0;
}

/* ---- size ---- */

static void change_size(struct gs_change *c, const struct gs_video *video)
{
    struct gs_worker_config *now = c->params.config, config = *now;
    g_autofree char *reason = NULL;
    int err;

    config.width = video->width;
    config.height = video->height;
    err = gs_parts_renew(c->params.parts, &config, &reason);
    if (judge(c, err, reason) < 0)
        return;
    if (err < 0) {
        gs_warn("the size stays %ux%u and does not become %ux%u: %s", now->width, now->height,
                video->width, video->height, reason);
        return;
    }
    now->width = video->width;
    now->height = video->height;
    c->params.size_changed(c->params.user, video);
    gs_info("%ux%u from now on", video->width, video->height);
}

static void take_size(struct gs_change *c)
{
    uint64_t begin = gs_now_ns();
    struct gs_video video;

    if (gs_resize_take(&c->resize, begin, &video) &&
        (video.width != c->params.config->width || video.height != c->params.config->height)) {
        change_size(c, &video);
        gs_resize_done(&c->resize, begin, gs_now_ns());
    }
    schedule_resize(c);
}

static gboolean on_resize_due(gpointer data)
{
    struct gs_change *c = data;

    c->resize_timer = 0;
    wait_for_idle(c);
    return G_SOURCE_REMOVE;
}

static void schedule_resize(struct gs_change *c)
{
    uint64_t due = gs_resize_due(&c->resize), now = gs_now_ns();

    if (due == UINT64_MAX || c->resize_timer)
        return;
    c->resize_timer = g_timeout_add(
        due <= now ? 0 : (guint)((due - now + GS_NS_PER_MS - 1) / GS_NS_PER_MS), on_resize_due, c);
}

void gs_change_size(struct gs_change *c, const uint8_t *payload, size_t size)
{
    struct gs_video video;

    if (gs_video_read(payload, size, &video) < 0) {
        gs_warn("the size stays %ux%u: the host asked for one that cannot be",
                c->params.config->width, c->params.config->height);
        return;
    }
    gs_resize_want(&c->resize, &video);
    schedule_resize(c);
}

/* ---- settings ---- */

/* What the encoder can change as it is. -ENOTSUP: it needs a new one. */
static int change_live(struct gs_parts *p, const struct gs_worker_config *next,
                       const struct gs_settings_difference *d)
{
    int effort = GS_EFFORT_AUTO, err = 0;

    if (d->fps || d->quality)
        return -ENOTSUP;
    if (d->rate)
        err = gs_encoder_set_rate(p->encoder, next->max_kbps);
    if (!err && d->effort) {
        if (!gs_effort_parse(next->effort, &effort))
            return -EINVAL;
        if (effort != GS_EFFORT_AUTO)
            err = gs_encoder_set_effort(p->encoder, (uint32_t)effort);
        if (!err)
            p->effort = effort;
    }
    return err;
}

static int change_parts(struct gs_parts *p, const struct gs_worker_config *next,
                        const struct gs_settings_difference *d, char **ret_reason)
{
    int err = change_live(p, next, d);

    if (err == -ENOTSUP)
        err = gs_parts_renew(p, next, ret_reason);
    else if (err < 0)
        *ret_reason = g_strdup(g_strerror(-err));
    if (!err && (d->effort || d->fps))
        gs_pipeline_set_effort(p->pipeline, next->fps, p->effort);
    return err;
}

static void take_settings(struct gs_change *c)
{
    struct gs_worker_config *now = c->params.config, next = *now;
    g_autofree char *reason = NULL;
    struct gs_settings_difference d;
    int err;

    if (!c->has_settings)
        return;
    gs_settings_apply(&c->settings, &next);
    c->has_settings = false;
    c->settings = GS_WORKER_SET_NONE;
    d = gs_settings_compare(now, &next);
    err = change_parts(c->params.parts, &next, &d, &reason);
    if (judge(c, err, reason) < 0)
        return;
    if (err < 0) {
        gs_warn("the settings stay as they are: %s", reason);
        if (d.rate && gs_encoder_set_rate(c->params.parts->encoder, now->max_kbps) < 0)
            gs_debug("the encoder cannot change its rate");
        return;
    }
    *now = next;
    gs_info("from now on %u fps, at most %u kb/s (0: no limit), quality %u (0: usual), effort %s, "
            "unwatched: %s",
            next.fps, next.max_kbps, next.quality, next.effort[0] ? next.effort : "auto",
            gs_unwatched_names[next.unwatched]);
    c->params.settings_changed(c->params.user);
}

void gs_change_settings(struct gs_change *c, const char *json, size_t size)
{
    struct gs_worker_set set;
    int effort;

    if (gs_worker_set_from_json(json, size, &set) < 0 || !gs_effort_parse(set.effort, &effort)) {
        gs_warn("the settings stay as they are: the host asked for some that cannot be");
        return;
    }
    gs_settings_add(&c->settings, &set);
    c->has_settings = true;
    wait_for_idle(c);
}

/* ---- life ---- */

/* No frame is in flight. */
static void on_idle(void *user)
{
    struct gs_change *c = user;

    c->waiting = false;
    take_settings(c);
    take_size(c);
}

struct gs_change *gs_change_create(const struct gs_change_params *params)
{
    struct gs_change *c = g_new0(struct gs_change, 1);

    c->params = *params;
    c->settings = GS_WORKER_SET_NONE;
    return c;
}

void gs_change_destroy(struct gs_change *c)
{
    if (!c)
        return;
    if (c->resize_timer)
        g_source_remove(c->resize_timer);
    g_free(c);
}
