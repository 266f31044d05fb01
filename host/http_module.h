/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is in the module "http", by the contract of host/http.h. */
#pragma once

#include "host/http.h"

struct gs_http_server *gs_http_server_create(const struct gs_http_params *params);
void gs_http_server_destroy(struct gs_http_server *server);
void gs_http_set_header(struct gs_http_exchange *x, const char *name, const char *value);
void gs_http_respond(struct gs_http_exchange *x, unsigned status, const char *type,
                     const char *body, size_t size);
void gs_http_on_gone(struct gs_http_exchange *x, void (*gone)(void *user), void *user);
void gs_http_stream_begin(struct gs_http_exchange *x, const char *type);
int gs_http_stream_write(struct gs_http_exchange *x, const char *data, size_t size) GS_MUST_CHECK;
void gs_http_stream_end(struct gs_http_exchange *x);

int gs_http_ask(const char *socket_path, const char *method, const char *target, const char *body,
                unsigned timeout_s, struct gs_http_reply **ret, char **ret_why) GS_MUST_CHECK;
unsigned gs_http_reply_status(const struct gs_http_reply *reply);
ssize_t gs_http_reply_read(struct gs_http_reply *reply, void *out, size_t size) GS_MUST_CHECK;
void gs_http_reply_close(struct gs_http_reply *reply);

/* ---- between the parts of the server ---- */

/* Whose connection this is, as far as the kernel says. */
void gs_http_peer_init(struct gs_http_peer *peer, GSocket *socket);
void gs_http_peer_finish(struct gs_http_peer *peer);
/* The connection for libsoup: nothing comes out before a whole head that is good; with another one,
 * refuse is called, and the end is all that comes. Both parts of the connection must stay. */
GIOStream *gs_http_stream_new(GIOStream *connection, void (*refuse)(void *user, unsigned status),
                              void *user);
/* Says what is wrong without a request that could be answered, and closes. */
void gs_http_refuse(GSocket *socket, unsigned status);
/* The body of such an answer, for g_free. */
char *gs_http_error_body(unsigned status);
