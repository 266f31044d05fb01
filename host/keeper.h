/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The keeper: a small process between the host and the worker of one session. It starts the worker
 * as the session's user, with its limits, keeps what worker and application print in files, and
 * clears away whatever the worker leaves behind. It outlives the host, so that how a session ended
 * is known to the next one.
 *
 * gpushare-keeper is told everything in one JSON message on its standard input (struct
 * gs_keeper_config), has the worker's end of the link as descriptor 3, and hands it on. SIGTERM:
 * the worker is asked to end, and killed after stop_ms. SIGUSR1: the worker is killed at once. When
 * the worker has ended and nothing below is left, it writes struct gs_keeper_exit to exit_path
 * (where there is one) and ends with the status of the worker, 128 + N for signal N.
 *
 * On its standard output it says two lines: the worker's process id once it runs, and the same
 * struct gs_keeper_exit at the end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/macros.h"
#include "common/proto.h"

#define GS_KEEPER_LINK_FD 3

struct gs_keeper_config {
    char session[GS_PROTO_NAME_MAX];
    char program[4096];    /* the worker's */
    char user[64];         /* who it runs as, by name, with a PAM session; "": as the keeper */
    char runtime_dir[108]; /* the session's; given to that user, and removed at the end */
    char log_dir[4096];    /* worker.log and app.log, with .1 … .N; "": all goes to stderr */
    uint64_t log_size;     /* bytes of a log file before it is rotated */
    uint32_t log_files;    /* of each kind, the current one with them; 1 … 100 */
    char exit_path[4096];  /* "": nowhere */
    char cgroup[256];    /* name of the session's control groups below the keeper's own; "": none */
    uint64_t memory_max; /* bytes of worker and application; 0: no limit */
    uint32_t tasks_max;  /* processes and threads; 0: no limit */
    uint32_t cpu_percent; /* of one processor, 100 is one whole; 0: no limit */
    uint32_t cpu_weight;  /* 1 … 10000, 100 is normal; 0: leave it */
    uint32_t stop_ms;     /* between asking and killing */
    bool follow_parent;   /* ends with the process that started it */
};

char *gs_keeper_config_to_json(const struct gs_keeper_config *c);
int gs_keeper_config_from_json(const char *json, size_t size,
                               struct gs_keeper_config *ret) GS_MUST_CHECK;

/* How it ended. */
struct gs_keeper_exit {
    int status;         /* exit status of the worker; -1: it was killed; 127: it never ran */
    int signal;         /* that killed it; 0: none */
    bool out_of_memory; /* the control group's limit was met */
    uint64_t time;      /* seconds since 1970 */
    char why[256];      /* a predicate: "was killed by SIGSEGV"; "": ended in order */
};

char *gs_keeper_exit_to_json(const struct gs_keeper_exit *e);
int gs_keeper_exit_from_json(const char *json, size_t size,
                             struct gs_keeper_exit *ret) GS_MUST_CHECK;
