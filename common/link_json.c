/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON messages of common/link.h. */
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "common/link.h"
#include "common/proto_fields.h"

/* Counters beyond this are no counters. */
#define COUNTER_LIMIT ((json_int_t)1 << 62)

static int get_name(struct gs_json_in *in, const char *key, const char *const *names)
{
    char name[32] = "";
    int i;

    gs_json_text(in, key, name, sizeof(name));
    i = gs_name_find(names, name);
    if (i < 0)
        in->bad = true;
    return i < 0 ? 0 : i;
}

static bool open_message(const char *json, size_t size, struct gs_json_in *in)
{
    *in = gs_json_open(json, size);
    if (gs_json_version_is_ours(in))
        return true;
    json_decref(in->root);
    return false;
}

/* A render node, or "". Missing in what a program of a version before says, which may meet us. */
static void get_gpu(struct gs_json_in *in, char gpu[64])
{
    static const char below[] = "/dev/dri/";
    const char *node = gpu + strlen(below);

    if (!gs_json_has(in, "gpu"))
        return;
    gs_json_text(in, "gpu", gpu, 64);
    if (*gpu && (!g_str_has_prefix(gpu, below) || !*node || *node == '.' || strchr(node, '/')))
        in->bad = true;
}

/* ---- the configuration ---- */

static json_t *config_picture(const struct gs_worker_config *c)
{
    return json_pack("{sI sI sI sI sI so so so so so}", "width", (json_int_t)c->width, "height",
                     (json_int_t)c->height, "fps", (json_int_t)c->fps, "max_kbps",
                     (json_int_t)c->max_kbps, "quality", (json_int_t)c->quality, "encoder",
                     gs_json_text_new(c->encoder), "converter", gs_json_text_new(c->converter),
                     "effort", gs_json_text_new(c->effort), "source", gs_json_text_new(c->source),
                     "gpu", gs_json_text_new(c->gpu));
}

static json_t *config_app(const struct gs_worker_config *c)
{
    json_t *env = gs_json_strings_new(c->env);
    json_t *argv = gs_json_strings_new(c->argv);

    if (env && argv)
        return json_pack("{so so ss so so}", "argv", argv, "env", env, "sandbox",
                         gs_sandbox_names[c->sandbox], "cgroup", gs_json_text_new(c->app_cgroup),
                         "hide", gs_json_text_new(c->hide));
    json_decref(env);
    json_decref(argv);
    return NULL;
}

char *gs_worker_config_to_json(const struct gs_worker_config *c)
{
    json_t *app = config_app(c);

    if (!app)
        return NULL;
    return gs_json_dump(
        json_pack("{si so so so s{so si si} so sI ss s{so so}}", "v", GS_PROTO_VERSION, "session",
                  gs_json_text_new(c->session), "picture", config_picture(c), "app", app, "udp",
                  "bind_address", gs_json_text_new(c->bind_address), "first", c->udp_first, "last",
                  c->udp_last, "runtime_dir", gs_json_text_new(c->runtime_dir), "viewers",
                  (json_int_t)c->viewers, "unwatched", gs_unwatched_names[c->unwatched], "adopt",
                  "path", gs_json_text_new(c->adopt_path), "secret", gs_json_text_new(c->secret)));
}

static void get_config_picture(struct gs_json_in *in, struct gs_worker_config *c)
{
    struct gs_json_in p = gs_json_enter(in, "picture");

    c->width = gs_proto_get_side(&p, "width");
    c->height = gs_proto_get_side(&p, "height");
    c->fps = (uint32_t)gs_json_int(&p, "fps", 1, GS_FPS_LIMIT);
    c->max_kbps = (uint32_t)gs_json_int(&p, "max_kbps", 0, GS_KBPS_MAX);
    c->quality = (uint32_t)gs_json_int(&p, "quality", 0, GS_QUALITY_MAX);
    gs_json_text(&p, "encoder", c->encoder, sizeof(c->encoder));
    gs_json_text(&p, "converter", c->converter, sizeof(c->converter));
    gs_json_text(&p, "effort", c->effort, sizeof(c->effort));
    gs_json_text(&p, "source", c->source, sizeof(c->source));
    get_gpu(&p, c->gpu);
    gs_json_leave(in, &p);
}

static void get_config_places(struct gs_json_in *in, struct gs_worker_config *c)
{
    struct gs_json_in udp = gs_json_enter(in, "udp");
    struct gs_json_in adopt = gs_json_enter(in, "adopt");

    gs_json_text(&udp, "bind_address", c->bind_address, sizeof(c->bind_address));
    c->udp_first = (uint16_t)gs_json_int(&udp, "first", 1, 65535);
    c->udp_last = (uint16_t)gs_json_int(&udp, "last", c->udp_first, 65535);
    gs_json_text(in, "runtime_dir", c->runtime_dir, sizeof(c->runtime_dir));
    gs_json_text(&adopt, "path", c->adopt_path, sizeof(c->adopt_path));
    gs_json_text(&adopt, "secret", c->secret, sizeof(c->secret));
    gs_json_leave(in, &udp);
    gs_json_leave(in, &adopt);
}

