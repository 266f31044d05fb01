/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the kernel ranks those who wait for a processor: the programs in the way of a frame before
 * the application that draws it. A refusal is no error: then it is as it was.
 *
 * Niceness counts between threads of one group only (a cgroup with a cpu controller; else, where
 * the kernel has autogroups, a session of setsid). The application's autogroup is left alone: made
 * nicer it would lose to everything else on the machine, too.
 *
 * Sources: sched(7); setpriority(2); sched_setattr(2), whose runtime
 * Linux 6.12 and later take as the length of a slice of SCHED_OTHER, and others ignore. A thread
 * with short slices is let in sooner when it wakes, and gets no more of the processor in all.
 */
#pragma once

/* For a process whose threads sleep most of the time and are waited for when they run: short
 * slices, and where it is permitted a higher priority. Threads that are created afterwards, and
 * child processes, inherit it. Main thread, before all others; logs what it got, at debug. */
void gs_schedule_prompt(void);
/* In a child, after setsid and before exec: takes back what gs_schedule_prompt gave, and makes it a
 * little nicer than the parent was before. Safe after a fork of a process with threads. */
void gs_schedule_application(void);
