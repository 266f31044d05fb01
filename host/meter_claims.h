/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a session has used by what its worker says (common/grant_page.h: own_ns, app_ns), which may
 * be false, put right by what samples say, which come late. Pure. Times in ns.
 *
 * What is claimed counts at once, multiplied by a scale that follows the samples slowly. What the
 * samples find beyond that (an application that draws off-screen, a worker that is silent) is added
 * smoothed, so that one strange sample does little.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct gs_meter_claims {
    bool begun, sampled;
    uint64_t time;
    uint64_t own, app;  /* the most that was claimed on this page */
    uint64_t allowance; /* that may be claimed: time that passed and was not */
    double used;        /* the result; never goes back */
    double scale;
    /* Since the samples before: */
    double claimed, used_before;
    double unclaimed; /* what samples find beyond what is counted, each time; smoothed */
};

/* Zeroed before. Of a page that is new to the meter: what was claimed so far does not count. */
void gs_meter_claims_begin(struct gs_meter_claims *c, uint64_t own, uint64_t app, uint64_t now);
void gs_meter_claims_take(struct gs_meter_claims *c, uint64_t own, uint64_t app, uint64_t now);
/* ns: used since samples were told last; the first time only begins. */
void gs_meter_claims_correct(struct gs_meter_claims *c, uint64_t ns);
