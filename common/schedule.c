/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/schedule.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/log.h"

#define SLICE_NS 100000 /* the kernel's least */
#define BOOST 4
/* A weight of 64 % of the worker's (sched(7): a step is a factor of 1.25): what waits for a core
 * together with the application gets one sooner, and the application, where it has to share one
 * with the workers of others, still has two fifths of it. */
#define APPLICATION_NICE 2

/* linux/sched/types.h, which does not go together with sched.h. */
struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

static int usual_nice;

/* 0: the system's. */
static int set_slice(uint64_t ns)
{
    struct attributes a = {.size = sizeof(a)};

    if (syscall(SYS_sched_getattr, 0, &a, sizeof(a), 0) < 0)
        return -errno;
    a.size = sizeof(a);
    a.runtime = ns;
    return syscall(SYS_sched_setattr, 0, &a, 0) < 0 ? -errno : 0;
}

void gs_schedule_prompt(void)
{
    int nice_err = 0, slice_err;

    usual_nice = getpriority(PRIO_PROCESS, 0);
    if (setpriority(PRIO_PROCESS, 0, usual_nice - BOOST) < 0)
        nice_err = -errno;
    slice_err = set_slice(SLICE_NS);
    gs_debug("scheduling: niceness %d%s%s, slices of %d us%s%s", getpriority(PRIO_PROCESS, 0),
             nice_err ? ", no less: " : "", nice_err ? strerror(-nice_err) : "", SLICE_NS / 1000,
             slice_err ? " refused: " : "", slice_err ? strerror(-slice_err) : "");
}

void gs_schedule_application(void)
{
    if (set_slice(0) < 0 || setpriority(PRIO_PROCESS, 0, usual_nice + APPLICATION_NICE) < 0)
        errno = 0; /* likewise */
}
