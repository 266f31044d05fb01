/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The private directory of one session: 0700, with a name of its own, under
 * $XDG_RUNTIME_DIR/gpushare or, without that, /tmp/gpushare-UID. What killed hosts left there is
 * removed on the way. */
#pragma once

#include "common/macros.h"

struct gs_runtime_dir;

/* xdg_runtime_dir: NULL where there is none; tmp: normally "/tmp". 0; -EPERM: the directory above
 * is not ours alone; -ENAMETOOLONG: no socket would fit below; -errno. Reasons are in the log. */
int gs_runtime_dir_create(const char *xdg_runtime_dir, const char *tmp, const char *session,
                          struct gs_runtime_dir **ret) GS_MUST_CHECK;
/* The same below a directory of the host's own, which users can pass through where it is root's, as
 * sessions may be theirs; they do not see what else is there. The directory above base must be
 * there; folders in base that nobody holds are removed, so that it is for sessions alone. */
int gs_runtime_dir_create_below(const char *base, const char *session,
                                struct gs_runtime_dir **ret) GS_MUST_CHECK;
/* Forgets it and leaves it there: its keeper has it by now, and removes it. Accepts NULL. */
void gs_runtime_dir_release(struct gs_runtime_dir *dir);
const char *gs_runtime_dir_path(const struct gs_runtime_dir *dir);
/* Removes it with everything in it. Accepts NULL. */
void gs_runtime_dir_destroy(struct gs_runtime_dir *dir);
