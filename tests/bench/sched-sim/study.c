/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/sched-sim/study.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define WORST 12

static bool is_meant(const char *pattern, const char *name)
{
    return !pattern || g_pattern_match_simple(pattern, name);
}

static void say_sessions(FILE *to, struct sim_world *w, enum gs_sched_policy policy)
{
    double seconds = w->scenario->seconds;

    fprintf(to, "%s, %s:\n", w->scenario->name, gs_sched_policy_names[policy]);
    for (unsigned i = 0; i < w->scenario->n_apps; i++) {
        struct sim_app *app = &w->app[i];
        struct gs_sched_info info = {0};

        if (!app->device)
            continue;
        if (app->session)
            gs_sched_info(app->session, w->clock.now, &info);
        fprintf(to,
                "  %-10s weight %4u  floor %2u of %2u  device %u  used %5.1f %%  %6.1f fps  idle "
                "%4.1f %%  cost %6.2f"
                "  known %6.2f p90 %6.2f  waits %" PRIu64 " starved %" PRIu64 " liberties %" PRIu64
                " lapsed %" PRIu64 "%s\n",
                app->conf->name, app->settings.weight, info.floor_fps, app->settings.floor_fps,
                app->record.device,
                100 * sim_device_used(app->device, i) / seconds / (double)GS_NS_PER_S /
                    app->device->conf.engines,
                app->drawn / seconds, 100 * sim_worker_idle(app) / seconds / (double)GS_NS_PER_S,
                app->conf->cost.ms, (double)info.cost_ns / (double)GS_NS_PER_MS,
                (double)info.cost_p90_ns / (double)GS_NS_PER_MS, info.waits, info.starved,
                info.liberties, info.lapsed, info.policed ? " policed" : "");
    }
}

void sim_study_one(const struct sim_study *study, const struct sim_scenario *scenario,
                   enum gs_sched_policy policy, struct sim_result *ret)
{
    *ret = (struct sim_result){.scenario = scenario, .policy = policy};
    sim_metrics_init(&ret->metrics);
    for (unsigned i = 0; i < study->seeds; i++) {
        g_autofree struct sim_world *w = g_new(struct sim_world, 1);

        sim_world_run(w, scenario, policy, study->first_seed + i);
        sim_metrics_add(&ret->metrics, w);
        if (i == 0) {
            ret->shares = sim_report_shares(w);
            if (study->sessions)
                say_sessions(study->sessions, w, policy);
        }
        sim_world_finish(w);
    }
}

/* Takes the scenario. */
static struct sim_result *add_runs(const struct sim_study *study,
                                   const struct sim_scenario *scenario, struct sim_result *results,
                                   unsigned *n)
{
    for (unsigned p = 0; gs_sched_policy_names[p]; p++) {
        if (!(study->policies & 1U << p))
            continue;
        results = g_renew(struct sim_result, results, *n + 1);
        sim_study_one(study, scenario, p, &results[(*n)++]);
    }
    return results;
}

struct sim_result *sim_study_run(const struct sim_study *study, unsigned *ret_n)
{
    struct sim_result *results = NULL;
    unsigned long long seed;

    *ret_n = 0;
    if (study->scenario && sscanf(study->scenario, "random-%llu", &seed) == 1) {
        struct sim_scenario *built = g_new(struct sim_scenario, 1);

        sim_scenario_random(seed, study->seconds, built);
        return add_runs(study, built, NULL, ret_n);
    }
    for (unsigned i = 0; i < sim_n_scenarios; i++) {
        g_autofree struct sim_scenario *built = g_new(struct sim_scenario, 1);

        sim_scenario_build(i, study->seconds, built);
        if (is_meant(study->scenario, built->name))
            results = add_runs(study, g_steal_pointer(&built), results, ret_n);
    }
    return results;
}

void sim_result_finish(struct sim_result *r)
{
    sim_metrics_finish(&r->metrics);
    json_decref(r->shares);
}

void sim_study_free(struct sim_result *results, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        bool last = i + 1 == n || results[i + 1].scenario != results[i].scenario;

        if (last)
            g_free((void *)results[i].scenario);
        sim_result_finish(&results[i]);
    }
    g_free(results);
}

/* ---- search ---- */

struct found {
    uint64_t seed;
    double error_1s, error_10s, min_max, longest_ms, used, missed;
    double excess; /* beyond what frames that can't be interrupted explain */
    char kinds[SIM_APPS_MAX + 1];
};

/* A letter for each session. */
static void say_kinds(const struct sim_scenario *s, char ret[SIM_APPS_MAX + 1])
{
    for (unsigned i = 0; i < s->n_apps; i++)
        ret[i] = s->app[i].floor_fps ? 'f' : "pgibo"[s->app[i].kind];
    ret[s->n_apps] = '\0';
}