static bool assignments(char *const *env)
{
    for (; *env; env++) {
        if (**env == '=' || !strchr(*env, '='))
            return false;
    }
    return true;
}

static void get_config_app(struct gs_json_in *in, struct gs_worker_config *c)
{
    struct gs_json_in app = gs_json_enter(in, "app");

    c->argv = gs_json_strings(&app, "argv");
    c->env = gs_json_strings(&app, "env");
    c->sandbox = (enum gs_sandbox)get_name(&app, "sandbox", gs_sandbox_names);
    gs_json_text(&app, "cgroup", c->app_cgroup, sizeof(c->app_cgroup));
    gs_json_text(&app, "hide", c->hide, sizeof(c->hide));
    if (!assignments(c->env))
        app.bad = true;
    gs_json_leave(in, &app);
}

int gs_worker_config_from_json(const char *json, size_t size, struct gs_worker_config *ret)
{
    struct gs_worker_config c = {0};
    struct gs_json_in in;
    int err;

    if (!open_message(json, size, &in))
        return -EPROTO;
    gs_proto_get_session(&in, c.session);
    get_config_picture(&in, &c);
    get_config_places(&in, &c);
    get_config_app(&in, &c);
    c.viewers = (uint32_t)gs_json_int(&in, "viewers", 1, GS_VIEWERS_MAX);
    c.unwatched = (enum gs_unwatched)get_name(&in, "unwatched", gs_unwatched_names);
    err = gs_json_close(&in);
    if (err)
        gs_worker_config_finish(&c);
    else
        *ret = c;
    return err;
}

void gs_worker_config_finish(struct gs_worker_config *c)
{
    g_strfreev(c->argv);
    g_strfreev(c->env);
    c->argv = NULL;
    c->env = NULL;
}

/* ---- what it is ---- */

static json_t *ready_new(const struct gs_worker_ready *r)
{
    return json_pack("{si si si so so so so}", "v", GS_PROTO_VERSION, "udp_port", r->udp_port,
                     "x11_display", r->x11_display, "encoder", gs_json_text_new(r->encoder),
                     "converter", gs_json_text_new(r->converter), "renderer",
                     gs_json_text_new(r->renderer), "gpu", gs_json_text_new(r->gpu));
}

static void get_ready(struct gs_json_in *in, struct gs_worker_ready *r)
{
    r->udp_port = (uint16_t)gs_json_int(in, "udp_port", 0, 65535);
    r->x11_display = (int)gs_json_int(in, "x11_display", -1, 65535);
    gs_json_text(in, "encoder", r->encoder, sizeof(r->encoder));
    gs_json_text(in, "converter", r->converter, sizeof(r->converter));
    gs_json_text_cut(in, "renderer", r->renderer, sizeof(r->renderer));
    get_gpu(in, r->gpu);
}

char *gs_worker_ready_to_json(const struct gs_worker_ready *r)
{
    return gs_json_dump(ready_new(r));
}

int gs_worker_ready_from_json(const char *json, size_t size, struct gs_worker_ready *ret)
{
    struct gs_worker_ready r = {0};
    struct gs_json_in in;
    int err;

    if (!open_message(json, size, &in))
        return -EPROTO;
    get_ready(&in, &r);
    err = gs_json_close(&in);
    if (!err)
        *ret = r;
    return err;
}

/* ---- clients ---- */

char *gs_client_open_to_json(const struct gs_client_open *o)
{
    char *hello = gs_hello_to_json(&o->hello);
    json_t *root = json_pack("{so so sb}", "hello", json_loads(hello, 0, NULL), "resume",
                             gs_json_text_new(o->resume), "view", o->view);

    free(hello);
    return gs_json_dump(root);
}

static int get_hello(const struct gs_json_in *in, struct gs_hello *ret)
{
    char *text = json_dumps(json_object_get(in->root, "hello"), JSON_COMPACT);
    int err = text ? gs_hello_from_json(text, strlen(text), ret) : -EBADMSG;

    free(text);
    return err;
}

int gs_client_open_from_json(const char *json, size_t size, struct gs_client_open *ret)
{
    struct gs_json_in in = gs_json_open(json, size);
    struct gs_client_open o = {0};
    int err = get_hello(&in, &o.hello);

    gs_json_text(&in, "resume", o.resume, sizeof(o.resume));
    o.view = gs_json_bool(&in, "view");
    if (gs_json_close(&in) < 0)
        err = -EBADMSG;
    if (!err)
        *ret = o;
    return err;
}

