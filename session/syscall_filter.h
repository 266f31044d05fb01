/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filters of system calls (seccomp(2), made by libseccomp): what no worker and no application has
 * any business with, and through which kernels were broken before. A filter is for ever, and
 * inherited.
 */
#pragma once

#include <stdbool.h>

#include "common/macros.h"

/* For every thread of this process, with no_new_privs. What the worker starts needs namespaces of
 * its own, so that those calls are left to it. 0; -EINVAL: the kernel has no filters; -errno. */
int gs_syscall_filter_worker(void) GS_MUST_CHECK;
/* A file with the filter for an application, for bwrap's --seccomp; the caller closes it. -errno.
 * strict: no namespaces of its own either (browsers then run without their own sandbox), and no
 * tracing of other processes. */
int gs_syscall_filter_app(bool strict) GS_MUST_CHECK;
