/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/cgroup.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define UNLIMITED (UINT64_C(1) << 60) /* version 1 says a number near 2^63 */

/* One file of one group; NULL: it is not there. */
static char *read_file(const char *dir, const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) ? g_strchomp(text) : NULL;
}

static bool read_number(const char *dir, const char *name, uint64_t *ret)
{
    g_autofree char *text = read_file(dir, name);

    return text && g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, ret, NULL);
}

static double cpus_of(const char *dir)
{
    g_autofree char *max = read_file(dir, "cpu.max"); /* version 2: "50000 100000", "max 100000" */
    uint64_t quota, period;

    if (max)
        return sscanf(max, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, &quota, &period) == 2 &&
                       period
                   ? (double)quota / (double)period
                   : 0;
    if (read_number(dir, "cpu.cfs_quota_us", &quota) &&
        read_number(dir, "cpu.cfs_period_us", &period) && period)
        return (double)quota / (double)period;
    return 0; /* version 1 says -1, which is no such number */
}

static uint64_t memory_left_of(const char *dir)
{
    uint64_t limit, used;

    if (!(read_number(dir, "memory.max", &limit) && read_number(dir, "memory.current", &used)) &&
        !(read_number(dir, "memory.limit_in_bytes", &limit) &&
          read_number(dir, "memory.usage_in_bytes", &used)))
        return 0;
    if (limit >= UNLIMITED)
        return 0;
    return limit > used ? limit - used : 1;
}

/* Lines of /proc/self/cgroup: "0::/path" (version 2), "4:cpu,cpuacct:/path" (version 1). */
char *gs_cgroup_dir(const char *root, const char *controller, char **ret_top)
{
    g_autofree char *file = g_build_filename(root, "proc/self/cgroup", NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(file, &text, NULL, NULL))
        return NULL;
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        g_auto(GStrv) fields = g_strsplit(*line, ":", 3);
        g_auto(GStrv) names = g_strv_length(fields) == 3 ? g_strsplit(fields[1], ",", -1) : NULL;
        bool v2 = names && strcmp(fields[0], "0") == 0;

        if (!names || (!v2 && !g_strv_contains((const char *const *)names, controller)))
            continue;
        *ret_top = g_build_filename(root, "sys/fs/cgroup", v2 ? NULL : controller, NULL);
        if (!v2 || g_file_test(*ret_top, G_FILE_TEST_IS_DIR))
            return g_build_filename(*ret_top, fields[2], NULL);
    }
    return NULL;
}

/* Calls fn for the group and those above it. In a container the path may be that of the outside:
 * then only the top is there. */
static void each_group(const char *root, const char *controller,
                       void (*fn)(const char *dir, void *user), void *user)
{
    g_autofree char *top = NULL;
    g_autofree char *dir = gs_cgroup_dir(root, controller, &top);

    while (dir) {
        char *up;

        fn(dir, user);
        if (strlen(dir) <= strlen(top) + 1)
            break;
        up = g_path_get_dirname(dir);
        g_free(dir);
        dir = up;
    }
    if (top)
        fn(top, user);
}

static void least_cpus(const char *dir, void *user)
{
    double *least = user, cpus = cpus_of(dir);

    if (cpus > 0 && (*least <= 0 || cpus < *least))
        *least = cpus;
}

static void least_memory(const char *dir, void *user)
{
    uint64_t *least = user, left = memory_left_of(dir);

    if (left && (!*least || left < *least))
        *least = left;
}

double gs_cgroup_cpus(const char *root)
{
    double least = 0;

    each_group(root, "cpu", least_cpus, &least);
    return least;
}

uint64_t gs_cgroup_memory_left(const char *root)
{
    uint64_t least = 0;

    each_group(root, "memory", least_memory, &least);
    return least;
}
