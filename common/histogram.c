/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/histogram.h"

#include <math.h>
#include <string.h>

#include "common/macros.h"

/* Values below 2^SUB_BITS have a bucket each; every octave above is cut into 2^SUB_BITS. The middle
 * of a bucket is then at most half of 1/32 away from any value in it. */
#define SUB_BITS 5
#define SUB (UINT64_C(1) << SUB_BITS)
#define VALUE_BITS 38

_Static_assert((VALUE_BITS - SUB_BITS + 1) * SUB <= GS_HISTOGRAM_BUCKETS, "buckets for all values");

static unsigned index_of(uint64_t v)
{
    unsigned shift;

    if (v < SUB)
        return (unsigned)v;
    shift = 63 - (unsigned)__builtin_clzll(v) - SUB_BITS;
    return (unsigned)((shift + 1) * SUB + ((v >> shift) & (SUB - 1)));
}

static uint64_t middle_of(unsigned index)
{
    unsigned shift;

    if (index < SUB)
        return index;
    shift = (unsigned)(index / SUB) - 1;
    return ((SUB + index % SUB) << shift) + ((UINT64_C(1) << shift) >> 1);
}

void gs_histogram_reset(struct gs_histogram *h)
{
    memset(h, 0, sizeof(*h));
}

void gs_histogram_add(struct gs_histogram *h, int64_t ns)
{
    const int64_t top = (INT64_C(1) << VALUE_BITS) - 1;

    h->bucket[index_of((uint64_t)GS_CLAMP(ns, 0, top))]++;
    h->count++;
}

uint64_t gs_histogram_percentile(const struct gs_histogram *h, double p)
{
    uint64_t rank = (uint64_t)ceil(p / 100.0 * (double)h->count);
    uint64_t seen = 0;

    rank = GS_CLAMP(rank, 1, h->count);
    for (unsigned i = 0; h->count && i < GS_HISTOGRAM_BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen >= rank)
            return middle_of(i);
    }
    return 0;
}
