/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For encoders whose every change of rate costs an IDR: which changes are worth one, and when.
 * Pure: the time is an argument. Thread: the encoder's. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Zeroed and with what the encoder was opened with in applied, it is ready. */
struct gs_rate_gate {
    uint32_t applied; /* kb/s that the encoder was told; 0: no limit */
    uint64_t since;   /* ns, when; 0: at its start */
};

/* Whether the encoder should be told `wanted` before the picture that is encoded now. idr: it is
 * one anyway, so that the change is free. */
bool gs_rate_gate_open(const struct gs_rate_gate *gate, uint32_t wanted, bool idr, uint64_t now);
/* It was told. */
void gs_rate_gate_applied(struct gs_rate_gate *gate, uint32_t kbps, uint64_t now);
