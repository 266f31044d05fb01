/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <gio/gio.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "host/run.h"

#define FPS_MAX 240
#define DEFAULT_SIZE "1280x720"
#define DEFAULT_FPS 60
#define HELLO_MS 5000
#define READY_MS 15000

/* As they come from the command line, before any check. */
struct raw {
    char *size, *encoder, *converter, *effort, *listen, *advertise, *session, *udp_ports, *sandbox;
    int fps, bitrate, quality, port, ticket_uses, hello_ms, ready_ms;
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
    g_free(raw->udp_ports);
    g_free(raw->sandbox);
    g_strfreev(raw->rest);
}

#define AT(field) offsetof(struct raw, field)
static const struct gs_option options[] = {
    {"Picture", "size", 0, GS_OPTION_TEXT, AT(size), "WxH", "Size of the screen in pixels",
     "64 to 8192 each", DEFAULT_SIZE, "1280x720 1600x900 1920x1080 1920x1200 2560x1440 3840x2160",
     false},
    {NULL, "fps", 0, GS_OPTION_INT, AT(fps), "N", "Most frames a second", "1 to 240", "60",
     "30 60 90 120 144", false},
    {NULL, "bitrate", 0, GS_OPTION_INT, AT(bitrate), "KBPS", "Most kilobits a second",
     "up to 1000000, 0 for no limit", "no limit", "5000 10000 20000 50000", false},
    {NULL, "quality", 0, GS_OPTION_INT, AT(quality), "N",
     "Constant quality of the encoder (H.264 QP scale): less is sharper and takes more bits",
     "1 to 51, 0 for the encoder's own", "23", "18 23 28", false},
    {NULL, "encoder", 0, GS_OPTION_TEXT, AT(encoder), "NAME",
     "Encoder to take; “gpushare-host doctor” says which ones work here", NULL,
     "the first that works", "@encoders", false},
    {NULL, "converter", 0, GS_OPTION_TEXT, AT(converter), "NAME", "Converter to take", NULL,
     "gl with a GPU, else cpu", "@converters", false},
    {NULL, "effort", 0, GS_OPTION_TEXT, AT(effort), "NAME",
     "How hard the encoder tries: more makes fewer bits of the same quality for more processor "
     "time",
     "fast, better, best or auto: by what the machine can spare", "auto", "auto fast better best",
     false},
    {"Network", "listen", 0, GS_OPTION_TEXT, AT(listen), "ADDRESS",
     "Numeric address of this machine to listen on, for control and media", NULL, "all addresses",
     "0.0.0.0 127.0.0.1 ::1", false},
    {NULL, "port", 0, GS_OPTION_INT, AT(port), "N", "TCP port for clients", "1 to 65535, 0 for any",
     "the first free one of 47800 to 47809", NULL, false},
    {NULL, "udp-ports", 0, GS_OPTION_TEXT, AT(udp_ports), "FIRST[-LAST]",
     "UDP ports for media, of which a session takes one", NULL, "47810-47999", NULL, false},
    {NULL, "advertise", 0, GS_OPTION_TEXT, AT(advertise), "HOST",
     "Name or address of this machine in the URL, as clients reach it", NULL,
     "the address that leads to the network", NULL, false},
    {"Session", "session", 0, GS_OPTION_TEXT, AT(session), "NAME",
     "Name of the session in the URL and in the log", NULL, "that of the application", NULL, false},
    {NULL, "sandbox", 0, GS_OPTION_TEXT, AT(sandbox), "KIND",
     "What the application is shut in: standard hides other sessions, other users' sockets and "
     "what "
     "is in /tmp, strict the user's files and the network, too; sudo and the like work without one "
     "only",
     "none, standard or strict", "none", "none standard strict", false},
    {NULL, "ticket-uses", 0, GS_OPTION_INT, AT(ticket_uses), "N",
     "How often the URL lets a client in, 0 for any number of times", NULL, "any number of times",
     "1", false},
    {"Other", "verbose", 'v', GS_OPTION_FLAG, AT(verbose), NULL,
     "Say more on stderr, as GPUSHARE_LOG=debug does", NULL, NULL, NULL, false},
    {NULL, "hello-timeout", 0, GS_OPTION_INT, AT(hello_ms), "MS",
     "How long a client may take to show its ticket", NULL, NULL, NULL, true},
    {NULL, "ready-timeout", 0, GS_OPTION_INT, AT(ready_ms), "MS",
     "How long the worker may take to start", NULL, NULL, NULL, true},
    {.name = NULL},
};

