/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input while nobody is there to take it. What the user did in the last GS_INPUT_KEEP is told
 * when the connection is back, older things are not: an application should not suddenly type what
 * was given up long ago. What is pressed, the locks and the pointer's place are never forgotten: a
 * host releases everything when a connection ends, so the state before the kept records is said
 * first, after a reset. Pure: time is an argument, the records go out through a callback.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/proto.h"

#define GS_INPUT_KEEP GS_NS_PER_S
#define GS_INPUT_KEEP_MAX 1024 /* records; older ones make room */
#define GS_INPUT_CODES 768     /* of keys and buttons, which have different ones */

struct gs_input_keep {
    /* Before the kept records. */
    uint64_t down[GS_INPUT_CODES / 64];
    bool used; /* there was a record at all */
    bool has_locks, has_place, place_dropped;
    struct gs_input locks, place; /* newest of their kind */
    GArray *records;              /* struct kept, oldest first */
};

void gs_input_keep_init(struct gs_input_keep *k);
void gs_input_keep_finish(struct gs_input_keep *k);
/* The record was sent. */
void gs_input_keep_sent(struct gs_input_keep *k, const struct gs_input *in);
/* The record could not be sent at `now`. */
void gs_input_keep_add(struct gs_input_keep *k, const struct gs_input *in, uint64_t now);
/* The connection is back: what the host has to know goes out in order, with ids and times to be
 * filled in where they are 0. Nothing is kept after it. */
void gs_input_keep_tell(struct gs_input_keep *k, uint64_t now,
                        void (*send)(void *user, const struct gs_input *in), void *user);
