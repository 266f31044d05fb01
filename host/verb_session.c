/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verbs `session list`, `show`, `set` and `close`. */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "host/admin.h"
#include "host/api.h"
#include "host/exit_status.h"
#include "host/show_shares.h"
#include "host/table.h"

/* What a shell leaves alone. */
#define PLAIN_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./:=,+@%"

/* ---- list ---- */

struct list_values {
    struct gs_api_options api;
    gboolean names;
};

static const struct gs_option list_options[] = {
    {"Options", "json", 0, GS_OPTION_FLAG, offsetof(struct gs_api_options, json), NULL,
     "Print the answer of the daemon as JSON", NULL, NULL, NULL, false},
    {NULL, "names", 0, GS_OPTION_FLAG, offsetof(struct list_values, names), NULL,
     "Print nothing but names, one a line", NULL, NULL, NULL, false},
    GS_API_SOCKET,
    {.name = NULL},
};

const struct gs_command gs_session_list_command = {
    .program = "gpushare-host",
    .verb = "session list",
    .summary = "Lists the sessions: all of them for administrators, else one's own",
    .notes = GS_API_EXIT,
    .options = list_options,
};

/* What encodes now; before that is known, what it began with. */
static void add_encoder(struct gs_table *table, const json_t *s)
{
    const json_t *stats = json_object_get(s, "stats"), *ready = json_object_get(s, "ready");
    const char *encoder = gs_api_text(json_is_object(stats) ? stats : ready, "encoder");
    const char *spilled = gs_api_text(stats, "spilled");

    gs_table_add(table, "%s%s", *encoder ? encoder : "-", *spilled ? " (spilled)" : "");
}

static void add_state(struct gs_table *table, const json_t *queue, const char *state)
{
    if (json_is_object(queue))
        gs_table_add(table, "%s, %" JSON_INTEGER_FORMAT ".", state, gs_api_number(queue, "place"));
    else
        gs_table_add(table, "%s", state);
}

static void add_row(struct gs_table *table, const json_t *s)
{
    const json_t *argv = json_object_get(s, "argv");
    const char *app = gs_api_text(s, "app");
    g_autofree char *since = gs_text_time((uint64_t)gs_api_number(s, "created"));
    const char *program = json_string_value(json_array_get(argv, 0));

    gs_table_add(table, "%s", gs_api_text(s, "name"));
    gs_table_add(table, "%s", gs_api_text(s, "user"));
    add_state(table, json_object_get(s, "queue"), gs_api_text(s, "state"));
    gs_table_add(table, "%zu", json_array_size(json_object_get(s, "clients")));
    add_encoder(table, s);
    gs_table_add(table, "%s", since);
    gs_table_add(table, "%s", app[0] ? app : program ? program : "");
    gs_table_add(table, "%s", gs_api_text(json_object_get(s, "queue"), "why"));
}

static void print_list(const json_t *sessions, bool names)
{
    static const char *const headings[] = {"NAME",    "USER", "STATE", ">CLIENTS", "ENCODER",
                                           "CREATED", "APP",  "NOTE",  NULL};
    struct gs_table *table = gs_table_create(headings);

    for (size_t i = 0; i < json_array_size(sessions); i++) {
        const json_t *s = json_array_get(sessions, i);

        if (names)
            puts(gs_api_text(s, "name"));
        else
            add_row(table, s);
    }
    if (!names)
        gs_table_print(table, 0, "\n", stdout);
    gs_table_destroy(table);
}

static int list(const struct list_values *v)
{
    json_t *answer;
    int status =
        gs_api_ask(&gs_session_list_command, &v->api, "GET", "/v1/sessions", NULL, &answer);

    if (status)
        return status;
    if (v->api.json)
        gs_api_print_json(answer);
    else
        print_list(json_object_get(answer, "sessions"), v->names);
    json_decref(answer);
    return GS_EXIT_DONE;
}

int gs_verb_session_list(int argc, char **argv)
{
    struct list_values v = {0};
    char **rest = NULL;
    int status = GS_EXIT_USAGE;

    if (gs_api_parse(&gs_session_list_command, argc, argv, &v, &rest, 0, 0))
        status = list(&v);
    g_strfreev(rest);
    g_free(v.api.socket);
    return status;
}

