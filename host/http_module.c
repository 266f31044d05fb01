/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module "http". */
#include "host/http_module.h"

#include "common/module.h"

const void *gs_module_start(const struct gs_log_context *log)
{
    static const struct gs_http module = {
        .server_create = gs_http_server_create,
        .server_destroy = gs_http_server_destroy,
        .set_header = gs_http_set_header,
        .respond = gs_http_respond,
        .on_gone = gs_http_on_gone,
        .stream_begin = gs_http_stream_begin,
        .stream_write = gs_http_stream_write,
        .stream_end = gs_http_stream_end,
        .ask = gs_http_ask,
        .reply_status = gs_http_reply_status,
        .reply_read = gs_http_reply_read,
        .reply_close = gs_http_reply_close,
    };

    gs_log_set_context(log);
    return &module;
}
