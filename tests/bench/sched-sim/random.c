/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/sched-sim/random.h"

#include <math.h>

static uint64_t splitmix(uint64_t *x)
{
    uint64_t z = (*x += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void sim_random_init(struct sim_random *r, uint64_t seed, uint64_t stream)
{
    uint64_t x = seed;

    x = splitmix(&x) ^ (stream + 1) * UINT64_C(0x9e3779b97f4a7c15);
    for (int i = 0; i < 4; i++)
        r->state[i] = splitmix(&x);
}

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static uint64_t next(struct sim_random *r)
{
    uint64_t *s = r->state;
    uint64_t ret = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return ret;
}

double sim_uniform(struct sim_random *r)
{
    return (double)(next(r) >> 11) * 0x1p-53;
}

unsigned sim_pick(struct sim_random *r, unsigned low, unsigned high)
{
    return low + (unsigned)(sim_uniform(r) * (high - low + 1.0));
}

double sim_normal(struct sim_random *r)
{
    double u = 1 - sim_uniform(r);

    return sqrt(-2 * log(u)) * cos(2 * M_PI * sim_uniform(r));
}

double sim_exponential(struct sim_random *r, double mean)
{
    return -mean * log(1 - sim_uniform(r));
}

double sim_lognormal(struct sim_random *r, double mean, double sigma)
{
    return mean * exp(sigma * sim_normal(r) - sigma * sigma / 2);
}
