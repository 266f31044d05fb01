/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The JSON messages of host/keeper.h. */
#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "host/keeper.h"

#define LOG_FILES_MAX 100
#define CPU_PERCENT_MAX 1000000
#define CPU_WEIGHT_MAX 10000
#define STATUS_MAX 255
#define SIGNAL_MAX 128

static bool open_message(const char *json, size_t size, struct gs_json_in *in)
{
    *in = gs_json_open(json, size);
    if (gs_json_version_is_ours(in))
        return true;
    json_decref(in->root);
    return false;
}

/* ---- the configuration ---- */

char *gs_keeper_config_to_json(const struct gs_keeper_config *c)
{
    json_t *log = json_pack("{so sI sI}", "dir", gs_json_text_new(c->log_dir), "size",
                            (json_int_t)c->log_size, "files", (json_int_t)c->log_files);
    json_t *limits =
        json_pack("{so sI sI sI sI}", "cgroup", gs_json_text_new(c->cgroup), "memory_max",
                  (json_int_t)c->memory_max, "tasks_max", (json_int_t)c->tasks_max, "cpu_percent",
                  (json_int_t)c->cpu_percent, "cpu_weight", (json_int_t)c->cpu_weight);

    return gs_json_dump(
        json_pack("{si so so so so so so so sI sb}", "v", GS_PROTO_VERSION, "session",
                  gs_json_text_new(c->session), "program", gs_json_text_new(c->program), "user",
                  gs_json_text_new(c->user), "runtime_dir", gs_json_text_new(c->runtime_dir),
                  "exit_path", gs_json_text_new(c->exit_path), "log", log, "limits", limits,
                  "stop_ms", (json_int_t)c->stop_ms, "follow_parent", c->follow_parent));
}

static void get_log(struct gs_json_in *in, struct gs_keeper_config *c)
{
    struct gs_json_in log = gs_json_enter(in, "log");

    gs_json_text(&log, "dir", c->log_dir, sizeof(c->log_dir));
    c->log_size = (uint64_t)gs_json_int(&log, "size", 0, INT64_MAX);
    c->log_files = (uint32_t)gs_json_int(&log, "files", 1, LOG_FILES_MAX);
    gs_json_leave(in, &log);
}

/* A name, not a way out of where the groups are. */
static bool is_group_name(const char *name)
{
    return !strchr(name, '/') && !strchr(name, ':') && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

static void get_limits(struct gs_json_in *in, struct gs_keeper_config *c)
{
    struct gs_json_in limits = gs_json_enter(in, "limits");

    gs_json_text(&limits, "cgroup", c->cgroup, sizeof(c->cgroup));
    c->memory_max = (uint64_t)gs_json_int(&limits, "memory_max", 0, INT64_MAX);
    c->tasks_max = (uint32_t)gs_json_int(&limits, "tasks_max", 0, UINT32_MAX);
    c->cpu_percent = (uint32_t)gs_json_int(&limits, "cpu_percent", 0, CPU_PERCENT_MAX);
    c->cpu_weight = (uint32_t)gs_json_int(&limits, "cpu_weight", 0, CPU_WEIGHT_MAX);
    if (!is_group_name(c->cgroup))
        limits.bad = true;
    gs_json_leave(in, &limits);
}

static bool is_absolute_or_none(const char *path)
{
    return path[0] == '/' || path[0] == '\0';
}

static void check_paths(struct gs_json_in *in, const struct gs_keeper_config *c)
{
    if (!c->program[0] || !is_absolute_or_none(c->runtime_dir) ||
        !is_absolute_or_none(c->log_dir) || !is_absolute_or_none(c->exit_path))
        in->bad = true;
}

int gs_keeper_config_from_json(const char *json, size_t size, struct gs_keeper_config *ret)
{
    struct gs_keeper_config c;
    struct gs_json_in in;
    int err;

    memset(&c, 0, sizeof(c)); /* with its gaps, so that two can be compared */
    if (!open_message(json, size, &in))
        return -EPROTO;
    gs_json_text(&in, "session", c.session, sizeof(c.session));
    gs_json_text(&in, "program", c.program, sizeof(c.program));
    gs_json_text(&in, "user", c.user, sizeof(c.user));
    gs_json_text(&in, "runtime_dir", c.runtime_dir, sizeof(c.runtime_dir));
    gs_json_text(&in, "exit_path", c.exit_path, sizeof(c.exit_path));
    get_log(&in, &c);
    get_limits(&in, &c);
    c.stop_ms = (uint32_t)gs_json_int(&in, "stop_ms", 0, INT32_MAX);
    c.follow_parent = gs_json_bool(&in, "follow_parent");
    check_paths(&in, &c);
    err = gs_json_close(&in);
    if (!err)
        *ret = c;
    return err;
}

/* ---- how it ended ---- */

char *gs_keeper_exit_to_json(const struct gs_keeper_exit *e)
{
    return gs_json_dump(json_pack("{si si si sb sI so}", "v", GS_PROTO_VERSION, "status", e->status,
                                  "signal", e->signal, "out_of_memory", e->out_of_memory, "time",
                                  (json_int_t)e->time, "why", gs_json_text_new(e->why)));
}

int gs_keeper_exit_from_json(const char *json, size_t size, struct gs_keeper_exit *ret)
{
    struct gs_keeper_exit e;
    struct gs_json_in in;
    int err;

    memset(&e, 0, sizeof(e));
    if (!open_message(json, size, &in))
        return -EPROTO;
    e.status = (int)gs_json_int(&in, "status", -1, STATUS_MAX);
    e.signal = (int)gs_json_int(&in, "signal", 0, SIGNAL_MAX);
    e.out_of_memory = gs_json_bool(&in, "out_of_memory");
    e.time = (uint64_t)gs_json_int(&in, "time", 0, INT64_MAX);
    gs_json_text_cut(&in, "why", e.why, sizeof(e.why));
    err = gs_json_close(&in);
    if (!err)
        *ret = e;
    return err;
}
