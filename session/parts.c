/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/parts.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "common/log.h"
#include "session/effort.h"
#include "session/harden.h"

static char *because(const char *what, int err)
{
    return g_strdup_printf("%s: %s", what, g_strerror(-err));
}

static char *refuse_gpu(const char *gpu)
{
    g_autofree char *all = gs_egl_gpu_names();

    return g_strdup_printf(
        "the GPU %s cannot be drawn with: it is not there, not for this user, or "
        "its driver does not start (the worker's log says which); there are: %s",
        gpu, all ? all : "none");
}

/* Without a GPU the session needs no GL of its own: the applications bring theirs. */
static int open_egl(struct gs_parts *p, const struct gs_worker_config *c, char **ret_reason)
{
    const char *renderer = "software: no GPU found";

    if (c->gpu[0] || gs_egl_gpu_present(NULL, 0) || strcmp(c->converter, "gl") == 0)
        renderer =
            gs_egl_create(c->gpu, &p->egl) == 0 ? p->egl->renderer : "software: EGL does not start";
    g_strlcpy(p->renderer, renderer, sizeof(p->renderer));
    if (p->egl && !p->egl->software)
        g_strlcpy(p->gpu, p->egl->render_node, sizeof(p->gpu));
    if (!c->gpu[0] || p->egl)
        return 0;
    *ret_reason = refuse_gpu(c->gpu);
    return -ENODEV;
}

void gs_parts_note_spill(struct gs_parts *parts)
{
    g_strlcpy(parts->encoder->why, parts->spill, sizeof(parts->encoder->why));
    parts->encoder->spilled = true;
}

/* room: NULL, or what it takes the place of. */
static int open_encoder(struct gs_parts *p, const struct gs_worker_config *c,
                        const struct gs_encoder_room *room, char **ret_reason)
{
    struct gs_encoder_params params = {
        .width = gs_nv12_side(c->width),
        .height = gs_nv12_side(c->height),
        .fps = c->fps,
        .max_kbps = c->max_kbps,
        .quality = c->quality,
    };
    int err;

    if (!gs_effort_parse(c->effort, &p->effort)) {
        *ret_reason =
            g_strdup_printf("there is no effort '%s'; there are: %s", c->effort, gs_effort_names);
        return -EINVAL;
    }
    params.effort = (uint32_t)GS_MAX(p->effort, 0);
    if (p->egl)
        g_strlcpy(params.device, p->egl->render_node, sizeof(params.device));
    err = gs_encoder_create_in_place(p->spill[0] ? "x264" : c->encoder, &params, room, &p->encoder);
    if (err < 0)
        *ret_reason = g_strdup(gs_encoder_failure());
    else if (p->spill[0])
        gs_parts_note_spill(p);
    return err;
}

static int open_converter(struct gs_parts *p, const struct gs_worker_config *c, char **ret_reason)
{
    int err = gs_converter_create(c->converter, p->egl, c->width, c->height, &p->converter);

    if (err == -ENOENT) {
        GString *names = g_string_new(NULL);

        for (unsigned i = 0; gs_converter_impls[i]; i++)
            g_string_append_printf(names, " %s", gs_converter_impls[i]->name);
        *ret_reason =
            g_strdup_printf("there is no converter '%s'; there are:%s", c->converter, names->str);
        g_string_free(names, TRUE);
    } else if (err < 0) {
        *ret_reason = because("converter", err);
    }
    return err;
}

/* Zero copies where both sides can; what can't is logged, and goes through memory. */
static void attach_converter(struct gs_parts *p)
{
    if (gs_converter_attach(p->converter, p->encoder) == 0)
        gs_info("converter %s draws into encoder %s's own picture", p->converter->impl->name,
                p->encoder->impl->name);
}

static int open_transport(struct gs_parts *p, const struct gs_parts_params *pp, char **ret_reason)
{
    const struct gs_worker_config *c = pp->config;
    const struct gs_transport_params params = {
        .fps = c->fps,
        .receivers = c->viewers,
        .bind_address = c->bind_address,
        .udp_first = c->udp_first,
        .udp_last = c->udp_last,
        .listener = pp->transport_listener,
        .user = pp->user,
    };
    int err = gs_transport_create("srtp", &params, &p->transport);

    if (err == -EADDRINUSE)
        *ret_reason =
            g_strdup_printf("no UDP port from %u to %u is free", c->udp_first, c->udp_last);
    else if (err < 0)
        *ret_reason = because("transport", err);
    return err;
}

