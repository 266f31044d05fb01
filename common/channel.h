/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames (u32 length, u8 type, payload) over a GIOStream: TLS to a client, a Unix socket to a
 * worker. Owner thread: the one whose GMainContext was thread-default at creation; all callbacks
 * run there. Reads and writes never block.
 */
#pragma once

#include <gio/gio.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"

struct gs_channel;

struct gs_channel_handler {
    /* A whole frame. payload is borrowed until the return. The callee may destroy the channel. */
    void (*frame)(void *user, uint8_t type, const uint8_t *payload, size_t size);
    /* Called once: the peer closed (err 0), broke the framing (-EBADMSG), sent more than allowed
     * (-EMSGSIZE), does not read what it is sent (-ENOBUFS), or the stream failed (-errno).
     * Nothing is called after it; the owner destroys the channel, here or later. */
    void (*closed)(void *user, int err);
};

/* Takes a reference on the stream, whose halves must be pollable (sockets and TLS are).
 * max_payload: larger announced frames end the channel before anything is allocated. */
struct gs_channel *gs_channel_create(GIOStream *stream, size_t max_payload,
                                     const struct gs_channel_handler *handler, void *user);
/* Drops what was not sent, closes the stream without waiting. Accepts NULL. */
void gs_channel_destroy(struct gs_channel *ch);
/* Frees the channel and gives its stream back, open, for g_object_unref. Only where nothing waits
 * to be sent and the peer has sent nothing that was not delivered, as between two who take turns.
 */
GIOStream *gs_channel_steal(struct gs_channel *ch) GS_MUST_CHECK;
void gs_channel_set_max_payload(struct gs_channel *ch, size_t max_payload);
/* Queues one frame and sends as much as fits at once. At most 8 MiB may wait. 0, -ENOBUFS,
 * -EPIPE after closed. The payload is copied. */
int gs_channel_send(struct gs_channel *ch, uint8_t type, const void *payload,
                    size_t size) GS_MUST_CHECK;
/* The same, for a payload in two parts (a link header and a forwarded message). */
int gs_channel_send2(struct gs_channel *ch, uint8_t type, const void *head, size_t head_size,
                     const void *body, size_t body_size) GS_MUST_CHECK;
/* Sends what is queued, then closes and calls closed(0); at most timeout_ms. */
void gs_channel_close_after_flush(struct gs_channel *ch, unsigned timeout_ms);
