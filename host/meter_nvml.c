/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * NVIDIA's own driver, which tells no client's GPU time. What the worker claims, put right by the
 * driver's samples of how busy each process kept the multiprocessors, where there are such: taken
 * from libnvidia-ml.so.1 at run time, as declared in NVIDIA's public interface (NVML API reference,
 * nvmlDeviceGetProcessUtilization). Samples are averages over up to a second.
 *
 * None of this has met such a driver: it was run on a mock library.
 */
#include <dlfcn.h>
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "host/meter_claims.h"
#include "host/meter_device.h"
#include "host/meter_internal.h"
#include "host/meter_nvml.h"
#include "host/meter_processes.h"

#define WINDOW GS_NS_PER_S
#define SAMPLES_MOST 4096

struct library {
    void *handle; /* NULL: no samples */
    gs_nvml_init_fn init;
    gs_nvml_shutdown_fn shutdown;
    gs_nvml_by_pci_fn by_pci;
    gs_nvml_samples_fn samples;
};

struct nvml {
    struct gs_meter base;
    struct gs_meter_claims claims;
    unsigned page; /* whose claims they are */
    struct library lib;
    void *device;
    struct gs_meter_processes *processes;
    uint64_t window;    /* when it began; 0: none yet */
    uint64_t last_seen; /* NVML's time of the newest sample, us */
    bool found;         /* the samples had this session in them, at least once */
};

/* ---- the library ---- */

/* memcpy, as ISO C has no such cast. */
static bool symbol(void *handle, const char *name, void *function)
{
    void *p = dlsym(handle, name);

    memcpy(function, &p, sizeof(p));
    return p != NULL;
}

static void library_close(struct library *l)
{
    if (l->handle) {
        l->shutdown();
        dlclose(l->handle);
    }
    l->handle = NULL;
}

static bool library_open(struct library *l, char *why, size_t why_size)
{
    void *handle = dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
    int err;

    if (!handle) {
        snprintf(why, why_size, "libnvidia-ml.so.1 is not there");
        return false;
    }
    if (!symbol(handle, "nvmlInit_v2", &l->init) || !symbol(handle, "nvmlShutdown", &l->shutdown) ||
        !symbol(handle, "nvmlDeviceGetHandleByPciBusId_v2", &l->by_pci) ||
        !symbol(handle, "nvmlDeviceGetProcessUtilization", &l->samples)) {
        snprintf(why, why_size, "libnvidia-ml.so.1 is too old");
        dlclose(handle);
        return false;
    }
    err = l->init();
    if (err) {
        snprintf(why, why_size, "libnvidia-ml.so.1 says error %d", err);
        dlclose(handle);
        return false;
    }
    l->handle = handle;
    return true;
}

/* A driver that has samples says how many, or that there are none at the moment. */
static bool has_samples(struct nvml *n, const char *pci, char *why, size_t why_size)
{
    unsigned count = 0;
    int err = n->lib.by_pci(pci, &n->device);

    if (err) {
        snprintf(why, why_size, "libnvidia-ml.so.1 does not know %s (error %d)", pci, err);
        return false;
    }
    err = n->lib.samples(n->device, NULL, &count, 0);
    if (!err || err == GS_NVML_NOT_FOUND || err == GS_NVML_INSUFFICIENT_SIZE)
        return true;
    snprintf(why, why_size, "the driver has no samples of processes (error %d)", err);
    return false;
}

static void open_samples(struct nvml *n, const char *pci)
{
    char why[96];

    if (library_open(&n->lib, why, sizeof(why)) && has_samples(n, pci, why, sizeof(why))) {
        g_snprintf(n->base.how, sizeof(n->base.how), "the worker's claims, checked by samples");
        return;
    }
    library_close(&n->lib);
    n->base.trusting = true;
    g_snprintf(n->base.how, sizeof(n->base.how), "the worker's claims, unchecked: %s", why);
    gs_info("what a session says of its GPU time is not checked: %s", why);
}

/* ---- samples ---- */

