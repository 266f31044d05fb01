/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of `top`, from one answer of the daemon after the other. Pure. */
#pragma once

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

struct gs_top_rows;

struct gs_top_rows *gs_top_rows_create(void);
void gs_top_rows_destroy(struct gs_top_rows *rows);
/* answer: of GET /v1/sessions. now: a clock that only goes on, microseconds. Shares of processors
 * are there from the second measurement on. */
void gs_top_rows_update(struct gs_top_rows *rows, const json_t *answer, int64_t now);
/* A line about all, one about the GPUs, and one for each session by its name. width: columns, 0: as
 * many as needed. height: lines, 0 likewise; what does not fit is counted. end: of each line. */
void gs_top_rows_print(const struct gs_top_rows *rows, unsigned width, unsigned height,
                       const char *end, FILE *out);