const struct gs_command gs_run_command = {
    .program = "gpushare-host",
    .verb = "run",
    .operands = "-- APP [ARG…]",
    .summary = "Runs APP on a screen of its own and prints the URL with which gpushare-client "
               "shows it",
    .notes = "The one line on stdout is “connect: URL”; all else goes to stderr. The session ends\n"
             "with APP, or on Ctrl-C.\n"
             "\n"
             "Examples:\n"
             "  gpushare-host run -- glmark2-es2-wayland\n"
             "  gpushare-host run --size 1920x1080 --bitrate 20000 -- blender scene.blend\n"
             "\n"
             "Exit status: 0 done, 1 it failed, 2 wrong usage.\n",
    .options = options,
    .operands_end_options = true,
    .runs_command = true,
};

static char *check_size(const char *text, struct gs_run_options *o)
{
    unsigned w, h;
    char end;

    if (strspn(text, "0123456789x") != strlen(text) || strlen(text) > 11 ||
        sscanf(text, "%ux%u%c", &w, &h, &end) != 2)
        return g_strdup_printf("--size %s: give width x height in pixels, such as " DEFAULT_SIZE,
                               text);
    if (!gs_video_valid(&(struct gs_video){w, h}))
        return g_strdup_printf("--size %s: width and height must be numbers from %d to %d", text,
                               GS_SIDE_MIN, GS_SIDE_MAX);
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

static char *check_udp_ports(const char *text, struct gs_run_options *o)
{
    unsigned first, last;
    char end;
    int n;

    o->udp_first = GS_PROTO_UDP_FIRST;
    o->udp_last = GS_PROTO_UDP_LAST;
    if (!text)
        return NULL;
    n = strspn(text, "0123456789-") == strlen(text) && strlen(text) <= 11
            ? sscanf(text, "%u-%u%c", &first, &last, &end)
            : 0;
    if (n == 1 && !strchr(text, '-'))
        last = first;
    else if (n != 2)
        return g_strdup_printf("--udp-ports %s: give FIRST-LAST, such as 47810-47999", text);
    if (first < 1 || last > 65535 || first > last)
        return g_strdup_printf("--udp-ports %s: ports are from 1 to 65535, the first one first",
                               text);
    o->udp_first = (uint16_t)first;
    o->udp_last = (uint16_t)last;
    return NULL;
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

static char *check_sandbox(const char *text, struct gs_run_options *o)
{
    int kind = text ? gs_name_find(gs_sandbox_names, text) : GS_SANDBOX_NONE;

    if (kind < 0)
        return g_strdup_printf("--sandbox %s: there are none, standard and strict", text);
    o->sandbox = (enum gs_sandbox)kind;
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
    why = why ? why : check_range("bitrate", raw->bitrate, 0, GS_KBPS_MAX);
    why = why ? why : check_range("quality", raw->quality, 0, GS_QUALITY_MAX);
    why = why ? why : check_range("ticket-uses", raw->ticket_uses, 0, INT32_MAX);
    why = why ? why : check_range("hello-timeout", raw->hello_ms, 1, 60000);
    why = why ? why : check_range("ready-timeout", raw->ready_ms, 1, 600000);
    why = why ? why : check_name("encoder", raw->encoder, o->encoder, sizeof(o->encoder));
    why = why ? why : check_name("converter", raw->converter, o->converter, sizeof(o->converter));
    why = why ? why : check_name("effort", raw->effort, o->effort, sizeof(o->effort));
    why = why ? why : check_port(raw->port, o);
    why = why ? why : check_udp_ports(raw->udp_ports, o);
    why = why ? why : check_hosts(raw, o);
    why = why ? why : check_sandbox(raw->sandbox, o);
    why = why ? why : check_app(raw);
    why = why ? why : check_session(raw, o);
    o->fps = (uint32_t)raw->fps;
    o->max_kbps = (uint32_t)raw->bitrate;
    o->quality = (uint32_t)raw->quality;
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

    *ret_why = NULL;
    if (gs_command_parse(&gs_run_command, argc, argv, &raw, &raw.rest, ret_why) == 0)
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
