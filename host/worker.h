/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One worker: the gpushare-session process of one session, the keeper that it runs under, and the
 * link to it. It is started here, or comes back to this host after another one had started it; from
 * then on both are the same. The worker is not trusted: what it says is checked. Thread: the main
 * one; callbacks come from its loop, never from inside a call.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/link.h"
#include "common/macros.h"
#include "common/proto.h"
#include "host/keeper.h"

struct gs_worker;

struct gs_worker_listener {
    /* It takes clients from now on. Not called for one that was adopted: it did before. */
    void (*ready)(void *user, const struct gs_worker_ready *ready);
    /* A control message for a client; the payload is borrowed. */
    void (*client_data)(void *user, uint32_t client, uint8_t type, const uint8_t *payload,
                        size_t size);
    /* It sends this client away. */
    void (*client_close)(void *user, uint32_t client, const struct gs_bye *bye);
    /* The application ended; gone follows. */
    void (*ended)(void *user, const struct gs_bye *bye);
    /* Nothing of it is left. why: NULL where it ended in order (after ended or a stop), else what
     * happened, a predicate: "was killed by SIGSEGV". keeper: what the keeper says of it; NULL
     * where the keeper was killed itself. Both borrowed. Called once, last. */
    void (*gone)(void *user, const char *why, const struct gs_keeper_exit *keeper);
    /* May be NULL. About once a second, checked. */
    void (*stats)(void *user, const struct gs_worker_stats *stats);
    /* May be NULL. It did not answer for that long and was killed; gone follows. */
    void (*hung)(void *user, unsigned silent_ms);
};

struct gs_worker_params {
    /* How it is kept; copied. stop_ms: how long it may take to end when it is asked to. An adopted
     * one needs no more of it than session, exit_path, cgroup and stop_ms. */
    const struct gs_keeper_config *keeper;
    const char *keeper_program;            /* for gs_worker_create alone; borrowed during it */
    const struct gs_worker_config *config; /* the same */
    unsigned ready_ms;                     /* how long starting may take */
    unsigned hang_ms; /* without an answer for that long it is killed; 0: never. The host's own
                         standstills do not count */
    const struct gs_worker_listener *listener;
    void *user;
};

/* Starts keeper and worker, and sends the configuration. 0; -EINVAL: a configuration has text that
 * is not UTF-8; -errno. Reasons are in the log. What the keeper can't have (its user, the folders)
 * is told by gone. */
int gs_worker_create(const struct gs_worker_params *params, struct gs_worker **ret) GS_MUST_CHECK;
/* Takes over a worker that another host started and that said ADOPT on this link (a Unix socket; a
 * reference is taken), and answers ADOPTED. keeper and keeper_start: as gs_worker_keeper_pid and
 * gs_worker_keeper_start_time were with the other host. 0; -ESRCH: there is no such keeper any
 * more; -errno. */
int gs_worker_adopt(const struct gs_worker_params *params, GIOStream *link, pid_t keeper,
                    uint64_t keeper_start, const struct gs_worker_ready *ready,
                    struct gs_worker **ret) GS_MUST_CHECK;
/* Kills it where it still runs, and waits until nothing of it is left. Accepts NULL. */
void gs_worker_destroy(struct gs_worker *w);
/* Forgets it, and lets it go on without this host. It must have an adopt_path, or it ends. */
void gs_worker_detach(struct gs_worker *w);

/* These five return 0, or -EPIPE / -ENOBUFS when the link is gone or stuck. */
int gs_worker_open_client(struct gs_worker *w, uint32_t client,
                          const struct gs_client_open *open) GS_MUST_CHECK;
int gs_worker_send(struct gs_worker *w, uint32_t client, uint8_t type, const void *payload,
                   size_t size) GS_MUST_CHECK;
int gs_worker_close_client(struct gs_worker *w, uint32_t client) GS_MUST_CHECK;
int gs_worker_send_set(struct gs_worker *w, const struct gs_worker_set *set) GS_MUST_CHECK;
int gs_worker_resize(struct gs_worker *w, const struct gs_video *video) GS_MUST_CHECK;
/* Asks it to end; kills it when it did not after stop_ms. */
void gs_worker_stop(struct gs_worker *w);
/* gone follows. */
void gs_worker_kill(struct gs_worker *w);

/* 0: not known (yet), or it ended. */
pid_t gs_worker_pid(const struct gs_worker *w);
pid_t gs_worker_keeper_pid(const struct gs_worker *w);
/* In clock ticks since the system started (proc(5), field 22 of /proc/PID/stat): with the id it
 * names a process for good. */
uint64_t gs_worker_keeper_start_time(const struct gs_worker *w);

/* Where the programs are: $GPUSHARE_SESSION and $GPUSHARE_KEEPER, beside this program, or where
 * they were installed. The caller frees it; NULL, with a sentence in *ret_why for g_free, when
 * there is none. */
char *gs_worker_find_program(char **ret_why);
char *gs_worker_find_keeper(char **ret_why);
