/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers by chance that are the same for the same seed on every machine: xoshiro256**, seeded by
 * splitmix64 (Blackman, Vigna: prng.di.unimi.it). One owner. */
#pragma once

#include <stdint.h>

struct sim_random {
    uint64_t state[4];
};

/* stream: independent ones of the same seed. */
void sim_random_init(struct sim_random *r, uint64_t seed, uint64_t stream);
/* 0 <= x < 1. */
double sim_uniform(struct sim_random *r);
/* low <= x <= high. */
unsigned sim_pick(struct sim_random *r, unsigned low, unsigned high);
double sim_normal(struct sim_random *r);
double sim_exponential(struct sim_random *r, double mean);
/* With this mean; sigma of the logarithm. */
double sim_lognormal(struct sim_random *r, double mean, double sigma);
