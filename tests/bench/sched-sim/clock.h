/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Simulated time, and what is to happen at which of it. Events of the same time happen in the order
 * in which they were asked for. One owner. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* tag: as given to sim_clock_at; who has nothing to do with it any more says so by another one. */
typedef void (*sim_event_fn)(void *arg, uint64_t tag);

struct sim_event {
    uint64_t at, order, tag;
    sim_event_fn fn;
    void *arg;
};

/* Zeroed before. */
struct sim_clock {
    uint64_t now; /* ns */
    uint64_t order;
    struct sim_event *heap;
    size_t n, room;
};

/* at: not before now, or it is now. */
void sim_clock_at(struct sim_clock *c, uint64_t at, sim_event_fn fn, void *arg, uint64_t tag);
/* Lets time go on. */
void sim_clock_run(struct sim_clock *c, uint64_t until);
void sim_clock_finish(struct sim_clock *c);
