/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduler's thread with sessions that are processes of their own, each at the other end of a
 * page: they burn processor time for their frames, or behave badly. All run on one processor, so
 * that there is something to wait for. Thread: one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/cgroup_session.h"
#include "host/grants.h"

#define TURNS_RIG_MAX 16

enum turns_kind {
    TURNS_HONEST,  /* asks, burns, finishes */
    TURNS_FLOOD,   /* the same, with a process beside it that kicks without end */
    TURNS_JUMP,    /* counters of no meaning, in any order */
    TURNS_CLAIM,   /* says at once that its frames are drawn */
    TURNS_NEVER,   /* never says so */
    TURNS_FLIP,    /* asks and withdraws without end */
    TURNS_LIBERTY, /* never asks */
    TURNS_BLOCK,   /* honest, and makes its descriptors block, the counter full */
    TURNS_DEAF,    /* has a page, burns without end and says nothing */
};

/* Counters of one, in memory that is shared with it. */
struct turns_counts {
    _Atomic uint64_t frames, waited_ns, longest_ns;
    _Atomic bool failed; /* no grant came before the deadline */
};

struct turns_params {
    enum turns_kind kind;
    uint32_t weight;
    uint64_t burn_ns, pause_ns; /* of each frame, and after it */
    bool confined;              /* in control groups of its own */
    /* It sleeps instead of burning, and there is nothing to measure: its frames are charged the
     * time that they take, however busy the machine is with others. */
    bool sleeps;
};

struct turns_one {
    struct gs_grants_session *session;
    pid_t keeper;
    int socket;
    struct gs_cgroup_session *groups; /* NULL: none */
    struct turns_counts *counts;
};

struct turns_rig {
    struct gs_grants *grants;
    struct turns_one all[TURNS_RIG_MAX];
    unsigned n;
};

/* On one processor from now on, where `one` says so. */
void turns_rig_init(struct turns_rig *r, enum gs_sched_policy policy, bool one);
/* Whether control groups can be had that freeze. */
bool turns_rig_can_confine(void);
/* Its place in `all`. */
unsigned turns_rig_add(struct turns_rig *r, const struct turns_params *p);
struct gs_grants_info turns_rig_info(struct turns_rig *r, unsigned i);
/* Until this one drew so many frames more; false: it failed, or the deadline. */
bool turns_rig_wait_frames(struct turns_rig *r, unsigned i, uint64_t more);
/* Processor time of the scheduler's thread, ns. */
uint64_t turns_rig_cpu_ns(void);
void turns_rig_finish(struct turns_rig *r);
/* The fixture of a test whose state is the rig: by shares, on one processor. */
int turns_rig_setup(void **rig);
int turns_rig_teardown(void **rig);
