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
#include "client/doctor.h"
#include "client/options.h"
#include "client/present.h"
#include "common/clock.h"
#include "common/log.h"

#define DURATION_MAX 31536000.0 /* a year, in s */
#define RECONNECT_DEFAULT 30.0

static int usage(const char *why)
{
    fprintf(stderr, "gpushare-client: %s\nTry “gpushare-client --help”.\n", why);
    return GS_EXIT_USAGE;
}

/* 0, or an exit status after having said why. */
static int load_input(const struct gs_client_arguments *a, struct gs_client_options *o,
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

static bool makes_sense(double seconds)
{
    return isfinite(seconds) && seconds >= 0 && seconds <= DURATION_MAX;
}

static int run(const struct gs_client_arguments *a, uint64_t start)
{
    struct gs_client_options o = {
        .overlay = a->overlay,
        .fullscreen = a->fullscreen,
        .view = a->view,
        .duration_s = a->duration,
        .wait_s = a->wait,
        .reconnect_s = a->reconnect,
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
    if (!makes_sense(a->duration))
        return usage("--duration makes no sense");
    if (!makes_sense(a->wait) || !makes_sense(a->reconnect))
        return usage("--wait and --reconnect take seconds, at most a year");
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
    struct gs_client_arguments a = {.reconnect = RECONNECT_DEFAULT};
    g_autofree char *why = NULL;
    int status = 0;

    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C");
    gs_log_init("gpushare-client", NULL);
    if (gs_command_parse(&gs_client_command, argc, argv, &a, &a.rest, &why) < 0)
        status = usage(why);
    else if (a.verbose)
        gs_log_set_level(GS_LOG_DEBUG);
    if (a.version && !status)
        printf("gpushare-client %s\n", GS_VERSION);
    else if (a.doctor && !status)
        status = gs_client_doctor();
    else if (!status)
        status = run(&a, start);
    gs_client_arguments_finish(&a);
    return status;
}
