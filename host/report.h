/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the doctor found, told to people as it comes or to programs at the end, on stdout. Main
 * thread. */
#pragma once

#include <stdbool.h>

#include "common/check.h"

struct gs_report;

struct gs_report *gs_report_create(bool json);
void gs_report_destroy(struct gs_report *r);
/* Copies it. */
void gs_report_add(struct gs_report *r, const struct gs_check *check);
/* What is under way, shown on a terminal until the next line comes. */
void gs_report_progress(struct gs_report *r, const char *what);
/* NULL: there is none. */
const struct gs_check *gs_report_find(const struct gs_report *r, const char *id);
bool gs_report_can_run(const struct gs_report *r);
/* The summary; after it nothing is added. */
void gs_report_finish(struct gs_report *r);
