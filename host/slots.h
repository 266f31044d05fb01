/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which sessions may use the machine's hardware encoders (the messages GS_LINK_SLOT_* of
 * common/link.h). How many sessions a driver takes cannot be asked: it counts as unlimited until it
 * refuses one while N are held, then as N, and tried upwards again, one at a time, after a minute,
 * then after twice as long each time, up to ten.
 *
 * Who gets one: those that are watched and move before the others, then those who have waited for a
 * minute, then by weight, then by who has waited longest. Who has one keeps it, for ten seconds in
 * any case; then it is taken back from a session that rests or is not watched when one that moves
 * wants it.
 *
 * Pure: time is an argument (CLOCK_MONOTONIC, ns), and what is to be said to whom is a result. One
 * owner.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/link.h"

#define GS_SLOTS_AUTO UINT32_MAX
#define GS_SLOTS_KEEP (10 * GS_NS_PER_S)  /* least time with a slot, and without one after it */
#define GS_SLOTS_REST (10 * GS_NS_PER_S)  /* without a new picture that long: at rest */
#define GS_SLOTS_AGED (60 * GS_NS_PER_S)  /* waiting that long goes before weight */
#define GS_SLOTS_RETRY (60 * GS_NS_PER_S) /* after a refusal; doubles */
#define GS_SLOTS_RETRY_MOST (600 * GS_NS_PER_S)

struct gs_slots;
struct gs_slot_session; /* one in the schedule */

/* limit: most at a time, however many the hardware takes; or GS_SLOTS_AUTO. */
struct gs_slots *gs_slots_create(uint32_t limit);
/* Accepts NULL. */
void gs_slots_destroy(struct gs_slots *s);
void gs_slots_set_limit(struct gs_slots *s, uint32_t limit);

/* Wants none yet. user is given back in orders. */
struct gs_slot_session *gs_slots_add(struct gs_slots *s, uint32_t weight, void *user, uint64_t now);
/* Its worker ended. Accepts NULL. */
void gs_slots_remove(struct gs_slot_session *x);
void gs_slots_set_weight(struct gs_slot_session *x, uint32_t weight);

/* What the worker says. */
void gs_slots_want(struct gs_slot_session *x, bool fixed, uint64_t now);
void gs_slots_free(struct gs_slot_session *x, enum gs_slot_end how, uint64_t now);
/* viewers and commits: of its statistics. */
void gs_slots_stats(struct gs_slot_session *x, uint32_t viewers, uint64_t commits, uint64_t now);
/* Its worker is alive somewhere: until it comes back it counts as one that has a slot. */
void gs_slots_away(struct gs_slot_session *x);
void gs_slots_adopted(struct gs_slot_session *x, enum gs_slot_state state, bool fixed,
                      uint64_t now);

enum gs_slot_order_kind {
    GS_SLOT_ORDER_GIVE,      /* say GIVEN */
    GS_SLOT_ORDER_REFUSE,    /* say TAKEN: the answer to WANT; it waits */
    GS_SLOT_ORDER_TAKE_BACK, /* say TAKEN to one that has a slot */
};

struct gs_slot_order {
    enum gs_slot_order_kind kind;
    uint32_t slots; /* how many there are, for TAKEN */
    void *user;
};

/* What is to be said next; false: nothing now. Until then after every call above, and once a
 * second. */
bool gs_slots_next(struct gs_slots *s, uint64_t now, struct gs_slot_order *ret);

struct gs_slots_count {
    uint32_t limit; /* configured or learned, the lower one; GS_SLOTS_AUTO: none is known */
    uint32_t used, wanted;
};

void gs_slots_count(const struct gs_slots *s, struct gs_slots_count *ret);
enum gs_slot_state gs_slots_state(const struct gs_slot_session *x);
