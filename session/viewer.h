/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client that a session serves: its side of the control channel, as it arrives over the link.
 * What it sends is checked here before anything else sees it. Thread: main.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"
#include "common/proto.h"
#include "session/link.h"
#include "session/source.h"

struct gs_viewer {
    uint32_t id; /* the link's number of this client; 0: nobody */
    struct gs_link *link;
    struct gs_source *source;
    bool view; /* input and keymaps are ignored */
    bool bye;  /* it said good-bye: its connection did not just break */
    /* An input record went to the source. */
    void (*input_applied)(void *user, uint32_t input_id);
    /* How it goes at the client. */
    void (*report)(void *user, const struct gs_client_report *report);
    void *user;
};

/* Sends a control message to the client; without a client does nothing. */
void gs_viewer_send(struct gs_viewer *v, uint8_t type, const void *payload, size_t size);
/* Sends the client away with a reason; status as in struct gs_bye. */
void gs_viewer_close(struct gs_viewer *v, int status, const char *reason);
/* A control message from the client. 0, or -EBADMSG when it broke the protocol. */
int gs_viewer_handle(struct gs_viewer *v, uint8_t type, const uint8_t *payload,
                     size_t size) GS_MUST_CHECK;
