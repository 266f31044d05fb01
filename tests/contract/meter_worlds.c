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

/* ---- all ---- */

const struct world_kind world_kinds[] = {
    {"control groups, version 1", "cpu", make_v1, say_v1, garble_v1, vanish_groups, 0},
    {"control groups, version 2", "cpu", make_v2, say_v2, garble_v2, vanish_groups, GS_NS_PER_US},
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
