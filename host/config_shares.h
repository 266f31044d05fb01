/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sections [user NAME] and [group NAME] of a configuration: for host/config_read.c. Whose share
 * a session is in is said by gs_host_config_share (host/config.h). Main thread. */
#pragma once

#include <stdbool.h>

#include "host/config.h"

bool gs_config_share_name_valid(const char *name);
/* With the weight that holds without one. Borrowed until the next one is added. */
struct gs_share *gs_config_share_find_or_add(struct gs_host_config *c, const char *name,
                                             bool group);
/* Logs those that nobody is: they may come later, from a directory that is not reached now. */
void gs_config_shares_warn(const struct gs_host_config *c);
