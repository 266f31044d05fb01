/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs under test: started with pipes, read and awaited with deadlines, and looked for when
 * they should be gone. Thread: one at a time. Deadlines are generous limits against hanging; no
 * test passes or fails by how fast something is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/macros.h"

#define GS_PROCESS_DEADLINE_MS 30000

struct gs_process {
    pid_t pid;     /* also of its process group; 0 once it was awaited */
    int pidfd;     /* -1 once it was awaited */
    int in;        /* write end of its stdin, -1 when closed */
    int out;       /* read end of its stdout, non-blocking */
    int err;       /* file with what it wrote on stderr so far */
    char *pending; /* what was read of stdout and is no whole line yet */
};

/* argv: NULL-terminated, argv[0] looked for on PATH. env: "NAME=value" or "NAME" (taken away) on
 * top of ours, NULL-terminated; may be NULL. The program dies with us. 0 or -errno. */
int gs_process_start(const char *const *argv, const char *const *env,
                     struct gs_process *ret) GS_MUST_CHECK;
/* The next line of its stdout without the newline, for g_free. NULL: end of file or deadline. */
char *gs_process_read_line(struct gs_process *p, int deadline_ms);
/* Exit status; 128 + signal; or -ETIMEDOUT, and it still runs. Once only. */
int gs_process_wait(struct gs_process *p, int deadline_ms) GS_MUST_CHECK;
/* What it wrote on stderr so far, for g_free. */
char *gs_process_stderr(const struct gs_process *p);
/* Whether `text` comes up on its stderr before the deadline. */
bool gs_process_wait_stderr(const struct gs_process *p, const char *text, int deadline_ms);
void gs_process_signal(const struct gs_process *p, int sig);
/* Kills what still runs. Takes zeroed and finished ones. */
void gs_process_finish(struct gs_process *p);

/* Processes of ours and of others whose environment has `mark` ("NAME=value"); each of them is
 * said on stderr, and killed if asked for. */
unsigned gs_process_count_marked(const char *mark, bool kill_them);
/* Waits until nobody carries the mark; false when some still do at the deadline. */
bool gs_process_wait_unmarked(const char *mark, int deadline_ms);
/* First process of that mark whose program is called `name`; 0: none. */
pid_t gs_process_find_marked(const char *mark, const char *name);
/* Files, sockets and folders under `dir`, which are said on stderr. */
unsigned gs_process_count_files(const char *dir);
/* Removes a folder with all in it. */
void gs_process_remove_dir(const char *dir);
