/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker's end of the link to the host (common/link.h). A connection that ends is made again,
 * for ever, once it is known where: after 50 ms, then after twice as long each time, up to 1 s.
 * What is sent meanwhile is dropped. Thread: main; attaches to its thread-default GMainContext.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"

struct gs_link;

/* All are called from the main context. The callee may end the link in them, but not destroy it. */
struct gs_link_handler {
    /* From a host that knows the session. payload is borrowed until the return. */
    void (*frame)(void *user, uint8_t type, const uint8_t *payload, size_t size);
    /* The connection ended (err as in gs_channel_handler) and will be made again. */
    void (*lost)(void *user, int err);
    /* The payload of ADOPT as of now, for free(). */
    char *(*introduce)(void *user);
    /* The host has adopted the session. */
    void (*back)(void *user);
    /* It is over. Called once, nothing else after it. */
    void (*closed)(void *user, int err);
};

/* Takes a reference on the stream. */
struct gs_link *gs_link_create(GIOStream *stream, const struct gs_link_handler *handler,
                               void *user);
/* Accepts NULL. */
void gs_link_destroy(struct gs_link *l);
/* Where the host is to be found after the connection has ended; "" or never called: nowhere. */
void gs_link_set_path(struct gs_link *l, const char *path);
/* Whether there is a host. */
bool gs_link_up(const struct gs_link *l);
/* -ENOTCONN: there is no host now; else as gs_channel_send and gs_channel_send2. */
int gs_link_send(struct gs_link *l, uint8_t type, const void *payload, size_t size) GS_MUST_CHECK;
int gs_link_send2(struct gs_link *l, uint8_t type, const void *head, size_t head_size,
                  const void *body, size_t body_size) GS_MUST_CHECK;
/* Says what is queued and then this, to a host that comes back soon enough if there is none now,
 * and closes. `closed` follows after at most timeout_ms. */
void gs_link_end(struct gs_link *l, uint8_t type, const void *payload, size_t size,
                 unsigned timeout_ms);
