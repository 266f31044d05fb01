/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Wakes its owner at a time, to the nanosecond as far as the kernel keeps it, and when a descriptor
 * says something: one GSource for both, of high priority. Thread: the one whose GMainContext was
 * thread-default at creation.
 */
#pragma once

#include <stdint.h>

#include "common/macros.h"

struct gs_alarm;

/* fd: an eventfd, nonblocking, borrowed; it is read before ring is called. ring is called from the
 * main context, and may not run it. -errno. */
int gs_alarm_create(int fd, void (*ring)(void *user), void *user,
                    struct gs_alarm **ret) GS_MUST_CHECK;
/* Accepts NULL. */
void gs_alarm_destroy(struct gs_alarm *a);
/* Rings once at that time (CLOCK_MONOTONIC, ns), as soon as the loop runs where it is not after
 * `now`, or never (UINT64_MAX); what was set before does not count any more. */
void gs_alarm_set(struct gs_alarm *a, uint64_t at, uint64_t now);
