/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/cgroup_session.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/freezer.h"
#include "common/log.h"
#include "common/macros.h"
#include "host/cgroup.h"

#define HOST_GROUP "gpushare.host" /* where the daemon goes on version 2 */
/* The units of the packages: the second is an empty group beside the first, where sessions are. A
 * group that hands controllers down takes no processes: were they below the first, systemd could
 * not start the daemon again while a session is left (version 2; DelegateSubgroup= came with 254).
 */
#define HOST_UNIT "/gpushare-host.service"
#define SESSIONS_UNIT "gpushare-sessions.service"
#define CPU_PERIOD_US 100000
#define WEIGHT_1 "cpu.shares"
#define WEIGHT_2 "cpu.weight"

/* The last is for the daemon alone (host/meter.h): the worker moves nothing in it. */
enum { MEMORY, PIDS, CPU, FREEZER, CPUACCT, N_KINDS };

static const char *const kinds[N_KINDS] = {"memory", "pids", "cpu", "freezer", "cpuacct"};

struct group {
    char *dir; /* NAME; NULL: none */
    bool v2;
    int procs; /* its cgroup.procs, to write */
};

struct gs_cgroup_session {
    struct group groups[N_KINDS]; /* one hierarchy may be there several times */
};

/* ---- files ---- */

static bool has_file(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    return access(path, F_OK) == 0;
}

static int write_file(const char *dir, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    int err = 0;

    if (fd < 0)
        return -errno;
    if (write(fd, text, strlen(text)) < 0)
        err = -errno;
    close(fd);
    return err;
}

static char *read_file(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? text : g_strdup("");
}

/* ---- where ---- */

static bool has_word(const char *text, const char *word)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \n", -1);

    return g_strv_contains((const char *const *)words, word);
}

static bool usable(const char *dir)
{
    return has_file(dir, "cgroup.procs") && access(dir, W_OK) == 0;
}

/* Takes dir, where this process is (version 2); returns where its sessions are. */
static char *base_for(char *dir)
{
    g_autofree char *own = dir;
    char *up = g_path_get_dirname(own);
    g_autofree char *beside = g_build_filename(up, SESSIONS_UNIT, NULL);

    if (g_str_has_suffix(own, "/" HOST_GROUP))
        return up;
    g_free(up);
    return g_str_has_suffix(own, HOST_UNIT) && usable(beside) ? g_steal_pointer(&beside)
                                                              : g_steal_pointer(&own);
}

/* The group below which sessions are, for one controller; NULL: none that can be changed. */
static char *base_of(const char *root, const char *kind, bool *ret_v2)
{
    g_autofree char *top = NULL;
    g_autofree char *dir = gs_cgroup_dir(root, kind, &top);

    if (dir && !has_file(dir, "cgroup.procs")) {
        g_free(dir);
        dir = g_steal_pointer(&top);
    }
    if (!dir || !usable(dir))
        return NULL;
    *ret_v2 = has_file(dir, "cgroup.controllers");
    return *ret_v2 ? base_for(g_steal_pointer(&dir)) : g_steal_pointer(&dir);
}

static char *paths_of(const char *root, const char *name, const char *below, int n_kinds)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);

    for (int i = 0; name[0] && i < n_kinds; i++) {
        bool v2;
        g_autofree char *base = base_of(root, kinds[i], &v2);
        g_autofree char *path = base ? g_build_filename(base, name, below, NULL) : NULL;

        if (path && !g_ptr_array_find_with_equal_func(paths, path, g_str_equal, NULL))
            g_ptr_array_add(paths, g_steal_pointer(&path));
    }
    g_ptr_array_add(paths, NULL);
    return g_strjoinv(":", (char **)paths->pdata);
}

char *gs_cgroup_session_app_paths(const char *root, const char *name)
{
    return paths_of(root, name, "app", CPUACCT);
}

