/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb `apps`. */
#include <glib.h>
#include <stdio.h>

#include "host/admin.h"
#include "host/api.h"
#include "host/exit_status.h"
#include "host/table.h"

struct values {
    struct gs_api_options api;
    gboolean names;
};

static const struct gs_option options[] = {
    {"Options", "json", 0, GS_OPTION_FLAG, offsetof(struct gs_api_options, json), NULL,
     "Print the answer of the daemon as JSON", NULL, NULL, NULL, false},
    {NULL, "names", 0, GS_OPTION_FLAG, offsetof(struct values, names), NULL,
     "Print nothing but names, one a line", NULL, NULL, NULL, false},
    GS_API_SOCKET,
    {.name = NULL},
};

const struct gs_command gs_apps_command = {
    .program = "gpushare-host",
    .verb = "apps",
    .summary = "Lists the published applications that one may launch",
    .notes = GS_API_EXIT,
    .options = options,
};

static void print_apps(const json_t *apps, bool names)
{
    static const char *const headings[] = {"NAME", "SIZE", ">FPS", "TITLE", NULL};
    struct gs_table *table = gs_table_create(headings);

    for (size_t i = 0; i < json_array_size(apps); i++) {
        const json_t *app = json_array_get(apps, i);
        const json_t *settings = json_object_get(app, "settings");

        if (names)
            puts(gs_api_text(app, "name"));
        gs_table_add(table, "%s", gs_api_text(app, "name"));
        gs_table_add(table, "%s", gs_api_text(settings, "size"));
        gs_table_add(table, "%" JSON_INTEGER_FORMAT, gs_api_number(settings, "fps"));
        gs_table_add(table, "%s", gs_api_text(app, "title"));
    }
    if (!names)
        gs_table_print(table, 0, "\n", stdout);
    gs_table_destroy(table);
}

static int apps(const struct values *v)
{
    json_t *answer;
    int status = gs_api_ask(&gs_apps_command, &v->api, "GET", "/v1/apps", NULL, &answer);

    if (status)
        return status;
    if (v->api.json)
        gs_api_print_json(answer);
    else
        print_apps(json_object_get(answer, "apps"), v->names);
    json_decref(answer);
    return GS_EXIT_DONE;
}

int gs_verb_apps(int argc, char **argv)
{
    struct values v = {0};
    char **rest = NULL;
    int status = GS_EXIT_USAGE;

    if (gs_api_parse(&gs_apps_command, argc, argv, &v, &rest, 0, 0))
        status = apps(&v);
    g_strfreev(rest);
    g_free(v.api.socket);
    return status;
}
