/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/apps/app.h"

#define DEFAULT_WIDTH 640
#define DEFAULT_HEIGHT 480
#define SIZE_MAX_SIDE 8192

static bool sensible(const struct app_options *o)
{
    return o->fps >= 0 && o->fps <= 1000 && o->frames >= 0 && o->status >= 0 && o->status < 256 &&
           o->crash_after >= 0 && o->width > 0 && o->width <= SIZE_MAX_SIDE && o->height > 0 &&
           o->height <= SIZE_MAX_SIDE;
}

void app_options_parse(int argc, char **argv, struct app_options *ret)
{
    struct app_options o = {.width = DEFAULT_WIDTH, .height = DEFAULT_HEIGHT};
    gboolean never_map = FALSE, verbose = FALSE;
    char *mode = NULL;
    const GOptionEntry entries[] = {
        {"mode", 0, 0, G_OPTION_ARG_STRING, &mode,
         "counter, static, flip, colours, ramps, stripes, scroll or windows", "MODE"},
        {"fps", 0, 0, G_OPTION_ARG_INT, &o.fps, "frames a second at most", "N"},
        {"frames", 0, 0, G_OPTION_ARG_INT, &o.frames, "exit after N frames were shown", "N"},
        {"exit-status", 0, 0, G_OPTION_ARG_INT, &o.status, "exit with N", "N"},
        {"crash-after", 0, 0, G_OPTION_ARG_DOUBLE, &o.crash_after, "crash after S seconds", "S"},
        {"width", 0, 0, G_OPTION_ARG_INT, &o.width, "width where the choice is free", "PX"},
        {"height", 0, 0, G_OPTION_ARG_INT, &o.height, "height where the choice is free", "PX"},
        {"never-map", 0, 0, G_OPTION_ARG_NONE, &never_map, "never show the window", NULL},
        {"verbose", 0, 0, G_OPTION_ARG_NONE, &verbose, "print events on stdout", NULL},
        {0},
    };
    GOptionContext *context = g_option_context_new("- shows pictures that tests know");
    GError *error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "gs-test-app: %s\n", error->message);
        exit(2);
    }
    g_option_context_free(context);
    o.mode = mode ? mode : "counter";
    o.never_map = never_map;
    o.verbose = verbose;
    if (argc > 1 || !sensible(&o) || !app_mode_find(o.mode)) {
        fprintf(stderr, "gs-test-app: wrong usage, see --help\n");
        exit(2);
    }
    *ret = o;
}
