/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What worker and application print, line by line: into files that are rotated by size, and on to
 * somebody who may have stopped listening. Neither a full disk nor a full pipe stops anything:
 * lines are dropped then, and it is said once. Keeper; one thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"

#define GS_LOG_LINE_MAX 4096 /* with the line break; longer ones become several */

/* ---- a file: NAME, and NAME.1 (the newest of the old ones) … ---- */

struct gs_log_file;

/* size: bytes before it is rotated; files: how many there are at most, this one with them. */
struct gs_log_file *gs_log_file_create(const char *dir, const char *name, uint64_t size,
                                       unsigned files);
/* Accepts NULL. */
void gs_log_file_destroy(struct gs_log_file *f);
/* Whole lines. */
void gs_log_file_write(struct gs_log_file *f, const char *lines, size_t size);

/* ---- somebody who listens, for as long as he does ---- */

struct gs_log_copy {
    int fd;
    int own; /* the same file, opened again so that writes do not wait; -1: that can't be had */
    int is_socket;
};

/* fd is borrowed. */
void gs_log_copy_init(struct gs_log_copy *c, int fd);
void gs_log_copy_finish(struct gs_log_copy *c);

/* ---- lines of one pipe ---- */

struct gs_log_pipe;

/* Reads from fd, which it takes and makes non-blocking; file and copy (may be NULL) outlive it. */
struct gs_log_pipe *gs_log_pipe_create(int fd, struct gs_log_file *file, struct gs_log_copy *copy);
/* Writes what is no whole line yet, too. Accepts NULL. */
void gs_log_pipe_destroy(struct gs_log_pipe *p);
/* To poll for reading; -1: it has ended. */
int gs_log_pipe_fd(const struct gs_log_pipe *p);
/* Takes what is there. Control characters are replaced, so that looking at a log is safe. */
void gs_log_pipe_read(struct gs_log_pipe *p);