char *gs_cgroup_session_paths(const char *root, const char *name)
{
    return paths_of(root, name, NULL, N_KINDS);
}

/* ---- version 2: who may have limits ---- */

/* Groups below `dir` get the controllers that it has. */
static int enable_below(const char *dir)
{
    g_autofree char *there = read_file(dir, "cgroup.controllers");
    g_autofree char *enabled = read_file(dir, "cgroup.subtree_control");
    int err = 0;

    for (int i = 0; i < FREEZER; i++) {
        g_autofree char *plus = g_strconcat("+", kinds[i], NULL);

        if (has_word(there, kinds[i]) && !has_word(enabled, kinds[i]))
            err = err ? err : write_file(dir, "cgroup.subtree_control", plus);
    }
    return err;
}

/* NULL but where sessions are in a unit beside that of this process. */
static char *unit_beside(const char *root)
{
    bool v2 = false;
    g_autofree char *top = NULL;
    g_autofree char *own = gs_cgroup_dir(root, "memory", &top);
    g_autofree char *base = base_of(root, "memory", &v2);

    return own && base && v2 && g_str_has_suffix(own, HOST_UNIT) && strcmp(own, base) != 0
               ? g_steal_pointer(&base)
               : NULL;
}

void gs_cgroup_session_leave_host(const char *root)
{
    g_autofree char *unit = unit_beside(root);
    g_autofree char *group = unit ? g_build_filename(unit, HOST_GROUP, NULL) : NULL;
    int err;

    if (!group)
        return;
    err = mkdir(group, 0755) < 0 && errno != EEXIST ? -errno : 0;
    err = err ? err : write_file(group, "cgroup.procs", "0");
    if (err)
        gs_warn("cannot enter %s: %s", group, g_strerror(-err));
}

void gs_cgroup_session_prepare(const char *root)
{
    g_autofree char *beside = unit_beside(root);
    bool v2 = false;
    g_autofree char *base = base_of(root, "memory", &v2);
    g_autofree char *host = base ? g_build_filename(base, HOST_GROUP, NULL) : NULL;
    int err;

    /* A group with processes of its own gives no controllers to those below, but at the top. */
    if (!base || !v2 || enable_below(base) == 0)
        return;
    if (beside) {
        gs_info("sessions have no limits: %s does not hand controllers down", beside);
        return;
    }
    if (mkdir(host, 0755) < 0 && errno != EEXIST)
        return;
    err = write_file(host, "cgroup.procs", "0");
    err = err ? err : enable_below(base);
    if (err == 0)
        return;
    gs_info("sessions have no limits of memory, tasks and processors: %s: %s", base,
            g_strerror(-err));
    if (write_file(base, "cgroup.procs", "0") == 0)
        rmdir(host);
}

/* ---- limits ---- */

static void limit(const struct group *g, int kind, const char *name_1, const char *name_2,
                  const char *value)
{
    const char *name = g->v2 ? name_2 : name_1;
    int err = g->dir ? write_file(g->dir, name, value) : -ENOENT;

    if (!err)
        return;
    if (g->dir)
        gs_info("the session has no limit of %s: %s/%s: %s", kinds[kind], g->dir, name,
                g_strerror(-err));
    else
        gs_info("the session has no limit of %s: there is no such control group", kinds[kind]);
}

/* 1024 shares are what weight 100 is. */
static void print_weight(char out[64], bool v2, uint32_t weight)
{
    g_snprintf(out, 64, "%u", v2 ? weight : GS_MAX(weight * 1024 / 100, 2));
}

int gs_cgroup_session_open_cpu_weight(const char *groups, bool *ret_v2)
{
    static const char *const names[] = {WEIGHT_1, WEIGHT_2};
    g_auto(GStrv) dirs = g_strsplit(groups, ":", -1);

    for (char **dir = dirs; *dir; dir++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(names); i++) {
            g_autofree char *path = g_build_filename(*dir, names[i], NULL);
            int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

            *ret_v2 = i == 1;
            if (fd >= 0 || errno != ENOENT)
                return fd >= 0 ? fd : -errno;
        }
    }
    return -ENOENT;
}

