/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A made-up device and made-up sessions that the scheduler is tried on. Frames are not interrupted:
 * on one engine they are drawn one after the other, on more they share processors. Everything is
 * computed, by seed; no time passes.
 */
#pragma once

#include "host/scheduler.h"

#define GS_MODEL_MAX 32
#define GS_MODEL_WAITS 65536

struct gs_model_session {
    /* What it is like. */
    double cost_ms;   /* GPU time of a frame */
    double spread;    /* 0 … 1: each frame costs between (1 - spread) and (1 + spread) of it */
    double cpu_ms;    /* before a frame reaches the GPU */
    double think_ms;  /* from a frame's end to the next */
    double period_ms; /* frames begin no sooner after each other; 0: at once */
    double parallel;  /* engines that it can use; 0: all */
    double hog;       /* engines that it uses without asking, always, but held */
    bool liberties;   /* never asks */
    bool gone;        /* wants nothing */
    /* What it is given. */
    struct gs_sched_session *sched;
    uint32_t flags, max_fps;
    /* What it does. */
    enum { GS_MODEL_RESTS, GS_MODEL_WAITING, GS_MODEL_PREPARES, GS_MODEL_DRAWS } phase;
    uint64_t until; /* rests, prepares */
    uint64_t asked_at, began_at, queued_at;
    double left;   /* ns of the frame */
    double unsaid; /* ns used, not charged yet */
    /* What came of it. */
    double used; /* ns, by the device itself */
    uint64_t frames;
    uint64_t n_waits;
    uint32_t *waits_us; /* the last GS_MODEL_WAITS, from wanting to starting */
};

struct gs_model {
    struct gs_sched *sched;
    struct gs_sched_params params;
    double engines;
    uint64_t meter; /* ns between two readings; 0: at the end of frames only */
    struct gs_model_session session[GS_MODEL_MAX];
    unsigned n;
    uint64_t now, read_at;
    uint64_t random;
    double idle;                                  /* ns of engines that nobody used */
    unsigned orders_at_once;                      /* most that one call of the scheduler led to */
    void (*step)(struct gs_model *m, void *user); /* after each event; optional */
    void *user;
};

/* One device. depth 0: chosen. */
void gs_model_init(struct gs_model *m, enum gs_sched_policy policy, uint32_t engines,
                   uint32_t depth, uint64_t seed);
void gs_model_finish(struct gs_model *m);
/* With weight; *what is copied. */
struct gs_model_session *gs_model_add(struct gs_model *m, uint32_t weight,
                                      const struct gs_model_session *what);
struct gs_model_session *gs_model_add_full(struct gs_model *m, const struct gs_sched_settings *set,
                                           struct gs_sched_group *group,
                                           const struct gs_model_session *what);
void gs_model_leave(struct gs_model *m, struct gs_model_session *x);
void gs_model_run(struct gs_model *m, uint64_t ns);
uint32_t gs_model_random(struct gs_model *m, uint32_t below);
double gs_model_wait_ms(const struct gs_model_session *x, double quantile);
