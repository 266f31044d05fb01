/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's side of a control connection, for tests: GIO's TLS and a channel, with calls that
 * run the default main context until something came. Every wait gives up after ten seconds. */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/channel.h"
#include "common/proto.h"
#include "common/url.h"

struct control_client {
    GIOStream *tls;
    struct gs_channel *channel;
    GQueue frames; /* that came and were not taken yet: GByteArray, type first */
    bool closed;
    int err;
};

/* Connects and shakes hands; NULL when that failed or the fingerprint is another. */
struct control_client *control_client_open(const struct gs_url *url);
/* The same, where the host is in this process: the default main context turns meanwhile. */
struct control_client *control_client_open_in_loop(const struct gs_url *url);
void control_client_close(struct control_client *c);
/* ticket NULL: a hello without one. */
void control_client_hello(struct control_client *c, const char *session, const char *ticket);
/* The next frame: its type, and in *ret (where not NULL) the payload with a NUL after it. 0: the
 * connection ended, or nothing came. */
uint8_t control_client_next(struct control_client *c, GByteArray **ret);
/* The next frame must be of this type and hold {reason, status}. False otherwise. */
bool control_client_next_bye(struct control_client *c, uint8_t type, struct gs_bye *ret);
/* Throws away what comes until the connection has ended. False: it did not. */
bool control_client_wait_closed(struct control_client *c);
/* Runs the default main context until *flag, at most ten seconds. Returns *flag. */
bool control_client_run_until(const bool *flag);
