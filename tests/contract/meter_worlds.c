/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/contract/meter_worlds.h"

#include <glib.h>
#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "tests/support/tree.h"

/* ---- control groups ---- */

static void make_v1(struct world *w)
{
    tree_put(w->root, "cg/memory/s/cgroup.procs", "");
    w->params.cgroups = g_strdup_printf("%s/cg/memory/s:%s/cg/cpu/s", w->root, w->root);
}

static void say_v1(struct world *w)
{
    g_snprintf(w->text, sizeof(w->text), "%" PRIu64 "\n", w->used + 77);
    tree_put(w->root, "cg/cpu/s/cpuacct.usage", w->text);
}

static void garble_v1(struct world *w, const char *text)
{
    tree_put(w->root, "cg/cpu/s/cpuacct.usage", text);
}

static void make_v2(struct world *w)
{
    w->params.cgroups = g_strdup_printf("%s/cg/s", w->root);
}

static void say_v2(struct world *w)
{
    g_snprintf(w->text, sizeof(w->text),
               "usage_usec %" PRIu64 "\nuser_usec 12\nsystem_usec 13\nnr_periods 0\n",
               w->used / 1000 + 55);
    tree_put(w->root, "cg/s/cpu.stat", w->text);
}

static void garble_v2(struct world *w, const char *text)
{
    tree_put(w->root, "cg/s/cpu.stat", text);
}

/* The kernel does not let what was open be read any more. */
static void vanish_groups(struct world *w)
{
    tree_put(w->root, "cg/cpu/s/cpuacct.usage", "");
    tree_put(w->root, "cg/s/cpu.stat", "");
    tree_take(w->root, "cg");
}

/* ---- DRM clients ---- */

#define OTHER_GPU                                                                                  \
    "drm-driver:\ti915\ndrm-pdev:\t0000:03:00.0\ndrm-client-id:\t7\n"                              \
    "drm-engine-render:\t777777777 ns\n"

static void put_process(const struct world *w, unsigned pid, unsigned parent, const char *children)
{
    g_autofree char *stat = g_strdup_printf("proc/%u/stat", pid);
    g_autofree char *list = g_strdup_printf("proc/%u/task/%u/children", pid, pid);
    g_autofree char *text = g_strdup_printf(
        "%u (a) b) S %u 1 1 0 -1 4194560 1 0 0 0 3 4 0 0 20 0 1 0 5000 1000 50\n", pid, parent);

    tree_put(w->root, stat, text);
    tree_put(w->root, list, children);
}

static void put_descriptor(const struct world *w, unsigned pid, unsigned fd, const char *link,
                           const char *text)
{
    g_autofree char *number = g_strdup_printf("proc/%u/fd/%u", pid, fd);
    g_autofree char *info = g_strdup_printf("proc/%u/fdinfo/%u", pid, fd);

    tree_link(w->root, number, link);
    tree_put(w->root, info, text);
}

/* One client, open twice in one process and once in another; beside it another GPU's, and a file.
 */
static void put_clients(const struct world *w, const char *text)
{
    put_process(w, 100, 1, "101");
    put_process(w, 101, 100, "102 ");
    put_process(w, 102, 101, "");
    put_descriptor(w, 101, 5, "/dev/dri/renderD128", text);
    put_descriptor(w, 101, 6, "/dev/dri/renderD128", text);
    put_descriptor(w, 101, 7, "/dev/dri/renderD129", OTHER_GPU);
    put_descriptor(w, 102, 0, "/dev/null", "pos:\t0\nflags:\t02\n");
    put_descriptor(w, 102, 3, "/dev/dri/card0", text);
}

static void make_clients(struct world *w, const char *uevent)
{
    tree_put(w->root, "sys/class/drm/renderD128/device/uevent", uevent);
    w->params.gpu = "/dev/dri/renderD128";
}

static void make_i915(struct world *w)
{
    make_clients(w, "DRIVER=i915\nPCI_CLASS=30000\nPCI_SLOT_NAME=0000:00:02.0\n");
}

/* Two engines; that of video counts for nothing; two of one kind count half. */
static void say_i915(struct world *w)
{
    g_snprintf(w->text, sizeof(w->text),
               "pos:\t0\ndrm-driver:\ti915\ndrm-pdev:\t0000:00:02.0\ndrm-client-id:\t%u\n"
               "drm-engine-render:\t%" PRIu64 " ns\ndrm-engine-copy:\t123456789 ns\n"
               "drm-engine-video:\t%" PRIu64 " ns\ndrm-engine-capacity-video:\t2\n"
               "drm-engine-compute:\t%" PRIu64 " ns\ndrm-engine-capacity-compute:\t2\n",
               7 + w->times_gone, w->used / 2, w->now, (w->used - w->used / 2) * 2);
    put_clients(w, w->text);
}

