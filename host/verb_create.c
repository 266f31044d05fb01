/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verb `session create`. */
#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "host/admin.h"
#include "host/api.h"
#include "host/exit_status.h"
#include "host/verb_create_wait.h"

struct values {
    struct gs_api_options api;
    char *app, *user, *ticket_ttl;
    char *size, *fps, *bitrate, *quality, *encoder;
    char *weight, *floor, *cap, *cpu_weight;
    char **set, **env;
    int ticket_uses;
    gboolean no_ticket, view_only, queue;
};

#define AT(field) offsetof(struct values, field)
static const struct gs_option options[] = {
    {"Application", "app", 0, GS_OPTION_TEXT, AT(app), "NAME",
     "Published application to run, as “gpushare-host apps” lists them; arguments after -- are "
     "added to its own",
     NULL, NULL, "@apps", false},
    {NULL, "env", 0, GS_OPTION_TEXTS, AT(env), "NAME=VALUE",
     "Variable of the application's environment; may be given again and again", NULL, NULL, NULL,
     false},
    {NULL, "user", 0, GS_OPTION_TEXT, AT(user), "NAME",
     "Who owns the session and runs its application; others than oneself take an administrator",
     NULL, "who asks", NULL, false},
    {"Settings", "size", 0, GS_OPTION_TEXT, AT(size), "WxH", "Size of the screen in pixels",
     "64 to 8192 each", "as the application or the configuration says, as all below",
     "1280x720 1600x900 1920x1080 1920x1200 2560x1440 3840x2160", false},
    {NULL, "fps", 0, GS_OPTION_TEXT, AT(fps), "N", "Most frames a second", "1 to 240", NULL,
     "30 60 90 120 144", false},
    {NULL, "bitrate", 0, GS_OPTION_TEXT, AT(bitrate), "KBPS", "Most kilobits a second",
     "up to 1000000, 0 for no limit", NULL, "5000 10000 20000 50000", false},
    {NULL, "quality", 0, GS_OPTION_TEXT, AT(quality), "N",
     "Constant quality of the encoder (H.264 QP scale): less is sharper and takes more bits",
     "1 to 51, 0 for the encoder's own", NULL, "18 23 28", false},
    {NULL, "encoder", 0, GS_OPTION_TEXT, AT(encoder), "NAME", "Encoder to take", NULL, NULL,
     "@encoders", false},
    {NULL, "set", 0, GS_OPTION_TEXTS, AT(set), "KEY=VALUE",
     "Any key of [session] of the configuration, such as idle-timeout=1h; may be given again and "
     "again",
     NULL, NULL, NULL, false},
    {"Share of the GPU", "weight", 0, GS_OPTION_TEXT, AT(weight), "N",
     "Share beside other sessions; one of 200 gets twice as much as one of 100", "1 to 10000", NULL,
     "50 100 200 400", false},
    {NULL, "floor", 0, GS_OPTION_TEXT, AT(floor), "FPS",
     "Frames a second that are promised to it; refused where they are not to be had",
     "up to the session's fps, 0 for none", NULL, "24 30 60", false},
    {NULL, "cap", 0, GS_OPTION_TEXT, AT(cap), "PERCENT",
     "Most of the GPU that it gets, also when it idles", "0 to 100, 0 for no limit", NULL,
     "25 50 75", false},
    {NULL, "cpu-weight", 0, GS_OPTION_TEXT, AT(cpu_weight), "N",
     "Share of the processors beside other sessions",
     "1 to 10000, auto for what --weight and --floor come to", NULL, "auto 50 100 200 400", false},
    {NULL, "queue", 0, GS_OPTION_FLAG, AT(queue), NULL,
     "Wait where the floor can't be promised yet, at most queue-timeout of the configuration; "
     "ending this program gives up the place",
     NULL, NULL, NULL, false},
    {"Ticket", "no-ticket", 0, GS_OPTION_FLAG, AT(no_ticket), NULL, "Issue none, print no URL",
     NULL, NULL, NULL, false},
    {NULL, "ticket-ttl", 0, GS_OPTION_TEXT, AT(ticket_ttl), "TIME", "How long it lets somebody in",
     "as 90s, 10m, 2h, 1d; 0 for as long as the session lives", "as configured", "0 10m 1h 1d",
     false},
    {NULL, "ticket-uses", 0, GS_OPTION_INT, AT(ticket_uses), "N",
     "How often it lets somebody in, 0 for any number of times", NULL, "0", "1", false},
    {NULL, "view-only", 0, GS_OPTION_FLAG, AT(view_only), NULL, "It lets watch only", NULL, NULL,
     NULL, false},
    {"Other", "json", 0, GS_OPTION_FLAG, offsetof(struct gs_api_options, json), NULL,
     "Print the answer of the daemon as JSON", NULL, NULL, NULL, false},
    GS_API_SOCKET,
    {.name = NULL},
};

const struct gs_command gs_session_create_command = {
    .program = "gpushare-host",
    .verb = "session create",
    .operands = "NAME [-- APP ARG…]",
    .summary = "Makes a session and prints the URL with which gpushare-client shows it",
    .notes = "The one line on stdout is “connect: URL”, when the session is ready.\n"
             "\n"
             "Examples:\n"
             "  gpushare-host session create demo -- glmark2-es2-wayland\n"
             "  gpushare-host session create cad --app freecad --user anna --set "
             "idle-timeout=2h\n"
             "  gpushare-host session create game --floor 60 --queue -- glmark2-es2-wayland\n"
             "\n" GS_API_EXIT,
    .options = options,
    .runs_command = true,
};