int gs_cgroup_session_write_cpu_weight(int fd, bool v2, uint32_t weight)
{
    char text[64];

    print_weight(text, v2, weight);
    g_strlcat(text, "\n", sizeof(text));
    return pwrite(fd, text, strlen(text), 0) < 0 ? -errno : 0;
}

int gs_cgroup_session_set_cpu_weight(const char *root, const char *name, uint32_t weight)
{
    g_autofree char *groups = gs_cgroup_session_paths(root, name);
    bool v2 = false;
    int fd = gs_cgroup_session_open_cpu_weight(groups, &v2), err;

    if (fd < 0)
        return fd;
    err = gs_cgroup_session_write_cpu_weight(fd, v2, weight);
    close(fd);
    return err;
}

static void limit_cpu(const struct group *g, uint32_t percent, uint32_t weight)
{
    char text[64];

    if (percent > 0 && g->v2) {
        g_snprintf(text, sizeof(text), "%u %u", percent * (CPU_PERIOD_US / 100), CPU_PERIOD_US);
        limit(g, CPU, NULL, "cpu.max", text);
    } else if (percent > 0) {
        g_snprintf(text, sizeof(text), "%u", percent * (CPU_PERIOD_US / 100));
        limit(g, CPU, "cpu.cfs_quota_us", NULL, text);
    }
    if (weight > 0) {
        print_weight(text, g->v2, weight);
        limit(g, CPU, WEIGHT_1, WEIGHT_2, text);
    }
}

static void set_limits(struct gs_cgroup_session *s, const struct gs_cgroup_session_params *p)
{
    char text[32];

    if (p->memory_max > 0) {
        g_snprintf(text, sizeof(text), "%" G_GUINT64_FORMAT, p->memory_max);
        limit(&s->groups[MEMORY], MEMORY, "memory.limit_in_bytes", "memory.max", text);
    }
    if (p->tasks_max > 0) {
        g_snprintf(text, sizeof(text), "%u", p->tasks_max);
        limit(&s->groups[PIDS], PIDS, "pids.max", "pids.max", text);
    }
    limit_cpu(&s->groups[CPU], p->cpu_percent, p->cpu_weight);
}

/* ---- life ---- */

static void give_file(const char *dir, const char *name, const struct gs_cgroup_session_params *p)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    if (p->give && chown(path, p->uid, p->gid) < 0 && errno != ENOENT)
        gs_info("cannot give %s to the session's user: %s", path, g_strerror(errno));
}

static bool make(const char *dir)
{
    return mkdir(dir, 0755) == 0 || errno == EEXIST;
}

static void open_group(struct group *g, const char *kind, const struct gs_cgroup_session_params *p)
{
    g_autofree char *base = base_of(p->root, kind, &g->v2);
    g_autofree char *dir = base ? g_build_filename(base, p->name, NULL) : NULL;
    g_autofree char *app = dir ? g_build_filename(dir, "app", NULL) : NULL;
    g_autofree char *procs = dir ? g_build_filename(dir, "cgroup.procs", NULL) : NULL;

    if (base && g->v2)
        enable_below(base); /* where that fails, the limits that can't be set tell */
    if (!base || !make(dir) || !make(app))
        return;
    g->procs = open(procs, O_WRONLY | O_CLOEXEC);
    /* To move between the two, version 2 asks for the right to the one above as well. */
    give_file(dir, "cgroup.procs", p);
    give_file(app, "cgroup.procs", p);
    give_file(app, GS_FREEZER_V1_FILE, p);
    give_file(app, GS_FREEZER_V2_FILE, p);
    g->dir = g_steal_pointer(&dir);
}

