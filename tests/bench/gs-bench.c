/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Measures whole sessions on this machine: latency, cost of a frame, cost of doing nothing, memory,
 * time to the first picture. Repeats are interleaved, so that a slow minute hits all scenes alike.
 */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

#define LEAST_SECONDS 3

struct arguments {
    struct bench_options bench;
    int repeats;
    char *json;
    char **scenes; /* NULL: all */
};

static void fail_usage(const char *why)
{
    fprintf(stderr, "gs-bench: %s\n", why);
    exit(2);
}

static bool wanted(const struct arguments *a, const char *scene)
{
    return !a->scenes || g_strv_contains((const char *const *)a->scenes, scene);
}

/* The programs stand beside this one unless GS_BIN_DIR says otherwise. */
static void find_programs(void)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *dir = self ? g_path_get_dirname(self) : g_strdup(".");

    g_setenv("GS_BIN_DIR", dir, FALSE);
}

static void parse(int argc, char **argv, struct arguments *ret)
{
    static char *size;
    static char **host_args;
    struct arguments a = {.bench = {.seconds = 10}, .repeats = 3};
    const GOptionEntry entries[] = {
        {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &a.bench.seconds, "of each run (10)", "S"},
        {"repeats", 0, 0, G_OPTION_ARG_INT, &a.repeats, "of each scene (3)", "N"},
        {"size", 0, 0, G_OPTION_ARG_STRING, &size, "of the session (1280x720)", "WxH"},
        {"scene", 0, 0, G_OPTION_ARG_STRING_ARRAY, &a.scenes,
         "3d, 3d-test, scroll, click or still; more than once", "NAME"},
        {"host-arg", 0, 0, G_OPTION_ARG_STRING_ARRAY, &host_args,
         "option for gpushare-host run; more than once", "ARG"},
        {"json", 0, 0, G_OPTION_ARG_FILENAME, &a.json, "all values into a file", "FILE"},
        {0},
    };
    GOptionContext *context = g_option_context_new("- measures sessions on this machine");
    GError *error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        fail_usage(error->message);
    g_option_context_free(context);
    if (argc > 1)
        fail_usage("there are no arguments but options");
    if (a.bench.seconds < LEAST_SECONDS || a.repeats < 1 || a.repeats > BENCH_MAX_REPEATS)
        fail_usage("at least 3 seconds, and 1 to 99 repeats");
    a.bench.size = size ? size : "1280x720";
    a.bench.host_args = (const char *const *)host_args;
    *ret = a;
}

/* The chosen scenes, empty still; how many. */
static int choose(const struct arguments *a, struct bench_series *series)
{
    int n = 0;

    for (const struct bench_scene *scene = bench_scenes; scene->name; scene++)
        if (wanted(a, scene->name))
            series[n++].scene = scene;
    return n;
}

int main(int argc, char **argv)
{
    static struct bench_series series[16];
    struct arguments a;
    int n;

    parse(argc, argv, &a);
    find_programs();
    n = choose(&a, series);
    if (n == 0)
        fail_usage("no such scene");
    for (int repeat = 0; repeat < a.repeats; repeat++)
        for (int i = 0; i < n; i++) {
            struct bench_series *s = &series[i];

            fprintf(stderr, "%d/%d %s\n", repeat + 1, a.repeats, s->scene->name);
            if (bench_scene_run(s->scene, &a.bench, s->values[s->repeats]) < 0) {
                fprintf(stderr, "gs-bench: %s failed\n", s->scene->name);
                return 1;
            }
            s->repeats++;
        }
    bench_report_markdown(stdout, series, n, &a.bench);
    if (a.json && bench_report_json(a.json, series, n, &a.bench) < 0) {
        fprintf(stderr, "gs-bench: %s can't be written\n", a.json);
        return 1;
    }
    g_strfreev(a.scenes);
    g_free(a.json);
    return 0;
}
