/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

#include "host/run.h"

#define SIZE_MIN 64
#define SIZE_MAX_SIDE 8192
#define FPS_MAX 240
#define KBPS_MAX 10000000
#define DEFAULT_SIZE "1280x720"
#define DEFAULT_FPS 60
#define HELLO_MS 5000
#define READY_MS 15000

/* As they come from the command line, before any check. */
struct raw {
    char *size, *encoder, *converter, *effort, *listen, *advertise, *session;
    int fps, bitrate, port, ticket_uses, hello_ms, ready_ms;
    gboolean verbose;
    char **rest;
};

static void raw_finish(struct raw *raw)
{
    g_free(raw->size);
    g_free(raw->encoder);
    g_free(raw->converter);
    g_free(raw->effort);
    g_free(raw->listen);
    g_free(raw->advertise);
    g_free(raw->session);
    g_strfreev(raw->rest);
}

static char *parse_raw(int argc, char **argv, struct raw *raw)
{
    const GOptionEntry entries[] = {
        {"size", 0, 0, G_OPTION_ARG_FILENAME, &raw->size, "Size of the screen (" DEFAULT_SIZE ")",
         "WxH"},
        {"fps", 0, 0, G_OPTION_ARG_INT, &raw->fps, "Most frames a second, 1 to 240 (60)", "N"},
        {"encoder", 0, 0, G_OPTION_ARG_FILENAME, &raw->encoder, "Encoder to take (the best)",
         "NAME"},
        {"converter", 0, 0, G_OPTION_ARG_FILENAME, &raw->converter, "Converter to take (the best)",
         "NAME"},
        {"effort", 0, 0, G_OPTION_ARG_FILENAME, &raw->effort,
         "Of the encoder: fast, better, best, or auto, by what the machine can spare (auto)",
         "NAME"},
        {"bitrate", 0, 0, G_OPTION_ARG_INT, &raw->bitrate, "Most kilobits a second (no limit)",
         "KBPS"},
        {"port", 0, 0, G_OPTION_ARG_INT, &raw->port,
         "TCP port, 0 for any (the first free one of 47800 to 47809)", "N"},
        {"listen", 0, 0, G_OPTION_ARG_FILENAME, &raw->listen, "Address to listen on (all)",
         "ADDRESS"},
        {"advertise", 0, 0, G_OPTION_ARG_FILENAME, &raw->advertise,
         "Name or address of this machine in the URL (chosen)", "HOST"},
        {"ticket-uses", 0, 0, G_OPTION_ARG_INT, &raw->ticket_uses,
         "How often the URL can be used (any number of times)", "N"},
        {"session", 0, 0, G_OPTION_ARG_FILENAME, &raw->session,
         "Name of the session (that of the application)", "NAME"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &raw->verbose, "Say more on stderr", NULL},
        {"hello-timeout", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT, &raw->hello_ms, "", "MS"},
        {"ready-timeout", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT, &raw->ready_ms, "", "MS"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &raw->rest, NULL, "-- APP [ARG…]"},
        {0}};
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) copy = g_new0(char *, (gsize)argc + 1);

    for (int i = 0; i < argc; i++)
        copy[i] = g_strdup(i == 0 ? "gpushare-host run" : argv[i]);
    g_option_context_set_summary(context, "Runs APP on a screen of its own and prints the URL with "
                                          "which gpushare-client shows it.");
    g_option_context_set_strict_posix(context, TRUE);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse_strv(context, &copy, &error))
        return g_strdup(error->message);
    return NULL;
}

static char *check_size(const char *text, struct gs_run_options *o)
{
    unsigned w, h;
    char end;

    if (strspn(text, "0123456789x") != strlen(text) || strlen(text) > 11 ||
        sscanf(text, "%ux%u%c", &w, &h, &end) != 2)
        return g_strdup_printf("--size %s: give width x height in pixels, such as " DEFAULT_SIZE,
                               text);
    if (w < SIZE_MIN || w > SIZE_MAX_SIDE || h < SIZE_MIN || h > SIZE_MAX_SIDE || w % 2 || h % 2)
        return g_strdup_printf("--size %s: width and height must be even numbers from %d to %d",
                               text, SIZE_MIN, SIZE_MAX_SIDE);
    o->width = w;
    o->height = h;
    return NULL;
}

static char *check_range(const char *name, int v, int min, int max)
{
    if (v >= min && v <= max)
        return NULL;
    return g_strdup_printf("--%s %d: allowed is %d to %d", name, v, min, max);
}

/* Encoders and converters are known to the worker; here only the form is checked. */
static char *check_name(const char *option, const char *text, char *out, size_t size)
{
    if (text && (text[0] == '\0' || strlen(text) >= size ||
                 strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(text)))
        return g_strdup_printf("--%s %s: this is not a name", option, text);
    g_strlcpy(out, text ? text : "", size);
    return NULL;
}

