/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/idle.h"

#include <glib.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/macros.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define CPUS_MOST 4096

/* user nice system idle iowait irq softirq steal; guest times are in user already. */
static bool add_cpu(const char *line, struct gs_idle_times *sum)
{
    unsigned long long v[8];

    if (sscanf(line, "%*s %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2], &v[3],
               &v[4], &v[5], &v[6], &v[7]) != 8)
        return false;
    sum->idle += v[3] + v[4];
    for (int i = 0; i < 8; i++)
        sum->total += v[i];
    return true;
}

bool gs_idle_parse_stat(const char *text, bool (*mask)(unsigned cpu, void *user), void *user,
                        struct gs_idle_times *ret)
{
    struct gs_idle_times sum = {0};
    bool found = false;

    for (const char *line = text; line; line = strchr(line, '\n')) {
        unsigned cpu;

        line += *line == '\n';
        /* The line of all together has blanks there, which %u would skip. */
        if (!g_str_has_prefix(line, "cpu") || !g_ascii_isdigit(line[3]) ||
            sscanf(line, "cpu%u", &cpu) != 1 || !mask(cpu, user))
            continue;
        if (!add_cpu(line, &sum))
            return false;
        found = true;
    }
    if (found)
        *ret = sum;
    return found;
}

bool gs_idle_parse_limit(const char *text, struct gs_idle_limit *ret)
{
    unsigned long long quota, period;

    if (sscanf(text, "max %llu", &period) == 1)
        quota = UINT64_MAX;
    else if (sscanf(text, "%llu %llu", &quota, &period) != 2 || quota == 0)
        return false;
    if (period == 0)
        return false;
    *ret = (struct gs_idle_limit){quota, period};
    return true;
}

bool gs_idle_parse_usage(const char *text, uint64_t *ret)
{
    const char *at = strstr(text, "usage_usec ");
    unsigned long long v;

    if (!at || (at != text && at[-1] != '\n') || sscanf(at, "usage_usec %llu", &v) != 1)
        return false;
    *ret = v;
    return true;
}

static bool in_set(unsigned cpu, void *user)
{
    return cpu < CPUS_MOST && CPU_ISSET_S(cpu, CPU_ALLOC_SIZE(CPUS_MOST), (cpu_set_t *)user);
}

static bool read_times(struct gs_idle_times *ret)
{
    g_autofree char *text = NULL;
    cpu_set_t *set = CPU_ALLOC(CPUS_MOST);
    bool ok = set && sched_getaffinity(0, CPU_ALLOC_SIZE(CPUS_MOST), set) == 0 &&
              g_file_get_contents("/proc/stat", &text, NULL, NULL) &&
              gs_idle_parse_stat(text, in_set, set, ret);

    CPU_FREE(set);
    return ok;
}

static char *read_file(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? text : NULL;
}

static bool read_limit(const char *folder, struct gs_idle_limit *ret)
{
    g_autofree char *text = read_file(folder, "cpu.max");

    return text && gs_idle_parse_limit(text, ret) && ret->quota != UINT64_MAX;
}

/* From the own group up to the root, whose files say nothing about a limit. */
static void find_group(struct gs_idle *idle)
{
    g_autofree char *text = read_file("/proc/self", "cgroup");
    const char *own = text ? strstr(text, "0::/") : NULL;
    g_autofree char *folder = NULL;
    struct gs_idle_limit limit;
    char *slash;

    idle->looked = true;
    if (!own)
        return;
    folder = g_strconcat(CGROUP_ROOT, own + strlen("0::"), NULL);
    g_strchomp(folder);
    while (strlen(folder) >= strlen(CGROUP_ROOT)) {
        if (read_limit(folder, &limit)) {
            g_strlcpy(idle->group, folder, sizeof(idle->group));
            return;
        }
        slash = strrchr(folder, '/');
        *slash = '\0';
    }
}

/* What the control group left of its limit; 1 without one. */
static double group_share(struct gs_idle *idle, uint64_t passed_ns)
{
    g_autofree char *text = idle->group[0] ? read_file(idle->group, "cpu.stat") : NULL;
    uint64_t before = idle->usage, passed_us = passed_ns / GS_NS_PER_US;
    struct gs_idle_limit limit;
    double allowed;

    if (!text || !gs_idle_parse_usage(text, &idle->usage) || !read_limit(idle->group, &limit) ||
        !passed_us)
        return 1;
    allowed = (double)passed_us * (double)limit.quota / (double)limit.period;
    return GS_CLAMP(1 - (double)(idle->usage - before) / allowed, 0, 1);
}

bool gs_idle_measure(struct gs_idle *idle, uint64_t now, double *ret)
{
    struct gs_idle_times before = idle->times, times;
    uint64_t last = idle->at;
    double group, all;

    if (last && now - last < GS_IDLE_EVERY_MS * GS_NS_PER_MS)
        return false;
    idle->at = now;
    if (!idle->looked)
        find_group(idle);
    group = group_share(idle, now - last);
    if (!read_times(&times))
        return false;
    idle->times = times;
    if (!last || times.total <= before.total || times.idle < before.idle)
        return false;
    all = (double)(times.idle - before.idle) / (double)(times.total - before.total);
    *ret = GS_MIN(GS_CLAMP(all, 0, 1), group);
    return true;
}
