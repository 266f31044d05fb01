/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the scheduler (host/scheduler.h) share: scheduler.c has the lists and the
 * events, _charge virtual time and estimates, _pick who starts, _run one round over a device,
 * _floor floors and admission, _limit what bars a session by itself, _police turns of those who
 * take, _weigh what the kernel gives, _blame misses, _info what it is like.
 *
 * Virtual time has two levels. A queue is a group's sessions on one device, or one session without
 * a group: its `v` is what it used divided by its weight. Within a queue, sessions have a `v` of
 * their own. Both are ns per unit of weight, as double: 2^53 of that is a hundred days of the
 * lightest queue with a whole GPU, and less precision after that does no harm.
 */
#pragma once

#include "host/scheduler.h"

#define GS_SCHED_ACTIVE (100 * GS_NS_PER_MS) /* after that without a want it is not any more */
#define GS_SCHED_CALM (100 * GS_NS_PER_MS)   /* nobody waited: all are free */
#define GS_SCHED_STARVED_HELD (2 * GS_NS_PER_S)
#define GS_SCHED_COSTS 32  /* of which p90 is made */
#define GS_SCHED_FLIGHTS 4 /* remembered, for blame */
#define GS_SCHED_BINS 20   /* of a second */
#define GS_SCHED_BIN (GS_NS_PER_S / GS_SCHED_BINS)
#define GS_SCHED_DEBT (400 * GS_NS_PER_MS)     /* nobody is ahead by more of the device's time */
#define GS_SCHED_FIRST_COST (4 * GS_NS_PER_MS) /* nothing is known yet */

struct gs_sched_queue {
    double weight;
    double v;     /* with what is estimated */
    double open;  /* ns of v that are estimated, and neither measured nor given back yet */
    double low;   /* where a session of this queue begins that wakes */
    double least; /* scratch of one round */
    double sum;   /* scratch: weights of its active sessions */
};

struct gs_sched_flight {
    uint64_t start, end;
};

/* Sums over the last second. */
struct gs_sched_rate {
    uint64_t bin[GS_SCHED_BINS + 1];
    uint64_t at; /* number of the bin that is filled, since 0 */
};

struct gs_sched_dev {
    unsigned index;
    double engines;
    uint32_t depth;
    struct gs_sched_session *sessions;
    unsigned n;
    double low;         /* virtual time where a queue begins that wakes */
    unsigned in_flight; /* leases that run */
    unsigned active;    /* sessions */
    uint64_t contended; /* when somebody waited for others last, or would have: 0: never */
    uint64_t crowded;   /* or there was no place left */
    uint64_t due;
    bool stale;
    struct gs_sched_rate used;
    /* Work: measured, and estimated of what is in flight. */
    double measured;
    double work; /* at work_at */
    uint64_t work_at;
    double busy; /* 0 … 1, lately */
    struct gs_sched_rate others;
    /* Room beside those who come first, by whole frames beside which nothing was given away. */
    double idle;         /* 0 … 1 of the device */
    uint64_t idle_known; /* as of then */
    unsigned fills_since;
    uint64_t span_at; /* when the span began that is looked at; 0: none */
    double span_work;
    double credit; /* ns that may be given away */
    uint64_t credit_at;
    unsigned fills;  /* frames in flight that were given away */
    double ahead;    /* ns before the engines run dry that the last place may be taken */
    uint64_t dry_at; /* when they do, or did, without another frame */
    /* Floors. */
    uint64_t floors_at;  /* looked at last */
    uint64_t police_at;  /* looked at next */
    double floors_scale; /* of budgets, where even the lowest steps are too much */
};

