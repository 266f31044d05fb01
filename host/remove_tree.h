/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removes a folder that somebody else may be changing meanwhile: nothing outside of it is touched,
 * whatever links are put into it. Any thread. */
#pragma once

#include "common/macros.h"

/* 0, also where it is not there; -errno: something is left. Removes what it can in any case. What
 * is above the folder must be in trusted hands. */
int gs_remove_tree(const char *path) GS_MUST_CHECK;