struct gs_cgroup_session *gs_cgroup_session_create(const struct gs_cgroup_session_params *params)
{
    struct gs_cgroup_session *s = g_new0(struct gs_cgroup_session, 1);

    if (!params->name[0])
        return s;
    gs_cgroup_session_clear_name(params->root, params->name);
    for (int i = 0; i < N_KINDS; i++) {
        s->groups[i].procs = -1;
        open_group(&s->groups[i], kinds[i], params);
    }
    set_limits(s, params);
    return s;
}

void gs_cgroup_session_free(struct gs_cgroup_session *s)
{
    for (int i = 0; s && i < N_KINDS; i++) {
        if (s->groups[i].dir && s->groups[i].procs >= 0)
            close(s->groups[i].procs);
        g_free(s->groups[i].dir);
    }
    g_free(s);
}

void gs_cgroup_session_enter(const struct gs_cgroup_session *s)
{
    for (int i = 0; i < N_KINDS; i++) {
        if (s->groups[i].dir && write(s->groups[i].procs, "0", 1) < 0)
            continue; /* a controller may refuse: without its limits then */
    }
}

/* "oom_kill 3" among the lines of such a file. */
static bool counts_kills(const char *dir, const char *name)
{
    g_autofree char *text = read_file(dir, name);
    const char *line = strstr(text, "oom_kill ");

    return line && strtoul(line + strlen("oom_kill "), NULL, 10) > 0;
}

bool gs_cgroup_session_out_of_memory(const struct gs_cgroup_session *s)
{
    const struct group *g = &s->groups[MEMORY];
    g_autofree char *app = g->dir ? g_build_filename(g->dir, "app", NULL) : NULL;

    if (!g->dir)
        return false;
    if (g->v2)
        return counts_kills(g->dir, "memory.events");
    return counts_kills(g->dir, "memory.oom_control") || counts_kills(app, "memory.oom_control");
}

/* ---- the end ---- */

static void thaw(const char *dir)
{
    int err = gs_freezer_set_in(dir, false);

    if (err && err != -ENOENT && err != -ENODEV)
        gs_debug("what is in %s may stay frozen: %s", dir, g_strerror(-err));
}

static void kill_in(const char *dir)
{
    g_autofree char *text = read_file(dir, "cgroup.procs");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        pid_t pid = (pid_t)strtol(*line, NULL, 10);

        if (pid > 1 && pid != getpid())
            kill(pid, SIGKILL);
    }
    thaw(dir); /* what is frozen must be let go to die */
}

static bool remove_dir(const char *dir)
{
    return rmdir(dir) == 0 || errno == ENOENT;
}

static bool clear_dir(const char *dir)
{
    g_autofree char *app = g_build_filename(dir, "app", NULL);

    if (access(dir, F_OK) < 0)
        return true;
    kill_in(app);
    kill_in(dir);
    return remove_dir(app) && remove_dir(dir);
}

bool gs_cgroup_session_clear(struct gs_cgroup_session *s)
{
    bool clear = true;

    for (int i = 0; i < N_KINDS; i++) {
        if (s->groups[i].dir && !clear_dir(s->groups[i].dir))
            clear = false;
    }
    return clear;
}

bool gs_cgroup_session_clear_name(const char *root, const char *name)
{
    bool clear = true, v2;

    for (int i = 0; name[0] && i < N_KINDS; i++) {
        g_autofree char *base = base_of(root, kinds[i], &v2);
        g_autofree char *dir = base ? g_build_filename(base, name, NULL) : NULL;

        if (dir && !clear_dir(dir))
            clear = false;
    }
    return clear;
}

void gs_cgroup_session_thaw(const char *root, const char *name)
{
    bool v2;
    g_autofree char *base = base_of(root, kinds[FREEZER], &v2);
    g_autofree char *dir = base ? g_build_filename(base, name, NULL) : NULL;

    if (dir)
        thaw(dir);
}