static double share_of(const struct nvml *n, const struct gs_nvml_sample *samples, unsigned count,
                       const struct gs_meter_process *p)
{
    unsigned sum = 0, own = 0;

    for (unsigned i = 0; i < count; i++) {
        if (samples[i].pid == (unsigned)p->pid && samples[i].time > n->last_seen) {
            sum += GS_MIN(samples[i].sm, 100);
            own++;
        }
    }
    return own ? sum / 100.0 / own : 0;
}

/* Of the time since the last ones. False: they tell nothing. */
static bool take_samples(struct nvml *n, double *ret_share)
{
    g_autofree struct gs_nvml_sample *samples = NULL;
    uint64_t newest = n->last_seen;
    unsigned count = 0;
    int err = n->lib.samples(n->device, NULL, &count, n->last_seen);

    *ret_share = 0;
    if (err == GS_NVML_NOT_FOUND || ((!err || err == GS_NVML_INSUFFICIENT_SIZE) && !count))
        return n->found; /* nobody used it */
    if (err && err != GS_NVML_INSUFFICIENT_SIZE)
        return false;
    count = GS_MIN(count + 16, SAMPLES_MOST); /* some may come in between */
    samples = g_new0(struct gs_nvml_sample, count);
    if (n->lib.samples(n->device, samples, &count, n->last_seen) != 0)
        return false;
    for (unsigned i = 0; i < gs_meter_processes_count(n->processes); i++)
        *ret_share += share_of(n, samples, count, gs_meter_processes_at(n->processes, i));
    for (unsigned i = 0; i < count; i++)
        newest = GS_MAX(newest, samples[i].time);
    n->last_seen = newest;
    n->found |= *ret_share > 0;
    *ret_share = GS_MIN(*ret_share, 1);
    return n->found;
}

/* ---- the meter ---- */

static void nvml_close(struct gs_meter *m)
{
    struct nvml *n = (struct nvml *)m;

    library_close(&n->lib);
    gs_meter_processes_destroy(n->processes);
    g_free(n);
}

static int nvml_open(const struct gs_meter_params *p, struct gs_meter **ret, char *why,
                     size_t why_size)
{
    struct gs_meter_device device;
    struct nvml *n;

    if (!*p->gpu || gs_meter_device_find(p->root, p->gpu, &device) < 0 ||
        strcmp(device.driver, "nvidia") != 0) {
        snprintf(why, why_size, "that is not NVIDIA's own driver");
        return -ENOTSUP;
    }
    n = g_new0(struct nvml, 1);
    n->processes = gs_meter_processes_create(p);
    open_samples(n, device.pci);
    *ret = &n->base;
    return 0;
}

static uint64_t nvml_read(struct gs_meter *m, uint64_t now)
{
    struct nvml *n = (struct nvml *)m;
    const struct gs_grant_up *up = m->params.claims;
    uint64_t own, app;

    if (!up)
        return (uint64_t)n->claims.used;
    own = atomic_load_explicit(&up->own_ns, memory_order_relaxed);
    app = atomic_load_explicit(&up->app_ns, memory_order_relaxed);
    if (!n->claims.begun || n->page != m->page)
        gs_meter_claims_begin(&n->claims, own, app, now);
    n->page = m->page;
    gs_meter_claims_take(&n->claims, own, app, now);
    return (uint64_t)n->claims.used;
}

static void nobody_asks(void *user, struct gs_meter_process *p)
{
    (void)user;
    (void)p;
}

static void nvml_look_around(struct gs_meter *m, uint64_t now)
{
    static const struct gs_meter_processes_listener listener = {nobody_asks, nobody_asks};
    struct nvml *n = (struct nvml *)m;
    double share;

    if (!n->lib.handle || (n->window && now < n->window + WINDOW))
        return;
    nvml_read(m, now); /* what was claimed within the window */
    gs_meter_processes_look(n->processes, &listener, NULL);
    if (take_samples(n, &share))
        gs_meter_claims_correct(&n->claims,
                                (uint64_t)(share * (double)(n->window ? now - n->window : 0)));
    n->window = now;
}

const struct gs_meter_impl gs_meter_nvml = {
    .name = "nvml",
    .open = nvml_open,
    .read = nvml_read,
    .look_around = nvml_look_around,
    .close = nvml_close,
};