static char *check_port(int port, struct gs_run_options *o)
{
    if (port == -1) {
        o->port = GS_PROTO_PORT;
        o->last_port = GS_RUN_LAST_PORT;
        return NULL;
    }
    o->port = o->last_port = (uint16_t)port;
    return check_range("port", port, 0, 65535);
}

static char *check_hosts(const struct raw *raw, struct gs_run_options *o)
{
    g_autoptr(GInetAddress) address =
        raw->listen ? g_inet_address_new_from_string(raw->listen) : NULL;

    if (raw->listen && (!address || strlen(raw->listen) >= sizeof(o->listen)))
        return g_strdup_printf("--listen %s: this is not a numeric address", raw->listen);
    if (address && !g_inet_address_get_is_any(address))
        g_strlcpy(o->listen, raw->listen, sizeof(o->listen));
    else if (address && g_inet_address_get_family(address) == G_SOCKET_FAMILY_IPV4)
        g_strlcpy(o->listen, "0.0.0.0", sizeof(o->listen));
    if (!raw->advertise)
        return NULL;
    if (raw->advertise[0] == '\0' || strlen(raw->advertise) >= sizeof(o->advertise) ||
        strspn(raw->advertise, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "-_.:%") != strlen(raw->advertise))
        return g_strdup_printf("--advertise %s: this is not a host name or address",
                               raw->advertise);
    g_strlcpy(o->advertise, raw->advertise, sizeof(o->advertise));
    return NULL;
}

static char *check_session(const struct raw *raw, struct gs_run_options *o)
{
    g_autofree char *app = g_path_get_basename(raw->rest[0]);
    const char *name = raw->session;

    if (name && !gs_session_name_valid(name))
        return g_strdup_printf("--session %s: a name has up to 63 of A-Z a-z 0-9 - _ . and begins "
                               "with a letter or digit",
                               name);
    if (!name)
        name = gs_session_name_valid(app) ? app : "session";
    g_strlcpy(o->session, name, sizeof(o->session));
    return NULL;
}

static char *check_app(const struct raw *raw)
{
    if (!raw->rest || !raw->rest[0] || !raw->rest[0][0])
        return g_strdup("no application was named; usage: gpushare-host run [OPTION…] -- APP "
                        "[ARG…]");
    for (char **arg = raw->rest; *arg; arg++) {
        if (!g_utf8_validate(*arg, -1, NULL))
            return g_strdup("the application and its arguments must be UTF-8");
    }
    return NULL;
}

/* The first complaint, NULL for none. */
static char *check(const struct raw *raw, struct gs_run_options *o)
{
    char *why = check_size(raw->size ? raw->size : DEFAULT_SIZE, o);

    why = why ? why : check_range("fps", raw->fps, 1, FPS_MAX);
    why = why ? why : check_range("bitrate", raw->bitrate, 0, KBPS_MAX);
    why = why ? why : check_range("ticket-uses", raw->ticket_uses, 0, INT32_MAX);
    why = why ? why : check_range("hello-timeout", raw->hello_ms, 1, 60000);
    why = why ? why : check_range("ready-timeout", raw->ready_ms, 1, 600000);
    why = why ? why : check_name("encoder", raw->encoder, o->encoder, sizeof(o->encoder));
    why = why ? why : check_name("converter", raw->converter, o->converter, sizeof(o->converter));
    why = why ? why : check_name("effort", raw->effort, o->effort, sizeof(o->effort));
    why = why ? why : check_port(raw->port, o);
    why = why ? why : check_hosts(raw, o);
    why = why ? why : check_app(raw);
    why = why ? why : check_session(raw, o);
    o->fps = (uint32_t)raw->fps;
    o->max_kbps = (uint32_t)raw->bitrate;
    o->ticket_uses = (uint32_t)raw->ticket_uses;
    o->hello_ms = (unsigned)raw->hello_ms;
    o->ready_ms = (unsigned)raw->ready_ms;
    o->verbose = raw->verbose;
    return why;
}

int gs_run_options_parse(int argc, char **argv, struct gs_run_options *ret, char **ret_why)
{
    struct raw raw = {.fps = DEFAULT_FPS, .port = -1, .hello_ms = HELLO_MS, .ready_ms = READY_MS};
    struct gs_run_options o = {0};

    *ret_why = parse_raw(argc, argv, &raw);
    if (!*ret_why)
        *ret_why = check(&raw, &o);
    if (!*ret_why) {
        o.argv = g_steal_pointer(&raw.rest);
        *ret = o;
    }
    raw_finish(&raw);
    return *ret_why ? -EINVAL : 0;
}

void gs_run_options_finish(struct gs_run_options *o)
{
    g_strfreev(o->argv);
    o->argv = NULL;
}
