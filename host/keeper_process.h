/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's side of a keeper: starts it, or finds the one that another host started; watches it
 * and its worker by descriptors of their processes, which nobody else can take the place of.
 * Thread: the main one; callbacks come from its loop, never from inside a call.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/macros.h"
#include "host/keeper.h"

struct gs_keeper_process;

/* Keeper and worker have ended. e: as the keeper says; NULL where it was killed itself, and the
 * worker was ended for that. Called once, last. */
typedef void (*gs_keeper_process_gone)(void *user, const struct gs_keeper_exit *e);

/* link: the worker's end; stays the caller's. 0 or -errno; the reason is in the log. */
int gs_keeper_process_start(const char *program, const struct gs_keeper_config *config, int link,
                            gs_keeper_process_gone gone, void *user,
                            struct gs_keeper_process **ret) GS_MUST_CHECK;
/* worker: its process, where known, else 0. -ESRCH: there is no such keeper any more. */
int gs_keeper_process_adopt(const struct gs_keeper_config *config, pid_t keeper, uint64_t start,
                            pid_t worker, gs_keeper_process_gone gone, void *user,
                            struct gs_keeper_process **ret) GS_MUST_CHECK;
/* Forgets it. Accepts NULL. */
void gs_keeper_process_free(struct gs_keeper_process *p);
/* SIGTERM or SIGUSR1, see host/keeper.h. */
void gs_keeper_process_signal(struct gs_keeper_process *p, int sig);
/* Kills the worker and waits for the keeper; gone is not called. */
void gs_keeper_process_end(struct gs_keeper_process *p);

/* Who it runs as, by name; borrowed from c, or for good. */
const char *gs_keeper_process_user(const struct gs_keeper_config *c);
pid_t gs_keeper_process_pid(const struct gs_keeper_process *p);
uint64_t gs_keeper_process_start_time(const struct gs_keeper_process *p);
pid_t gs_keeper_process_worker(const struct gs_keeper_process *p); /* 0: not known */
