/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may come to the door, and who must go for it: connections without a ticket may never keep
 * out others. Wrong tickets of an address are counted, and answered late when there are too many.
 * Pure; times are an argument, in nanoseconds of one clock. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/macros.h"

/* What counts as one address: that of IPv4, the first half of IPv6. */
uint64_t gs_door_address_key(GInetAddress *address);

struct gs_door_guest {
    uint32_t id; /* the older ones have the smaller ones */
    uint64_t address;
    bool let_in;
    bool silent; /* no whole message came yet */
};

struct gs_door_limits {
    unsigned connections; /* in all */
    unsigned per_address; /* of these */
    unsigned waiting;     /* without a ticket */
};

/* Whether one more from this address may come in; *ret_leaves: who has to go for it, 0: nobody. Of
 * those who wait it is the oldest silent one, else the oldest, of the address that has the most. */
bool gs_door_limits_admit(const struct gs_door_limits *limits, const struct gs_door_guest *guests,
                          unsigned n, uint64_t address, uint32_t *ret_leaves) GS_MUST_CHECK;

/* ---- wrong tickets ---- */

#define GS_DOOR_WRONG_MAX 10 /* within a minute; those after it wait */

struct gs_door_wrong;

struct gs_door_wrong *gs_door_wrong_create(void);
void gs_door_wrong_destroy(struct gs_door_wrong *w);
/* One more came. True: too many of late, so let it wait for its answer. */
bool gs_door_wrong_note(struct gs_door_wrong *w, uint64_t address, uint64_t now_ns) GS_MUST_CHECK;
