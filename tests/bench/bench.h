/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measurements of whole sessions on this machine, over loopback. One thread. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "common/macros.h"

#define BENCH_MAX_REPEATS 99

/* Of every scene; NAN where it does not apply. */
enum bench_metric {
    BENCH_FPS,
    BENCH_LATENCY_P50, /* commit → decoded, ms */
    BENCH_LATENCY_P95,
    BENCH_LATENCY_P99,
    BENCH_INPUT_P50, /* input sent → frame that shows it decoded, ms */
    BENCH_INPUT_P95,
    BENCH_INPUT_P99,
    BENCH_HOST_CPU,   /* worker and daemon, ms a frame */
    BENCH_CLIENT_CPU, /* ms a frame */
    BENCH_RATE,       /* video, Mb/s */
    BENCH_HOST_LOAD,  /* worker and daemon, % of a core */
    BENCH_CLIENT_LOAD,
    BENCH_TRAFFIC,    /* all bytes on the loopback, B/s */
    BENCH_WORKER_PSS, /* MB */
    BENCH_CLIENT_PSS,
    BENCH_FIRST_PICTURE, /* client started → first picture, ms */
    BENCH_CREATE,        /* host started → first picture at a client, ms */
    BENCH_METRICS,
};

extern const char *const bench_metric_names[BENCH_METRICS];

struct bench_options {
    const char *size;
    double seconds;
    const char *const *host_args; /* further options of `gpushare-host run`, may be NULL */
};

struct bench_scene {
    const char *name, *what;
    const char *app[6];   /* "gs-test-app" is ours; NULL-terminated */
    bool clicks;          /* the client clicks all the time */
    bool steady;          /* frames come all the time: costs can be told by frame */
    double least_seconds; /* needs at least so long */
};

/* name NULL at the end. */
extern const struct bench_scene bench_scenes[];

/* Runs a scene once. 0, or -errno with the reason on stderr. */
int bench_scene_run(const struct bench_scene *scene, const struct bench_options *options,
                    double ret[BENCH_METRICS]) GS_MUST_CHECK;

/* The values of all repeats of a scene. */
struct bench_series {
    const struct bench_scene *scene;
    int repeats;
    double values[BENCH_MAX_REPEATS][BENCH_METRICS];
};

/* Leaves out NAN; NAN when nothing else is there. */
double bench_median(const struct bench_series *series, enum bench_metric metric);
/* Tables of medians in Markdown. */
void bench_report_markdown(FILE *out, const struct bench_series *series, int n,
                           const struct bench_options *options);
/* All values and the medians. 0 or -EIO. */
int bench_report_json(const char *path, const struct bench_series *series, int n,
                      const struct bench_options *options) GS_MUST_CHECK;
