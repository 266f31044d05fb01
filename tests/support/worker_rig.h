/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A real worker, with the test as its host and its client: the test speaks the link, receives the
 * stream with the client's receiver and decodes every frame. Thread: main, in the default
 * GMainContext; frames are decoded on the receiver's thread and read under a lock.
 */
#pragma once

#include <glib.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/decode.h"
#include "client/picture.h"
#include "client/receive/receiver.h"
#include "common/channel.h"
#include "common/link.h"
#include "common/macros.h"
#include "common/proto.h"
#include "tests/support/worker_host.h"

#define WORKER_RIG_RESUME "resume-of-the-rig"
#define WORKER_RIG_DEADLINE_MS 30000

/* A frame as it was decoded. */
struct worker_frame {
    uint32_t id, width, height, bytes;
    bool keyframe, discontinuity;
    int err;               /* of the decoder */
    uint64_t host_capture; /* CLOCK_MONOTONIC, as is the rest */
    uint64_t decoded;
};

/* A VIDEO message. */
struct worker_size {
    struct gs_video video;
    uint32_t last_id; /* the newest frame when it came */
    uint64_t at;
};

struct worker_rig {
    GPid pid;
    char *dir, *mark;
    struct gs_channel *link;
    bool ready, welcomed, closed;
    bool ended; /* the worker said so */
    struct worker_host host;
    GArray *stats; /* struct gs_worker_stats */
    uint64_t pong;
    struct gs_worker_ready said; /* READY */
    int x11_display;
    struct gs_welcome welcome;
    GArray *sizes;     /* struct worker_size */
    uint64_t asked_at; /* of the last worker_rig_resize */
    uint32_t inputs;
    /* Sees what the worker says before the rig does; true: it was for other clients than the
     * rig's. NULL: there are none. */
    bool (*others)(struct worker_rig *rig, uint8_t type, const uint8_t *payload, size_t size);
    void *others_data;
    struct gs_receiver *rx;
    struct gs_decoder *decoder;

    pthread_mutex_t lock; /* the rest */
    GArray *frames;
    struct gs_picture *newest;
};

struct worker_rig_params {
    const char *source, *encoder, *converter; /* NULL: chosen */
    uint32_t width, height, fps;
    uint32_t max_kbps, quality;
    bool adopt; /* the worker is told where to find the host again */
    enum gs_unwatched unwatched;
    const char *app_cgroup;  /* NULL: none */
    uint32_t viewers;        /* 0: one */
    const char *const *argv; /* application, NULL-terminated; may be NULL */
    /* As those of the rig, from the beginning. */
    bool (*others)(struct worker_rig *rig, uint8_t type, const uint8_t *payload, size_t size);
    void *others_data;
};

/* Starts it and connects. 0, or -errno with the reason on stderr; finish it in both cases. */
int worker_rig_start(const struct worker_rig_params *params, struct worker_rig *ret) GS_MUST_CHECK;
/* Ends the session and checks that nothing of it is left: 0, -EBUSY, or -ETIMEDOUT. */
int worker_rig_stop(struct worker_rig *rig) GS_MUST_CHECK;
void worker_rig_finish(struct worker_rig *rig);

void worker_rig_resize(struct worker_rig *rig, uint32_t width, uint32_t height);
/* Any payload as GS_LINK_RESIZE. */
void worker_rig_resize_raw(struct worker_rig *rig, const void *payload, size_t size);
/* Any message of the link. */
void worker_rig_send(struct worker_rig *rig, uint8_t type, const void *payload, size_t size);
/* The client leaves, and comes again for a stream of its own. */
void worker_rig_leave(struct worker_rig *rig);
void worker_rig_enter(struct worker_rig *rig);
/* For tests/support/worker_host.c: takes over what the worker says on this connection. */
void worker_rig_use_link(struct worker_rig *rig, GIOStream *stream);
void worker_rig_input(struct worker_rig *rig, const struct gs_input *in);
/* Turns the main context until done(rig, user) or the deadline; returns done(). */
bool worker_rig_wait(struct worker_rig *rig, bool (*done)(struct worker_rig *rig, void *user),
                     void *user);
void worker_rig_run(struct worker_rig *rig, unsigned ms);

unsigned worker_rig_frames(struct worker_rig *rig);
struct worker_frame worker_rig_frame(struct worker_rig *rig, unsigned i);
/* The newest picture, for gs_picture_unref; NULL: none yet. */
struct gs_picture *worker_rig_picture(struct worker_rig *rig);
