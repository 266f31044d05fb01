/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may draw next: the policy by which sessions share GPUs. Pure: time is an argument
 * (CLOCK_MONOTONIC, ns), what was used is told to it, what is to be done is a result. One owner.
 *
 * Start-time fair queuing (Goyal, Vin, Cheng: SIGCOMM 1996) over frames that can't be interrupted
 * and whose cost is known only afterwards. Each session has a virtual time: GPU time used, divided
 * by its weight. A frame that starts is charged its estimate, and the difference when it was
 * measured. Of those that wait, the one with the least virtual time is next; a session that wakes
 * begins at the least virtual time of those that are awake, so that idling saves nothing up.
 *
 * A device has `engines` (1 of a GPU; processors, where software renders) and a `depth`: frames
 * that may be in flight together. A free place alone does not let a session start that is ahead of
 * one in flight, or weights would mean nothing for fewer sessions than places; it does once the
 * engines were measured to idle. Nobody waits: whoever wants starts at once, without asking.
 *
 * A grant is a lease: what does not finish in good time keeps its charge, not its place. A session
 * with a floor goes first as soon as it could be late, as long as what it was promised is not used
 * up (earliest deadline first, with a budget). Whoever has waited GS_SCHED_STARVED is granted in
 * any case; one whose frames are so long for its share that this would give it more, once it has
 * waited as long as its share makes it, GS_SCHED_STARVED_MOST at most.
 *
 * Who uses the device without asking (off-screen, or a worker that lies) is measured all the same.
 * Beyond its share while others go without, or whatever it uses while a floor is missed, it is
 * policed: then it runs by turns of GS_SCHED_TURN, granted as frames are (after two seconds in any
 * case), and is held between them. Until then such use counts in virtual time, and holds nobody up.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/grant_page.h"
#include "common/macros.h"

#define GS_SCHED_DEVICES_MAX 16
#define GS_SCHED_NAME_MAX 64
#define GS_SCHED_CULPRITS_MAX 8
#define GS_SCHED_WEIGHT_MAX 10000
#define GS_SCHED_STARVED (250 * GS_NS_PER_MS)
#define GS_SCHED_STARVED_MOST GS_NS_PER_S /* whose share is less than four frames a second */
#define GS_SCHED_TURN (10 * GS_NS_PER_MS)
#define GS_SCHED_FLOORS_PERMILLE 800 /* of a device that may be promised */

enum gs_sched_policy {
    GS_SCHED_SHARES,      /* by weights, with floors and caps */
    GS_SCHED_BEST_EFFORT, /* in turn, whoever wants: no weights, floors or caps */
    GS_SCHED_EQUAL,       /* each session that is there gets 1/n, and no more than that */
    GS_SCHED_FIXED,       /* each gets 1/fixed_sessions, and no more than that */
    GS_SCHED_FRAME_LIMIT, /* nobody is held, but to limit_fps */
    GS_SCHED_SLEEP,       /* each frame begins no earlier than 1/limit_fps after the one before,
                           * less what frames take: VGRIS's sleep before present */
    GS_SCHED_OFF,         /* nobody is held; measured only */
};

/* "shares", "best-effort", "equal", "fixed", "frame-limit", "sleep", "off"; NULL at the end. */
extern const char *const gs_sched_policy_names[];

struct gs_sched_device {
    uint32_t engines; /* 1 … */
    uint32_t depth;   /* 1 … ; 0: engines + 1 of software (engines > 1), else 2 */
};

struct gs_sched_params {
    enum gs_sched_policy policy;
    uint32_t fixed_sessions; /* GS_SCHED_FIXED; 1 … */
    uint32_t limit_fps;      /* GS_SCHED_FRAME_LIMIT, GS_SCHED_SLEEP; 1 … */
    unsigned n_devices;
    struct gs_sched_device device[GS_SCHED_DEVICES_MAX];
};

/* What is wanted for one session. Out of range is clamped. */
struct gs_sched_settings {
    uint32_t weight;       /* 1 … GS_SCHED_WEIGHT_MAX, 100 is normal */
    uint32_t floor_fps;    /* 0: none */
    uint32_t cap_permille; /* of the device (all engines), at most, also if it idles; 0: none */
    uint32_t fps;          /* the session's ceiling */
    bool weighed;          /* software renders, and the kernel gives it the processors that
                            * gs_sched_order.cpu_weight says */
};

struct gs_sched;
struct gs_sched_session;
struct gs_sched_group;

struct gs_sched *gs_sched_create(const struct gs_sched_params *params);
/* With all that is in it. Accepts NULL. */
void gs_sched_destroy(struct gs_sched *s);
/* Another policy from now on; devices stay. */
void gs_sched_set_policy(struct gs_sched *s, const struct gs_sched_params *params, uint64_t now);

/* ---- groups: several sessions that have one weight together ---- */

struct gs_sched_group *gs_sched_group_add(struct gs_sched *s, uint32_t weight);
void gs_sched_group_set_weight(struct gs_sched_group *g, uint32_t weight, uint64_t now);
/* Its sessions are in none from now on. Accepts NULL. */
void gs_sched_group_remove(struct gs_sched_group *g, uint64_t now);

/* ---- sessions ---- */

