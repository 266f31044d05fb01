/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The routes of the daemon itself. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "host/control_call.h"
#include "host/control_json.h"

static json_t *routes_new(void)
{
    json_t *routes = json_array();

    for (const struct gs_control_route *r = gs_control_routes; r->method; r++)
        json_array_append_new(routes, json_pack("{ss ss sb ss}", "method", r->method, "path",
                                                r->path, "admin", r->admin, "summary", r->summary));
    return routes;
}

void gs_control_get_daemon(struct gs_control_call *call)
{
    struct gs_daemon_info info = {0};
    struct gs_control_devices devices;

    gs_sessions_daemon_info(call->control->params.sessions, &info);
    gs_control_devices_get(call->control->params.sessions, &devices);
    gs_control_answer(
        call, 200,
        json_pack("{ss ss si so so s{sI so sb} so}", "program", "gpushare-host", "version",
                  GS_VERSION, "pid", (int)getpid(), "daemon", gs_control_daemon_json(&info),
                  "devices", gs_control_devices_json(&devices), "caller", "uid",
                  (json_int_t)call->caller.uid, "user", gs_json_text_new(call->caller.user),
                  "admin", (int)call->caller.admin, "routes", routes_new()));
}

/* ---- applications ---- */

static bool may_launch(const struct gs_control_call *call, const struct gs_app *app)
{
    bool users = app->users && app->users[0], groups = app->groups && app->groups[0];

    if (call->caller.admin || (!users && !groups))
        return true;
    if (users && g_strv_contains((const char *const *)app->users, call->caller.user))
        return true;
    for (char **group = app->groups; group && *group; group++) {
        if (gs_control_is_in_group(call->peer, gs_control_group(*group)))
            return true;
    }
    return false;
}

void gs_control_get_apps(struct gs_control_call *call)
{
    const struct gs_host_config *config = gs_sessions_config(call->control->params.sessions);
    json_t *apps = json_array();

    for (unsigned i = 0; i < config->n_apps; i++) {
        if (may_launch(call, &config->apps[i]))
            json_array_append_new(apps, gs_control_app_json(&config->apps[i]));
    }
    gs_control_answer(call, 200, json_pack("{so}", "apps", apps));
}

/* ---- configuration ---- */

static json_t *section_new(GKeyFile *file, const char *section)
{
    g_auto(GStrv) keys = g_key_file_get_keys(file, section, NULL, NULL);
    json_t *object = json_object();

    for (char **key = keys; key && *key; key++) {
        g_autofree char *value = g_key_file_get_string(file, section, *key, NULL);

        json_object_set_new(object, *key, gs_json_text_new(value ? value : ""));
    }
    return object;
}

void gs_control_get_config(struct gs_control_call *call)
{
    const struct gs_control_params *params = &call->control->params;
    g_autofree char *text = params->print_config(params->user);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_auto(GStrv) sections = NULL;
    json_t *config = json_object();

    if (!g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, NULL)) {
        json_decref(config);
        gs_control_refuse(call, 500, "failed", "the configuration cannot be shown");
        return;
    }
    sections = g_key_file_get_groups(file, NULL);
    for (char **section = sections; *section; section++)
        json_object_set_new(config, *section, section_new(file, *section));
    gs_control_answer(call, 200, json_pack("{so ss}", "config", config, "text", text));
}

void gs_control_reload(struct gs_control_call *call)
{
    const struct gs_control_params *params = &call->control->params;
    g_autofree char *text = NULL;
    int err = params->reload(params->user, &text);

    if (err)
        gs_control_refuse(call, 422, "configuration", "%s", text ? text : g_strerror(-err));
    else
        gs_control_answer(call, 200,
                          json_pack("{so}", "needs_restart", gs_json_text_new(text ? text : "")));
}

void gs_control_get_metrics(struct gs_control_call *call)
{
    const struct gs_control_params *params = &call->control->params;
    g_autofree char *text = params->metrics ? params->metrics(params->user) : NULL;

    if (text)
        gs_control_answer_text(call, "text/plain; version=0.0.4; charset=utf-8", text,
                               strlen(text));
    else
        gs_control_refuse(call, 503, "busy", "this daemon keeps no measurements");
}
