/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb `session ticket`. */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "host/admin.h"
#include "host/api.h"
#include "host/exit_status.h"
#include "host/table.h"

#define ID_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

struct values {
    struct gs_api_options api;
    char *ttl, *revoke;
    int uses;
    gboolean view_only, list;
};

#define AT(field) offsetof(struct values, field)
static const struct gs_option options[] = {
    {"New ticket", "ttl", 0, GS_OPTION_TEXT, AT(ttl), "TIME", "How long it lets somebody in",
     "as 90s, 10m, 2h, 1d; 0 for as long as the session lives", "as configured", "0 10m 1h 1d",
     false},
    {NULL, "uses", 0, GS_OPTION_INT, AT(uses), "N",
     "How often it lets somebody in, 0 for any number of times", NULL, "0", "1", false},
    {NULL, "view-only", 0, GS_OPTION_FLAG, AT(view_only), NULL, "It lets watch only", NULL, NULL,
     NULL, false},
    {"Tickets that are there", "list", 0, GS_OPTION_FLAG, AT(list), NULL,
     "List those that are still good", NULL, NULL, NULL, false},
    {NULL, "revoke", 0, GS_OPTION_TEXT, AT(revoke), "ID",
     "Let this one, or “all”, open nothing any more; clients that are in stay", NULL, NULL, "all",
     false},
    {"Other", "json", 0, GS_OPTION_FLAG, offsetof(struct gs_api_options, json), NULL,
     "Print the answer of the daemon as JSON", NULL, NULL, NULL, false},
    GS_API_SOCKET,
    {.name = NULL},
};

const struct gs_command gs_session_ticket_command = {
    .program = "gpushare-host",
    .verb = "session ticket",
    .operands = "NAME",
    .operand_values = "@sessions",
    .summary = "Issues a ticket for a session and prints its URL, or lists and revokes them",
    .notes =
        "A new ticket is the one line “connect: URL” on stdout. Only its hash is kept: the URL\n"
        "is not told again.\n"
        "\n" GS_API_EXIT,
    .options = options,
};

static void print_tickets(const json_t *tickets)
{
    static const char *const headings[] = {"ID", "LETS", ">USES LEFT", "UNTIL", "ISSUED", NULL};
    struct gs_table *table = gs_table_create(headings);

    for (size_t i = 0; i < json_array_size(tickets); i++) {
        const json_t *t = json_array_get(tickets, i);
        json_int_t uses = gs_api_number(t, "uses_left"), expires = gs_api_number(t, "expires");
        g_autofree char *until = gs_text_time((uint64_t)expires);
        g_autofree char *issued = gs_text_time((uint64_t)gs_api_number(t, "created"));

        gs_table_add(table, "%s", gs_api_text(t, "id"));
        gs_table_add(table, "%s", json_is_true(json_object_get(t, "view")) ? "watch" : "control");
        if (uses)
            gs_table_add(table, "%" JSON_INTEGER_FORMAT, uses);
        else
            gs_table_add(table, "any");
        gs_table_add(table, "%s", expires ? until : "its session ends");
        gs_table_add(table, "%s", issued);
    }
    gs_table_print(table, 0, "\n", stdout);
    gs_table_destroy(table);
}

/* NULL: something was wrong, as was said. */
static json_t *new_request(const struct values *v)
{
    json_t *request = json_pack("{si sb}", "uses", v->uses, "view", (int)v->view_only);
    int64_t ttl;

    if (!v->ttl)
        return request;
    if (gs_api_duration(v->ttl, &ttl)) {
        json_object_set_new(request, "ttl_s", json_integer(ttl));
        return request;
    }
    gs_api_complain(&gs_session_ticket_command, 0, "--ttl %s: give a time such as 10m, or 0",
                    v->ttl);
    json_decref(request);
    return NULL;
}

static int ask(const struct values *v, const char *name, json_t **ret)
{
    g_autofree char *path = gs_api_session_path(&gs_session_ticket_command, name, "/tickets");
    json_t *request;

    if (!path)
        return GS_EXIT_FAILED;
    if (v->list)
        return gs_api_ask(&gs_session_ticket_command, &v->api, "GET", path, NULL, ret);
    if (v->revoke) {
        g_autofree char *one = g_strconcat(path, "/", v->revoke, NULL);

        if (strspn(v->revoke, ID_CHARS) != strlen(v->revoke) || !v->revoke[0])
            return gs_api_complain(&gs_session_ticket_command, GS_EXIT_FAILED,
                                   "the session '%s' has no ticket '%s'", name, v->revoke);
        return gs_api_ask(&gs_session_ticket_command, &v->api, "DELETE", one, NULL, ret);
    }
    request = new_request(v);
    if (!request)
        return GS_EXIT_USAGE;
    return gs_api_ask(&gs_session_ticket_command, &v->api, "POST", path, request, ret);
}

static int run(const struct values *v, const char *name)
{
    json_t *answer;
    int status;

    if (v->list && v->revoke)
        return gs_api_complain(&gs_session_ticket_command, GS_EXIT_USAGE,
                               "--list and --revoke: one at a time");
    status = ask(v, name, &answer);
    if (status)
        return status;
    if (v->api.json)
        gs_api_print_json(answer);
    else if (v->list)
        print_tickets(json_object_get(answer, "tickets"));
    else if (!v->revoke)
        printf("connect: %s\n", gs_api_text(json_object_get(answer, "ticket"), "url"));
    json_decref(answer);
    return GS_EXIT_DONE;
}

int gs_verb_session_ticket(int argc, char **argv)
{
    struct values v = {0};
    char **rest = NULL;
    int status = GS_EXIT_USAGE;

    if (gs_api_parse(&gs_session_ticket_command, argc, argv, &v, &rest, 1, 1))
        status = run(&v, rest[0]);
    g_strfreev(rest);
    g_free(v.api.socket);
    g_free(v.ttl);
    g_free(v.revoke);
    return status;
}
