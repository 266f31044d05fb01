/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control connection: TCP, TLS 1.3 whose certificate is the one that the URL names, HELLO, and
 * then messages each way. Thread: the one that created it; callbacks come from its thread-default
 * main context.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"
#include "common/proto.h"
#include "common/url.h"

struct gs_connection;

/* Why a connection ended, as the exit status that the program gives for it. */
enum gs_exit {
    GS_EXIT_DONE = 0,
    GS_EXIT_FAILED = 1,
    GS_EXIT_USAGE = 2,
    GS_EXIT_REFUSED = 3,
    GS_EXIT_UNREACHABLE = 4,
};

enum gs_connection_end {
    GS_CONNECTION_BROKEN,  /* nobody said why: trying again may help */
    GS_CONNECTION_REFUSED, /* ERROR in place of WELCOME */
    GS_CONNECTION_ENDED,   /* BYE, another certificate, …: trying again is of no use */
};

struct gs_connection_listener {
    /* The host answers, and a thread is busy with the handshake for some milliseconds: time for
     * what takes long. May add to what will be said. */
    void (*hello)(void *user, struct gs_hello *hello);
    /* The host took us. address: of the host, borrowed. */
    void (*welcome)(void *user, const struct gs_welcome *welcome, GInetAddress *address);
    /* A message after that; PONG, CURSOR, POINTER and what a later host may send. */
    void (*message)(void *user, uint8_t type, const uint8_t *payload, size_t size);
    /* Called once, nothing after it; the callee may destroy the connection. reason: a sentence. */
    void (*closed)(void *user, enum gs_exit status, enum gs_connection_end end, const char *reason);
};

/* Begins to connect; gives up where there was no WELCOME after timeout_ms. */
struct gs_connection *gs_connection_create(const struct gs_url *url, const struct gs_hello *hello,
                                           unsigned timeout_ms,
                                           const struct gs_connection_listener *listener,
                                           void *user);
/* 0, -ENOTCONN before welcome, -errno of the channel. */
int gs_connection_send(struct gs_connection *conn, uint8_t type, const void *payload,
                       size_t size) GS_MUST_CHECK;
/* Says BYE and closes once that is sent (closed is called with GS_EXIT_DONE), or at once when there
 * is nobody to say it to. */
void gs_connection_leave(struct gs_connection *conn, const char *reason);
/* Accepts NULL. */
void gs_connection_destroy(struct gs_connection *conn);
