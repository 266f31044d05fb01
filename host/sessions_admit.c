/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a floor can be promised, and those who wait until it can. */
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "host/promise.h"
#include "host/sessions_internal.h"

#define HOLDERS_MAX 64

/* ---- what there is ---- */

/* Where a session draws, or is going to: GPUs where there are some, else the processors. */
static bool may_take(const struct gs_grants_device *d, unsigned n, const struct gs_session *session)
{
    if (*session->ready.encoder)
        return strcmp(d->gpu, session->ready.gpu) == 0;
    return n == 1 || d->gpu[0];
}

/* As it is measured now, or was of that application before; else what is assumed. */
static uint64_t cost_of(const struct gs_session *session, const struct gs_session_settings *set,
                        uint32_t engines, bool *ret_measured)
{
    const struct gs_kept_session *k = &session->kept;
    struct gs_grants_info info = {0};
    uint64_t cost;

    if (session->grants)
        gs_grants_info(session->grants, &info);
    cost = gs_session_measured_cost(&info);
    if (!cost)
        cost = gs_sessions_expected_cost(session->all, k->app, k->argv[0], set->width, set->height);
    *ret_measured = cost > 0;
    return cost ? cost : gs_promise_assumed_cost(set->width, set->height, engines);
}

static uint32_t needs(const struct gs_session *session, const struct gs_session_settings *set,
                      const struct gs_grants_device *device, struct gs_promise *ret)
{
    struct gs_sched_admission a;
    bool measured;

    ret->cost_ns = cost_of(session, set, device->engines, &measured);
    ret->measured_for = measured ? "" : NULL;
    gs_grants_admit(session->all->scheduler, device->gpu, set->floor_fps, ret->cost_ns, NULL, &a);
    return a.needed_permille;
}

static bool promises(const struct gs_session *session)
{
    return session->kept.settings.floor_fps > 0 && session->state != GS_SESSION_QUEUED &&
           session->state != GS_SESSION_ENDING && session->state != GS_SESSION_ENDED;
}

struct count {
    struct gs_sessions *s;
    const struct gs_session *asks;
    const struct gs_caller *caller; /* NULL: all names may be told */
    const struct gs_grants_device *device;
    unsigned n_devices;
    struct gs_promise_holder holders[HOLDERS_MAX];
    unsigned n;
    uint32_t sum;
};

static void add_holder(struct count *c, const struct gs_session *session, uint32_t permille)
{
    bool told = !c->caller || gs_session_is_visible(session, c->caller);
    const char *name = told ? session->kept.name : "";

    for (unsigned i = 0; i < c->n; i++) {
        if (strcmp(c->holders[i].name, name) == 0) {
            c->holders[i].permille += permille;
            return;
        }
    }
    if (c->n < HOLDERS_MAX)
        c->holders[c->n++] = (struct gs_promise_holder){name, permille};
}

static gboolean count_one(gpointer name, gpointer data, gpointer user)
{
    struct gs_session *session = data;
    struct count *c = user;
    struct gs_promise p;
    uint32_t permille;

    (void)name;
    if (session == c->asks || !promises(session) || !may_take(c->device, c->n_devices, session))
        return FALSE;
    permille = needs(session, &session->kept.settings, c->device, &p);
    add_holder(c, session, permille);
    c->sum += permille;
    return FALSE;
}

static int compare_holders(const void *a, const void *b)
{
    const struct gs_promise_holder *x = a, *y = b;

    return (x->permille < y->permille) - (x->permille > y->permille);
}

/* ---- one device ---- */

static bool admit_to(struct count *c, const struct gs_session_settings *set, struct gs_promise *p,
                     const char *label)
{
    *p = (struct gs_promise){.floor_fps = set->floor_fps,
                             .width = set->width,
                             .height = set->height,
                             .engines = c->device->engines};
    p->needed_permille = needs(c->asks, set, c->device, p);
    if (p->measured_for)
        p->measured_for = label;
    g_tree_foreach(c->s->sessions, count_one, c);
    qsort(c->holders, c->n, sizeof(c->holders[0]), compare_holders);
    p->promised_permille = c->sum;
    p->left_permille = c->sum < GS_SCHED_FLOORS_PERMILLE ? GS_SCHED_FLOORS_PERMILLE - c->sum : 0;
    p->holders = c->holders;
    p->n_holders = c->n;
    return p->needed_permille <= p->left_permille;
}

static char *label_of(const struct gs_session *session)
{
    return *session->kept.app ? g_strdup(session->kept.app)
                              : g_path_get_basename(session->kept.argv[0]);
}

/* Keeps the refusal of the device with most room. */
static void keep_best(const struct gs_promise *p, uint32_t *best, char **ret_why, char **ret_short)
{
    if (*ret_why && p->left_permille <= *best)
        return;
    g_free(*ret_why);
    *ret_why = gs_promise_refusal(p);
    *best = p->left_permille;
    if (ret_short) {
        g_free(*ret_short);
        *ret_short = p->needed_permille <= GS_SCHED_FLOORS_PERMILLE ? gs_promise_short(p) : NULL;
    }
}

int gs_session_admit(const struct gs_session *session, const struct gs_session_settings *wanted,
                     const struct gs_caller *caller, char **ret_why, char **ret_short)
{
    struct gs_sessions *s = session->all;
    struct gs_grants_device devices[GS_SCHED_DEVICES_MAX];
    unsigned n = MIN(gs_sessions_devices(s, devices, GS_SCHED_DEVICES_MAX), GS_SCHED_DEVICES_MAX);
    g_autofree char *label = label_of(session), *why = NULL;
    uint32_t best = 0;

    if (wanted->floor_fps == 0 || s->config->policy != GS_SCHED_SHARES)
        return 0;
    for (unsigned i = 0; i < n; i++) {
        struct count c = {.s = s,
                          .asks = session,
                          .caller = caller && !caller->admin ? caller : NULL,
                          .device = &devices[i],
                          .n_devices = n};
        struct gs_promise p;

        if (!may_take(&devices[i], n, session))
            continue;
        if (admit_to(&c, wanted, &p, label))
            return 0;
        keep_best(&p, &best, &why, ret_short);
    }
    if (!why)
        return 0;
    *ret_why = g_steal_pointer(&why);
    return -EDQUOT;
}

void gs_sessions_fill_promised(struct gs_sessions *s, struct gs_grants_device *devices, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct count c = {.s = s, .device = &devices[i], .n_devices = n};

        if (s->config->policy == GS_SCHED_SHARES)
            g_tree_foreach(s->sessions, count_one, &c);
        devices[i].promised_permille = c.sum;
    }
}
