/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The freezer of a control group: all processes in it and below it stand still, or go on. A folder
 * of version 2 has cgroup.freeze (Documentation/admin-guide/cgroup-v2.rst), one of version 1's
 * hierarchy for it freezer.state (Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst),
 * others have none. What was written takes effect a little later, of which nothing is told. Any
 * thread; a struct is its owner's, and used by one at a time. Allocates nothing.
 */
#pragma once

#include <stdbool.h>

#include "common/macros.h"

#define GS_FREEZER_V1_FILE "freezer.state"
#define GS_FREEZER_V2_FILE "cgroup.freeze"

struct gs_freezer {
    int fd; /* of its file, to write; -1: not open */
    bool v2;
};

/* Finds which of the two the folder has. -ENOENT: none, or there is no such folder; -errno: it
 * can't be written. fd is -1 then. */
int gs_freezer_open(struct gs_freezer *f, const char *folder) GS_MUST_CHECK;
/* Quick: one write. -errno: it is as it was; -ENODEV: its group was removed. */
int gs_freezer_set(const struct gs_freezer *f, bool still) GS_MUST_CHECK;
/* It stays as it is. */
void gs_freezer_close(struct gs_freezer *f);
/* All three, for one that is seldom set; -errno as above. */
int gs_freezer_set_in(const char *folder, bool still) GS_MUST_CHECK;
