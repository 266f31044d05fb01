/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much a peer may send: a bucket of tokens that fills at a steady rate. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"

struct gs_budget {
    uint64_t rate;  /* bytes a second */
    uint64_t burst; /* bytes that may come at once */
    uint64_t left;
    uint64_t last_ns;
};

void gs_budget_init(struct gs_budget *b, uint64_t rate, uint64_t burst, uint64_t now_ns);
/* False: more than the budget; nothing is taken then. */
bool gs_budget_take(struct gs_budget *b, uint64_t bytes, uint64_t now_ns) GS_MUST_CHECK;
