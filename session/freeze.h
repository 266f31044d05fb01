/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lets the processes of the application stand still, all that are below this one except Xwayland:
 * by the freezer of their control group where there is one (cgroup.freeze of version 2,
 * freezer.state of version 1), and by SIGSTOP for those outside of it. They do for as long as there
 * is a reason. Thread: main; blocking, but short. Owner: the session.
 *
 * For turns of milliseconds nothing is looked for: the freezer's file stays open, and those outside
 * of the group are a list that is made anew after GS_FREEZE_LOOK. A process that is younger than
 * that runs on; for the other reason all are found.
 */
#pragma once

#include <stdbool.h>

#include "common/clock.h"

#define GS_FREEZE_LOOK (2 * GS_NS_PER_S)

enum gs_freeze_reason {
    GS_FREEZE_UNWATCHED = 1, /* nobody looks (session/unwatched.h) */
    GS_FREEZE_TURN = 2,      /* it is the turn of others (session/turns.h) */
};

struct gs_freeze;

/* groups: folders of control groups, separated by ':'; those that have no freezer are passed over.
 * Copied. */
struct gs_freeze *gs_freeze_create(const char *groups);
/* The application goes on before, which must be done before it is ended. Accepts NULL. */
void gs_freeze_destroy(struct gs_freeze *f);
void gs_freeze_set(struct gs_freeze *f, enum gs_freeze_reason reason, bool on);
/* Whether that is a reason now. */
bool gs_freeze_is(const struct gs_freeze *f, enum gs_freeze_reason reason);
