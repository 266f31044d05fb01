/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/promise.h"

#include <glib.h>

#include "common/clock.h"
#include "host/scheduler.h"

#define ASSUMED_NS (4 * GS_NS_PER_MS)
#define ASSUMED_PIXELS (1280 * 720)
#define HOLDERS_TOLD 6

uint64_t gs_promise_assumed_cost(uint32_t width, uint32_t height, uint32_t engines)
{
    return ASSUMED_NS * width * height / ASSUMED_PIXELS * engines;
}

uint32_t gs_promise_fitting_fps(const struct gs_promise *p)
{
    uint64_t fps = p->needed_permille
                       ? (uint64_t)p->floor_fps * p->left_permille / p->needed_permille
                       : p->floor_fps;

    return (uint32_t)MIN(fps, p->floor_fps);
}

/* What is needed is rounded up, what is there down: nothing is said to fit that does not. */
static uint32_t up(uint32_t permille)
{
    return (permille + 9) / 10;
}

static uint32_t near(uint32_t permille)
{
    return (permille + 5) / 10;
}

static char *device_of(const struct gs_promise *p)
{
    return p->engines > 1 ? g_strdup_printf("the %u processors", p->engines) : g_strdup("the GPU");
}

static void add_cost(GString *out, const struct gs_promise *p)
{
    g_string_append_printf(out, " (%.1f ms a frame, ", (double)p->cost_ns / GS_NS_PER_MS);
    if (p->measured_for)
        g_string_append_printf(out, "measured for %s)", p->measured_for);
    else
        g_string_append_printf(out, "assumed for %ux%u as nothing was measured yet)", p->width,
                               p->height);
}

static void add_holders(GString *out, const struct gs_promise *p)
{
    unsigned told = p->n_holders > HOLDERS_TOLD ? HOLDERS_TOLD - 1 : p->n_holders;
    uint32_t rest = 0;

    for (unsigned i = 0; i < p->n_holders; i++) {
        const struct gs_promise_holder *h = &p->holders[i];

        if (i < told)
            g_string_append_printf(out, "%s%s: %u %%", i ? ", " : " (",
                                   *h->name ? h->name : "sessions of others", near(h->permille));
        else
            rest += h->permille;
    }
    if (told < p->n_holders)
        g_string_append_printf(out, ", %u more: %u %%", p->n_holders - told, near(rest));
    if (p->n_holders > 0)
        g_string_append_c(out, ')');
}

static void add_remedy(GString *out, const struct gs_promise *p)
{
    uint32_t fits = gs_promise_fitting_fps(p);

    if (fits > 0)
        g_string_append_printf(out, ": floor=%u would fit", fits);
    else if (p->promised_permille > 0)
        g_string_append(out, ": no floor would fit until one of them ends or is lowered");
    else
        g_string_append(out, ": not even one frame a second would fit");
}

char *gs_promise_refusal(const struct gs_promise *p)
{
    GString *out = g_string_new(NULL);
    g_autofree char *device = device_of(p);

    g_string_printf(out, "floor %u fps needs about %u %% of %s", p->floor_fps,
                    up(p->needed_permille), device);
    add_cost(out, p);
    if (p->promised_permille == 0) {
        g_string_append_printf(out, "; %u %% may be promised", GS_SCHED_FLOORS_PERMILLE / 10);
    } else {
        g_string_append_printf(out, "; %u %% of the %u %% that may be promised is promised already",
                               near(p->promised_permille), GS_SCHED_FLOORS_PERMILLE / 10);
        add_holders(out, p);
        g_string_append_printf(out, ", %u %% is left", p->left_permille / 10);
    }
    add_remedy(out, p);
    return g_string_free(out, FALSE);
}

char *gs_promise_short(const struct gs_promise *p)
{
    g_autofree char *device = device_of(p);

    return g_strdup_printf("floor %u needs %u %% of %s, %u %% is left", p->floor_fps,
                           up(p->needed_permille), device, p->left_permille / 10);
}
