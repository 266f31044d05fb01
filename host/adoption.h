/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The socket to which workers come back whose daemon went away, and where all of them ask for their
 * page of the scheduler. Whoever connects says one message, ADOPT or GRANTS, in good time; whether
 * that is good is the owner's to judge. Thread: the main one.
 */
#pragma once

#include <gio/gio.h>
#include <sys/types.h>

#include "common/link.h"
#include "common/macros.h"

struct gs_adoption;

struct gs_adoption_peer {
    pid_t pid;
    uid_t uid;
};

/* conn is closed when nobody took a reference. Nothing beyond the message was read from it. */
struct gs_adoption_listener {
    void (*adopt)(void *user, GSocketConnection *conn, const struct gs_adoption_peer *peer,
                  const struct gs_worker_adopt *adopt);
    void (*grants)(void *user, GSocketConnection *conn, const struct gs_adoption_peer *peer,
                   const struct gs_worker_grants *grants);
};

/* What is at the path is replaced: its owner holds the lock of the daemon. mode: of the socket. 0
 * or -errno, with the reason in the log. */
int gs_adoption_create(const char *path, mode_t mode, const struct gs_adoption_listener *listener,
                       void *user, struct gs_adoption **ret) GS_MUST_CHECK;
/* Removes the socket. Accepts NULL. */
void gs_adoption_destroy(struct gs_adoption *a);
