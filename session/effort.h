/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How hard the encoder tries: 0 … 2, as in struct gs_encoder_params. More effort saves bits and
 * costs time; so it is raised, a step in seconds, while processors idle, bits flow and the picture
 * is still early enough after it, and taken back at once when a picture takes too long or the
 * processors run short. After that the next try waits, longer each time it fails.
 *
 * Pure: time is an argument (CLOCK_MONOTONIC, ns). One owner.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GS_EFFORT_AUTO (-1)
#define GS_EFFORT_MOST 2

struct gs_effort {
    uint32_t level;
    bool automatic;
    uint64_t interval;        /* ns a frame at the session's rate */
    double encode, deviation; /* running means, ns, at this level */
    double kbps;              /* running mean of what is sent */
    double idle;         /* share of the processors, 0 … 1; negative: unknown, taken as none */
    unsigned seen;       /* pictures at this level */
    uint64_t last;       /* the last picture */
    uint64_t good_since; /* all speaks for more effort since then; 0: it does not */
    uint64_t changed;    /* when the level last changed */
    uint64_t not_before; /* no raise until then */
    uint64_t wait;       /* how long the next failure puts off the next raise */
};

/* "" and "auto": GS_EFFORT_AUTO; "fast", "better", "best": 0, 1, 2. */
bool gs_effort_parse(const char *name, int *ret);
extern const char gs_effort_names[]; /* for messages */

/* effort: a fixed one, or GS_EFFORT_AUTO, which starts with 0. */
void gs_effort_init(struct gs_effort *e, uint32_t fps, int effort);
/* The newest measure of the processors that this process may use. */
void gs_effort_set_idle(struct gs_effort *e, double idle);
/* A picture was encoded. Returns the effort for the next one. */
uint32_t gs_effort_encoded(struct gs_effort *e, uint64_t duration, size_t bytes, uint64_t now);
