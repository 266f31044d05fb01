/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What /metrics says: the daemon and each of its sessions, for Prometheus. Names, labels and units
 * are kept as they are: dashboards and alert rules of others use them. docs/observability.md lists
 * them.
 *
 * Counters of a session are its worker's: they begin at 0 with it, and go on through a restart of
 * the daemon; those of the daemon begin with the daemon.
 */
#pragma once

#include <stdint.h>

#include "host/sessions.h"

/* Of our own process. */
struct gs_metrics_process {
    uint64_t cpu_us, memory; /* memory: resident, bytes */
    uint64_t files, files_limit;
};

struct gs_metrics {
    uint64_t now; /* seconds since 1970 */
    struct gs_daemon_info daemon;
    uint64_t sessions_limit;
    struct gs_metrics_process process;
    struct gs_grants_device devices[GS_SCHED_DEVICES_MAX];
    unsigned n_devices;
    const struct gs_session_info *sessions; /* borrowed */
    unsigned n_sessions;
};

/* The whole text, for g_free. Pure; any thread. */
char *gs_metrics_format(const struct gs_metrics *m);
/* The same of all sessions as they are now. Main thread. */
char *gs_metrics_collect(struct gs_sessions *s);
