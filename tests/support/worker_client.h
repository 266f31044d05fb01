/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * More clients of a worker rig's session, over the same link: each says what a host would say of
 * it, and receives its stream with the client's receiver, without decoding. Thread: main, in the
 * default GMainContext; `stream` is written on the receiver's thread and read by
 * worker_client_stream.
 */
#pragma once

#include <pthread.h>

#include "common/proto.h"
#include "tests/support/relay.h"
#include "tests/support/worker_rig.h"

/* What came of its stream. */
struct worker_stream {
    unsigned frames, keyframes, gaps;
    uint32_t last_id, last_input;
    bool foreign_input; /* worker_client_foreign was applied */
};

/* An input record that must not be applied; the rig's and other clients' count from 1. */
#define WORKER_CLIENT_FOREIGN 0x40000000u

struct worker_client {
    struct worker_rig *rig;
    uint32_t id; /* the link's number */
    unsigned welcomes, cursors, modes, pongs, sizes;
    bool closed; /* the worker sent it away: bye */
    struct gs_bye bye;
    struct gs_welcome welcome;
    struct gs_receiver *rx;
    struct gs_relay *relay; /* NULL: none */

    pthread_mutex_t lock;
    struct worker_stream stream;
};

struct worker_client_params {
    uint32_t id; /* 2 and above */
    bool view;
    const char *resume;                    /* NULL: none */
    const struct gs_relay_params *network; /* on its way; NULL: straight */
};

/* A host let it in. Waits for what the worker says to that; when it is welcome, its stream begins
 * (c->welcomes, else c->closed). false: nothing came. */
bool worker_client_enter(struct worker_rig *rig, struct worker_client *c,
                         const struct worker_client_params *params) GS_MUST_CHECK;
/* By another connection, with the resume ticket of its welcome; the receiver goes on. */
bool worker_client_return(struct worker_client *c, uint32_t id) GS_MUST_CHECK;
void worker_client_send(struct worker_client *c, uint8_t type, const void *payload, size_t size);
/* A button goes down or up. */
void worker_client_press(struct worker_client *c, uint32_t input_id, bool down);
/* The host says that its connection ended. */
void worker_client_break(struct worker_client *c);
/* The host says that it is to go. */
void worker_client_send_away(struct worker_client *c);
/* Good-bye, and the end of its connection. */
void worker_client_bye(struct worker_client *c);
/* Forgets it: the worker hears an RTCP BYE. */
void worker_client_finish(struct worker_client *c);

struct worker_stream worker_client_stream(struct worker_client *c);
/* Waits until that many more frames came. */
bool worker_client_await_frames(struct worker_client *c, unsigned more) GS_MUST_CHECK;
/* Waits until *count is at least that. */
bool worker_client_await(struct worker_client *c, const unsigned *count,
                         unsigned wanted) GS_MUST_CHECK;
