/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One worker: the gpushare-session process of one session and the link to it. The worker is not
 * trusted: what it says is checked, and what it leaves behind is cleared away. Thread: the main
 * one; callbacks come from its loop, never from inside a call.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/link.h"
#include "common/macros.h"
#include "common/proto.h"
#include "host/reaper.h"

struct gs_worker;

struct gs_worker_listener {
    /* It takes clients from now on. */
    void (*ready)(void *user, const struct gs_worker_ready *ready);
    /* A control message for a client; the payload is borrowed. */
    void (*client_data)(void *user, uint32_t client, uint8_t type, const uint8_t *payload,
                        size_t size);
    /* It sends this client away. */
    void (*client_close)(void *user, uint32_t client, const struct gs_bye *bye);
    /* The application ended; gone follows. */
    void (*ended)(void *user, const struct gs_bye *bye);
    /* Nothing of it is left. why: NULL where it ended in order (after ended or a stop), else what
     * happened, a predicate: "was killed by SIGSEGV". Called once, last. */
    void (*gone)(void *user, const char *why);
};

struct gs_worker_params {
    const char *program;
    const struct gs_worker_config *config; /* copied */
    unsigned ready_ms, stop_ms;            /* how long starting and stopping may take */
    struct gs_reaper *reaper;              /* outlives the worker */
    const struct gs_worker_listener *listener;
    void *user;
};

/* Starts the process and sends it the configuration. 0; -EINVAL: the configuration has text that is
 * not UTF-8; -errno. Reasons are in the log. */
int gs_worker_create(const struct gs_worker_params *params, struct gs_worker **ret) GS_MUST_CHECK;
/* Kills the process where it still runs, and waits for it. Accepts NULL. */
void gs_worker_destroy(struct gs_worker *w);
/* These three return 0, or -EPIPE / -ENOBUFS when the link is gone or stuck. */
int gs_worker_open_client(struct gs_worker *w, uint32_t client,
                          const struct gs_client_open *open) GS_MUST_CHECK;
int gs_worker_send(struct gs_worker *w, uint32_t client, uint8_t type, const void *payload,
                   size_t size) GS_MUST_CHECK;
int gs_worker_close_client(struct gs_worker *w, uint32_t client) GS_MUST_CHECK;
/* Asks it to end; kills it when it did not after stop_ms. */
void gs_worker_stop(struct gs_worker *w);
void gs_worker_kill(struct gs_worker *w);

/* Where the program is: $GPUSHARE_SESSION, beside this program, or where it was installed. The
 * caller frees it; NULL, with a sentence in *ret_why for g_free, when there is none. */
char *gs_worker_find_program(char **ret_why);
