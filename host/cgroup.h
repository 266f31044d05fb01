/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the control groups of this process, and those above them, grant it (versions 1 and 2). Any
 * thread. root: "/", another one for tests. */
#pragma once

#include <stdint.h>

/* Where the controller's group of this process should be, and the top of its hierarchy, both for
 * g_free; NULL: it has none. In a container the path may be that of the outside: then only the top
 * is there. */
char *gs_cgroup_dir(const char *root, const char *controller, char **ret_top);
/* Processors; 0: no limit. */
double gs_cgroup_cpus(const char *root);
/* Bytes until the limit; 0: no limit. */
uint64_t gs_cgroup_memory_left(const char *root);