/* ---- adoption ---- */

char *gs_worker_adopt_to_json(const struct gs_worker_adopt *a)
{
    json_t *viewers = json_array();

    for (unsigned i = 0; i < a->n_viewers; i++)
        json_array_append_new(viewers,
                              json_pack("{so sb}", "resume", gs_json_text_new(a->viewers[i].resume),
                                        "view", a->viewers[i].view));
    return gs_json_dump(
        json_pack("{si so so so sI ss sb so}", "v", GS_PROTO_VERSION, "session",
                  gs_json_text_new(a->session), "secret", gs_json_text_new(a->secret), "ready",
                  ready_new(&a->ready), "unwatched_s", (json_int_t)a->unwatched_s, "slot",
                  gs_slot_state_names[a->slot], "slot_fixed", a->slot_fixed, "viewers", viewers));
}

static void get_viewers(struct gs_json_in *in, struct gs_worker_adopt *a)
{
    json_t *list = json_object_get(in->root, "viewers");

    if (!json_is_array(list) || json_array_size(list) > GS_VIEWERS_MAX) {
        in->bad = true;
        return;
    }
    a->n_viewers = (unsigned)json_array_size(list);
    for (unsigned i = 0; i < a->n_viewers; i++) {
        struct gs_json_in viewer = {.root = json_array_get(list, i)};

        gs_json_text(&viewer, "resume", a->viewers[i].resume, sizeof(a->viewers[i].resume));
        a->viewers[i].view = gs_json_bool(&viewer, "view");
        gs_json_leave(in, &viewer);
    }
}

int gs_worker_adopt_from_json(const char *json, size_t size, struct gs_worker_adopt *ret)
{
    struct gs_worker_adopt a = {0};
    struct gs_json_in in, ready;
    int err;

    if (!open_message(json, size, &in))
        return -EPROTO;
    ready = gs_json_enter(&in, "ready");
    gs_proto_get_session(&in, a.session);
    gs_json_text(&in, "secret", a.secret, sizeof(a.secret));
    get_ready(&ready, &a.ready);
    gs_json_leave(&in, &ready);
    a.unwatched_s = (uint32_t)gs_json_int(&in, "unwatched_s", 0, UINT32_MAX);
    /* Workers outlive their host: they may be of a version before. */
    if (gs_json_has(&in, "slot")) {
        a.slot = (enum gs_slot_state)get_name(&in, "slot", gs_slot_state_names);
        a.slot_fixed = gs_json_bool(&in, "slot_fixed");
    }
    get_viewers(&in, &a);
    err = gs_json_close(&in);
    if (!err)
        *ret = a;
    return err;
}

/* ---- the scheduler ---- */

char *gs_worker_grants_to_json(const struct gs_worker_grants *g)
{
    return gs_json_dump(json_pack("{si so so}", "v", GS_PROTO_VERSION, "session",
                                  gs_json_text_new(g->session), "secret",
                                  gs_json_text_new(g->secret)));
}

int gs_worker_grants_from_json(const char *json, size_t size, struct gs_worker_grants *ret)
{
    struct gs_worker_grants g = {0};
    struct gs_json_in in;
    int err;

    if (!open_message(json, size, &in))
        return -EPROTO;
    gs_proto_get_session(&in, g.session);
    gs_json_text(&in, "secret", g.secret, sizeof(g.secret));
    err = gs_json_close(&in);
    if (!err)
        *ret = g;
    return err;
}

/* ---- other settings ---- */

char *gs_worker_set_to_json(const struct gs_worker_set *s)
{
    return gs_json_dump(json_pack("{si si si si si so}", "v", GS_PROTO_VERSION, "fps", s->fps,
                                  "max_kbps", s->max_kbps, "quality", s->quality, "unwatched",
                                  s->unwatched, "effort", gs_json_text_new(s->effort)));
}

int gs_worker_set_from_json(const char *json, size_t size, struct gs_worker_set *ret)
{
    struct gs_worker_set s = GS_WORKER_SET_NONE;
    struct gs_json_in in;
    int err;

    if (!open_message(json, size, &in))
        return -EPROTO;
    s.fps = (int32_t)gs_json_int(&in, "fps", GS_SET_UNCHANGED, GS_FPS_LIMIT);
    s.max_kbps = (int32_t)gs_json_int(&in, "max_kbps", GS_SET_UNCHANGED, GS_KBPS_MAX);
    s.quality = (int32_t)gs_json_int(&in, "quality", GS_SET_UNCHANGED, GS_QUALITY_MAX);
    s.unwatched = (int32_t)gs_json_int(&in, "unwatched", GS_SET_UNCHANGED, GS_UNWATCHED_RUN);
    gs_json_text(&in, "effort", s.effort, sizeof(s.effort));
    if (s.fps == 0)
        in.bad = true;
    err = gs_json_close(&in);
    if (!err)
        *ret = s;
    return err;
}

