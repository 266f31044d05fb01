/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Percentiles of durations in fixed memory: log-linear buckets, relative error at most 1/64.
 * Not thread-safe: one owner. */
#pragma once

#include <stdint.h>

#define GS_HISTOGRAM_BUCKETS 1088

struct gs_histogram {
    uint64_t count;
    uint32_t bucket[GS_HISTOGRAM_BUCKETS];
};

void gs_histogram_reset(struct gs_histogram *h);
/* Nanoseconds; negative values count as 0, values above 2^38 (275 s) as that. */
void gs_histogram_add(struct gs_histogram *h, int64_t ns);
/* Nearest-rank percentile (0 < p ≤ 100) in nanoseconds, the middle of its bucket; 0 when empty. */
uint64_t gs_histogram_percentile(const struct gs_histogram *h, double p);
