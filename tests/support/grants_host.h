/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host whose scheduler is the test: it listens where a worker asks for its page, gives one or
 * something else, and the test writes what it likes there. Thread: main, default GMainContext. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/grant_page.h"
#include "common/link.h"
#include "common/macros.h"

enum grants_answer {
    GRANTS_PAGE,
    GRANTS_CLOSE,
    GRANTS_SILENCE,
    GRANTS_PIPE,     /* in place of the page */
    GRANTS_UNSEALED, /* a page that could be cut */
    GRANTS_LARGE,
    GRANTS_VERSION, /* of another one */
    GRANTS_FEW,     /* descriptors */
    GRANTS_MANY,
    GRANTS_WRONG_BYTE,
    GRANTS_TWO_BYTES,
};

struct grants_host {
    char *path;
    GSocketService *service;
    GSocketConnection *conn; /* the last one */
    guint watch;
    struct gs_grant_channel channel; /* the last page that was given; else page NULL */
    enum grants_answer answer;
    unsigned asked; /* so often */
    struct gs_worker_grants who;
};

/* Listens at path, which goes with it. 0, or -errno with the reason on stderr. */
int grants_host_start(struct grants_host *h, const char *path) GS_MUST_CHECK;
/* The connection ends, and with it the page; it goes on listening. */
void grants_host_drop(struct grants_host *h);
/* Accepts a zeroed one. */
void grants_host_finish(struct grants_host *h);

/* Flags of the page, and a kick. This and a grant let the heart beat on. */
void grants_host_flags(struct grants_host *h, uint32_t flags);
/* That was the last heartbeat, for now. */
void grants_host_fall_silent(struct grants_host *h);
/* Whether a frame waits to be let in. */
bool grants_host_is_asked(const struct grants_host *h);
/* Grants what was asked for last. */
void grants_host_grant(struct grants_host *h);
/* More that the worker gets to read on its connection. */
void grants_host_babble(struct grants_host *h);
