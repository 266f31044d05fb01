/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way of a frame through the worker: a commit is captured and converted on the main thread,
 * encoded and sent on the encode thread, at most one at a time, the newest always next. A picture
 * at rest is encoded again, better (session/refine.h). Everything here is called on the session's
 * main thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/macros.h"
#include "encoder/encoder.h"
#include "session/convert.h"
#include "session/counters.h"
#include "session/source.h"
#include "session/transport/transport.h"
#include "session/turns.h"

struct gs_pipeline;

struct gs_pipeline_params {
    uint32_t width, height, fps;
    uint32_t unwatched_fps; /* while nobody receives */
    int effort;             /* 0 … 2, or GS_EFFORT_AUTO (session/effort.h) */
    /* Borrowed; they outlive the pipeline. The encoder and the sending side of the transport are
     * used on the encode thread only. */
    struct gs_source *source;
    struct gs_converter *converter;
    struct gs_encoder *encoder;
    struct gs_transport *transport;
    struct gs_turns *turns; /* NULL: all frames are free */
    /* The encoder or converter fails again and again. Called once. */
    void (*failed)(void *user, const char *reason);
    void *user;
};

int gs_pipeline_create(const struct gs_pipeline_params *params,
                       struct gs_pipeline **ret) GS_MUST_CHECK;
/* Waits for the frame in flight. Accepts NULL. */
void gs_pipeline_destroy(struct gs_pipeline *pl);

/* From the source: see struct gs_source_listener. These and the next one accept NULL. */
void gs_pipeline_damaged(struct gs_pipeline *pl, uint64_t commit_ns);
void gs_pipeline_frame_wanted(struct gs_pipeline *pl, bool keeps);
void gs_pipeline_sync_wanted(struct gs_pipeline *pl);
void gs_pipeline_drawn(struct gs_pipeline *pl, uint64_t now);
/* From the turns: see struct gs_turns_listener. */
void gs_pipeline_turns_changed(struct gs_pipeline *pl);
/* An input record was handed to the application. */
void gs_pipeline_input_applied(struct gs_pipeline *pl, uint32_t input_id);
/* Whether somebody receives. Nobody: nothing is captured. */
void gs_pipeline_set_watched(struct gs_pipeline *pl, bool watched);
/* Frames a second of the application while somebody receives, and while nobody does. */
void gs_pipeline_set_rates(struct gs_pipeline *pl, uint32_t fps, uint32_t unwatched_fps);
/* As in the parameters. Only while no frame is in flight. */
void gs_pipeline_set_effort(struct gs_pipeline *pl, uint32_t fps, int effort);
/* The next frame is an IDR, and there is a next frame even if nothing changed. */
void gs_pipeline_request_keyframe(struct gs_pipeline *pl);

/* Lives as long as the pipeline. */
struct gs_counters *gs_pipeline_counters(struct gs_pipeline *pl);

/* Calls fn once, when no frame is in flight: from inside this call or later. No other frame begins
 * before. One at a time. */
void gs_pipeline_when_idle(struct gs_pipeline *pl, void (*fn)(void *user), void *user);

struct gs_pipeline_parts {
    uint32_t width, height; /* of the output */
    struct gs_converter *converter;
    struct gs_encoder *encoder;
    struct gs_nv12 picture; /* taken; empty where the converter draws into the encoder's surface */
};

/* The next frame is made by these, whole, and an IDR; without an encoder there is none. Only while
 * no frame is in flight; those before are not used any more. */
void gs_pipeline_replace(struct gs_pipeline *pl, const struct gs_pipeline_parts *parts);
