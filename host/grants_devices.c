/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What there is to share: the processors, where software renders, and the render nodes. */
#include <math.h>
#include <sched.h>
#include <string.h>

#include "host/cgroup.h"
#include "host/grants_internal.h"

/* ---- finding them ---- */

static uint32_t processors(const char *root)
{
    double limit = gs_cgroup_cpus(root);
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set)
                                                         : (int)g_get_num_processors();

    if (limit > 0 && ceil(limit) < n)
        n = (int)ceil(limit);
    return (uint32_t)MAX(n, 1);
}

static void add(struct gs_grants *g, const char *gpu, uint32_t engines, uint32_t depth)
{
    unsigned i = g->params.n_devices;

    if (i >= GS_SCHED_DEVICES_MAX)
        return;
    g_strlcpy(g->gpu[i], gpu, sizeof(g->gpu[i]));
    g->params.device[i] = (struct gs_sched_device){engines, depth};
    g->params.n_devices++;
}

static gint compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void gs_grants_find_devices(struct gs_grants *g, uint32_t depth)
{
    g_autofree char *path = g_build_filename(g->root, "dev/dri", NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    g->params.n_devices = 0;
    add(g, "", processors(g->root), depth);
    while (dir && (name = g_dir_read_name(dir))) {
        if (g_str_has_prefix(name, "renderD"))
            g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, compare);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *gpu = g_strdup_printf("/dev/dri/%s", (char *)names->pdata[i]);

        add(g, gpu, 1, depth);
    }
}

int gs_grants_device_of(const struct gs_grants *g, const char *gpu)
{
    for (unsigned i = 0; i < g->params.n_devices; i++) {
        if (strcmp(g->gpu[i], gpu) == 0)
            return (int)i;
    }
    return -1;
}

/* ---- what is asked about them ---- */

static unsigned count_sessions(const struct gs_grants *g, unsigned device)
{
    unsigned n = 0;

    for (guint i = 0; i < g->sessions->len; i++)
        n += ((struct gs_grants_session *)g->sessions->pdata[i])->device == device;
    return n;
}

static void fill(const struct gs_grants *g, unsigned i, uint64_t now, struct gs_grants_device *ret)
{
    const struct gs_sched_device *d = &g->params.device[i];
    struct gs_sched_admission admission;

    gs_sched_admit(g->sched, (int)i, 0, 0, NULL, &admission);
    *ret = (struct gs_grants_device){.engines = d->engines,
                                     .depth = d->depth,
                                     .used_permille = gs_sched_used_permille(g->sched, i, now),
                                     .promised_permille = admission.promised_permille,
                                     .sessions = count_sessions(g, i)};
    if (!ret->depth)
        ret->depth = d->engines > 1 ? d->engines + 1 : 2;
    g_strlcpy(ret->gpu, g->gpu[i], sizeof(ret->gpu));
}

unsigned gs_grants_devices(struct gs_grants *g, struct gs_grants_device *ret, unsigned most)
{
    uint64_t now = gs_now_ns();
    unsigned n = MIN(g->params.n_devices, most);

    pthread_mutex_lock(&g->lock);
    for (unsigned i = 0; i < n; i++)
        fill(g, i, now, &ret[i]);
    pthread_mutex_unlock(&g->lock);
    return n;
}

void gs_grants_admit(struct gs_grants *g, const char *gpu, uint32_t floor_fps, uint64_t cost_ns,
                     const struct gs_grants_session *except, struct gs_sched_admission *ret)
{
    int device = gpu ? MAX(gs_grants_device_of(g, gpu), 0) : -1;

    pthread_mutex_lock(&g->lock);
    gs_sched_admit(g->sched, device, floor_fps, cost_ns, except ? except->sched : NULL, ret);
    pthread_mutex_unlock(&g->lock);
}
