/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client of the module "http". */
#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <libsoup/soup.h>
#include <string.h>

#include "host/http_module.h"

struct gs_http_reply {
    SoupSession *session;
    SoupMessage *msg;
    GInputStream *stream;
};

static int errno_of(const GError *error)
{
    static const struct {
        int code, err;
    } codes[] = {
        {G_IO_ERROR_NOT_FOUND, -ENOENT},         {G_IO_ERROR_CONNECTION_REFUSED, -ECONNREFUSED},
        {G_IO_ERROR_PERMISSION_DENIED, -EACCES}, {G_IO_ERROR_TIMED_OUT, -ETIMEDOUT},
        {G_IO_ERROR_BROKEN_PIPE, -EPIPE},
    };

    for (size_t i = 0; error->domain == G_IO_ERROR && i < GS_ARRAY_SIZE(codes); i++) {
        if (error->code == codes[i].code)
            return codes[i].err;
    }
    return -EIO;
}

static SoupSession *session_to(const char *socket_path, unsigned timeout_s)
{
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(socket_path);

    return soup_session_new_with_options("remote-connectable", address, "timeout", timeout_s,
                                         "user-agent", "gpushare-host", NULL);
}

int gs_http_ask(const char *socket_path, const char *method, const char *target, const char *body,
                unsigned timeout_s, struct gs_http_reply **ret, char **ret_why)
{
    struct gs_http_reply *reply = g_new0(struct gs_http_reply, 1);
    g_autofree char *url = g_strconcat("http://localhost", target, NULL);
    g_autoptr(GBytes) bytes = body ? g_bytes_new(body, strlen(body)) : NULL;
    g_autoptr(GError) error = NULL;
    int err;

    reply->session = session_to(socket_path, timeout_s);
    reply->msg = soup_message_new(method, url);
    soup_message_headers_append(soup_message_get_request_headers(reply->msg), "Connection",
                                "close");
    if (bytes)
        soup_message_set_request_body_from_bytes(reply->msg, "application/json", bytes);
    reply->stream = soup_session_send(reply->session, reply->msg, NULL, &error);
    if (reply->stream) {
        *ret = reply;
        return 0;
    }
    err = errno_of(error);
    *ret_why = g_strdup(error->message);
    gs_http_reply_close(reply);
    return err;
}

unsigned gs_http_reply_status(const struct gs_http_reply *reply)
{
    return soup_message_get_status(reply->msg);
}

ssize_t gs_http_reply_read(struct gs_http_reply *reply, void *out, size_t size)
{
    g_autoptr(GError) error = NULL;
    gssize n = g_input_stream_read(reply->stream, out, size, NULL, &error);

    return n < 0 ? errno_of(error) : n;
}

void gs_http_reply_close(struct gs_http_reply *reply)
{
    if (!reply)
        return;
    g_clear_object(&reply->stream);
    g_clear_object(&reply->msg);
    g_clear_object(&reply->session);
    g_free(reply);
}
