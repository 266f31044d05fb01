/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/api.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/proto.h"
#include "host/exit_status.h"
#include "host/http.h"

#define SYSTEM_SOCKET "/run/gpushare/control.sock"
#define ANSWER_LIMIT ((size_t)64 << 20)
/* Longer than any session may take to be admitted, to start or to end (host/config.h). */
#define TIMEOUT_S (86400 + 660)
#define TIMEOUT_READ_S 30

/* ---- the command line ---- */

int gs_api_complain(const struct gs_command *command, int status, const char *fmt, ...)
{
    g_autofree char *name = gs_command_name(command);
    va_list args;

    fprintf(stderr, "%s: ", name);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}

bool gs_api_parse(const struct gs_command *command, int argc, char **argv, void *values,
                  char ***ret_rest, unsigned min, unsigned max)
{
    g_autofree char *name = gs_command_name(command);
    g_autofree char *why = NULL;
    unsigned n;

    if (gs_command_parse(command, argc, argv, values, ret_rest, &why) < 0) {
        gs_api_complain(command, 0, "%s", why);
        return false;
    }
    n = *ret_rest ? g_strv_length(*ret_rest) : 0;
    if (n >= min && n <= max)
        return true;
    gs_api_complain(command, 0, "%s; usage: %s [OPTION…] %s",
                    n < min ? "something is missing" : "this is too much", name,
                    command->operands ? command->operands : "");
    return false;
}

char *gs_api_session_path(const struct gs_command *command, const char *name, const char *rest)
{
    if (gs_session_name_valid(name))
        return g_strconcat("/v1/sessions/", name, rest, NULL);
    gs_api_complain(command, 0, "there is no session '%s'", name);
    return NULL;
}

bool gs_api_duration(const char *text, int64_t *ret)
{
    static const struct {
        const char *unit;
        int64_t seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}};
    char *end;
    guint64 n;

    if (!g_ascii_isdigit(text[0]))
        return false;
    n = g_ascii_strtoull(text, &end, 10);
    for (size_t i = 0; i < GS_ARRAY_SIZE(units); i++) {
        if (strcmp(end, units[i].unit) == 0 && n <= (guint64)(INT32_MAX / units[i].seconds)) {
            *ret = (int64_t)n * units[i].seconds;
            return true;
        }
    }
    return false;
}

/* ---- asking ---- */

static char *socket_path(const struct gs_api_options *o)
{
    const char *dir = g_getenv("XDG_RUNTIME_DIR");

    if (o->socket)
        return g_strdup(o->socket);
    if (geteuid() == 0 || !dir || access(SYSTEM_SOCKET, F_OK) == 0)
        return g_strdup(SYSTEM_SOCKET);
    return g_build_filename(dir, "gpushare", "control.sock", NULL);
}

static int cannot_reach(const struct gs_command *command, const char *path, int err,
                        const char *why)
{
    if (err == -EACCES)
        return gs_api_complain(command, GS_EXIT_REFUSED, "%s: you may not open this socket", path);
    if (err == -ENOENT || err == -ECONNREFUSED)
        return gs_api_complain(command, GS_EXIT_NOT_REACHABLE,
                               "nobody answers at %s; is “gpushare-host serve” running? --socket "
                               "names another place",
                               path);
    if (err == -ETIMEDOUT)
        return gs_api_complain(command, GS_EXIT_NOT_REACHABLE,
                               "the daemon at %s does not answer in time", path);
    return gs_api_complain(command, GS_EXIT_NOT_REACHABLE, "%s: %s", path, why);
}

/* 0 with the head of the answer, whatever it says. */
static int start(const struct gs_command *command, const struct gs_api_options *o,
                 const char *method, const char *target, const char *body,
                 const struct gs_http **ret_http, struct gs_http_reply **ret, unsigned timeout_s)
{
    g_autofree char *path = socket_path(o);
    g_autofree char *why = NULL;
    int err;

    *ret_http = gs_http_load(&why);
    if (!*ret_http)
        return gs_api_complain(command, GS_EXIT_FAILED, "%s", why);
    if (strlen(path) >= 108)
        return gs_api_complain(command, GS_EXIT_USAGE,
                               "--socket: the path of a socket has at most 107 bytes");
    err = (*ret_http)->ask(path, method, target, body, timeout_s, ret, &why);
    return err ? cannot_reach(command, path, err, why) : 0;
}

