/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who a worker runs as: an account of the system with a PAM session (pam(3)), its groups and the
 * environment of a login. The service is called "gpushare"; where /etc/pam.d has no such file, PAM
 * takes the rules of "other". Keeper; one thread.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "common/macros.h"

struct gs_keeper_user;

/* Opens the session; changes limits and groups of this process as PAM's modules wish. 0 with NULL
 * where the name is this process's own and nothing is to be done; -errno, and why is a sentence
 * without its end. */
int gs_keeper_user_open(const char *name, struct gs_keeper_user **ret, char *why,
                        size_t why_size) GS_MUST_CHECK;
/* Closes the session. Accepts NULL. */
void gs_keeper_user_close(struct gs_keeper_user *u);
uid_t gs_keeper_user_uid(const struct gs_keeper_user *u);
gid_t gs_keeper_user_gid(const struct gs_keeper_user *u);
/* For g_strfreev. */
char **gs_keeper_user_env(const struct gs_keeper_user *u, const char *runtime_dir);
/* In the child, which becomes the user for good and enters the home. 0 or -errno. */
int gs_keeper_user_become(const struct gs_keeper_user *u) GS_MUST_CHECK;