struct gs_sched_session {
    struct gs_sched *all;
    struct gs_sched_dev *dev;
    struct gs_sched_session *next, *prev; /* of dev */
    struct gs_sched_session *order_next;
    bool ordered; /* is in all->orders */
    struct gs_sched_group *group;
    struct gs_sched_queue own, *queue;
    void *user;
    char name[GS_SCHED_NAME_MAX];
    struct gs_sched_settings set;
    /* Virtual time within the queue. */
    double weight, v, open;
    /* The frame that is wanted. */
    bool wanting;
    uint64_t want_at;
    uint64_t wait_from; /* since then nothing of its own bars it */
    bool barred;        /* what bars it is its own, as of the last round */
    uint64_t barred_until;
    bool blocked;     /* scratch: waits for others */
    bool was_blocked; /* while it waited */
    /* The frame that is in flight: started, and not finished. */
    bool flying, lapsed, fill, granted, unasked;
    bool lost;                              /* it never ended, and another one starts */
    uint64_t start_at, lease_end, asked_at; /* asked_at: when it was wanted */
    bool waited;
    /* That frame is finished, and goes on using the processors: it keeps its place. */
    bool going_on;
    uint64_t over_by; /* at the latest */
    /* The frame before that. */
    uint64_t finished_at; /* 0: none */
    uint64_t back_by;     /* it is waited for until then */
    bool counting;        /* what is measured still belongs to that frame's cost */
    double frame_ns;      /* measured since it started */
    double think;         /* ns from finish to the next want */
    /* Estimates. */
    double cost_slow;  /* over more frames */
    bool resting;      /* in flight, and found to draw nothing */
    double rests;      /* how many of its frames were found so, 0 to 1 */
    uint64_t clear_at; /* when a frame that began before its own ended */
    uint64_t read_at;  /* when the meter was read last, whatever it said */
    uint64_t busy_at;  /* when it was seen at work last */
    double gap;        /* ns between two charges while it is at work: what a meter is late by */
    double expected;   /* ns, of the frame in flight */
    uint64_t open_at;  /* when something was estimated that had been nothing */
    double cost, wall; /* ns, moving averages; 0: not known */
    uint64_t costs[GS_SCHED_COSTS], walls[GS_SCHED_COSTS];
    unsigned n_costs, next_cost;
    unsigned uncounted; /* frames of which nothing was measured yet */
    uint64_t cost_p90, wall_p90;
    bool mixed; /* something was given away beside the frame in flight */
    uint64_t charge_at;
    struct gs_sched_rate used, waiting;
    /* Cap and sleep. */
    double tokens; /* ns */
    uint64_t tokens_at;
    /* Floor. */
    uint32_t floor;                  /* that is kept; 0: none */
    uint32_t floor_most, floor_next; /* scratch */
    uint64_t floor_changed;
    uint64_t deadline; /* of the frame wanted */
    double budget;     /* ns */
    uint64_t budget_at;
    /* Police. */
    bool policed, turn;
    uint64_t turn_end, turn_used; /* used_ns as it began */
    unsigned turns;
    double turn_cost; /* ns */
    uint64_t police_since, police_for, wanted_by_others;
    struct gs_sched_rate covered;  /* time that grants covered */
    uint64_t cover_from, cover_to; /* the span that runs, or ran */
    double entitled;               /* engines that its weight gives */
    double hungry;                 /* 0 … 1: how much of the time it is at work or waits */
    /* What is told. */
    bool say_grant;
    uint32_t flags, max_fps; /* said */
    uint32_t cpu_weight;     /* said; 0: nothing yet */
    double lift;             /* of that, beyond what it is entitled to; 0: not known */
    uint64_t free_until;     /* it was, or is */
    /* What it is like. */
    uint64_t active_at; /* wanted or used something noteworthy; 0: never */
    uint64_t used_ns, frames, waits, waited_ns, starved, liberties, lapses, misses;
    struct gs_sched_flight flights[GS_SCHED_FLIGHTS];
    unsigned next_flight;
    unsigned n_culprits;
    struct gs_sched_culprit culprits[GS_SCHED_CULPRITS_MAX];
};

struct gs_sched_group {
    struct gs_sched *all;
    struct gs_sched_group *next;
    uint32_t weight;
    struct gs_sched_queue queue[GS_SCHED_DEVICES_MAX];
};

struct gs_sched {
    struct gs_sched_params params;
    struct gs_sched_dev dev[GS_SCHED_DEVICES_MAX];
    struct gs_sched_group *groups;
    struct gs_sched_session *orders, **orders_end;
    uint64_t now; /* never goes back */
};

/* Whether weights, caps, floors and police count; whether anybody waits for others at all. */
static inline bool gs_sched_fair(const struct gs_sched *s)
{
    return s->params.policy <= GS_SCHED_FIXED && s->params.policy != GS_SCHED_BEST_EFFORT;
}

static inline bool gs_sched_ordered(const struct gs_sched *s)
{
    return s->params.policy <= GS_SCHED_FIXED;
}

/* It has a place. */
static inline bool gs_sched_in_flight(const struct gs_sched_session *x)
{
    return ((x->flying || x->going_on) && !x->lapsed) || x->turn;
}

/* It may start as far as it is concerned, and does not yet. Who is held always wants a turn. */
static inline bool gs_sched_waits(const struct gs_sched_session *x)
{
    return (x->policed ? !x->turn : x->wanting) && !x->barred;
}

static inline bool gs_sched_is_active(const struct gs_sched_session *x, uint64_t now)
{
    return x->wanting || x->flying || x->policed ||
           (x->active_at && now - x->active_at < GS_SCHED_ACTIVE);
}

/* ---- scheduler_charge.c ---- */

