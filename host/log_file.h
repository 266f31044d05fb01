/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the end of a log that is rotated (NAME, NAME.1, …) by somebody else. The folder's owner
 * is not trusted: links and what is no file are passed by. Never waits. Any thread. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/macros.h"

#define GS_LOG_TAIL_MAX 1048576 /* bytes */

/* A descriptor for reading; -ENOENT: there is none (yet). */
int gs_log_file_open(const char *dir, const char *name) GS_MUST_CHECK;
/* Appends the last lines, from the file before the last rotation, too, where this one has fewer. fd
 * is left at the end. */
void gs_log_file_tail(int fd, const char *dir, const char *name, uint64_t lines, GString *out);
/* Whether `name` is another file now than the one that is open. */
bool gs_log_file_rotated(int fd, const char *dir, const char *name);
