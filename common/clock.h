/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monotonic time in nanoseconds. Any thread. Pure modules take time as an argument instead. */
#pragma once

#include <stdint.h>
#include <time.h>

#define GS_NS_PER_US UINT64_C(1000)
#define GS_NS_PER_MS UINT64_C(1000000)
#define GS_NS_PER_S UINT64_C(1000000000)

static inline uint64_t gs_clock_ns(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts);
    return (uint64_t)ts.tv_sec * GS_NS_PER_S + (uint64_t)ts.tv_nsec;
}

static inline uint64_t gs_now_ns(void)
{
    return gs_clock_ns(CLOCK_MONOTONIC);
}