/* ---- statistics ---- */

static const struct number {
    const char *name;
    size_t offset;
    bool wide; /* u64; else u32 */
} numbers[] = {
#define WIDE(field)                                                                                \
    {                                                                                              \
#field, offsetof(struct gs_worker_stats, field), true                                      \
    }
#define NARROW(field)                                                                              \
    {                                                                                              \
#field, offsetof(struct gs_worker_stats, field), false                                     \
    }
    WIDE(commits),
    WIDE(frames),
    WIDE(refined),
    WIDE(keyframes),
    WIDE(dropped),
    WIDE(packets),
    WIDE(bytes),
    WIDE(lost),
    WIDE(repaired),
    WIDE(cpu_us),
    WIDE(app_cpu_us),
    WIDE(gpu_us),
    WIDE(rss_kb),
    WIDE(app_rss_kb),
    NARROW(viewers),
    NARROW(fps_milli),
    NARROW(kbps),
    NARROW(latency_p50_us),
    NARROW(latency_p99_us),
    NARROW(client_p50_us),
    NARROW(client_p99_us),
    NARROW(rtt_us),
#undef WIDE
#undef NARROW
};

static json_t *histogram_new(const struct gs_stage_histogram *h)
{
    json_t *buckets = json_array();

    for (unsigned i = 0; i < GS_STAGE_BUCKETS; i++)
        json_array_append_new(buckets, json_integer((json_int_t)h->bucket[i]));
    return json_pack("{sI so}", "sum_us", (json_int_t)h->sum_us, "buckets", buckets);
}

static void get_histogram(struct gs_json_in *in, const char *key, struct gs_stage_histogram *h)
{
    struct gs_json_in inner = gs_json_enter(in, key);
    json_t *list = json_object_get(inner.root, "buckets");

    h->sum_us = (uint64_t)gs_json_int(&inner, "sum_us", 0, COUNTER_LIMIT);
    if (json_array_size(list) != GS_STAGE_BUCKETS)
        inner.bad = true;
    for (unsigned i = 0; i < GS_STAGE_BUCKETS && !inner.bad; i++) {
        json_t *n = json_array_get(list, i);

        if (!json_is_integer(n) || json_integer_value(n) < 0)
            inner.bad = true;
        h->bucket[i] = (uint64_t)json_integer_value(n);
    }
    gs_json_leave(in, &inner);
}

char *gs_worker_stats_to_json(const struct gs_worker_stats *s)
{
    json_t *stages = json_object();
    json_t *root =
        json_pack("{si so sb so so}", "v", GS_PROTO_VERSION, "stages", stages, "frozen", s->frozen,
                  "encoder", gs_json_text_new(s->encoder), "spilled", gs_json_text_new(s->spilled));

    for (unsigned i = 0; i < GS_ARRAY_SIZE(numbers); i++) {
        const void *at = (const char *)s + numbers[i].offset;
        uint64_t n = numbers[i].wide ? *(const uint64_t *)at : *(const uint32_t *)at;

        json_object_set_new(root, numbers[i].name, json_integer((json_int_t)n));
    }
    for (unsigned i = 0; i < GS_WORKER_STAGES; i++)
        json_object_set_new(stages, gs_worker_stage_names[i], histogram_new(&s->stages[i]));
    return gs_json_dump(root);
}

static void get_numbers(struct gs_json_in *in, struct gs_worker_stats *s)
{
    for (unsigned i = 0; i < GS_ARRAY_SIZE(numbers); i++) {
        void *at = (char *)s + numbers[i].offset;
        json_int_t limit = numbers[i].wide ? COUNTER_LIMIT : UINT32_MAX;
        json_int_t n = gs_json_int(in, numbers[i].name, 0, limit);

        if (numbers[i].wide)
            *(uint64_t *)at = (uint64_t)n;
        else
            *(uint32_t *)at = (uint32_t)n;
    }
}

int gs_worker_stats_from_json(const char *json, size_t size, struct gs_worker_stats *ret)
{
    struct gs_worker_stats s = {0};
    struct gs_json_in in, stages;
    int err;

    if (!open_message(json, size, &in))
        return -EPROTO;
    stages = gs_json_enter(&in, "stages");
    for (unsigned i = 0; i < GS_WORKER_STAGES; i++)
        get_histogram(&stages, gs_worker_stage_names[i], &s.stages[i]);
    gs_json_leave(&in, &stages);
    get_numbers(&in, &s);
    s.frozen = gs_json_bool(&in, "frozen");
    gs_json_text(&in, "encoder", s.encoder, sizeof(s.encoder));
    gs_json_text_cut(&in, "spilled", s.spilled, sizeof(s.spilled));
    err = gs_json_close(&in);
    if (!err)
        *ret = s;
    return err;
}