/* The queue that it is in, by policy and group; its debt stays as it was. */
void gs_sched_requeue(struct gs_sched_session *x);
void gs_sched_queue_weigh(struct gs_sched_queue *q, double weight, double low);
/* It was away and wants: begins where the others are. */
void gs_sched_wake(struct gs_sched_session *x);
/* It starts before others whose turn it is: they can't make use of it, and don't keep it. */
void gs_sched_pull(struct gs_sched_session *x, uint64_t now);
/* A frame or a turn starts: what it is taken to cost is charged. */
void gs_sched_open(struct gs_sched_session *x, double ns, uint64_t now);
/* No more than that is expected yet: the rest of what was estimated goes back. */
void gs_sched_settle(struct gs_sched_session *x, double most);
/* What it used until its last frame ended is known. */
bool gs_sched_is_measured(const struct gs_sched_session *x, uint64_t now);
void gs_sched_note_wall(struct gs_sched_session *x, uint64_t ns);
/* Virtual times where others wake, from those that are awake. */
void gs_sched_set_low(struct gs_sched_dev *d, uint64_t now);
bool gs_sched_awake(const struct gs_sched_session *x, uint64_t now);
/* ns that its next frame is taken to cost. */
double gs_sched_estimate(const struct gs_sched_session *x);
void gs_sched_rate_add(struct gs_sched_rate *r, uint64_t ns, uint64_t now);
/* Sum over the last so many ns, at most a second. */
uint64_t gs_sched_rate_get(const struct gs_sched_rate *r, uint64_t over, uint64_t now);

/* ---- scheduler_pick.c ---- */

/* Who may start now; NULL: nobody. *ret_fill: what others leave. */
struct gs_sched_session *gs_sched_pick(struct gs_sched_dev *d, uint64_t now, bool *ret_fill);
/* When the last place may be taken; UINT64_MAX: not foreseen. */
uint64_t gs_sched_place_due(struct gs_sched_dev *d, uint64_t now);
/* When it is granted in any case; it waits. */
uint64_t gs_sched_starves_at(const struct gs_sched_session *x);

/* ---- scheduler_run.c ---- */

/* One round: what time did, who starts, what is told, and when it is due again. */
void gs_sched_run(struct gs_sched_dev *d, uint64_t now);
void gs_sched_begin(struct gs_sched_session *x, bool granted, uint64_t now);
void gs_sched_end(struct gs_sched_session *x, uint64_t now);
/* A frame is drawn, and not at work any more. */
void gs_sched_over(struct gs_sched_session *x, uint64_t now);
/* Its lease is over; the frame may go on. */
void gs_sched_lapse(struct gs_sched_session *x);
void gs_sched_tell(struct gs_sched_session *x);

/* ---- scheduler_idle.c ---- */

/* How busy the device is, and what those who come first leave of it. */
void gs_sched_look_busy(struct gs_sched_dev *d, uint64_t now);
/* What is given away begins or ends. */
void gs_sched_fill_begin(struct gs_sched_session *x, uint64_t now);
void gs_sched_fill_end(struct gs_sched_session *x, uint64_t now);
/* A frame ended. */
void gs_sched_span_end(struct gs_sched_session *x, uint64_t now);
/* Time when there may be enough to give away; UINT64_MAX: not foreseen. */
uint64_t gs_sched_fill_due(const struct gs_sched_dev *d, uint64_t now);

/* ---- scheduler_floor.c ---- */

void gs_sched_floor_wanted(struct gs_sched_session *x, uint64_t now);
void gs_sched_floor_use(struct gs_sched_session *x, uint64_t ns, uint64_t now);
/* When it must start to be in time; UINT64_MAX: it has no floor, or nothing left of it. */
uint64_t gs_sched_floor_latest(struct gs_sched_session *x, uint64_t now);
/* It has a floor, and did not use up what that needs. */
bool gs_sched_floor_is_due(struct gs_sched_session *x, uint64_t now);
/* What is left of that, 0 to 1. */
double gs_sched_floor_left(const struct gs_sched_session *x);
/* Engines that its floor takes. */
double gs_sched_floor_needs(const struct gs_sched_session *x);
/* Which floors are kept. */
void gs_sched_floors(struct gs_sched_dev *d, uint64_t now);

/* ---- scheduler_police.c ---- */

/* It uses far less than its weight gives. */
bool gs_sched_is_light(const struct gs_sched_session *x, uint64_t now);
/* Engines that it used, lately. */
double gs_sched_used_over(const struct gs_sched_session *x, uint64_t over, uint64_t now);
/* Who is held, and who not any more. */
void gs_sched_police(struct gs_sched_dev *d, uint64_t now);
void gs_sched_turn_begin(struct gs_sched_session *x, uint64_t now);
void gs_sched_turn_end(struct gs_sched_session *x, uint64_t now);
/* What it uses from now on was granted; soon it is not any more. */
void gs_sched_cover_begin(struct gs_sched_session *x, uint64_t now);
void gs_sched_cover_end(struct gs_sched_session *x, uint64_t now);

/* ---- scheduler_weigh.c ---- */

/* What the kernel is to give to each where processors render; after what each is entitled to. */
void gs_sched_weigh(struct gs_sched_dev *d, uint64_t now);

/* ---- scheduler_blame.c ---- */

/* A frame is drawn. */
void gs_sched_blame(struct gs_sched_session *x, uint64_t now);

/* ---- scheduler_limit.c ---- */

/* When nothing of its own bars it any more: its cap, or a policy that lets sleep. now: nothing. */
uint64_t gs_sched_barred_until(struct gs_sched_session *x, uint64_t now);
bool gs_sched_capped(const struct gs_sched_session *x);
void gs_sched_cap_use(struct gs_sched_session *x, uint64_t ns, uint64_t now);
