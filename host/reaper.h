/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ends what a dead worker leaves running. While it lives its applications are below it; when it is
 * killed they become children of this process, which is their subreaper: every child is such a
 * leftover then. Keeper.
 */
#pragma once

#include <stdbool.h>

/* Kills and reaps the children, and then theirs; true when none is left. What it killed takes a
 * moment to end: call it again. */
bool gs_reaper_sweep(void);
