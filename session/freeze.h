/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets the processes of the application stand still, all that are below this one except Xwayland:
 * by the freezer of their control group where there is one (cgroup.freeze of version 2,
 * freezer.state of version 1), and by SIGSTOP for those outside of it. Thread: main; blocking, but
 * short. One owner.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

struct gs_freeze {
    bool frozen;
    char *switched;  /* file of the group that was frozen; NULL: none was */
    GArray *stopped; /* pid_t, parents first */
};

/* groups: folders of control groups, separated by ':'; those that have no freezer are passed over.
 */
void gs_freeze_begin(struct gs_freeze *f, const char *groups);
/* Does nothing where nothing is frozen. */
void gs_freeze_end(struct gs_freeze *f);
