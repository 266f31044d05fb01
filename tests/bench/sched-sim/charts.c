/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/sched-sim/report.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define POINTS 120 /* of a curve */
#define SHARES_PANELS 4

static json_t *axis(const char *label, const char *unit)
{
    return json_pack("{s:s, s:s}", "label", label, "unit", unit);
}

static json_t *chart(const char *file, const char *title, json_t *x, json_t *y, json_t *series)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "file", file, "title", title, "x", x, "y", y,
                     "series", series);
}

static json_t *point(double x, double y)
{
    return json_pack("[f, o]", x, isnan(y) ? json_null() : json_real(y));
}

/* ---- shares over time ---- */

static json_t *share_series(const struct sim_world *w, unsigned app)
{
    const struct sim_app *a = &w->app[app];
    unsigned second = (unsigned)(GS_NS_PER_S / SIM_STEP), stride = GS_MAX(w->n_steps / 240, 1U);
    json_t *points = json_array();

    for (unsigned i = second; i < w->n_steps; i += stride) {
        const struct sim_sample *from = &a->record.sample[i - second], *to = &a->record.sample[i];
        double used = (to->used - from->used) / (double)GS_NS_PER_S;

        json_array_append_new(points, point(i * (double)SIM_STEP / (double)GS_NS_PER_S,
                                            100 * used / a->device->conf.engines));
    }
    return json_pack("{s:o, s:o}", "name",
                     json_sprintf("%s, weight %u", a->conf->name, a->conf->weight), "points",
                     points);
}

json_t *sim_report_shares(const struct sim_world *w)
{
    json_t *ret = json_array();

    for (unsigned i = 0; i < w->scenario->n_apps; i++) {
        if (w->app[i].device)
            json_array_append_new(ret, share_series(w, i));
    }
    return ret;
}

static void add_shares(json_t *charts, const struct sim_result *r)
{
    g_autofree char *file = g_strdup_printf("shares-%s.svg", r->scenario->name);
    g_autofree char *title = g_strdup_printf("Policy: %s", gs_sched_policy_names[r->policy]);
    json_t *x = axis("time", "s"), *y = axis("share of the device over 1 s", "%"), *c;

    json_object_set_new(x, "min", json_integer(0));
    json_object_set_new(x, "max", json_integer(r->scenario->seconds));
    json_object_set_new(y, "min", json_integer(0));
    json_object_set_new(y, "max", json_integer(100));
    c = chart(file, title, x, y, json_incref(r->shares));
    json_object_set_new(c, "subtitle", json_string(r->scenario->text));
    json_array_append_new(charts, c);
}

/* ---- start delays ---- */

static json_t *distribution(GArray *values)
{
    json_t *points = json_array();

    for (int i = 0; i <= POINTS; i++) {
        double part = (double)i / POINTS;

        json_array_append_new(points, point(fmax(sim_quantile(values, part), 0.01), 100 * part));
    }
    return points;
}

static json_t *delay_series(struct sim_result *r, unsigned n, bool input)
{
    json_t *series = json_array();

    for (unsigned i = 0; i < n; i++) {
        GArray *values = input ? r[i].metrics.input_ms : r[i].metrics.start_ms;

        if (values->len > 0)
            json_array_append_new(series, json_pack("{s:s, s:o}", "name",
                                                    gs_sched_policy_names[r[i].policy], "points",
                                                    distribution(values)));
    }
    return series;
}

static void add_delays(json_t *charts, struct sim_result *r, unsigned n, bool input)
{
    g_autofree char *file =
        g_strdup_printf("%s-%s.svg", input ? "input" : "start", r->scenario->name);
    json_t *series = delay_series(r, n, input), *c;
    json_t *x = axis(input ? "input to drawn frame" : "frame due to its start on the device", "ms");

    if (json_array_size(series) == 0) {
        json_decref(series);
        json_decref(x);
        return;
    }
    json_object_set_new(x, "log", json_true());
    c = chart(file, input ? "Input to frame" : "Start delay", x, axis("frames", "%"), series);
    json_object_set_new(c, "subtitle", json_string(r->scenario->text));
    json_array_append_new(charts, c);
}

/* ---- bars: scenarios beside each other, a bar for each policy ---- */

static double error_at_1s(struct sim_metrics *m)
{
    return sim_quantile(m->error[SIM_1S], 0.99);
}

static double error_at_10s(struct sim_metrics *m)
{
    return sim_quantile(m->error[SIM_10S], 0.99);
}

static double settled(struct sim_metrics *m)
{
    return sim_quantile(m->settle_s, 0.5);
}

static double floors(struct sim_metrics *m)
{
    return sim_floors_missed(m);
}

