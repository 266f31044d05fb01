/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/sched-sim/report.h"

#include <math.h>
#include <string.h>

/* ---- text ---- */

static const char *number(double value, int digits)
{
    static char texts[8][32];
    static unsigned next;
    char *text = texts[next++ % GS_ARRAY_SIZE(texts)];

    if (isnan(value))
        return "–";
    snprintf(text, sizeof(texts[0]), "%.*f", digits, value);
    return text;
}

/* "a / b"; "–" where there is nothing. */
static char *two(GArray *values, double part, double other, int digits)
{
    if (values->len == 0)
        return g_strdup("–");
    return g_strdup_printf("%s / %s", number(sim_quantile(values, part), digits),
                           number(sim_quantile(values, other), digits));
}

struct column {
    const char *head;
    char *(*text)(struct sim_metrics *m);
};

static char *error_1(struct sim_metrics *m)
{
    return two(m->error[SIM_1S], 0.99, 1, 2);
}

static char *error_5(struct sim_metrics *m)
{
    return two(m->error[SIM_5S], 0.99, 1, 2);
}

static char *error_10(struct sim_metrics *m)
{
    return two(m->error[SIM_10S], 0.99, 1, 2);
}

static char *min_max(struct sim_metrics *m)
{
    return two(m->min_max, 0.01, 0, 3);
}

static char *jain(struct sim_metrics *m)
{
    return g_strdup(number(sim_quantile(m->jain, 0.5), 4));
}

static char *start_delay(struct sim_metrics *m)
{
    return two(m->start_ms, 0.5, 0.99, 1);
}

static char *drawn_delay(struct sim_metrics *m)
{
    return two(m->drawn_ms, 0.5, 0.99, 1);
}

static char *input_delay(struct sim_metrics *m)
{
    return two(m->input_ms, 0.5, 0.99, 1);
}

static char *floors(struct sim_metrics *m)
{
    return g_strdup(number(sim_floors_missed(m), 2));
}

static char *caps(struct sim_metrics *m)
{
    return g_strdup(number(sim_caps_missed(m), 2));
}

static char *settle(struct sim_metrics *m)
{
    return two(m->settle_s, 0.5, 1, 2);
}

static char *spread(struct sim_metrics *m)
{
    return two(m->spread, 0.5, 1, 1);
}

static char *utilisation(struct sim_metrics *m)
{
    return g_strdup(number(sim_utilisation(m), 1));
}

static const struct column columns[] = {
    {"error 1 s", error_1},
    {"error 5 s", error_5},
    {"error 10 s", error_10},
    {"min/max", min_max},
    {"Jain", jain},
    {"start ms", start_delay},
    {"drawn ms", drawn_delay},
    {"input ms", input_delay},
    {"floors missed %", floors},
    {"caps missed %", caps},
    {"settled s", settle},
    {"devices apart", spread},
    {"used %", utilisation},
};

static int pad(const char *text, int width)
{
    return width + (int)(strlen(text) - (size_t)g_utf8_strlen(text, -1));
}

/* A column that says nothing of this scenario is left out. */
static bool has_any(struct sim_result *r, unsigned n, unsigned column)
{
    bool ret = false;

    for (unsigned i = 0; i < n && !ret; i++) {
        g_autofree char *text = columns[column].text(&r[i].metrics);

        ret = strcmp(text, "–") != 0;
    }
    return ret;
}

static int width_of(struct sim_result *r, unsigned n, unsigned column)
{
    size_t width = strlen(columns[column].head);

    for (unsigned i = 0; i < n; i++) {
        g_autofree char *text = columns[column].text(&r[i].metrics);

        width = GS_MAX(width, (size_t)g_utf8_strlen(text, -1));
    }
    return (int)width;
}

static void scenario_text(FILE *to, struct sim_result *r, unsigned n)
{
    int width[GS_ARRAY_SIZE(columns)];

    fprintf(to, "\n%s: %s\n%-14s", r[0].scenario->name, r[0].scenario->text, "policy");
    for (unsigned c = 0; c < GS_ARRAY_SIZE(columns); c++) {
        width[c] = has_any(r, n, c) ? width_of(r, n, c) : 0;
        if (width[c])
            fprintf(to, "  %*s", width[c], columns[c].head);
    }
    for (unsigned i = 0; i < n; i++) {
        fprintf(to, "\n%-14s", gs_sched_policy_names[r[i].policy]);
        for (unsigned c = 0; c < GS_ARRAY_SIZE(columns); c++) {
            g_autofree char *text = width[c] ? columns[c].text(&r[i].metrics) : NULL;

            if (text)
                fprintf(to, "  %*s", pad(text, width[c]), text);
        }
    }
    fprintf(to, "\n");
}

void sim_report_text(FILE *to, struct sim_result *results, unsigned n)
{
    fprintf(to,
            "error: of shares, points, p99 / largest of windows; min/max of used/weight over 10 s, "
            "p1 / smallest;\nms and s: p50 / p99 and p50 / largest; missed: of windows of 1 s\n");
    for (unsigned i = 0, same; i < n; i += same) {
        for (same = 1; i + same < n && results[i + same].scenario == results[i].scenario;)
            same++;
        scenario_text(to, &results[i], same);
    }
}

/* ---- JSON ---- */

static json_t *json_number(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *quantiles(GArray *values, double low, double high)
{
    return json_pack("{s:o, s:o, s:o, s:i}", "p50", json_number(sim_quantile(values, 0.5)), "p99",
                     json_number(sim_quantile(values, low)), "worst",
                     json_number(sim_quantile(values, high)), "n", (int)values->len);
}

static json_t *result_json(struct sim_result *r)
{
    struct sim_metrics *m = &r->metrics;

    return json_pack(
        "{s:s, s:s, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
        " s:I, s:I, s:I}",
        "scenario", r->scenario->name, "policy", gs_sched_policy_names[r->policy], "runs",
        (int)m->runs, "share_error_1s_points", quantiles(m->error[SIM_1S], 0.99, 1),
        "share_error_5s_points", quantiles(m->error[SIM_5S], 0.99, 1), "share_error_10s_points",
        quantiles(m->error[SIM_10S], 0.99, 1), "min_max_10s", quantiles(m->min_max, 0.01, 0),
        "jain_10s", quantiles(m->jain, 0.01, 0), "start_ms", quantiles(m->start_ms, 0.99, 1),
        "drawn_ms", quantiles(m->drawn_ms, 0.99, 1), "input_ms", quantiles(m->input_ms, 0.99, 1),
        "settle_s", quantiles(m->settle_s, 0.99, 1), "devices_apart_points",
        quantiles(m->spread, 0.99, 1), "floors_missed_percent", json_number(sim_floors_missed(m)),
        "caps_missed_percent", json_number(sim_caps_missed(m)), "used_percent",
        json_number(sim_utilisation(m)), "starved", (json_int_t)m->starved, "liberties",
        (json_int_t)m->liberties, "lapsed", (json_int_t)m->lapsed);
}

json_t *sim_report_json(struct sim_result *results, unsigned n)
{
    json_t *ret = json_array();

    for (unsigned i = 0; i < n; i++)
        json_array_append_new(ret, result_json(&results[i]));
    return ret;
}