static int open_source(struct gs_parts *p, const struct gs_parts_params *pp, char **ret_reason)
{
    const struct gs_worker_config *c = pp->config;
    const struct gs_source_params params = {
        .width = c->width,
        .height = c->height,
        .fps = c->fps,
        .runtime_dir = c->runtime_dir,
        /* GPU buffers are only for a converter that can read them. */
        .egl = strcmp(p->converter->impl->name, "gl") == 0 ? p->egl : NULL,
        .argv = c->argv,
        .env = c->env,
        .sandbox = c->sandbox,
        .app_cgroup = c->app_cgroup,
        .hide = c->hide,
        .render_node = p->egl ? p->egl->render_node : "",
        .listener = pp->source_listener,
        .user = pp->user,
    };
    int err = gs_source_create(c->source, &params, &p->source);

    if (err < 0)
        *ret_reason = because("source", err);
    return err;
}

static int open_pipeline(struct gs_parts *p, const struct gs_parts_params *pp, char **ret_reason)
{
    const struct gs_pipeline_params params = {
        .width = pp->config->width,
        .height = pp->config->height,
        .fps = pp->config->fps,
        .unwatched_fps = pp->config->fps, /* until the session says what is to be (unwatched.h) */
        .effort = p->effort,
        .source = p->source,
        .converter = p->converter,
        .encoder = p->encoder,
        .transport = p->transport,
        .turns = pp->turns,
        .failed = pp->failed,
        .user = pp->user,
    };
    int err = gs_pipeline_create(&params, &p->pipeline);

    if (err < 0)
        *ret_reason = because("pipeline", err);
    return err;
}

static int launch(struct gs_parts *p, const struct gs_worker_config *c, char **ret_reason)
{
    int err = p->source->impl->start(p->source, ret_reason);

    if (err < 0 && !*ret_reason)
        *ret_reason = because(c->argv[0] ? c->argv[0] : "application", err);
    return err;
}

int gs_parts_build(struct gs_parts *parts, const struct gs_parts_params *params, char **ret_reason)
{
    const struct gs_worker_config *c = params->config;
    int err;

    err = gs_harden(c->sandbox, ret_reason);
    if (err)
        return err;
    err = open_egl(parts, c, ret_reason);
    if (!err)
        err = open_encoder(parts, c, NULL, ret_reason);
    if (!err)
        err = open_converter(parts, c, ret_reason);
    if (!err)
        attach_converter(parts);
    if (!err)
        err = open_transport(parts, params, ret_reason);
    if (!err)
        err = open_source(parts, params, ret_reason);
    if (!err)
        err = open_pipeline(parts, params, ret_reason);
    parts->freeze = gs_freeze_create(c->app_cgroup);
    if (!err)
        err = launch(parts, c, ret_reason);
    return err;
}

/* Where the converter needs one. */
static int alloc_picture(const struct gs_parts *p, const struct gs_worker_config *c,
                         struct gs_nv12 *ret, char **ret_reason)
{
    int err = 0;

    if (!p->converter->surface_of)
        err = gs_nv12_alloc(gs_nv12_side(c->width), gs_nv12_side(c->height), ret);
    if (err < 0)
        *ret_reason = because("picture", err);
    return err;
}

static int resize_source(struct gs_parts *p, const struct gs_worker_config *c, char **ret_reason)
{
    uint32_t fps = p->source->params.fps;
    int err;

    p->source->params.fps = c->fps;
    err = p->source->impl->resize(p->source, c->width, c->height);
    if (err < 0) {
        p->source->params.fps = fps;
        *ret_reason = because("source", err);
    }
    return err;
}

/* What a size takes, beside what is there. */
struct fitting {
    struct gs_parts parts; /* encoder and converter alone */
    struct gs_nv12 picture;
};

/* What draws into an encoder goes before it. */
static void close_fitting(struct gs_parts *p)
{
    gs_converter_destroy(p->converter);
    gs_encoder_destroy(p->encoder);
    p->converter = NULL;
    p->encoder = NULL;
}