static double longest_ms(const struct sim_scenario *s)
{
    double ret = 0;

    for (unsigned i = 0; i < s->n_apps; i++) {
        const struct sim_cost *c = &s->app[i].cost;

        ret = fmax(ret, c->ms * fmax(1, c->burst_factor) * fmax(1, c->phase_factor));
    }
    return ret;
}

static int worse_first(const void *a, const void *b)
{
    double x = ((const struct found *)a)->excess, y = ((const struct found *)b)->excess;

    return (x < y) - (x > y);
}

static struct found try_one(const struct sim_study *study, uint64_t seed,
                            enum gs_sched_policy policy)
{
    g_autofree struct sim_scenario *s = g_new(struct sim_scenario, 1);
    struct sim_study one = *study;
    struct sim_result r;
    struct found ret;

    one.seeds = 1;
    one.first_seed = seed;
    sim_scenario_random(seed, study->seconds, s);
    sim_study_one(&one, s, policy, &r);
    ret = (struct found){.seed = seed,
                         .error_1s = sim_quantile(r.metrics.error[SIM_1S], 0.99),
                         .error_10s = sim_quantile(r.metrics.error[SIM_10S], 1),
                         .min_max = sim_quantile(r.metrics.min_max, 0),
                         .longest_ms = longest_ms(s),
                         .used = sim_utilisation(&r.metrics),
                         .missed = sim_floors_missed(&r.metrics)};
    say_kinds(s, ret.kinds);
    ret.excess = isnan(ret.error_10s) ? -1 : ret.error_10s - ret.longest_ms / 100;
    sim_result_finish(&r);
    return ret;
}

static int floors_first(const void *a, const void *b)
{
    double x = ((const struct found *)a)->missed, y = ((const struct found *)b)->missed;

    x = isnan(x) ? -1 : x;
    y = isnan(y) ? -1 : y;
    return (x < y) - (x > y);
}

static void say_found(FILE *to, const struct found *all, unsigned n)
{
    fprintf(to, "%8s %8s %10s %10s %8s %8s %11s %7s  %s\n", "seed", "excess", "error 10s",
            "error 1s", "min/max", "missed %", "longest ms", "used %",
            "paced greedy inputs bursts off-screen floor");
    for (unsigned i = 0; i < GS_MIN(n, WORST); i++)
        fprintf(to, "%8" PRIu64 " %8.2f %10.2f %10.2f %8.3f %8.2f %11.1f %7.1f  %s\n", all[i].seed,
                all[i].excess, all[i].error_10s, all[i].error_1s, all[i].min_max, all[i].missed,
                all[i].longest_ms, all[i].used, all[i].kinds);
}

/* Moves those with, or without, off-screen hogs to the front; how many they are. */
static unsigned pick_hogs(struct found *all, unsigned n, bool hogs)
{
    unsigned picked = 0;

    for (unsigned i = 0; i < n; i++) {
        if ((strchr(all[i].kinds, 'o') != NULL) == hogs) {
            struct found other = all[picked];

            all[picked++] = all[i];
            all[i] = other;
        }
    }
    return picked;
}

static void say_part(FILE *to, struct found *all, unsigned n, bool hogs)
{
    unsigned picked = pick_hogs(all, n, hogs), floors = 0, missed = 0;

    if (picked == 0)
        return;
    qsort(all, picked, sizeof(all[0]), worse_first);
    fprintf(to, "\n%s off-screen hogs, by shares (%u; p90 %.2f, median %.2f):\n",
            hogs ? "With" : "Without", picked, all[picked / 10].excess, all[picked / 2].excess);
    say_found(to, all, picked);
    for (unsigned i = 0; i < picked; i++) {
        floors += !isnan(all[i].missed);
        missed += all[i].missed > 1;
    }
    qsort(all, picked, sizeof(all[0]), floors_first);
    fprintf(to, "\n%s off-screen hogs, by floors (%u; %u miss more than 1 %%):\n",
            hogs ? "With" : "Without", floors, missed);
    say_found(to, all, GS_MIN(picked, floors));
}

void sim_study_search(const struct sim_study *study, unsigned n, FILE *to)
{
    g_autofree struct found *all = g_new(struct found, n);
    enum gs_sched_policy policy = (enum gs_sched_policy)g_bit_nth_lsf(study->policies, -1);

    for (unsigned i = 0; i < n; i++)
        all[i] = try_one(study, study->first_seed + i, policy);
    say_part(to, all, n, true);
    say_part(to, all, n, false);
}
