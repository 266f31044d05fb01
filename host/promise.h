/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frame rates that are promised (floors): what is said where one can't be. Permille are of the
 * whole device. Pure; the texts are for g_free. */
#pragma once

#include <stdint.h>

struct gs_promise_holder {
    const char *name; /* "": those whose names are not told */
    uint32_t permille;
};

struct gs_promise {
    uint32_t floor_fps;
    const char *measured_for; /* the application whose frames cost_ns is of; NULL: assumed */
    uint64_t cost_ns;         /* of a frame, of one engine */
    uint32_t width, height;
    uint32_t engines; /* of the device; 1: a GPU */
    uint32_t needed_permille, promised_permille, left_permille;
    const struct gs_promise_holder *holders; /* of promised_permille, the largest first */
    unsigned n_holders;
};

/* What is assumed of one that was never measured: 4 ms of the whole device for 1280x720 pixels, and
 * so much less or more for others. */
uint64_t gs_promise_assumed_cost(uint32_t width, uint32_t height, uint32_t engines);
/* The highest floor that would fit; 0: none. */
uint32_t gs_promise_fitting_fps(const struct gs_promise *p);
/* A sentence with all of the arithmetic, and what would fit. */
char *gs_promise_refusal(const struct gs_promise *p);
/* "floor 60 needs 31 % of the GPU, 18 % is left". */
char *gs_promise_short(const struct gs_promise *p);
