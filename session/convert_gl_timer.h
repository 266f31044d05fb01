/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GPU time of what is drawn between begin and end, by time stamps of the GPU
 * (GL_EXT_disjoint_timer_query: glQueryCounterEXT). Several are under way at a time, and nothing
 * ever waits for one: what is ready is taken when it is asked for, what comes while all are under
 * way is not measured. Time stamps and not GL_TIME_ELAPSED, of which a context has one at a time.
 *
 * Where the GPU changes to another context between two time stamps, the other's time is in it. On
 * llvmpipe time stamps are wall clock of the drawing threads: good for tests, not for charging.
 * A context must be current, the same in each call.
 */
#pragma once

#include <stdint.h>

struct gs_gl_timer;

/* NULL: the driver has no such time stamps. */
struct gs_gl_timer *gs_gl_timer_create(void);
/* Accepts NULL, as the others do. */
void gs_gl_timer_destroy(struct gs_gl_timer *t);
void gs_gl_timer_begin(struct gs_gl_timer *t);
void gs_gl_timer_end(struct gs_gl_timer *t);
/* Nanoseconds of all that became ready since the last call. What was under way while the GPU's
 * clock broke (GL_GPU_DISJOINT_EXT) is dropped. */
uint64_t gs_gl_timer_take(struct gs_gl_timer *t);
