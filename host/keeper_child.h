/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starts the worker below the keeper. Keeper; one thread. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "common/macros.h"
#include "host/cgroup_session.h"
#include "host/keeper.h"
#include "host/keeper_user.h"

struct gs_keeper_child_params {
    const struct gs_keeper_config *config;
    const struct gs_keeper_user *user; /* NULL: the keeper's own */
    const struct gs_cgroup_session *cgroup;
    int out; /* what it prints; -1: standard error */
    int app; /* what the application prints; -1: where the worker's goes */
};

/* The worker gets GS_KEEPER_LINK_FD, and dies with this process. 0, or -errno with a predicate in
 * why. */
int gs_keeper_child_start(const struct gs_keeper_child_params *params, pid_t *ret, char *why,
                          size_t why_size) GS_MUST_CHECK;
/* A pipe (close-on-exec) whose ends are out of the way of descriptors that the worker gets. */
int gs_keeper_child_pipe(int fds[2]) GS_MUST_CHECK;
