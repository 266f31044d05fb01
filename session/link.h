/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker's end of the link to the host (common/link.h). Thread: main.
 */
#pragma once

#include <gio/gio.h>
#include <stddef.h>
#include <stdint.h>

#include "common/channel.h"
#include "common/macros.h"

struct gs_link;

/* Takes a reference on the stream. */
struct gs_link *gs_link_create(GIOStream *stream, const struct gs_channel_handler *handler,
                               void *user);
/* Accepts NULL. */
void gs_link_destroy(struct gs_link *l);
/* As gs_channel_send and gs_channel_send2. */
int gs_link_send(struct gs_link *l, uint8_t type, const void *payload, size_t size) GS_MUST_CHECK;
int gs_link_send2(struct gs_link *l, uint8_t type, const void *head, size_t head_size,
                  const void *body, size_t body_size) GS_MUST_CHECK;
/* Says what is queued and closes; closed follows. */
void gs_link_end(struct gs_link *l, unsigned timeout_ms);