static void make_xe(struct world *w)
{
    make_clients(w, "DRIVER=xe\nPCI_SLOT_NAME=0000:00:02.0\n");
}

/* A clock of 19.2 MHz. */
static void say_xe(struct world *w)
{
    uint64_t cycles = w->used * 192 / 10000, total = w->now * 192 / 10000;

    g_snprintf(w->text, sizeof(w->text),
               "drm-driver:\txe\ndrm-pdev:\t0000:00:02.0\ndrm-client-id:\t%u\n"
               "drm-cycles-rcs:\t%" PRIu64 "\ndrm-total-cycles-rcs:\t%" PRIu64 "\n"
               "drm-cycles-vcs:\t%" PRIu64 "\ndrm-total-cycles-vcs:\t%" PRIu64 "\n",
               7 + w->times_gone, cycles, total, total, total);
    put_clients(w, w->text);
}

/* Not on PCI: its clients are those that have its node open. It finds them by a control group. */
static void make_panfrost(struct world *w)
{
    make_clients(w, "DRIVER=panfrost\nOF_NAME=gpu\n");
    w->params.cgroups = g_strdup_printf("%s/none:%s/cg/s", w->root, w->root);
}

static void say_panfrost(struct world *w)
{
    g_snprintf(w->text, sizeof(w->text),
               "drm-driver:\tpanfrost\ndrm-client-id:\t%u\n"
               "drm-engine-fragment:\t%" PRIu64 " ns\ndrm-cycles-fragment:\t12\n"
               "drm-maxfreq-fragment:\t800000000 Hz\n"
               "drm-engine-vertex-tiler:\t%" PRIu64 " ns\n",
               9 + w->times_gone, w->used - w->used / 3, w->used / 3);
    tree_put(w->root, "cg/s/cgroup.procs", "101\n");
    tree_put(w->root, "cg/s/app/cgroup.procs", "102\n");
    put_process(w, 101, 1, "");
    put_process(w, 102, 1, "");
    put_descriptor(w, 101, 5, "/dev/dri/renderD128", w->text);
    put_descriptor(w, 102, 8, "/dev/dri/renderD128", w->text);
    put_descriptor(w, 102, 9, "/dev/dri/renderD130",
                   "drm-driver:\tpanfrost\ndrm-client-id:\t99\ndrm-engine-fragment:\t9999 ns\n");
}

static void garble_clients(struct world *w, const char *text)
{
    put_descriptor(w, 101, 5, "/dev/dri/renderD128", text);
    put_descriptor(w, 101, 6, "/dev/dri/renderD128", text);
    put_descriptor(w, 102, 3, "/dev/dri/renderD128", text);
}

/* What was open can't be read any more. */
static void vanish_clients(struct world *w)
{
    garble_clients(w, "");
    put_descriptor(w, 102, 8, "/dev/dri/renderD128", "");
    tree_take(w->root, "proc");
    tree_take(w->root, "cg");
    w->times_gone++;
}

/* ---- claims ---- */

static void make_claims(struct world *w)
{
    make_clients(w, "DRIVER=nvidia\nPCI_SLOT_NAME=0000:ff:1f.0\n");
    w->params.claims = &w->claims;
}

static void say_claims(struct world *w)
{
    atomic_store(&w->claims.own_ns, w->used / 3);
    atomic_store(&w->claims.app_ns, w->used - w->used / 3);
}

static void vanish_claims(struct world *w)
{
    atomic_store(&w->claims.own_ns, 0);
    atomic_store(&w->claims.app_ns, 0);
}

/* ---- all ---- */

const struct world_kind world_kinds[] = {
    {"control groups, version 1", "cpu", make_v1, say_v1, garble_v1, vanish_groups, 0},
    {"control groups, version 2", "cpu", make_v2, say_v2, garble_v2, vanish_groups, GS_NS_PER_US},
    {"DRM clients, times", "fdinfo", make_i915, say_i915, garble_clients, vanish_clients, 2},
    {"DRM clients, cycles", "fdinfo", make_xe, say_xe, garble_clients, vanish_clients,
     100 * GS_NS_PER_US},
    {"DRM clients not on PCI, in control groups", "fdinfo", make_panfrost, say_panfrost,
     garble_clients, vanish_clients, 2},
    {"claims", "nvml", make_claims, say_claims, NULL, vanish_claims, 2},
    {.name = NULL},
};

void world_make(struct world *w, const struct world_kind *kind)
{
    *w = (struct world){.root = tree_create(), .now = 1000 * GS_NS_PER_S};
    w->params = (struct gs_meter_params){.root = w->root, .gpu = "", .keeper = 100};
    kind->make(w);
    if (!w->params.cgroups)
        w->params.cgroups = g_strdup("");
    kind->say(w);
}

void world_remove(struct world *w)
{
    g_free((char *)w->params.cgroups);
    tree_remove(w->root);
}
