/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs that print what comes: `session logs` and `events`. */
#include <glib.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/admin.h"
#include "host/api.h"
#include "host/exit_status.h"
#include "host/http.h"
#include "host/table.h"

/* Hands on what comes until the end, or until stdout is closed. Returns the exit status. */
static int copy(const struct gs_command *command, const struct gs_api_options *o,
                const char *target, bool (*print)(void *user, const char *data, size_t size),
                void *user)
{
    const struct gs_http *http;
    struct gs_http_reply *reply;
    char chunk[16384];
    ssize_t n = 1;
    int status = gs_api_open(command, o, target, &http, &reply);

    if (status)
        return status;
    while (n > 0) {
        n = http->reply_read(reply, chunk, sizeof(chunk));
        if (n > 0 && (!print(user, chunk, (size_t)n) || fflush(stdout) != 0))
            n = 0;
    }
    http->reply_close(reply);
    if (n == 0)
        return GS_EXIT_DONE;
    return gs_api_complain(command, GS_EXIT_NOT_REACHABLE, "the connection to the daemon broke");
}

/* ---- logs ---- */

struct logs_values {
    struct gs_api_options api;
    gboolean worker, follow;
    int lines;
};

#define AT(field) offsetof(struct logs_values, field)
static const struct gs_option logs_options[] = {
    {"Options", "worker", 0, GS_OPTION_FLAG, AT(worker), NULL,
     "What the worker printed, instead of the application", NULL, NULL, NULL, false},
    {NULL, "lines", 'n', GS_OPTION_INT, AT(lines), "N", "How many of the last lines", "0 or more",
     "100", NULL, false},
    {NULL, "follow", 'f', GS_OPTION_FLAG, AT(follow), NULL,
     "Go on with what comes, until the session ends", NULL, NULL, NULL, false},
    GS_API_SOCKET,
    {.name = NULL},
};
#undef AT

const struct gs_command gs_session_logs_command = {
    .program = "gpushare-host",
    .verb = "session logs",
    .operands = "NAME",
    .operand_values = "@sessions",
    .summary = "Prints what the application of a session printed",
    .notes = "Also of a session that ended, as long as its logs are kept. On a terminal, control\n"
             "characters other than line ends and tabs become “?”.\n"
             "\n" GS_API_EXIT,
    .options = logs_options,
};

/* What an application prints may not work on the terminal of an administrator. */
static bool print_log(void *user, const char *data, size_t size)
{
    const bool *terminal = user;

    for (size_t i = 0; *terminal && i < size; i++) {
        unsigned char c = (unsigned char)data[i];

        putchar((c < ' ' && c != '\n' && c != '\t') || c == 0x7f ? '?' : c);
    }
    return *terminal || fwrite(data, 1, size, stdout) == size;
}

static int logs(const struct logs_values *v, const char *name)
{
    g_autofree char *query = g_strdup_printf("/logs?file=%s&lines=%d&follow=%d",
                                             v->worker ? "worker" : "app", v->lines, v->follow);
    g_autofree char *path = gs_api_session_path(&gs_session_logs_command, name, query);
    bool terminal = isatty(STDOUT_FILENO);

    if (!path)
        return GS_EXIT_FAILED;
    return copy(&gs_session_logs_command, &v->api, path, print_log, &terminal);
}

int gs_verb_session_logs(int argc, char **argv)
{
    struct logs_values v = {.lines = 100};
    char **rest = NULL;
    int status = GS_EXIT_USAGE;

    if (gs_api_parse(&gs_session_logs_command, argc, argv, &v, &rest, 1, 1))
        status = logs(&v, rest[0]);
    g_strfreev(rest);
    g_free(v.api.socket);
    return status;
}

/* ---- events ---- */

struct events_values {
    struct gs_api_options api;
    char *since;
    gboolean once;
};

#define AT(field) offsetof(struct events_values, field)
static const struct gs_option events_options[] = {
    {"Options", "since", 0, GS_OPTION_TEXT, AT(since), "N",
     "Begin with what came after number N, as --json tells it; 0: with all that are kept (1000)",
     NULL, "what comes from now on", "0", false},
    {NULL, "once", 0, GS_OPTION_FLAG, AT(once), NULL,
     "End after what was; without --since, with all that are kept", NULL, NULL, NULL, false},
    {NULL, "json", 0, GS_OPTION_FLAG, offsetof(struct gs_api_options, json), NULL,
     "Print a JSON object a line", NULL, NULL, NULL, false},
    GS_API_SOCKET,
    {.name = NULL},
};
#undef AT

const struct gs_command gs_events_command = {
    .program = "gpushare-host",
    .verb = "events",
    .summary = "Prints what happens to sessions, clients and tickets, until Ctrl-C",
    .notes = GS_API_EXIT,
    .options = events_options,
};

struct lines {
    GString *pending;
    bool json;
};

static void print_event(const char *text)
{
    json_t *e = json_loads(text, 0, NULL);
    g_autofree char *time = gs_text_time((uint64_t)gs_api_number(e, "time"));

    if (e)
        printf("%s  %-18s %-16s %-12s %s\n", time, gs_api_text(e, "kind"),
               gs_api_text(e, "session"), gs_api_text(e, "user"), gs_api_text(e, "text"));
    json_decref(e);
}

static bool print_events(void *user, const char *data, size_t size)
{
    struct lines *l = user;
    const char *end;

    if (l->json)
        return fwrite(data, 1, size, stdout) == size;
    g_string_append_len(l->pending, data, (gssize)size);
    while ((end = memchr(l->pending->str, '\n', l->pending->len))) {
        gssize n = end - l->pending->str;

        l->pending->str[n] = '\0';
        print_event(l->pending->str);
        g_string_erase(l->pending, 0, n + 1);
    }
    return true;
}

static int events(const struct events_values *v)
{
    g_autoptr(GString) pending = g_string_new(NULL);
    struct lines lines = {pending, v->api.json};
    g_autofree char *since = NULL, *target = NULL;
    guint64 n;

    if (v->since && !g_ascii_string_to_unsigned(v->since, 10, 0, G_MAXINT64, &n, NULL))
        return gs_api_complain(&gs_events_command, GS_EXIT_USAGE, "--since %s: give a number",
                               v->since);
    since = v->since ? g_strdup_printf("&since=%s", v->since) : g_strdup("");
    target = g_strdup_printf("/v1/events?follow=%d%s", !v->once, since);
    return copy(&gs_events_command, &v->api, target, print_events, &lines);
}

int gs_verb_events(int argc, char **argv)
{
    struct events_values v = {0};
    char **rest = NULL;
    int status = GS_EXIT_USAGE;

    if (gs_api_parse(&gs_events_command, argc, argv, &v, &rest, 0, 0))
        status = events(&v);
    g_strfreev(rest);
    g_free(v.api.socket);
    g_free(v.since);
    return status;
}
