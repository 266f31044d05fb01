/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP/1.1 (RFC 9112) over sockets, whatever is asked: the server's side for host/control.h, the
 * client's for the verbs that administer. libsoup does it, in the module "gpushare-host-http":
 * linked, it would be more than half of the program's start. Main thread.
 *
 * A connection has one request. What is wrong in the form of a request is answered here, with the
 * body {"v":1,"error":{"code":"…","message":"…"}}.
 */
#pragma once

#include <gio/gio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/macros.h"

/* ---- server ---- */

struct gs_http_server;
struct gs_http_exchange; /* a request and its answer */

/* The process at the other end of a Unix socket, as it was when it connected. */
struct gs_http_peer {
    bool known; /* false: the socket is of another kind, or the kernel does not say */
    uid_t uid;
    gid_t gid;
    unsigned n_groups;
    gid_t *groups; /* supplementary ones */
};

/* Borrowed until the listener returns. */
struct gs_http_request {
    const char *method, *path; /* the path as it came, percent-encoded */
    const char *query;         /* the same; NULL: none */
    const char *content_type;  /* "": none */
    const char *body;          /* not terminated */
    size_t body_size;
    const struct gs_http_peer *peer;
};

struct gs_http_limits {
    size_t body;                /* bytes of a request; more is answered 413 */
    size_t queue;               /* bytes of a stream that its reader has not taken */
    unsigned connections;       /* in all, but those of root and of our own user */
    unsigned connections_a_uid; /* beyond, the oldest without a whole request is closed */
    unsigned request_ms;        /* from the connection to a whole request */
    unsigned answer_ms;         /* for taking an answer that is no stream */
};

struct gs_http_params {
    GSocket *socket; /* listening; a reference is taken */
    struct gs_http_limits limits;
    /* Answers now or later: with respond, or with stream_begin … stream_end. */
    void (*request)(void *user, struct gs_http_exchange *x, const struct gs_http_request *request);
    void *user;
};

/* ---- client ---- */

struct gs_http_reply;

/* ---- both, as the module offers them ---- */

struct gs_http {
    struct gs_http_server *(*server_create)(const struct gs_http_params *params);
    /* Closes all connections; nobody is told. The socket stays. */
    void (*server_destroy)(struct gs_http_server *server);
    /* Before respond or stream_begin. */
    void (*set_header)(struct gs_http_exchange *x, const char *name, const char *value);
    /* The exchange is over then. type: of the content. */
    void (*respond)(struct gs_http_exchange *x, unsigned status, const char *type, const char *body,
                    size_t size);
    /* gone is called once when the client goes before respond or stream_end: the exchange is over
     * then. NULL: nobody wants to know. Until it is over, the exchange may be used. */
    void (*on_gone)(struct gs_http_exchange *x, void (*gone)(void *user), void *user);
    void (*stream_begin)(struct gs_http_exchange *x, const char *type);
    /* 0; -ENOBUFS: the reader is too slow. It was cut off, and the exchange is over. */
    int (*stream_write)(struct gs_http_exchange *x, const char *data, size_t size) GS_MUST_CHECK;
    void (*stream_end)(struct gs_http_exchange *x);

    /* Asks the server on a Unix socket and waits for the head of the answer. body: JSON, or NULL.
     * timeout_s: between two signs of life, 0 for ever. 0 or -errno of the connection, with a
     * sentence in *ret_why, for g_free. */
    int (*ask)(const char *socket_path, const char *method, const char *target, const char *body,
               unsigned timeout_s, struct gs_http_reply **ret, char **ret_why) GS_MUST_CHECK;
    unsigned (*reply_status)(const struct gs_http_reply *reply);
    /* Waits for some. 0 at the end, or -errno. */
    ssize_t (*reply_read)(struct gs_http_reply *reply, void *out, size_t size) GS_MUST_CHECK;
    void (*reply_close)(struct gs_http_reply *reply); /* accepts NULL */
};

/* Static; NULL: the module is not there, with the reason in *ret_why, for g_free. */
const struct gs_http *gs_http_load(char **ret_why);
