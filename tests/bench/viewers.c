/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What more viewers of one session cost its worker: processor time of a frame with one, two, four …
 * of them, who take turns in each repeat. One controls and decodes; the others receive. */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/clock.h"
#include "tests/support/session_run.h"
#include "tests/support/worker_client.h"

#define MOST 8
#define SETTLE_MS 700

static int opt_width = 1280, opt_height = 720, opt_repeats = 5;
static double opt_seconds = 3;
static char *opt_mode;

static const GOptionEntry options[] = {
    {"width", 0, 0, G_OPTION_ARG_INT, &opt_width, "of the pictures", "N"},
    {"height", 0, 0, G_OPTION_ARG_INT, &opt_height, "of the pictures", "N"},
    {"repeats", 0, 0, G_OPTION_ARG_INT, &opt_repeats, "of each number of viewers", "N"},
    {"seconds", 0, 0, G_OPTION_ARG_DOUBLE, &opt_seconds, "of each measurement", "S"},
    {"mode", 0, 0, G_OPTION_ARG_STRING, &opt_mode, "of gs-test-app: counter, scroll", "MODE"},
    {0},
};

static const unsigned numbers[] = {1, 2, 4, MOST};

struct times {
    uint64_t process, main; /* ns: all threads; the main thread alone */
};

static void fail(const char *why)
{
    fprintf(stderr, "bench_viewers: %s\n", why);
    exit(1);
}

static struct times times_of(GPid pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/schedstat", pid);
    g_autofree char *text = NULL;
    struct timespec ts;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) < 0 ||
        !g_file_get_contents(path, &text, NULL, NULL))
        fail("the worker is gone");
    return (struct times){(uint64_t)ts.tv_sec * GS_NS_PER_S + (uint64_t)ts.tv_nsec,
                          g_ascii_strtoull(text, NULL, 10)};
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(GArray *a)
{
    g_array_sort(a, compare);
    return g_array_index(a, double, a->len / 2);
}

static void measure(struct worker_rig *rig, unsigned n, GArray *all_ms, GArray *main_ms)
{
    static struct worker_client watchers[MOST];
    static uint32_t id = 1;
    struct times before, after;
    unsigned frames;
    double ms;

    for (unsigned i = 1; i < n; i++) {
        const struct worker_client_params params = {.id = ++id, .view = true};

        if (!worker_client_enter(rig, &watchers[i], &params) || !watchers[i].welcomes)
            fail("a watcher was not let in");
    }
    for (unsigned i = 1; i < n; i++)
        if (!worker_client_await_frames(&watchers[i], 1))
            fail("a watcher got nothing");
    worker_rig_run(rig, SETTLE_MS);
    frames = worker_rig_frames(rig);
    before = times_of(rig->pid);
    worker_rig_run(rig, (unsigned)(opt_seconds * 1000));
    after = times_of(rig->pid);
    frames = worker_rig_frames(rig) - frames;
    if (!frames)
        fail("no frame came");
    ms = (double)(after.process - before.process) / 1e6 / frames;
    g_array_append_val(all_ms, ms);
    ms = (double)(after.main - before.main) / 1e6 / frames;
    g_array_append_val(main_ms, ms);
    for (unsigned i = 1; i < n; i++) {
        worker_client_bye(&watchers[i]);
        worker_client_finish(&watchers[i]);
    }
}

static void start(struct worker_rig *rig)
{
    g_autofree char *app = gs_program_path("gs-test-app");
    const char *const argv[] = {app, "--mode", opt_mode ? opt_mode : "counter", NULL};
    const struct worker_rig_params params = {.width = (uint32_t)opt_width,
                                             .height = (uint32_t)opt_height,
                                             .fps = 60,
                                             .viewers = MOST,
                                             .argv = argv};

    if (worker_rig_start(&params, rig) < 0)
        fail("the worker did not start");
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new("- what viewers cost the worker");
    GArray *all_ms[G_N_ELEMENTS(numbers)], *main_ms[G_N_ELEMENTS(numbers)];
    struct worker_rig rig;
    double one = 0;

    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, NULL))
        fail("wrong usage, see --help");
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        all_ms[i] = g_array_new(FALSE, FALSE, sizeof(double));
        main_ms[i] = g_array_new(FALSE, FALSE, sizeof(double));
    }
    start(&rig);
    for (int r = 0; r < opt_repeats; r++)
        for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++)
            measure(&rig, numbers[i], all_ms[i], main_ms[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        double ms = median(all_ms[i]);

        if (i == 0)
            one = ms;
        printf("viewers %u: CPU ms a frame %.3f, main thread %.3f", numbers[i], ms,
               median(main_ms[i]));
        if (i)
            printf("; each more %.3f (%.1f %%)", (ms - one) / (numbers[i] - 1),
                   100 * (ms - one) / (numbers[i] - 1) / one);
        printf("\n");
        g_array_unref(all_ms[i]);
        g_array_unref(main_ms[i]);
    }
    if (worker_rig_stop(&rig) < 0)
        fail("the worker did not end");
    worker_rig_finish(&rig);
    return 0;
}
