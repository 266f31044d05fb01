/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is simulated: devices, sessions with their applications, and what is changed on the way. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "host/scheduler.h"
#include "tests/bench/sched-sim/device.h"
#include "tests/bench/sched-sim/random.h"

#define SIM_APPS_MAX 40
#define SIM_CHANGES_MAX 16
#define SIM_GROUPS_MAX 4
#define SIM_ANY_DEVICE 255

enum sim_app_kind {
    SIM_PACED,     /* draws at the session's rate */
    SIM_GREEDY,    /* swap interval 0: as much as it can, unless it is held to the session's rate */
    SIM_INPUT,     /* draws a frame for each input */
    SIM_BURSTS,    /* draws for a while, rests for a while */
    SIM_OFFSCREEN, /* never shows anything, so nothing but HOLD reaches it */
};

/* Of a frame, on the device. */
struct sim_cost {
    double ms;           /* mean */
    double sigma;        /* of the logarithm; 0: always the same */
    double burst_factor; /* now and then a scene is this much dearer; 0: never */
    double phase_s;      /* every so many seconds it becomes phase_factor times as much, or normal
                          * again; 0: never */
    double phase_factor;
};

struct sim_app_conf {
    const char *name;
    enum sim_app_kind kind;
    struct sim_cost cost;
    unsigned weight; /* 0: 100 */
    unsigned fps;    /* 0: 60 */
    unsigned floor_fps;
    unsigned cap_permille;
    unsigned group;   /* 0: none; 1 … */
    unsigned device;  /* or SIM_ANY_DEVICE: where the policy places it */
    double cpu_ms;    /* of the application, before it hands a frame over */
    bool cpu_late;    /* only once it may start a frame; else during the frame before */
    double own_ms;    /* of the worker, after each frame: conversion, on software encoding, too */
    unsigned threads; /* that a frame keeps busy (software); 0: all processors */
    double early;     /* this part of a frame is handed over before it may start: 0 … 1 */
    double inputs;    /* a second (SIM_INPUT) */
    bool pending; /* asks at once after each frame, and draws once there is an input: as toolkits do
                   * that keep a frame callback (SIM_INPUT) */
    double on_s, off_s;     /* mean (SIM_BURSTS) */
    unsigned queue;         /* jobs that are always there (SIM_OFFSCREEN); 0: 2 */
    bool lies;              /* starts frames whether it may or not */
    bool mute;              /* never says that a frame is drawn */
    double join_s, leave_s; /* leave_s 0: stays */
};

/* At a time a session gets other settings; 0 stays as it is. */
struct sim_change {
    double at_s;
    unsigned app;
    unsigned weight, floor_fps, cap_permille;
};

struct sim_scenario {
    char name[48], text[160];
    unsigned seconds;
    unsigned n_devices, n_apps, n_changes, n_groups;
    struct sim_device_conf device[GS_SCHED_DEVICES_MAX];
    struct sim_app_conf app[SIM_APPS_MAX];
    struct sim_change change[SIM_CHANGES_MAX];
    unsigned group_weight[SIM_GROUPS_MAX];
    unsigned limit_fps; /* of the policies that limit; 0: 60 */
    double lag_ms;      /* the meter's value is renewed this often */
    double noise;       /* of what is added to it each time, relative */
};

/* All that there are. */
extern const unsigned sim_n_scenarios;
void sim_scenario_build(unsigned i, unsigned seconds, struct sim_scenario *ret);
/* Counts what is in it, and puts in what was left at 0. */
void sim_scenario_count(struct sim_scenario *s, unsigned seconds);
/* One by chance, always the same for the same seed. */
void sim_scenario_random(uint64_t seed, unsigned seconds, struct sim_scenario *ret);
