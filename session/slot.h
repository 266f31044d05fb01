/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session's slot of the machine's hardware encoders, which the host gives and takes back
 * (GS_LINK_SLOT_*). Asked for before hardware is opened; a host that does not answer at once is not
 * waited for: software begins, and hardware takes over when a slot comes. Without an adoption
 * socket in the configuration there is nobody who manages slots, and the session takes what it
 * gets. Thread: main; attaches to its thread-default GMainContext.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/link.h"
#include "session/link.h"
#include "session/parts.h"

#define GS_SLOT_ANSWER_MS 200     /* how long the beginning waits for the host */
#define GS_SLOT_FIXED_MS 2000     /* the same, for who asked for hardware by name */
#define GS_SLOT_INTERVAL_MS 10000 /* hardware does not come back sooner after a change */

struct gs_slot;

struct gs_slot_params {
    /* Borrowed. The configuration is read from gs_slot_begin on; of the parts, `spill` is written
     * here. */
    struct gs_link *link;
    struct gs_parts *parts;
    const struct gs_worker_config *config;
    /* The parts may be built; or failure says why they cannot be, for the user. Once, perhaps from
     * inside gs_slot_begin. */
    void (*begin)(void *user, const char *failure);
    /* gs_parts_reopen is to be called when no frame is in flight, and then gs_slot_reopened. */
    void (*reopen)(void *user);
    /* The encoder's reason is another one. */
    void (*reason_changed)(void *user);
    void *user;
};

struct gs_slot *gs_slot_create(const struct gs_slot_params *params);
/* Accepts NULL. */
void gs_slot_destroy(struct gs_slot *s);
void gs_slot_begin(struct gs_slot *s);
/* There is an encoder that was not there before: by the first building, or by a change of size
 * (resized) or settings. */
void gs_slot_look(struct gs_slot *s, bool resized);
/* err and reason: of gs_parts_reopen. */
void gs_slot_reopened(struct gs_slot *s, int err, const char *reason);
/* The host's messages GS_LINK_SLOT_GIVEN and _TAKEN. */
void gs_slot_frame(struct gs_slot *s, uint8_t type, const uint8_t *payload, size_t size);
/* For ADOPT. Accepts NULL. */
void gs_slot_introduce(struct gs_slot *s, struct gs_worker_adopt *a);
/* The host has adopted the session. Accepts NULL. */
void gs_slot_link_back(struct gs_slot *s);