static void values_finish(struct values *v)
{
    g_free(v->api.socket);
    g_free(v->app);
    g_free(v->user);
    g_free(v->ticket_ttl);
    g_free(v->size);
    g_free(v->fps);
    g_free(v->bitrate);
    g_free(v->quality);
    g_free(v->encoder);
    g_free(v->weight);
    g_free(v->floor);
    g_free(v->cap);
    g_free(v->cpu_weight);
    g_strfreev(v->set);
    g_strfreev(v->env);
}

/* "KEY=VALUE" into the object; false: it is something else. */
static bool add_pair(json_t *object, const char *pair)
{
    const char *equals = strchr(pair, '=');
    g_autofree char *key = equals && equals > pair ? g_strndup(pair, (gsize)(equals - pair)) : NULL;

    return key && json_object_set_new(object, key, json_string(equals + 1)) == 0;
}

static bool add_pairs(json_t *request, const char *key, char **pairs, const char *option)
{
    json_t *object = json_object_get(request, key);

    if (!object) {
        object = json_object();
        json_object_set_new(request, key, object);
    }
    for (; pairs && *pairs; pairs++) {
        if (!add_pair(object, *pairs)) {
            gs_api_complain(&gs_session_create_command, 0, "%s %s: give NAME=VALUE", option,
                            *pairs);
            return false;
        }
    }
    return true;
}

static bool add_settings(json_t *request, const struct values *v)
{
    const struct {
        const char *key, *value;
    } named[] = {{"size", v->size},       {"fps", v->fps},         {"bitrate", v->bitrate},
                 {"quality", v->quality}, {"encoder", v->encoder}, {"weight", v->weight},
                 {"floor", v->floor},     {"cap", v->cap},         {"cpu-weight", v->cpu_weight}};
    json_t *settings = json_object();

    json_object_set_new(request, "settings", settings);
    for (size_t i = 0; i < GS_ARRAY_SIZE(named); i++) {
        if (named[i].value)
            json_object_set_new(settings, named[i].key, json_string(named[i].value));
    }
    return add_pairs(request, "settings", v->set, "--set");
}

static bool add_ticket(json_t *request, const struct values *v)
{
    json_t *ticket = json_pack("{si sb}", "uses", v->ticket_uses, "view", (int)v->view_only);
    int64_t ttl;

    json_object_set_new(request, "ticket", ticket);
    if (!v->ticket_ttl)
        return true;
    if (!gs_api_duration(v->ticket_ttl, &ttl)) {
        gs_api_complain(&gs_session_create_command, 0,
                        "--ticket-ttl %s: give a time such as 10m, or 0", v->ticket_ttl);
        return false;
    }
    json_object_set_new(ticket, "ttl_s", json_integer(ttl));
    return true;
}

/* NULL: something was wrong, as was said. */
static json_t *make_request(const struct values *v, char *const *rest)
{
    json_t *request = json_object(), *argv = json_array();
    bool good = true;

    json_object_set_new(request, "argv", argv);
    if (rest[0])
        json_object_set_new(request, "name", json_string(rest[0]));
    for (unsigned i = 1; rest[0] && rest[i]; i++)
        good &= json_array_append_new(argv, json_string(rest[i])) == 0;
    if (!good)
        gs_api_complain(&gs_session_create_command, 0,
                        "the application and its arguments must be UTF-8");
    if (v->app)
        json_object_set_new(request, "app", json_string(v->app));
    if (v->user)
        json_object_set_new(request, "user", json_string(v->user));
    if (v->queue)
        json_object_set_new(request, "queue", json_true());
    if (good && add_settings(request, v) && add_pairs(request, "env", v->env, "--env") &&
        (v->no_ticket || add_ticket(request, v)))
        return request;
    json_decref(request);
    return NULL;
}

static int create(const struct values *v, char *const *rest)
{
    json_t *request = make_request(v, rest), *answer;
    struct gs_create_wait *wait = NULL;
    const char *url;
    int status;

    if (!request)
        return GS_EXIT_USAGE;
    if (v->queue)
        wait = gs_create_wait_begin(&v->api, rest[0]);
    status =
        gs_api_ask(&gs_session_create_command, &v->api, "POST", "/v1/sessions", request, &answer);
    gs_create_wait_end(wait);
    if (status)
        return status;
    url = gs_api_text(json_object_get(answer, "ticket"), "url");
    if (v->api.json)
        gs_api_print_json(answer);
    else if (url[0])
        printf("connect: %s\n", url);
    json_decref(answer);
    return GS_EXIT_DONE;
}

int gs_verb_session_create(int argc, char **argv)
{
    struct values v = {0};
    char **rest = NULL;
    int status = GS_EXIT_USAGE;

    if (gs_api_parse(&gs_session_create_command, argc, argv, &v, &rest, 1, G_MAXUINT))
        status = create(&v, rest);
    g_strfreev(rest);
    values_finish(&v);
    return status;
}
