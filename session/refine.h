/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A picture at rest is sent again, better each time, until nothing is left to improve; then there
 * is silence. Pure: time is an argument (CLOCK_MONOTONIC, ns). One owner.
 *
 * A picture in flight cannot be called back, and one that comes while the line is full makes the
 * answer to the next input wait: so the bits come in several portions, with pauses in which half of
 * the rate stays free.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/clock.h"

#define GS_REFINE_FIRST (100 * GS_NS_PER_MS) /* of rest before the first */
#define GS_REFINE_GAP (40 * GS_NS_PER_MS)    /* least time between two */
#define GS_REFINE_BEST 5                     /* quality (H.264 QP scale) of the last ones */
#define GS_REFINE_MOST 44                    /* so many, however little they bring */
#define GS_REFINE_LITTLE 3000                /* bytes that bring nothing any more, */
#define GS_REFINE_PART 8                     /* or that part of the largest */
#define GS_REFINE_LULLS 3                    /* rate control may nearly skip a picture or two */

struct gs_refine {
    uint64_t since; /* when the picture or the user came to rest */
    uint64_t not_before;
    unsigned step, n; /* the next one's kind; how many there were */
    uint64_t most;    /* bytes of the largest so far */
    unsigned little;  /* how many brought little, one after the other */
    bool limited;     /* the last one filled the line: what it lacks comes without more rest */
    bool over;
};

/* A new picture was made: all begins anew. */
void gs_refine_changed(struct gs_refine *r, uint64_t now);
/* Input came, which may change the picture soon: what is left to do waits. */
void gs_refine_disturbed(struct gs_refine *r, uint64_t now);
/* When the next one may begin; UINT64_MAX: there is none. */
uint64_t gs_refine_due(const struct gs_refine *r);
/* The quality of the next one, which begins now. quality: of ordinary pictures. */
uint32_t gs_refine_begin(const struct gs_refine *r, uint32_t quality);
/* It became so large. short_of: a limit did not leave it the quality asked for; so few bytes do not
 * say that nothing is left. max_kbps: 0 for no limit. */
void gs_refine_done(struct gs_refine *r, uint64_t now, uint64_t bytes, bool short_of,
                    uint32_t max_kbps);
