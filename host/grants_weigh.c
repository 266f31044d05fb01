/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel gives a session of the processors, where software renders: the weight of its
 * control group. Its file stays open, as it is written often. */
#include <unistd.h>

#include "common/log.h"
#include "host/cgroup_session.h"
#include "host/grants_internal.h"

void gs_grants_weigh_open(struct gs_grants_session *x, const char *cgroups)
{
    struct gs_grants_weight *w = &x->weight;

    *w = (struct gs_grants_weight){.fd = -1};
    if (x->device != 0)
        return;
    w->fd = gs_cgroup_session_open_cpu_weight(cgroups, &w->v2);
    if (w->fd < 0)
        gs_info("session %s gets no processors by its weight, floor and shares: %s", x->name,
                g_strerror(-w->fd));
}

void gs_grants_weigh(struct gs_grants_session *x, uint32_t weight)
{
    struct gs_grants_weight *w = &x->weight;

    if (!x->settings.weighed || weight == w->written)
        return;
    w->written = weight;
    if (weight && gs_cgroup_session_write_cpu_weight(w->fd, w->v2, weight) < 0)
        gs_debug("the processors of session %s stay as they are", x->name);
}

void gs_grants_weigh_close(struct gs_grants_session *x)
{
    if (x->weight.fd < 0)
        return;
    gs_grants_weigh(x, x->settings.weight);
    close(x->weight.fd);
}
