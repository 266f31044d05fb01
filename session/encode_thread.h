/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread on which frames are encoded and sent, one at a time. Owner: the pipeline. All of this
 * is called on its thread; a job that was started belongs to the encode thread until it is taken.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"
#include "common/nv12.h"
#include "common/trace.h"
#include "encoder/encoder.h"
#include "session/transport/transport.h"

/* What the thread is given, and gives back. */
struct gs_encode_job {
    struct gs_encoder *encoder;
    const struct gs_nv12 *picture; /* NULL: it is in the encoder's surface */
    struct gs_frame_trace trace;
    bool idr;
    uint32_t quality; /* not 0: the picture before, better */

    int encode_err, send_err;
    size_t bytes;
    bool short_of; /* of that quality */
    bool keyframe; /* it became one */
};

struct gs_encode_thread;

/* transport: borrowed; its sending side is used on the thread only. effort: 0 … 2, or
 * GS_EFFORT_AUTO. -errno. */
int gs_encode_thread_create(struct gs_transport *transport, uint32_t fps, int effort,
                            struct gs_encode_thread **ret) GS_MUST_CHECK;
/* Waits for the job in flight. Accepts NULL. */
void gs_encode_thread_destroy(struct gs_encode_thread *t);
/* Readable when a job is done; nonblocking, its owner's to watch and the thread's to close. */
int gs_encode_thread_fd(const struct gs_encode_thread *t);
/* Copies the job. Only while none is in flight. */
void gs_encode_thread_start(struct gs_encode_thread *t, const struct gs_encode_job *job);
/* The job that is done, until the next one starts; NULL: none is, since it was asked last. */
const struct gs_encode_job *gs_encode_thread_take(struct gs_encode_thread *t);
/* As at its creation. Only while no job is in flight. */
void gs_encode_thread_set_effort(struct gs_encode_thread *t, uint32_t fps, int effort);
