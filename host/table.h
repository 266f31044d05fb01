/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text in columns, for people. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/macros.h"

struct gs_table;

/* headings: NULL-terminated; one that begins with '>' is of a column that is flush right. */
struct gs_table *gs_table_create(const char *const *headings);
void gs_table_destroy(struct gs_table *table);
/* The next cell, row by row; control characters in it become '?'. */
GS_PRINTF(2, 3) void gs_table_add(struct gs_table *table, const char *fmt, ...);
/* width: of the terminal, in which lines are cut off; 0: they are not. end: of each line. */
void gs_table_print(const struct gs_table *table, unsigned width, const char *end, FILE *out);

/* For people, for g_free: "1.5 GB", "8.2 Mb/s", "3 h 05 min", "2026-11-21 16:30:00". */
char *gs_text_bytes(uint64_t bytes);
char *gs_text_kbps(uint64_t kbps);
char *gs_text_duration(uint64_t seconds);
char *gs_text_time(uint64_t seconds);
