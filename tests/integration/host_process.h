/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A gpushare-host with the fake worker, in a runtime directory of its own. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "common/url.h"

struct host_process {
    char *dir;      /* XDG_RUNTIME_DIR of the host, and what follows */
    char *pid_file; /* that the fake worker writes: its pid, X display, children */
    char *out, *err;
    pid_t pid;
    struct gs_url url; /* of the first line, once it was there */
};

/* options: as one string, split at blanks, "{pids}" becomes the pid file. Fails the test where the
 * host cannot be started. */
void host_process_start(struct host_process *h, const char *options);
/* Waits for the connect line and reads it. */
void host_process_wait_ready(struct host_process *h);
/* Its exit status, or 128 + the signal that killed it. */
int host_process_wait(struct host_process *h);
/* Everything on one of its outputs; the caller frees it. */
char *host_process_read(const char *path);
/* Asserts that no file and no process was left, and frees. Call after host_process_wait. */
void host_process_finish(struct host_process *h);
