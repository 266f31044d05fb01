/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/link.h"

#include <string.h>

const char *const gs_unwatched_names[] = {"throttle", "freeze", "run", NULL};
const char *const gs_slot_state_names[] = {"none", "wanted", "held", NULL};
const char *const gs_sandbox_names[] = {"none", "standard", "strict", NULL};
const char *const gs_worker_stage_names[GS_WORKER_STAGES] = {"grant", "convert", "encode", "send",
                                                             "total"};
const uint32_t gs_stage_bucket_us[GS_STAGE_BUCKETS - 1] = {
    500, 1000, 2000, 4000, 6000, 8000, 10000, 15000, 20000, 30000, 50000, 100000, 250000,
};

int gs_name_find(const char *const *names, const char *name)
{
    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], name) == 0)
            return i;
    }
    return -1;
}

void gs_stage_histogram_add(struct gs_stage_histogram *h, uint64_t ns)
{
    uint64_t us = ns / 1000;
    unsigned i = 0;

    while (i < GS_STAGE_BUCKETS - 1 && us > gs_stage_bucket_us[i])
        i++;
    h->bucket[i]++;
    h->sum_us += us;
}
