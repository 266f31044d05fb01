/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control groups of one session, versions 1 and 2: a group NAME below the one that this process is
 * in (of the packaged service on version 2: below gpushare-sessions.service, beside it), in each
 * hierarchy that there is and may be changed, and in it a group "app" for the application. Limits
 * are on NAME and hold for both together. What can't be had is said once and done without. Keeper;
 * the daemon where it says so. root: "/", another one for tests.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/macros.h"

struct gs_cgroup_session;

struct gs_cgroup_session_params {
    const char *root, *name;
    uint64_t memory_max;  /* bytes; 0: no limit, as with those that follow */
    uint32_t tasks_max;   /* processes and threads */
    uint32_t cpu_percent; /* of one processor */
    uint32_t cpu_weight;  /* 1 … 10000, 100 is normal; 0: leave it */
    bool give;            /* to uid and gid: to put processes into the groups, and freeze "app" */
    uid_t uid;
    gid_t gid;
};

/* Makes the groups; ends what an earlier session of that name left in them. Never NULL. */
struct gs_cgroup_session *gs_cgroup_session_create(const struct gs_cgroup_session_params *params);
/* Another cpu_weight of the groups of that name, whoever made them. 0; -ENOENT: there is none that
 * may be changed; -errno. The daemon. */
int gs_cgroup_session_set_cpu_weight(const char *root, const char *name,
                                     uint32_t weight) GS_MUST_CHECK;
/* The same for who changes it often. groups: as of gs_cgroup_session_paths. An open file, the
 * caller's; -ENOENT, -errno. */
int gs_cgroup_session_open_cpu_weight(const char *groups, bool *ret_v2) GS_MUST_CHECK;
/* weight: 1 … 10000. 0, -errno. */
int gs_cgroup_session_write_cpu_weight(int fd, bool v2, uint32_t weight) GS_MUST_CHECK;
/* Frees it, and nothing else. Accepts NULL. */
void gs_cgroup_session_free(struct gs_cgroup_session *s);
/* Moves the calling process, between fork and exec. */
void gs_cgroup_session_enter(const struct gs_cgroup_session *s);
/* Some process in it was ended because the limit of memory was met. */
bool gs_cgroup_session_out_of_memory(const struct gs_cgroup_session *s);
/* Kills what is in the groups, frozen or not, and removes them. True when they are gone; what it
 * killed takes a moment to end: call it again. */
bool gs_cgroup_session_clear(struct gs_cgroup_session *s);
/* The same for the groups of somebody else that has died. Any process in the same group. */
bool gs_cgroup_session_clear_name(const char *root, const char *name);

/* The daemon, once, before it starts anything: moves itself into a group below its own where the
 * rules of version 2 want that, so that there can be limits on groups beside. */
void gs_cgroup_session_prepare(const char *root);
/* The keeper, first of all: where the daemon is the packaged service, moves itself to where
 * sessions are, so that it is no part of that service. */
void gs_cgroup_session_leave_host(const char *root);
/* The application's groups as gs_worker_config.app_cgroup has them, before they are made; "" where
 * there will be none. For g_free. The daemon. */
char *gs_cgroup_session_app_paths(const char *root, const char *name);
/* The same of the groups of the whole session, as struct gs_meter_params has them. */
char *gs_cgroup_session_paths(const char *root, const char *name);
/* Lets go what somebody froze as a whole; the application's own group stays as it is. The daemon.
 */
void gs_cgroup_session_thaw(const char *root, const char *name);