/* device: its place in params. name: copied, for who asks who caused a miss. user: given back in
 * orders. group may be NULL. It wants nothing yet. */
struct gs_sched_session *gs_sched_add(struct gs_sched *s, unsigned device, const char *name,
                                      const struct gs_sched_settings *set,
                                      struct gs_sched_group *group, void *user, uint64_t now);
/* Accepts NULL. */
void gs_sched_remove(struct gs_sched_session *x, uint64_t now);
/* Settles within 500 ms. */
void gs_sched_set(struct gs_sched_session *x, const struct gs_sched_settings *set, uint64_t now);
void gs_sched_join(struct gs_sched_session *x, struct gs_sched_group *group, uint64_t now);

/* ---- what happened ---- */

/* It wants to start a frame, and waits. Said twice: counts once. */
void gs_sched_want(struct gs_sched_session *x, uint64_t now);
/* It wants none any more; granted already: as if it had finished. */
void gs_sched_unwant(struct gs_sched_session *x, uint64_t now);
/* It started a frame without a grant: GS_GRANT_FREE was set, or it takes liberties. */
void gs_sched_started(struct gs_sched_session *x, uint64_t now);
/* The frame that it started last is drawn. */
void gs_sched_finished(struct gs_sched_session *x, uint64_t now);
/* GPU time used since it was said last, by the meter, at any time; also where that is 0: who is at
 * work and uses nothing is waited for no longer. */
void gs_sched_charge(struct gs_sched_session *x, uint64_t ns, uint64_t now);
/* Whether it is of use to measure it now: that is what gs_sched_due was for. */
bool gs_sched_to_measure(const struct gs_sched_session *x, uint64_t now);
/* Time of a device's engines that no session used: where software renders, other programs' on the
 * same processors. Without it such a device seems to idle. */
void gs_sched_charge_others(struct gs_sched *s, unsigned device, uint64_t ns, uint64_t now);

/* ---- what is to be done ---- */

struct gs_sched_order {
    void *user;
    bool grant;       /* what it wanted last may start */
    uint32_t flags;   /* enum gs_grant_flag as they are to be from now on */
    uint32_t max_fps; /* of the policy; 0: none */
    /* Of the processors, beside the other sessions', from now on: 1 … GS_SCHED_WEIGHT_MAX; 0: as it
     * is. */
    uint32_t cpu_weight;
};

/* One session for which something changed; false: none. Until then after every call above, and at
 * gs_sched_due. */
bool gs_sched_next(struct gs_sched *s, uint64_t now, struct gs_sched_order *ret);
/* When time alone may change something; UINT64_MAX: never. */
uint64_t gs_sched_due(const struct gs_sched *s, uint64_t now);

/* ---- what it is like ---- */

struct gs_sched_culprit {
    char name[GS_SCHED_NAME_MAX]; /* its own where nobody else was in its way */
    uint64_t misses;
};

struct gs_sched_info {
    unsigned device;
    uint64_t used_ns; /* since it was added */
    uint64_t frames;  /* started */
    uint64_t waits;   /* of those, that waited for a grant */
    uint64_t waited_ns;
    uint64_t starved;   /* grants because of GS_SCHED_STARVED */
    uint64_t liberties; /* frames started neither free nor granted */
    uint64_t lapsed;    /* leases that ended before their frame */
    /* A frame is missed when it is drawn later after it was wanted than a frame of the floor, or
     * without one of fps, lasts. */
    uint64_t misses;
    unsigned n_culprits; /* those with most of them, first the most */
    struct gs_sched_culprit culprits[GS_SCHED_CULPRITS_MAX];
    uint64_t cost_ns, cost_p90_ns; /* of a frame; 0: not known yet */
    /* Of the device, over the last second. */
    uint32_t share_permille; /* what its weight gives beside those that are active now */
    uint32_t asked_permille; /* what it would have used: used, and what it waited for */
    uint32_t got_permille;
    uint32_t floor_fps; /* that is kept now: the one wished, or a lower step where all together
                         * would be too much */
    bool active;        /* it wanted or used something in the last 100 ms */
    bool policed;
};

void gs_sched_info(const struct gs_sched_session *x, uint64_t now, struct gs_sched_info *ret);
/* Of a device, over the last second; of all sessions. */
uint32_t gs_sched_used_permille(const struct gs_sched *s, unsigned device, uint64_t now);

/* ---- before there is one ---- */

/* What a floor would need, and whether it is to be had. */
struct gs_sched_admission {
    unsigned device;            /* the one with most room; or the one asked for */
    uint32_t promised_permille; /* to floors there are */
    uint32_t left_permille;     /* of GS_SCHED_FLOORS_PERMILLE */
    uint32_t needed_permille;
    bool fits;
};

/* device -1: any. cost_ns: of one frame, p90, as far as it is known. Except: a session whose
 * present floor does not count, NULL: none. */
void gs_sched_admit(const struct gs_sched *s, int device, uint32_t floor_fps, uint64_t cost_ns,
                    const struct gs_sched_session *except, struct gs_sched_admission *ret);
/* Where a new session without a floor should go: the device least used, by the cost of what is
 * there. */
unsigned gs_sched_place(const struct gs_sched *s, uint64_t now);
