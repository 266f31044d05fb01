/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The statistics of a session as JSON, as a table and as the text of the overlay. Pure, but for
 * gs_report_add_process. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/receive/receiver.h"
#include "client/stats.h"
#include "common/macros.h"
#include "common/proto.h"

/* Room for the text of the overlay. */
#define GS_OVERLAY_TEXT_MAX 512

struct gs_report {
    const struct gs_stats *stats; /* borrowed, as are the rest */
    const struct gs_receiver_stats *receiver;
    const struct gs_welcome *welcome; /* NULL: never connected */
    const char *decoder;              /* NULL: none was opened */
    bool rtt_known;
    uint64_t rtt_ns;
    unsigned reconnects;      /* how often the control connection came back */
    uint64_t longest_away_ns; /* without it, from noticing that to WELCOME, or until the end */
    double duration_s;        /* since the program began */
    double cpu_s;             /* negative: not known */
    long pss_kb;              /* negative: not known */
};

/* Fills cpu_s and pss_kb of this process. */
void gs_report_add_process(struct gs_report *r);
/* One JSON object; what was not measured is null. Free with free(). */
char *gs_report_json(const struct gs_report *r);
/* Aligned lines for a person. Free with g_free(). */
char *gs_report_table(const struct gs_report *r);
/* A few short ASCII lines: r over all, the rates over the last interval. */
void gs_report_overlay(const struct gs_report *r, double fps, double kbps, char *out, size_t size);
/* Writes JSON and a newline to path ("-": stdout). 0 or -errno. */
int gs_report_write(const char *path, const char *json) GS_MUST_CHECK;
