/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clients that the host has let in to a session: who they are, what they are sent, and whether
 * anybody looks. One controls, the others watch; who that is and who keeps a place says
 * session/places.h, when those who watch get IDR pictures session/keyframes.h. Thread: main.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bytes.h"
#include "common/link.h"
#include "common/macros.h"
#include "common/proto.h"
#include "session/link.h"
#include "session/parts.h"

struct gs_clients;

/* Never called from gs_clients_destroy. */
struct gs_clients_listener {
    /* Somebody receives from now on / nobody does any more. Called when it changes. */
    void (*watched)(void *user, bool watched);
    /* An input record went to the source. */
    void (*input_applied)(void *user, uint32_t input_id);
    /* From the client with the control; NULL: it is gone. */
    void (*report)(void *user, const struct gs_client_report *report);
};

struct gs_clients_params {
    /* Borrowed. Configuration, facts and reasons are read whenever a client comes; the parts are
     * built when the first one does, and may be finished before the clients are destroyed. */
    struct gs_link *link;
    struct gs_parts *parts;
    const struct gs_worker_config *config;
    const struct gs_worker_ready *ready;
    const char *why; /* encoder and converter were chosen */
    const struct gs_clients_listener *listener;
    void *user;
};

struct gs_clients *gs_clients_create(const struct gs_clients_params *params);
/* Says nothing to anybody. Accepts NULL. */
void gs_clients_destroy(struct gs_clients *c);

/* The host's messages GS_LINK_CLIENT_OPEN, _DATA and _CLOSE, after the client's number. away: the
 * host says why, so it was sent away; else its connection ended. */
void gs_clients_open(struct gs_clients *c, uint32_t id, const char *json, size_t size);
void gs_clients_data(struct gs_clients *c, uint32_t id, struct gs_reader *r);
void gs_clients_closed(struct gs_clients *c, uint32_t id, bool away);

/* To all. */
void gs_clients_send(struct gs_clients *c, uint8_t type, const void *payload, size_t size);
void gs_clients_send_cursor(struct gs_clients *c, const struct gs_cursor_msg *msg);

/* From the transport. */
void gs_clients_receiver_changed(struct gs_clients *c, struct gs_stream *stream, bool present);
void gs_clients_keyframe_wanted(struct gs_clients *c, struct gs_stream *stream);

/* The host is gone, and with it all control connections; their streams go on while they are heard.
 * The host is there again, and knows them by what gs_clients_list said. */
void gs_clients_link_lost(struct gs_clients *c);
void gs_clients_link_back(struct gs_clients *c);
/* Whose streams go on: their number, at most GS_VIEWERS_MAX. */
unsigned gs_clients_list(const struct gs_clients *c, struct gs_worker_viewer *ret);
/* How many receive. */
unsigned gs_clients_receiving(const struct gs_clients *c);
