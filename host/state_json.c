/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of a session. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/proto_fields.h"
#include "host/state.h"

#define VERSION 1
#define NUMBER_MAX ((json_int_t)1 << 62)

/* ---- settings ---- */

static const struct number {
    const char *key;
    size_t offset;
    bool wide; /* u64; else u32 */
    uint64_t min, max;
    bool newer;        /* files of earlier versions lack it */
    uint64_t fallback; /* what holds then */
} numbers[] = {
#define AT(field) #field, offsetof(struct gs_session_settings, field)
    {AT(width), false, GS_SIDE_MIN, GS_SIDE_MAX, false, 0},
    {AT(height), false, GS_SIDE_MIN, GS_SIDE_MAX, false, 0},
    {AT(fps), false, 1, GS_FPS_LIMIT, false, 0},
    {AT(max_kbps), false, 0, GS_KBPS_MAX, false, 0},
    {AT(quality), false, 0, GS_QUALITY_MAX, false, 0},
    {AT(weight), false, 0, 10000, false, 0},
    {AT(floor_fps), false, 0, GS_FPS_LIMIT, true, 0},
    {AT(cap_percent), false, 0, 100, true, 0},
    {AT(cpu_weight), false, 1, UINT32_MAX, true, UINT32_MAX},
    {AT(idle_timeout_s), false, 0, UINT32_MAX, false, 0},
    {AT(viewers), false, 1, GS_VIEWERS_MAX, false, 0},
    {AT(memory_max), true, 0, NUMBER_MAX, false, 0},
    {AT(tasks_max), false, 0, UINT32_MAX, false, 0},
    {AT(cpu_percent), false, 0, UINT32_MAX, false, 0},
    {AT(ticket_ttl_s), false, 0, UINT32_MAX, false, 0},
#undef AT
};

static json_t *settings_new(const struct gs_session_settings *s)
{
    json_t *o =
        json_pack("{so so so ss ss ss}", "encoder", gs_json_text_new(s->encoder), "converter",
                  gs_json_text_new(s->converter), "effort", gs_json_text_new(s->effort), "sandbox",
                  gs_sandbox_names[s->sandbox], "unwatched", gs_unwatched_names[s->unwatched],
                  "restart", gs_restart_names[s->restart]);

    for (size_t i = 0; i < GS_ARRAY_SIZE(numbers); i++) {
        const void *at = (const char *)s + numbers[i].offset;
        uint64_t n = numbers[i].wide ? *(const uint64_t *)at : *(const uint32_t *)at;

        json_object_set_new(o, numbers[i].key, json_integer((json_int_t)n));
    }
    return o;
}

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

static void get_settings(struct gs_json_in *in, struct gs_session_settings *s)
{
    struct gs_json_in o = gs_json_enter(in, "settings");

    for (size_t i = 0; i < GS_ARRAY_SIZE(numbers); i++) {
        const struct number *row = &numbers[i];
        void *at = (char *)s + row->offset;
        uint64_t n = row->fallback;

        if (!row->newer || json_object_get(o.root, row->key))
            n = (uint64_t)gs_json_int(&o, row->key, (json_int_t)row->min, (json_int_t)row->max);
        if (row->wide)
            *(uint64_t *)at = n;
        else
            *(uint32_t *)at = (uint32_t)n;
    }
    in->bad |= s->cpu_weight > 10000 && s->cpu_weight != UINT32_MAX; /* that is auto */
    gs_json_text(&o, "encoder", s->encoder, sizeof(s->encoder));
    gs_json_text(&o, "converter", s->converter, sizeof(s->converter));
    gs_json_text(&o, "effort", s->effort, sizeof(s->effort));
    s->sandbox = (enum gs_sandbox)get_name(&o, "sandbox", gs_sandbox_names);
    s->unwatched = (enum gs_unwatched)get_name(&o, "unwatched", gs_unwatched_names);
    s->restart = (enum gs_restart)get_name(&o, "restart", gs_restart_names);
    gs_json_leave(in, &o);
}

/* ---- hashes ---- */

static json_t *hash_new(const uint8_t hash[GS_TICKET_HASH_SIZE])
{
    return gs_json_base64_new(hash, GS_TICKET_HASH_SIZE);
}

static void get_hash(struct gs_json_in *in, const char *key, uint8_t ret[GS_TICKET_HASH_SIZE])
{
    char text[64] = "";
    g_autofree guchar *data = NULL;
    gsize size = 0;

    gs_json_text(in, key, text, sizeof(text));
    data = *text ? g_base64_decode(text, &size) : NULL;
    if (size == GS_TICKET_HASH_SIZE)
        memcpy(ret, data, GS_TICKET_HASH_SIZE);
    else
        in->bad = true;
}

/* ---- tickets ---- */

static json_t *tickets_new(const struct gs_kept_session *k)
{
    json_t *list = json_array();

    for (unsigned i = 0; i < k->n_tickets; i++) {
        const struct gs_ticket *t = &k->tickets[i];

        json_array_append_new(
            list, json_pack("{so so sb sb sI sI sI}", "id", gs_json_text_new(t->id), "hash",
                            hash_new(t->hash), "view", t->view, "limited", t->limited, "uses_left",
                            (json_int_t)t->uses_left, "expires", (json_int_t)t->expires, "created",
                            (json_int_t)t->created));
    }
    return list;
}

