/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One control connection, from its acceptance over the TLS handshake and the hello to its end. What
 * a client may do before its ticket was accepted, how long that may take and how much it may send
 * afterwards is decided here. Thread: the main one; callbacks come from its loop, but refused
 * messages are answered from within.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"
#include "common/proto.h"

struct gs_client;

/* Why a client is not let in. */
struct gs_refusal {
    const char *reason; /* a sentence, static */
    int status;         /* enum gs_exit_status */
    bool wrong_ticket;
    unsigned delay_ms; /* until it is told */
};

struct gs_client_listener {
    /* The first message, checked. True lets the client in; else *ret says why not; it comes with
     * status GS_EXIT_REFUSED and the rest 0. */
    bool (*hello)(void *user, uint32_t id, const struct gs_hello *hello, struct gs_refusal *ret);
    /* A message of a client that was let in; only types that clients send. Borrowed. */
    void (*message)(void *user, uint32_t id, uint8_t type, const uint8_t *payload, size_t size);
    /* The connection ended. Called once, last; destroying the client in it is fine. */
    void (*gone)(void *user, uint32_t id, bool was_let_in);
};

/* deadline_ms: handshake and hello together. */
struct gs_client *gs_client_create(GSocketConnection *conn, GTlsCertificate *certificate,
                                   uint32_t id, unsigned deadline_ms,
                                   const struct gs_client_listener *listener, void *user);
/* Closes at once; no callback after it. Accepts NULL. */
void gs_client_destroy(struct gs_client *c);
bool gs_client_is_let_in(const struct gs_client *c);
/* Not even a whole first message of TLS came. */
bool gs_client_is_silent(const struct gs_client *c);
/* Its address, numeric; "" where it is not known. */
const char *gs_client_address(const struct gs_client *c);
/* Dropped where the client is not let in or going. Errors end the connection through gone. */
void gs_client_send(struct gs_client *c, uint8_t type, const void *payload, size_t size);
/* Says goodbye where the client can hear it, then ends the connection; gone follows, from within
 * where nobody is there to hear it. */
void gs_client_bye(struct gs_client *c, const struct gs_bye *bye);
/* Ends the connection at once without a word, so that a client that can comes back; gone follows,
 * from within. */
void gs_client_drop(struct gs_client *c, const char *why);