static int read_all(const struct gs_http *http, struct gs_http_reply *reply, GString *out)
{
    char chunk[16384];
    ssize_t n;

    while ((n = http->reply_read(reply, chunk, sizeof(chunk))) > 0) {
        if (out->len + (size_t)n > ANSWER_LIMIT)
            return -EMSGSIZE;
        g_string_append_len(out, chunk, n);
    }
    return (int)n;
}

static int exit_status(unsigned status)
{
    switch (status) {
    case 400:
    case 405:
    case 413:
    case 415:
        return GS_EXIT_USAGE;
    case 403:
    case 409:
    case 429:
        return GS_EXIT_REFUSED;
    default:
        return GS_EXIT_FAILED;
    }
}

/* What an answer that is no success says, or that it is nothing of ours. */
static int say_error(const struct gs_command *command, unsigned status, const json_t *body)
{
    const char *message = gs_api_text(json_object_get(body, "error"), "message");

    if (!message[0])
        return gs_api_complain(command, GS_EXIT_FAILED,
                               "this is no answer of gpushare-host (status %u)", status);
    return gs_api_complain(command, exit_status(status), "%s", message);
}

static int finish(const struct gs_command *command, const struct gs_http *http,
                  struct gs_http_reply *reply, json_t **ret)
{
    g_autoptr(GString) text = g_string_new(NULL);
    unsigned status = http->reply_status(reply);
    int err = read_all(http, reply, text);
    json_t *body = err ? NULL : json_loadb(text->str, text->len, 0, NULL);

    if (err)
        err = gs_api_complain(command, GS_EXIT_NOT_REACHABLE,
                              "the connection to the daemon broke: %s", g_strerror(-err));
    else if (status < 200 || status > 299 || !json_is_object(body))
        err = say_error(command, status, body);
    if (!err && ret)
        *ret = json_incref(body);
    json_decref(body);
    return err;
}

int gs_api_ask(const struct gs_command *command, const struct gs_api_options *o, const char *method,
               const char *target, json_t *request, json_t **ret)
{
    char *body = request ? json_dumps(request, JSON_COMPACT) : NULL;
    struct gs_http_reply *reply = NULL;
    const struct gs_http *http;
    int status;

    if (request && !body)
        status = gs_api_complain(command, GS_EXIT_USAGE, "names and values must be UTF-8");
    else
        status = start(command, o, method, target, body, &http, &reply,
                       strcmp(method, "GET") == 0 ? TIMEOUT_READ_S : TIMEOUT_S);
    json_decref(request);
    free(body);
    if (status)
        return status;
    status = finish(command, http, reply, ret);
    http->reply_close(reply);
    return status;
}

json_t *gs_api_try(const struct gs_api_options *o, const char *target)
{
    g_autofree char *path = socket_path(o), *why = NULL;
    const struct gs_http *http = gs_http_load(&why);
    g_autoptr(GString) text = g_string_new(NULL);
    struct gs_http_reply *reply = NULL;
    json_t *body = NULL;

    if (!http || http->ask(path, "GET", target, NULL, TIMEOUT_READ_S, &reply, &why) < 0)
        return NULL;
    if (http->reply_status(reply) == 200 && read_all(http, reply, text) == 0)
        body = json_loadb(text->str, text->len, 0, NULL);
    http->reply_close(reply);
    return body;
}

int gs_api_open(const struct gs_command *command, const struct gs_api_options *o,
                const char *target, const struct gs_http **ret_http, struct gs_http_reply **ret)
{
    struct gs_http_reply *reply;
    int status = start(command, o, "GET", target, NULL, ret_http, &reply, 0);

    if (status)
        return status;
    if ((*ret_http)->reply_status(reply) == 200) {
        *ret = reply;
        return 0;
    }
    status = finish(command, *ret_http, reply, NULL);
    (*ret_http)->reply_close(reply);
    return status;
}

void gs_api_print_json(const json_t *body)
{
    json_dumpf(body, stdout, JSON_INDENT(2));
    fputc('\n', stdout);
}

/* ---- reading answers ---- */

const char *gs_api_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

json_int_t gs_api_number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}
