/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpushare-client: the command line. */
#include <glib.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/client.h"
#include "client/decode.h"
#include "client/present.h"
#include "common/clock.h"
#include "common/log.h"

#define DURATION_MAX 31536000.0 /* a year, in s */

static const char description[] =
    "URL is what “gpushare-host run” printed.\n"
    "\n"
    "In the window, with Ctrl+Alt+Shift held:\n"
    "  Q    close        F11  fullscreen on and off\n"
    "  Z    let go of the pointer and the keyboard\n"
    "  S    statistics over the picture on and off\n"
    "\n"
    "A script has one command a line; # begins a comment:\n"
    "  wait SECONDS                    key NAME|CODE [down|up]\n"
    "  wait-frame [N]                  text STRING\n"
    "  move X Y                        rel DX DY\n"
    "  button left|middle|right [down|up]\n"
    "  click [left|middle|right]       scroll N\n"
    "  snapshot FILE.png               quit\n"
    "wait-frame: until N (1) pictures came that show all input so far (but for\n"
    "releases, after which an application may draw nothing). Without\n"
    "--duration the end of the script ends the client, as quit does.\n"
    "\n"
    "Exit status: 0 done, 1 it failed, 2 wrong usage, 3 refused, 4 not reachable.\n";

struct arguments {
    char *script, *keymap, *stats, *record, *snapshot, *decoder, *presenter;
    gboolean headless, overlay, fullscreen, verbose, version;
    double duration;
    char **rest;
};

static int usage(const char *why)
{
    fprintf(stderr, "gpushare-client: %s\nTry “gpushare-client --help”.\n", why);
    return GS_EXIT_USAGE;
}

/* false: said why. */
static bool parse_options(struct arguments *a, int *argc, char ***argv)
{
    const GOptionEntry entries[] = {
        {"headless", 0, 0, G_OPTION_ARG_NONE, &a->headless, "Open no window", NULL},
        {"duration", 0, 0, G_OPTION_ARG_DOUBLE, &a->duration, "End that long after connecting",
         "S"},
        {"stats", 0, 0, G_OPTION_ARG_FILENAME, &a->stats, "Write statistics as JSON (-: stdout)",
         "FILE"},
        {"record", 0, 0, G_OPTION_ARG_FILENAME, &a->record, "Record the video", "FILE.mkv"},
        {"snapshot", 0, 0, G_OPTION_ARG_FILENAME, &a->snapshot, "Write the last picture",
         "FILE.png"},
        {"overlay", 0, 0, G_OPTION_ARG_NONE, &a->overlay, "Show statistics over the picture", NULL},
        {"decoder", 0, 0, G_OPTION_ARG_STRING, &a->decoder, "Use this decoder", "NAME"},
        {"presenter", 0, 0, G_OPTION_ARG_STRING, &a->presenter,
         "window (chooses), gl, shm or headless", "NAME"},
        {"fullscreen", 0, 0, G_OPTION_ARG_NONE, &a->fullscreen, "Begin in fullscreen", NULL},
        {"script", 0, 0, G_OPTION_ARG_FILENAME, &a->script, "Play input from a file (-: stdin)",
         "FILE"},
        {"keymap", 0, 0, G_OPTION_ARG_STRING, &a->keymap,
         "Keyboard layout (default: the display's)", "LAYOUT[:VARIANT]"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &a->verbose, "Log more", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &a->version, "Print the version", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &a->rest, NULL, NULL},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("URL");
    g_autoptr(GError) error = NULL;

    g_option_context_set_summary(context, "Shows a gpushare session and sends it your input.");
    g_option_context_set_description(context, description);
    g_option_context_add_main_entries(context, entries, NULL);
    if (g_option_context_parse(context, argc, argv, &error))
        return true;
    usage(error->message);
    return false;
}

/* 0, or an exit status after having said why. */
static int load_input(const struct arguments *a, struct gs_client_options *o,
                      struct gs_keymap **keymap, struct gs_script **script)
{
    g_autofree char *why = NULL;

    if (!a->keymap && !a->script)
        return 0;
    if (gs_keymap_create(a->keymap ? a->keymap : "us", keymap) != 0) {
        gs_error("there is no keyboard layout “%s”", a->keymap ? a->keymap : "us");
        return GS_EXIT_USAGE;
    }
    o->keymap = *keymap;
    if (!a->script)
        return 0;
    if (gs_script_load(a->script, *keymap, script, &why) != 0) {
        gs_error("script %s: %s", a->script, why);
        return GS_EXIT_USAGE;
    }
    o->script = *script;
    return 0;
}

static bool decoder_exists(const char *name)
{
    size_t i = 0;

    while (name && gs_decoder_impls[i] && strcmp(gs_decoder_impls[i]->name, name) != 0)
        i++;
    return !name || gs_decoder_impls[i];
}

static int run(const struct arguments *a, uint64_t start)
{
    struct gs_client_options o = {
        .overlay = a->overlay,
        .fullscreen = a->fullscreen,
        .duration_s = a->duration,
        .stats = a->stats,
        .record = a->record,
        .snapshot = a->snapshot,
        .decoder = a->decoder,
        .presenter = a->presenter  ? a->presenter
                     : a->headless ? "headless"
                                   : "window",
        .start = start,
    };
    struct gs_keymap *keymap = NULL;
    struct gs_script *script = NULL;
    const char *why;
    int status;

    if (!a->rest || !a->rest[0] || a->rest[1])
        return usage("exactly one URL is wanted");
    if (!isfinite(a->duration) || a->duration < 0 || a->duration > DURATION_MAX)
        return usage("--duration makes no sense");
    if (!decoder_exists(a->decoder)) {
        gs_error("there is no decoder “%s”", a->decoder);
        return usage("--decoder is vaapi, software, openh264 or null");
    }
    if (!gs_presenter_find(o.presenter))
        return usage("--presenter is window, gl, shm or headless");
    if (a->headless && strcmp(o.presenter, "headless") != 0)
        return usage("--headless and --presenter contradict each other");
    o.headless = strcmp(o.presenter, "headless") == 0;
    if (gs_url_parse(a->rest[0], &o.url, &why) != 0) {
        gs_error("the URL is wrong: %s", why);
        return GS_EXIT_USAGE;
    }
    status = load_input(a, &o, &keymap, &script);
    if (!status)
        status = gs_client_run(&o);
    gs_script_destroy(script);
    gs_keymap_destroy(keymap);
    return status;
}

int main(int argc, char **argv)
{
    /* The CPU time so far went into loading the program, which the user waits for, too. */
    uint64_t start = gs_now_ns() - gs_clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    struct arguments a = {0};
    int status = 0;

    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    gs_log_init("gpushare-client", NULL);
    if (!parse_options(&a, &argc, &argv))
        return GS_EXIT_USAGE;
    if (a.verbose)
        gs_log_set_level(GS_LOG_DEBUG);
    if (a.version)
        printf("gpushare-client %s\n", GS_VERSION);
    else
        status = run(&a, start);
    g_strfreev(a.rest);
    g_free(a.script);
    g_free(a.keymap);
    g_free(a.stats);
    g_free(a.record);
    g_free(a.snapshot);
    g_free(a.decoder);
    g_free(a.presenter);
    return status;
}