static const struct {
    const char *file, *title, *label, *unit;
    double (*value)(struct sim_metrics *m);
    double goal;  /* 0: none */
    double least; /* of a logarithmic axis; 0: linear */
} bars[] = {
    {"error-1s.svg", "Share error over 1 s", "p99 of windows", "points", error_at_1s, 3.5, 0.1},
    {"error-10s.svg", "Share error over 10 s", "p99 of windows", "points", error_at_10s, 1, 0.01},
    {"floors.svg", "Floors missed", "windows of 1 s", "%", floors, 1, 0},
    {"settled.svg", "Shares settled after a change", "median time", "s", settled, 0.5, 0},
};

static bool uses_policy(const struct sim_result *r, unsigned n, enum gs_sched_policy policy)
{
    for (unsigned i = 0; i < n; i++) {
        if (r[i].policy == policy)
            return true;
    }
    return false;
}

/* Scenarios in which it says something. */
static json_t *categories_of(struct sim_result *r, unsigned n, unsigned bar)
{
    json_t *ret = json_array();
    const struct sim_scenario *last = NULL;

    for (unsigned i = 0; i < n; i++) {
        if (r[i].scenario != last && !isnan(bars[bar].value(&r[i].metrics))) {
            last = r[i].scenario;
            json_array_append_new(ret, json_string(last->name));
        }
    }
    return ret;
}

static json_t *bar_series(struct sim_result *r, unsigned n, unsigned bar,
                          enum gs_sched_policy policy)
{
    json_t *points = json_array();

    for (unsigned i = 0; i < n; i++) {
        double value = r[i].policy == policy ? bars[bar].value(&r[i].metrics) : NAN;

        if (!isnan(value))
            json_array_append_new(points, json_pack("[s, f]", r[i].scenario->name, value));
    }
    return json_pack("{s:s, s:s, s:o}", "name", gs_sched_policy_names[policy], "kind", "bar",
                     "points", points);
}

static void add_bars(json_t *charts, struct sim_result *r, unsigned n, unsigned bar)
{
    json_t *series = json_array(), *categories = categories_of(r, n, bar), *c;
    size_t many = json_array_size(categories);

    for (unsigned p = 0; gs_sched_policy_names[p]; p++) {
        if (uses_policy(r, n, p))
            json_array_append_new(series, bar_series(r, n, bar, p));
    }
    json_t *y = axis(bars[bar].label, bars[bar].unit);

    if (bars[bar].least > 0)
        json_object_update_new(y, json_pack("{s:b, s:f}", "log", 1, "min", bars[bar].least));
    c = chart(bars[bar].file, bars[bar].title,
              json_pack("{s:s, s:o}", "label", "scenario", "categories", categories), y, series);
    json_object_set_new(c, "width", json_integer(GS_CLAMP((int)many * 110, 480, 1800)));
    if (bars[bar].goal > 0)
        json_object_set_new(c, "marks",
                            json_pack("[{s:f, s:s}]", "y", bars[bar].goal, "label", "goal"));
    if (many > 0)
        json_array_append_new(charts, c);
    else
        json_decref(c);
}

/* ---- all ---- */

static void add_scenario(json_t *charts, struct sim_result *r, unsigned n)
{
    /* The first, which is the policy by weights, and those without any. */
    for (unsigned i = 0; i < n; i++) {
        if (i == 0 || i + SHARES_PANELS > n)
            add_shares(charts, &r[i]);
    }
    add_delays(charts, r, n, false);
    add_delays(charts, r, n, true);
}

static int plot(const char *text, const char *dir)
{
    char *argv[] = {(char *)"python3", (char *)SIM_PLOT, (char *)"-", (char *)dir, NULL};
    g_autofree char *file = g_build_filename(dir, "charts.json", NULL);
    g_autoptr(GError) error = NULL;
    int status;

    if (g_mkdir_with_parents(dir, 0777) != 0)
        return -errno;
    argv[2] = file;
    if (!g_file_set_contents(file, text, -1, &error) ||
        !g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status,
                      &error)) {
        fprintf(stderr, "gs-sched-sim: %s\n", error->message);
        return -EIO;
    }
    return status == 0 ? 0 : -EIO;
}

int sim_report_svg(struct sim_result *results, unsigned n, const char *dir)
{
    json_t *charts = json_array(), *all = json_pack("{s:o}", "charts", charts);
    char *text;
    int r;

    for (unsigned i = 0, same; i < n; i += same) {
        for (same = 1; i + same < n && results[i + same].scenario == results[i].scenario;)
            same++;
        add_scenario(charts, &results[i], same);
    }
    for (unsigned i = 0; i < GS_ARRAY_SIZE(bars); i++)
        add_bars(charts, results, n, i);
    text = json_dumps(all, JSON_COMPACT | JSON_REAL_PRECISION(6));
    json_decref(all);
    r = plot(text, dir);
    free(text);
    return r;
}
