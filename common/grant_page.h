/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One page of memory that the host's scheduler and the worker of one session share, with a
 * descriptor each way for "look at it". The host makes it (a memfd, sealed against every change of
 * its size) and hands it over as said at GS_LINK_GRANTS in common/link.h.
 *
 * Each half is written by one side alone, each field is atomic by itself, and all counters count up
 * and wrap, so there is no lock and nothing to tear. Either side may end at any moment. The worker
 * can write the host's half, too (it is one mapping): the host never reads that half back, and
 * takes every value of the other half as one that may be false. What the worker gains by lying is
 * measured elsewhere (host/meter.h).
 *
 * A frame: where GS_GRANT_FREE is set the worker starts it at once; else it counts `asked` up,
 * kicks, and starts when `granted` equals `asked`. Starting: `started` up, and a kick where it was
 * free. When the application's commit is there and its drawing is done: `finished` = `started`, and
 * a kick. Nobody wants the frame any more: `withdrawn` = `asked`, and a kick.
 *
 * The host being silent: while anybody waits it renews `heartbeat` at least every
 * GS_GRANT_HEARTBEAT. A worker that waits longer than GS_GRANT_SILENCE beside a heartbeat that is
 * older than that goes on by itself (session/turns.h).
 */
#pragma once

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/macros.h"

#define GS_GRANT_PAGE_SIZE 4096
#define GS_GRANT_PAGE_VERSION 1
#define GS_GRANT_HEARTBEAT (50 * GS_NS_PER_MS)
#define GS_GRANT_SILENCE (100 * GS_NS_PER_MS)

enum gs_grant_flag {
    GS_GRANT_FREE = 1,      /* frames start without asking */
    GS_GRANT_CONTENDED = 2, /* others want the GPU: nothing is drawn that would not be shown, and
                             * nothing made better at rest */
    GS_GRANT_HOLD = 4,      /* the application's processes stand still as long as this is set */
};

/* Written by the host. */
struct gs_grant_down {
    _Atomic uint32_t version;   /* GS_GRANT_PAGE_VERSION, before it is handed over */
    _Atomic uint32_t flags;     /* enum gs_grant_flag */
    _Atomic uint32_t granted;   /* the value of `asked` that was granted last */
    _Atomic uint32_t max_fps;   /* of a policy that limits rates; 0: no limit */
    _Atomic uint64_t heartbeat; /* CLOCK_MONOTONIC, ns */
};

/* Written by the worker. */
struct gs_grant_up {
    _Atomic uint32_t asked;     /* frames asked for */
    _Atomic uint32_t withdrawn; /* the last one asked for that is not wanted any more */
    _Atomic uint32_t started;   /* frames begun */
    _Atomic uint32_t finished;  /* the last one begun that is drawn */
    _Atomic uint32_t fps;       /* the session's ceiling as of now; 0: nobody looks */
    _Atomic uint32_t reserved;
    _Atomic uint64_t own_ns; /* GPU time of the worker's own passes, by GL timestamps */
    _Atomic uint64_t app_ns; /* time from starts to finishes that did not overlap: what a driver
                              * without any accounting leaves to know of the application */
};

struct gs_grant_page {
    struct gs_grant_down down __attribute__((aligned(128)));
    struct gs_grant_up up __attribute__((aligned(128)));
};

static_assert(sizeof(struct gs_grant_page) <= GS_GRANT_PAGE_SIZE, "one page");

/* What one side holds. Zeroed with fd -1 before; finish it in any case. */
struct gs_grant_channel {
    struct gs_grant_page *page; /* NULL: none */
    int fd;                     /* the memfd */
    /* Nonblocking; -1: none. To the worker a pipe, whose ends have flags of their own: where both
     * shared one open file, as they do an eventfd, the worker could make the host's writing block.
     * The worker reads hang-up from it when the host is gone. */
    int to_worker;
    int to_host; /* an eventfd; the host never reads it, and waits for it edge-triggered */
    int peer;    /* the host's: the worker's end of to_worker until it is handed over; else -1 */
};

#define GS_GRANT_CHANNEL_NONE ((struct gs_grant_channel){NULL, -1, -1, -1, -1})

/* The host: a new one. -errno. */
int gs_grant_channel_create(struct gs_grant_channel *ret) GS_MUST_CHECK;
/* The worker: takes the descriptors {fd, to_worker, to_host}, of the host {fd, peer, to_host}, also
 * in the case of an error: -EPROTO where they are not what they should be (size, seals, version,
 * kind); -errno. */
int gs_grant_channel_open(const int fds[3], struct gs_grant_channel *ret) GS_MUST_CHECK;
void gs_grant_channel_finish(struct gs_grant_channel *c);

/* Wakes the other side; it may be awake already. The host ignores or blocks SIGPIPE. */
void gs_grant_kick(int fd);
/* The worker: takes the wake-up back, after which the page is to be looked at. */
void gs_grant_clear(int fd);
