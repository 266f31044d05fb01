/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the preloaded counter of allocations writes to $GS_ALLOC_DIR/PROGRAM, mapped and shared. */
#pragma once

#include <stdint.h>

struct gs_alloc_counts {
    _Atomic uint64_t own;    /* by calls from the program's own file */
    _Atomic uint64_t all;    /* those and the libraries' */
    _Atomic uint64_t frames; /* sent: calls of sendmmsg */
};