/* ---- show ---- */

static const struct gs_option show_options[] = {
    {"Options", "json", 0, GS_OPTION_FLAG, offsetof(struct gs_api_options, json), NULL,
     "Print the answer of the daemon as JSON", NULL, NULL, NULL, false},
    GS_API_SOCKET,
    {.name = NULL},
};

const struct gs_command gs_session_show_command = {
    .program = "gpushare-host",
    .verb = "session show",
    .operands = "NAME",
    .operand_values = "@sessions",
    .summary = "Shows one session: how it is, who looks, and its settings",
    .notes = GS_API_EXIT,
    .options = show_options,
};

GS_PRINTF(2, 3) static void line(const char *key, const char *fmt, ...)
{
    va_list args;

    printf("%-16s ", key);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
}

static void show_command(const json_t *s)
{
    const json_t *argv = json_object_get(s, "argv");
    g_autoptr(GString) all = g_string_new(NULL);

    for (size_t i = 0; i < json_array_size(argv); i++) {
        const char *word = json_string_value(json_array_get(argv, i));
        g_autofree char *quoted = g_shell_quote(word ? word : "");
        bool plain = word && word[0] && strspn(word, PLAIN_CHARS) == strlen(word);

        g_string_append_printf(all, "%s%s", i ? " " : "", plain ? word : quoted);
    }
    line("command", "%s", all->str);
}

static void show_stats(const json_t *stats)
{
    g_autofree char *rate = gs_text_kbps((uint64_t)gs_api_number(stats, "kbps"));
    g_autofree char *memory = gs_text_bytes(
        (uint64_t)(gs_api_number(stats, "rss_kb") + gs_api_number(stats, "app_rss_kb")) * 1024);
    const char *spilled = gs_api_text(stats, "spilled");

    line("encoder now", "%s%s%s", gs_api_text(stats, "encoder"), *spilled ? ", in software: " : "",
         spilled);

    line("picture", "%.1f frames/s, %s", (double)gs_api_number(stats, "fps_milli") / 1000, rate);
    line("latency", "%.1f ms p50, %.1f ms p99 (commit to sent)",
         (double)gs_api_number(stats, "latency_p50_us") / 1000,
         (double)gs_api_number(stats, "latency_p99_us") / 1000);
    if (gs_api_number(stats, "client_p50_us"))
        line("at the client", "%.1f ms p50, %.1f ms p99 (commit to decoded), round trip %.1f ms",
             (double)gs_api_number(stats, "client_p50_us") / 1000,
             (double)gs_api_number(stats, "client_p99_us") / 1000,
             (double)gs_api_number(stats, "rtt_us") / 1000);
    line("memory", "%s", memory);
}

static void show_clients(const json_t *clients)
{
    for (size_t i = 0; i < json_array_size(clients); i++) {
        const json_t *c = json_array_get(clients, i);
        g_autofree char *since = gs_text_time((uint64_t)gs_api_number(c, "since"));

        line("client", "%s, %s, %s, since %s", gs_api_text(c, "address"), gs_api_text(c, "program"),
             json_is_true(json_object_get(c, "view")) ? "watches" : "controls", since);
    }
}

