/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gs-sched-sim: the scheduler's policy in simulated time. docs/performance.md says what it found.
 */
#include <errno.h>
#include <string.h>

#include "tests/bench/sched-sim/study.h"

static int seconds = 60, seeds = 20, search;
static gint64 first_seed = 1;
static char *scenario, *json, *svg;
static char **policies;
static gboolean list, sessions;

static const GOptionEntry entries[] = {
    {"scenario", 's', 0, G_OPTION_ARG_STRING, &scenario, "Only those, with * and ?; or random-SEED",
     "PATTERN"},
    {"policy", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &policies,
     "Only this one; several times: those (all)", "NAME"},
    {"seeds", 'n', 0, G_OPTION_ARG_INT, &seeds, "Runs of each (20)", "N"},
    {"seed", 0, 0, G_OPTION_ARG_INT64, &first_seed, "The first of them (1)", "N"},
    {"seconds", 't', 0, G_OPTION_ARG_INT, &seconds, "Simulated, of each run (60)", "N"},
    {"sessions", 'v', 0, G_OPTION_ARG_NONE, &sessions,
     "A line for each session of the first run, too", NULL},
    {"json", 'j', 0, G_OPTION_ARG_FILENAME, &json, "Write all values to FILE", "FILE"},
    {"svg", 'g', 0, G_OPTION_ARG_FILENAME, &svg, "Draw charts into DIR", "DIR"},
    {"search", 0, 0, G_OPTION_ARG_INT, &search,
     "Try N random scenarios under one policy (shares) and print the worst; the seed is the "
     "scenario",
     "N"},
    {"list", 'l', 0, G_OPTION_ARG_NONE, &list, "Say which scenarios and policies there are", NULL},
    {0},
};

static int usage(const char *format, ...) GS_PRINTF(1, 2);

static int usage(const char *format, ...)
{
    va_list args;

    fprintf(stderr, "gs-sched-sim: ");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nTry --help.\n");
    return 2;
}

static void say_list(void)
{
    for (unsigned i = 0; i < sim_n_scenarios; i++) {
        g_autofree struct sim_scenario *s = g_new(struct sim_scenario, 1);

        sim_scenario_build(i, 1, s);
        printf("%-20s %s\n", s->name, s->text);
    }
    printf("\npolicies:");
    for (unsigned i = 0; gs_sched_policy_names[i]; i++)
        printf(" %s", gs_sched_policy_names[i]);
    printf("\n");
}

/* 0: there is none of that name. */
static unsigned policy_bit(const char *name)
{
    for (unsigned i = 0; gs_sched_policy_names[i]; i++) {
        if (strcmp(gs_sched_policy_names[i], name) == 0)
            return 1U << i;
    }
    return 0;
}

static int take_policies(unsigned *ret)
{
    *ret = policies ? 0 : search > 0 ? 1U << GS_SCHED_SHARES : ~0U;
    for (char **p = policies; p && *p; p++) {
        if (!policy_bit(*p))
            return usage("there is no policy \"%s\": --list says which there are", *p);
        *ret |= policy_bit(*p);
    }
    return 0;
}

static int check(void)
{
    if (seeds < 1 || seeds > 100000)
        return usage("--seeds takes 1 to 100000, not %d", seeds);
    if (seconds < 1 || seconds > 3600)
        return usage("--seconds takes 1 to 3600, not %d", seconds);
    if (search < 0)
        return usage("--search takes how many, not %d", search);
    if (search > 0 && (scenario || json || svg))
        return usage("--search takes neither --scenario nor --json nor --svg");
    return 0;
}

static int write_json(struct sim_result *results, unsigned n)
{
    json_t *all = json ? sim_report_json(results, n) : NULL;
    int r = json ? json_dump_file(all, json, JSON_INDENT(1) | JSON_REAL_PRECISION(6)) : 0;

    json_decref(all);
    if (r == 0)
        return 0;
    fprintf(stderr, "gs-sched-sim: %s can't be written: %s\n", json, strerror(errno));
    return 1;
}

static int run(const struct sim_study *study)
{
    unsigned n;
    struct sim_result *results = sim_study_run(study, &n);
    int r;

    if (n == 0)
        return usage("no scenario is called \"%s\": --list says which there are", scenario);
    sim_report_text(stdout, results, n);
    r = write_json(results, n);
    if (svg && sim_report_svg(results, n, svg) != 0) {
        fprintf(stderr, "gs-sched-sim: the charts can't be drawn into %s\n", svg);
        r = 1;
    }
    sim_study_free(results, n);
    return r;
}

int main(int argc, char **argv)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    struct sim_study study = {0};
    int r;

    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_summary(context, "The scheduler's policy in simulated time.");
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return usage("%s", error->message);
    if (argc > 1)
        return usage("\"%s\" is no option", argv[1]);
    if ((r = check()) || (r = take_policies(&study.policies)))
        return r;
    if (list) {
        say_list();
        return 0;
    }
    study.seconds = (unsigned)seconds;
    study.seeds = (unsigned)seeds;
    study.first_seed = (uint64_t)first_seed;
    study.scenario = scenario;
    study.sessions = sessions ? stdout : NULL;
    if (search == 0)
        return run(&study);
    sim_study_search(&study, (unsigned)search, stdout);
    return 0;
}