static void get_ticket(struct gs_json_in *in, json_t *from, struct gs_ticket *t)
{
    struct gs_json_in o = {.root = from, .bad = !json_is_object(from)};

    gs_json_text(&o, "id", t->id, sizeof(t->id));
    get_hash(&o, "hash", t->hash);
    t->view = gs_json_bool(&o, "view");
    t->limited = gs_json_bool(&o, "limited");
    t->uses_left = (uint32_t)gs_json_int(&o, "uses_left", 0, UINT32_MAX);
    t->expires = (uint64_t)gs_json_int(&o, "expires", 0, NUMBER_MAX);
    t->created = (uint64_t)gs_json_int(&o, "created", 0, NUMBER_MAX);
    gs_json_leave(in, &o);
}

static void get_tickets(struct gs_json_in *in, struct gs_kept_session *k)
{
    json_t *list = json_object_get(in->root, "tickets");

    if (!json_is_array(list) || json_array_size(list) > GS_TICKETS_PER_SESSION) {
        in->bad = true;
        return;
    }
    k->n_tickets = (unsigned)json_array_size(list);
    k->tickets = g_new0(struct gs_ticket, k->n_tickets + 1);
    for (unsigned i = 0; i < k->n_tickets; i++)
        get_ticket(in, json_array_get(list, i), &k->tickets[i]);
}

/* ---- the whole ---- */

char *gs_kept_session_to_json(const struct gs_kept_session *k)
{
    json_t *argv = gs_json_strings_new(k->argv);
    json_t *env = gs_json_strings_new(k->env);
    json_t *root;

    if (!argv || !env) { /* not UTF-8, which was checked when it was made */
        json_decref(argv);
        json_decref(env);
        return NULL;
    }
    root = json_pack("{si so so so sI so so so}", "v", VERSION, "name", gs_json_text_new(k->name),
                     "app", gs_json_text_new(k->app), "user", gs_json_text_new(k->user), "uid",
                     (json_int_t)k->uid, "argv", argv, "env", env, "settings",
                     settings_new(&k->settings));
    json_object_update_new(
        root, json_pack("{s{sI sI} so so sI sI so so so}", "keeper", "pid", (json_int_t)k->keeper,
                        "start", (json_int_t)k->keeper_start, "secret_hash",
                        hash_new(k->secret_hash), "tickets", tickets_new(k), "created",
                        (json_int_t)k->created, "restarts", (json_int_t)k->restarts, "runtime_dir",
                        gs_json_text_new(k->runtime_dir), "log_dir", gs_json_text_new(k->log_dir),
                        "last_error", gs_json_text_new(k->last_error)));
    return gs_json_dump(root);
}

static void get_keeper(struct gs_json_in *in, struct gs_kept_session *k)
{
    struct gs_json_in o = gs_json_enter(in, "keeper");

    k->keeper = (pid_t)gs_json_int(&o, "pid", 0, INT32_MAX);
    k->keeper_start = (uint64_t)gs_json_int(&o, "start", 0, NUMBER_MAX);
    gs_json_leave(in, &o);
}

static void get_command(struct gs_json_in *in, struct gs_kept_session *k)
{
    k->argv = gs_json_strings(in, "argv");
    k->env = gs_json_strings(in, "env");
    if (!k->argv[0] || !k->argv[0][0])
        in->bad = true;
}

static void get_places(struct gs_json_in *in, struct gs_kept_session *k)
{
    gs_json_text(in, "runtime_dir", k->runtime_dir, sizeof(k->runtime_dir));
    gs_json_text(in, "log_dir", k->log_dir, sizeof(k->log_dir));
    if ((*k->runtime_dir && *k->runtime_dir != '/') || (*k->log_dir && *k->log_dir != '/'))
        in->bad = true;
}

static void get_all(struct gs_json_in *in, struct gs_kept_session *k)
{
    gs_json_text(in, "name", k->name, sizeof(k->name));
    gs_json_text(in, "app", k->app, sizeof(k->app));
    gs_json_text(in, "user", k->user, sizeof(k->user));
    k->uid = (uid_t)gs_json_int(in, "uid", 0, UINT32_MAX - 1);
    get_command(in, k);
    get_settings(in, &k->settings);
    get_keeper(in, k);
    get_hash(in, "secret_hash", k->secret_hash);
    get_tickets(in, k);
    k->created = (uint64_t)gs_json_int(in, "created", 0, NUMBER_MAX);
    k->restarts = (uint32_t)gs_json_int(in, "restarts", 0, UINT32_MAX);
    get_places(in, k);
    gs_json_text_cut(in, "last_error", k->last_error, sizeof(k->last_error));
    if (!gs_session_name_valid(k->name) || (*k->app && !gs_session_name_valid(k->app)))
        in->bad = true;
}

int gs_kept_session_from_json(const char *json, size_t size, struct gs_kept_session *ret)
{
    struct gs_json_in in = gs_json_open(json, size);
    struct gs_kept_session k = {0};
    json_t *v = json_object_get(in.root, "v");
    int err;

    if (!in.bad && json_is_integer(v) && json_integer_value(v) != VERSION) {
        json_decref(in.root);
        return -EPROTO;
    }
    in.bad |= !json_is_integer(v);
    get_all(&in, &k);
    err = gs_json_close(&in);
    if (err)
        gs_kept_session_finish(&k);
    else
        *ret = k;
    return err;
}

void gs_kept_session_finish(struct gs_kept_session *k)
{
    g_strfreev(k->argv);
    g_strfreev(k->env);
    g_free(k->tickets);
    k->argv = k->env = NULL;
    k->tickets = NULL;
}

void gs_kept_session_free(struct gs_kept_session *k)
{
    gs_kept_session_finish(k);
    g_free(k);
}
