/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ends what dead workers leave running. While a worker lives its applications are below it; when it
 * is killed they become children of this process, which is their subreaper: every child that
 * nobody claimed is such a leftover. Thread: the main one.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/macros.h"

struct gs_reaper;

/* Makes this process the subreaper of everything below it. 0 or -errno. */
int gs_reaper_create(struct gs_reaper **ret) GS_MUST_CHECK;
void gs_reaper_destroy(struct gs_reaper *r);
/* This child is waited for by somebody. */
void gs_reaper_claim(struct gs_reaper *r, pid_t pid);
void gs_reaper_disclaim(struct gs_reaper *r, pid_t pid);
/* Kills and reaps the unclaimed children and theirs; true when none is left. */
bool gs_reaper_sweep(struct gs_reaper *r);
