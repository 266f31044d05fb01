/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Answers. */
#include "host/control_call.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "host/control_json.h"

void gs_control_call_free(struct gs_control_call *call)
{
    if (call->control)
        g_queue_unlink(&call->control->calls, &call->link);
    gs_control_path_finish(&call->path);
    gs_control_query_finish(&call->query);
    json_decref(call->body);
    g_free(call);
}

static void respond(struct gs_control_call *call, unsigned status, const char *type,
                    const char *text, size_t size)
{
    if (call->control && call->x)
        call->control->http->respond(call->x, status, type, text, size);
    gs_control_call_free(call);
}

static void respond_json(struct gs_control_call *call, unsigned status, json_t *body)
{
    char *text = gs_json_dump(body);
    g_autofree char *line = g_strconcat(text, "\n", NULL);

    free(text);
    respond(call, status, "application/json", line, strlen(line));
}

void gs_control_answer(struct gs_control_call *call, unsigned status, json_t *body)
{
    json_t *whole = json_pack("{si}", "v", GS_CONTROL_VERSION);

    json_object_update(whole, body);
    json_decref(body);
    respond_json(call, status, whole);
}

void gs_control_answer_text(struct gs_control_call *call, const char *type, const char *text,
                            size_t size)
{
    respond(call, 200, type, text, size);
}

static void refuse(struct gs_control_call *call, unsigned status, const char *code,
                   const char *message)
{
    respond_json(call, status,
                 json_pack("{si s{ss so}}", "v", GS_CONTROL_VERSION, "error", "code", code,
                           "message", gs_json_text_new(message)));
}

void gs_control_refuse(struct gs_control_call *call, unsigned status, const char *code,
                       const char *fmt, ...)
{
    g_autofree char *message = NULL;
    va_list args;

    va_start(args, fmt);
    message = g_strdup_vprintf(fmt, args);
    va_end(args);
    refuse(call, status, code, message);
}

void gs_control_refuse_errno(struct gs_control_call *call, int err, char *why)
{
    static const struct {
        int err;
        unsigned status;
        const char *code;
    } codes[] = {
        {-EINVAL, 400, "invalid"},   {-EPERM, 403, "forbidden"}, {-EACCES, 403, "forbidden"},
        {-ENOENT, 404, "not-found"}, {-EEXIST, 409, "exists"},   {-EDQUOT, 429, "limit"},
        {-EAGAIN, 503, "busy"},      {-ENOSPC, 507, "no-space"},
    };
    g_autofree char *owned = why;
    size_t i = 0;

    while (i < GS_ARRAY_SIZE(codes) && codes[i].err != err)
        i++;
    if (!why)
        why = (char *)g_strerror(-err);
    if (i < GS_ARRAY_SIZE(codes))
        refuse(call, codes[i].status, codes[i].code, why);
    else
        refuse(call, 500, "failed", why);
}

bool gs_control_number(struct gs_control_call *call, const char *key, uint64_t max, uint64_t *ret)
{
    const char *text = gs_control_query_get(&call->query, key);

    if (!text || g_ascii_string_to_unsigned(text, 10, 0, max, ret, NULL))
        return true;
    gs_control_refuse(call, 400, "invalid", "the parameter '%s' must be a number up to %" PRIu64,
                      key, max);
    return false;
}

/* ---- answers in parts ---- */

void gs_control_stream_begin(struct gs_control_call *call, const char *type)
{
    call->control->http->stream_begin(call->x, type);
}

int gs_control_stream_write(struct gs_control_call *call, const char *data, size_t size)
{
    int err = call->control->http->stream_write(call->x, data, size);

    if (err)
        call->x = NULL;
    return err;
}

void gs_control_stream_end(struct gs_control_call *call)
{
    if (call->x)
        call->control->http->stream_end(call->x);
    call->x = NULL;
}
