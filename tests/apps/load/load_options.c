/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "tests/apps/load/load.h"

#define SIDE_MAX 8192
#define DEFAULT_COST_MS 4
#define ENTRY(name, kind, at, help, arg)                                                           \
    {                                                                                              \
        name, 0, 0, G_OPTION_ARG_##kind, at, help, arg                                             \
    }

static _Noreturn void refuse(const char *why)
{
    fprintf(stderr, "gs-load-app: %s; see --help\n", why);
    exit(2);
}

static void parse_burst(const char *text, struct load_options *o)
{
    char end;

    if (sscanf(text, "%u/%u%c", &o->on_ms, &o->off_ms, &end) != 2 || !o->on_ms || !o->off_ms)
        refuse("--burst wants ON/OFF, milliseconds that it draws and rests: 500/1500");
}

static void check(const struct load_options *o, int turns)
{
    if (turns < 0 || o->cost_ms < 0 || o->cost_ms > 10000 || o->work_per_ms < 0 || o->seconds < 0)
        refuse(
            "--iterations, --cost (at most 10000), --work-per-ms and --seconds are not negative");
    if (turns && o->cost_ms > 0)
        refuse("--iterations and --cost say the same: give one of them");
    if (o->interval < 0 || o->interval > 1)
        refuse("--interval is 0 (draws on) or 1 (waits for the compositor)");
    if (o->fps < 0 || o->fps > 1000)
        refuse("--fps is 0 to 1000");
    if (o->width < 1 || o->width > SIDE_MAX || o->height < 1 || o->height > SIDE_MAX)
        refuse("--width and --height are 1 to 8192");
    if (o->respond && (o->offscreen || o->on_ms || o->fps > 0))
        refuse("--respond draws after keys: not with --offscreen, --burst or --fps");
}

void load_options_parse(int argc, char **argv, struct load_options *ret)
{
    struct load_options o = {.interval = 1, .width = 640, .height = 360};
    gboolean offscreen = FALSE, respond = FALSE, calibrate = FALSE;
    g_autofree char *burst = NULL;
    int turns = 0;
    const GOptionEntry entries[] = {
        ENTRY("iterations", INT, &turns, "Turns of the shader's loop for each pixel", "N"),
        ENTRY("cost", DOUBLE, &o.cost_ms, "Or what a frame shall cost (4)", "MS"),
        ENTRY("work-per-ms", DOUBLE, &o.work_per_ms, "For --cost: what --calibrate said", "N"),
        ENTRY("calibrate", NONE, &calibrate, "Say pixels x turns in a millisecond, and end", NULL),
        ENTRY("interval", INT, &o.interval, "Swap interval, 0 or 1 (1)", "N"),
        ENTRY("fps", DOUBLE, &o.fps, "Draw by a clock of its own", "N"),
        ENTRY("burst", STRING, &burst, "Draw and rest by turns, milliseconds", "ON/OFF"),
        ENTRY("offscreen", NONE, &offscreen, "Draw without a window", NULL),
        ENTRY("respond", NONE, &respond, "Draw when a key is pressed, and not else", NULL),
        ENTRY("seconds", DOUBLE, &o.seconds, "End after that time (never)", "S"),
        ENTRY("width", INT, &o.width, "Where the choice is free (640)", "PX"),
        ENTRY("height", INT, &o.height, "Likewise (360)", "PX"),
        ENTRY("out", FILENAME, &o.out, "Reports go there, not to stdout", "FILE"),
        ENTRY("log", FILENAME, &o.log, "A line for each frame", "FILE"),
        {0},
    };
    GOptionContext *context = g_option_context_new("- frames that cost what one wishes");
    GError *error = NULL;

    g_option_context_set_description(
        context, "A report is a line of JSON each second and at the end: frames, work (pixels x "
                 "turns), and\nhow long frames took. A line of --log is four times in "
                 "nanoseconds (CLOCK_MONOTONIC): begun,\ndrawn, handed over, and the key that it "
                 "answers or 0.\n");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        refuse(error->message);
    g_option_context_free(context);
    if (argc > 1)
        refuse("there are words that are no options");
    check(&o, turns);
    if (burst)
        parse_burst(burst, &o);
    o.turns = (uint32_t)turns;
    if (!turns && o.cost_ms == 0)
        o.cost_ms = DEFAULT_COST_MS;
    o.offscreen = offscreen || calibrate;
    o.respond = respond;
    o.calibrate = calibrate;
    *ret = o;
}