static void show_settings(json_t *settings)
{
    const char *key;
    json_t *value;

    json_object_foreach (settings, key, value) {
        if (json_is_string(value))
            line(key, "%s", json_string_length(value) ? json_string_value(value) : "(chosen)");
        else
            line(key, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    }
}

static void print_session(const json_t *s)
{
    const json_t *ready = json_object_get(s, "ready"), *stats = json_object_get(s, "stats");
    g_autofree char *created = gs_text_time((uint64_t)gs_api_number(s, "created"));

    line("name", "%s", gs_api_text(s, "name"));
    line("user", "%s", gs_api_text(s, "user"));
    line("state", "%s", gs_api_text(s, "state"));
    line("created", "%s", created);
    if (gs_api_text(s, "app")[0])
        line("app", "%s", gs_api_text(s, "app"));
    show_command(s);
    if (gs_api_number(s, "worker"))
        line("worker",
             "process %" JSON_INTEGER_FORMAT ", started again %" JSON_INTEGER_FORMAT " times",
             gs_api_number(s, "worker"), gs_api_number(s, "restarts"));
    if (gs_api_text(s, "last_error")[0])
        line("last error", "%s", gs_api_text(s, "last_error"));
    if (json_is_object(ready))
        line("works with", "%s, %s, %s, UDP port %" JSON_INTEGER_FORMAT,
             gs_api_text(ready, "encoder"), gs_api_text(ready, "converter"),
             gs_api_text(ready, "renderer"), gs_api_number(ready, "udp_port"));
    if (json_is_object(stats))
        show_stats(stats);
    gs_show_shares(s, stdout);
    show_clients(json_object_get(s, "clients"));
    puts("\nSettings:");
    show_settings(json_object_get(s, "settings"));
}

/* Asks about one session and prints the answer. */
static int ask_one(const struct gs_command *command, const struct gs_api_options *o,
                   const char *method, const char *name, json_t *request, bool print)
{
    g_autofree char *path = gs_api_session_path(command, name, "");
    json_t *answer;
    int status = GS_EXIT_FAILED;

    if (path)
        status = gs_api_ask(command, o, method, path, request, &answer);
    else
        json_decref(request);
    if (status)
        return status;
    if (o->json)
        gs_api_print_json(answer);
    else if (print)
        print_session(json_object_get(answer, "session"));
    json_decref(answer);
    return GS_EXIT_DONE;
}

int gs_verb_session_show(int argc, char **argv)
{
    struct gs_api_options o = {0};
    char **rest = NULL;
    int status = GS_EXIT_USAGE;

    if (gs_api_parse(&gs_session_show_command, argc, argv, &o, &rest, 1, 1))
        status = ask_one(&gs_session_show_command, &o, "GET", rest[0], NULL, true);
    g_strfreev(rest);
    g_free(o.socket);
    return status;
}

/* ---- set ---- */

const struct gs_command gs_session_set_command = {
    .program = "gpushare-host",
    .verb = "session set",
    .operands = "NAME KEY=VALUE…",
    .operand_values = "@sessions",
    .summary = "Changes settings of a session while it runs: all that are given, or none",
    .notes =
        "Keys are those of [session] of the configuration, such as fps, bitrate, size, floor.\n"
        "\n" GS_API_EXIT,
    .options = show_options,
};

static int set(const struct gs_api_options *o, char **rest)
{
    json_t *settings = json_object();

    for (char **pair = rest + 1; *pair; pair++) {
        char *equals = strchr(*pair, '=');

        if (!equals || equals == *pair) {
            json_decref(settings);
            return gs_api_complain(&gs_session_set_command, GS_EXIT_USAGE, "%s: give KEY=VALUE",
                                   *pair);
        }
        *equals = '\0';
        json_object_set_new(settings, *pair, json_string(equals + 1));
    }
    return ask_one(&gs_session_set_command, o, "PATCH", rest[0],
                   json_pack("{so}", "settings", settings), false);
}

int gs_verb_session_set(int argc, char **argv)
{
    struct gs_api_options o = {0};
    char **rest = NULL;
    int status = GS_EXIT_USAGE;

    if (gs_api_parse(&gs_session_set_command, argc, argv, &o, &rest, 2, G_MAXUINT))
        status = set(&o, rest);
    g_strfreev(rest);
    g_free(o.socket);
    return status;
}

/* ---- close ---- */

const struct gs_command gs_session_close_command = {
    .program = "gpushare-host",
    .verb = "session close",
    .operands = "NAME…",
    .operand_values = "@sessions",
    .summary = "Ends sessions, with their applications, and waits until they have ended",
    .notes = GS_API_EXIT,
    .options = show_options,
};

int gs_verb_session_close(int argc, char **argv)
{
    struct gs_api_options o = {0};
    char **rest = NULL;
    int status = GS_EXIT_USAGE;

    if (gs_api_parse(&gs_session_close_command, argc, argv, &o, &rest, 1, G_MAXUINT)) {
        status = GS_EXIT_DONE;
        for (char **name = rest; *name; name++) {
            int one = ask_one(&gs_session_close_command, &o, "DELETE", *name, NULL, false);

            status = status ? status : one;
        }
    }
    g_strfreev(rest);
    g_free(o.socket);
    return status;
}
