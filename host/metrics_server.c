/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/metrics_server.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdbool.h>
#include <string.h>

#include "common/log.h"
#include "host/http.h"

/* Measurements of the workers come once a second. */
#define KEPT_US (250 * G_TIME_SPAN_MILLISECOND)
#define TYPE "text/plain; version=0.0.4; charset=utf-8"

/* All who ask are one to the server: it knows no users here. */
static const struct gs_http_limits limits = {
    .body = 0,
    .queue = 0,
    .connections = 16,
    .connections_a_uid = 16,
    .request_ms = 5000,
    .answer_ms = 10000,
};

struct gs_metrics_server {
    const struct gs_http *http;
    struct gs_http_server *server;
    char *(*text)(void *user);
    void *user;
    char *kept;
    gint64 kept_until; /* monotonic, microseconds */
};

static const char *text_of(struct gs_metrics_server *s)
{
    gint64 now = g_get_monotonic_time();

    if (!s->kept || now >= s->kept_until) {
        g_free(s->kept);
        s->kept = s->text(s->user);
        s->kept_until = now + KEPT_US;
    }
    return s->kept;
}

static void refuse(struct gs_metrics_server *s, struct gs_http_exchange *x, unsigned status,
                   const char *why)
{
    s->http->respond(x, status, "text/plain; charset=utf-8", why, strlen(why));
}

static void on_request(void *user, struct gs_http_exchange *x,
                       const struct gs_http_request *request)
{
    struct gs_metrics_server *s = user;

    if (strcmp(request->path, "/metrics") != 0) {
        refuse(s, x, 404, "there is only /metrics here\n");
    } else if (strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        s->http->set_header(x, "Allow", "GET, HEAD");
        refuse(s, x, 405, "only GET and HEAD are possible here\n");
    } else {
        const char *text = text_of(s);

        s->http->respond(x, 200, TYPE, text, strlen(text));
    }
}

/* ---- the socket ---- */

/* NULL: it is none. */
static GSocketAddress *parse(const char *endpoint)
{
    g_autoptr(GSocketConnectable) c = g_network_address_parse(endpoint, 0, NULL);
    guint port = c ? g_network_address_get_port(G_NETWORK_ADDRESS(c)) : 0;

    return port ? g_inet_socket_address_new_from_string(
                      g_network_address_get_hostname(G_NETWORK_ADDRESS(c)), port)
                : NULL;
}

static int open_socket(const char *endpoint, GSocket **ret)
{
    g_autoptr(GSocketAddress) address = parse(endpoint);
    g_autoptr(GSocket) socket = NULL;
    g_autoptr(GError) error = NULL;

    if (!address) {
        gs_error("metrics-listen: %s is not ADDRESS:PORT", endpoint);
        return -EINVAL;
    }
    socket = g_socket_new(g_socket_address_get_family(address), G_SOCKET_TYPE_STREAM,
                          G_SOCKET_PROTOCOL_TCP, &error);
    if (!socket || !g_socket_bind(socket, address, TRUE, &error) ||
        !g_socket_listen(socket, &error)) {
        gs_error("cannot serve /metrics on %s: %s; change metrics-listen", endpoint,
                 error->message);
        return -EADDRNOTAVAIL;
    }
    *ret = g_steal_pointer(&socket);
    return 0;
}

/* ---- the whole ---- */

int gs_metrics_server_create(const char *endpoint, char *(*text)(void *user), void *user,
                             struct gs_metrics_server **ret)
{
    struct gs_metrics_server *s = g_new0(struct gs_metrics_server, 1);
    struct gs_http_params params = {.limits = limits, .request = on_request, .user = s};
    g_autofree char *why = NULL;
    int err;

    s->text = text;
    s->user = user;
    s->http = gs_http_load(&why);
    if (!s->http)
        gs_error("cannot serve /metrics: %s", why);
    err = s->http ? open_socket(endpoint, &params.socket) : -ENOENT;
    if (err) {
        g_free(s);
        return err;
    }
    s->server = s->http->server_create(&params);
    g_object_unref(params.socket);
    gs_info("/metrics is served on %s to whoever asks", endpoint);
    *ret = s;
    return 0;
}

void gs_metrics_server_destroy(struct gs_metrics_server *s)
{
    if (!s)
        return;
    s->http->server_destroy(s->server);
    g_free(s->kept);
    g_free(s);
}
