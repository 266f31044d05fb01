/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is written down about every frame on its way through the host. */
#pragma once

#include <stdint.h>

/* Times are CLOCK_MONOTONIC of the host, nanoseconds; 0 means not reached yet. */
struct gs_frame_trace {
    uint32_t frame_id; /* counts up by one per encoded frame, from 1 */
    uint32_t input_id; /* last input record that the application had seen when it drew */
    uint64_t commit;   /* the application committed the newest change that this frame shows */
    uint64_t grant;    /* the frame was let into the pipeline */
    uint64_t convert_start, convert_end;
    uint64_t encode_start, encode_end;
    uint64_t first_packet, last_packet; /* handed to the kernel */
};
