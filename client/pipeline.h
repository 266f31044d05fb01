/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From access units to the newest picture: a bounded queue, the decode thread, and a mailbox of
 * one. Threads: push on the receiver's, create, take and destroy on the main thread.
 */
#pragma once

#include "client/decode.h"
#include "client/picture.h"
#include "client/receive/receiver.h"
#include "client/record.h"

/* Access units that may wait; more means that this machine can't keep up. */
#define GS_PIPELINE_UNITS 8

struct gs_pipeline;

struct gs_pipeline_listener {
    /* Decode thread, every picture. */
    void (*decoded)(void *user, const struct gs_picture_info *info);
    /* Decode thread: a picture was replaced by a newer one before it was taken. */
    void (*skipped)(void *user);
    /* Receiver's or decode thread: nothing can be decoded before an IDR. */
    void (*keyframe_wanted)(void *user);
    /* Main thread: a picture waits. */
    void (*ready)(void *user);
};

struct gs_pipeline_params {
    struct gs_decoder *decoder;   /* borrowed; used on the decode thread only from now on */
    struct gs_recorder *recorder; /* NULL: none. borrowed likewise */
    const struct gs_pipeline_listener *listener;
    void *user;
};

/* ready is called on the default main context. */
struct gs_pipeline *gs_pipeline_create(const struct gs_pipeline_params *params);
/* Copies the unit. */
void gs_pipeline_push(struct gs_pipeline *pl, const struct gs_access_unit *au);
/* The newest picture that was not taken yet, the caller's; NULL: none. */
struct gs_picture *gs_pipeline_take(struct gs_pipeline *pl);
/* Joins the decode thread; what waits is dropped. 0, or why recording failed. Accepts NULL. */
int gs_pipeline_destroy(struct gs_pipeline *pl);
