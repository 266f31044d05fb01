/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `gpushare-host run` and `gpushare-client --headless` as fixtures: started in a world of their own
 * (runtime, state and temporary folders, a mark in the environment by which everything they start
 * is found), and looked after when they end. Thread: one at a time.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/macros.h"
#include "tests/support/picture.h"
#include "tests/support/process.h"

struct gs_session_run {
    struct gs_process host;
    char *dir;  /* all that the session writes is under here */
    char *mark; /* "GS_TEST_MARK=…" */
    char *url;
    unsigned clients; /* started so far, for the names of their files */
};

/* Names the program's file in the build tree; for g_free. */
char *gs_program_path(const char *name);

/* Starts `gpushare-host run HOST_ARGS -- APP_ARGV` and waits for its URL. Without a size among the
 * host's options it takes 640x360. 0, or -errno with the host's stderr on ours; finish it in both
 * cases. */
int gs_session_run_start(const char *const *host_args, const char *const *app_argv,
                         struct gs_session_run *ret) GS_MUST_CHECK;
/* The same with an environment on top, as gs_process_start takes it. */
int gs_session_run_start_env(const char *const *host_args, const char *const *app_argv,
                             const char *const *more, struct gs_session_run *ret) GS_MUST_CHECK;
/* Ends the host with SIGTERM if it still runs, and checks that nothing of the session is left: no
 * process, no file in the runtime folder. Its exit status; -EBUSY when something was left. */
int gs_session_run_stop(struct gs_session_run *run) GS_MUST_CHECK;
/* Waits for the host to end by itself, then as above. */
int gs_session_run_wait(struct gs_session_run *run) GS_MUST_CHECK;
/* Kills what is left. Takes zeroed ones. */
void gs_session_run_finish(struct gs_session_run *run);
/* TCP port of the URL; 0 where it has none. */
uint16_t gs_session_run_tcp_port(const struct gs_session_run *run);
/* UDP port of the session's worker, as /proc has it; 0: none found. */
uint16_t gs_session_run_udp_port(const struct gs_session_run *run);

struct gs_client_run {
    struct gs_process process;
    char *stats_path, *snapshot_path, *script_path;
    int status;
    json_t *stats;           /* NULL: none were written */
    struct gs_image picture; /* rgb NULL: none was written */
};

/* A headless client of `url` (NULL: the run's own) for `seconds`. script: lines for --script, NULL:
 * none. more: further options, NULL-terminated, may be NULL. */
int gs_client_start(struct gs_session_run *run, const char *url, double seconds, const char *script,
                    const char *const *more, struct gs_client_run *ret) GS_MUST_CHECK;
/* Waits for its end and reads its files. Exit status or -ETIMEDOUT. */
int gs_client_wait(struct gs_client_run *client) GS_MUST_CHECK;
/* Both at once. */
int gs_client_run(struct gs_session_run *run, double seconds, const char *script,
                  struct gs_client_run *ret) GS_MUST_CHECK;
void gs_client_finish(struct gs_client_run *client);
/* A number of the statistics by its dotted path, "latency_ms.p50"; -1: it is not there. */
double gs_client_stat(const struct gs_client_run *client, const char *path);
