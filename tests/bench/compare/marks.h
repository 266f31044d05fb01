/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the application and the probe of the comparison agree on: a number drawn into each picture,
 * Gray-coded, and a file that says when each number was drawn. Pure but for the mapping; any
 * thread. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/macros.h"
#include "tests/apps/paint.h"

/* A row of blocks in the top left corner: white, black, the number from its most significant bit
 * on, black, white. Large enough to survive halved chroma and coarse quantisers. */
#define CMP_MARK_SIZE 16 /* pixels a side */
#define CMP_MARK_BITS 16
#define CMP_MARK_BLOCKS (CMP_MARK_BITS + 4)
#define CMP_MARK_WIDTH (CMP_MARK_BLOCKS * CMP_MARK_SIZE)
#define CMP_NUMBERS (1U << CMP_MARK_BITS)

void cmp_marks_paint(const struct gs_canvas *canvas, uint32_t number);
/* row: XRGB8888 pixels of the row CMP_MARK_SIZE / 2 of a picture, CMP_MARK_WIDTH of them. The
 * number, or -1 when there are no marks or they are half drawn. */
int cmp_marks_read(const uint32_t *row);

/* Numbers beyond CMP_NUMBERS start again; a run lasts less than that. */
struct cmp_log {
    _Atomic int32_t pid;                 /* of the application */
    _Atomic uint32_t drawn;              /* pictures handed to the window system */
    _Atomic uint64_t stamp[CMP_NUMBERS]; /* CLOCK_MONOTONIC, ns, just before each was handed over */
};

/* Maps the file, which is made when `create`. 0 or -errno; lives as long as the process. */
int cmp_log_open(const char *path, bool create, struct cmp_log **ret) GS_MUST_CHECK;