static void make_room(void *user)
{
    close_fitting(user);
}

static int open_fitting(struct gs_parts *parts, const struct gs_worker_config *c,
                        struct fitting *ret, char **ret_reason)
{
    const struct gs_encoder_room room = {
        .kind = parts->encoder ? parts->encoder->impl->name : "", .make = make_room, .user = parts};
    int err;

    *ret = (struct fitting){.parts.egl = parts->egl};
    memcpy(ret->parts.spill, parts->spill, sizeof(parts->spill));
    err = open_encoder(&ret->parts, c, &room, ret_reason);
    if (!err)
        err = open_converter(&ret->parts, c, ret_reason);
    if (!err)
        attach_converter(&ret->parts);
    if (!err)
        err = alloc_picture(&ret->parts, c, &ret->picture, ret_reason);
    return err;
}

/* Theirs are used from now on, and may be none. */
static void install(struct gs_parts *parts, const struct gs_worker_config *c, struct fitting *f)
{
    const struct gs_pipeline_parts with = {.width = c->width,
                                           .height = c->height,
                                           .converter = f->parts.converter,
                                           .encoder = f->parts.encoder,
                                           .picture = f->picture};

    gs_pipeline_replace(parts->pipeline, &with);
    close_fitting(parts);
    parts->encoder = f->parts.encoder;
    parts->converter = f->parts.converter;
    parts->effort = f->parts.effort;
    parts->transport->params.fps = c->fps;
}

static void drop(struct fitting *f)
{
    close_fitting(&f->parts);
    gs_nv12_free(&f->picture);
    *f = (struct fitting){0};
}

/* The old encoder made room for one that did not come. Any is better than none. */
static int restore(struct gs_parts *parts, const struct gs_worker_config *before)
{
    struct gs_worker_config c = *before;
    g_autofree char *reason = NULL, *last = NULL;
    struct fitting f;
    int err = open_fitting(parts, &c, &f, &reason);

    if (err < 0) {
        drop(&f);
        c.encoder[0] = c.converter[0] = '\0';
        err = open_fitting(parts, &c, &f, &last);
    }
    if (err < 0)
        drop(&f);
    install(parts, &c, &f);
    return err < 0 ? -ENOTRECOVERABLE : 0;
}

int gs_parts_renew(struct gs_parts *parts, const struct gs_worker_config *config, char **ret_reason)
{
    struct gs_worker_config before = *config;
    struct fitting f;
    int err, lost;

    before.width = parts->converter->width;
    before.height = parts->converter->height;
    err = open_fitting(parts, config, &f, ret_reason);
    if (!err)
        err = resize_source(parts, config, ret_reason);
    if (!err) {
        install(parts, config, &f);
        return 0;
    }
    drop(&f);
    lost = parts->encoder ? 0 : restore(parts, &before);
    return lost ? lost : err;
}

/* Hardware was wanted, and did not come. */
static int refuse_software(const struct gs_encoder *enc, char **ret_reason)
{
    *ret_reason = g_strdup(enc->why);
    return enc->full ? -EBUSY : -ENODEV;
}

int gs_parts_reopen(struct gs_parts *parts, const struct gs_worker_config *config,
                    char **ret_reason)
{
    struct fitting f;
    int err = open_fitting(parts, config, &f, ret_reason), lost;

    if (!err && !parts->spill[0] && !gs_encoder_is_hardware(f.parts.encoder))
        err = refuse_software(f.parts.encoder, ret_reason);
    if (!err) {
        install(parts, config, &f);
        return 0;
    }
    drop(&f);
    lost = parts->encoder ? 0 : restore(parts, config);
    return lost ? lost : err;
}

void gs_parts_finish(struct gs_parts *parts)
{
    /* The pipeline's thread uses encoder and transport; the source reports to the pipeline. */
    gs_pipeline_destroy(parts->pipeline);
    parts->pipeline = NULL;
    gs_freeze_destroy(parts->freeze);
    gs_source_destroy(parts->source);
    gs_transport_destroy(parts->transport);
    gs_converter_destroy(parts->converter);
    gs_encoder_destroy(parts->encoder);
    gs_egl_destroy(parts->egl);
    *parts = (struct gs_parts){0};
}
