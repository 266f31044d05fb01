/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <glib.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"

const char *const bench_metric_names[BENCH_METRICS] = {
    [BENCH_FPS] = "fps",
    [BENCH_LATENCY_P50] = "latency_p50_ms",
    [BENCH_LATENCY_P95] = "latency_p95_ms",
    [BENCH_LATENCY_P99] = "latency_p99_ms",
    [BENCH_INPUT_P50] = "input_p50_ms",
    [BENCH_INPUT_P95] = "input_p95_ms",
    [BENCH_INPUT_P99] = "input_p99_ms",
    [BENCH_HOST_CPU] = "host_cpu_ms_per_frame",
    [BENCH_CLIENT_CPU] = "client_cpu_ms_per_frame",
    [BENCH_RATE] = "video_mbit_s",
    [BENCH_HOST_LOAD] = "host_cpu_percent",
    [BENCH_CLIENT_LOAD] = "client_cpu_percent",
    [BENCH_TRAFFIC] = "traffic_bytes_s",
    [BENCH_WORKER_PSS] = "worker_pss_mb",
    [BENCH_CLIENT_PSS] = "client_pss_mb",
    [BENCH_FIRST_PICTURE] = "first_picture_ms",
    [BENCH_CREATE] = "create_to_picture_ms",
};

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_median(const struct bench_series *series, enum bench_metric metric)
{
    double sorted[BENCH_MAX_REPEATS];
    size_t n = 0;

    for (int i = 0; i < series->repeats; i++)
        if (!isnan(series->values[i][metric]))
            sorted[n++] = series->values[i][metric];
    if (n == 0)
        return NAN;
    qsort(sorted, n, sizeof(sorted[0]), compare_doubles);
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

/* The processor's name as the kernel has it; for g_free. */
static char *processor_name(void)
{
    g_autofree char *text = NULL;
    const char *line;

    if (!g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL))
        return g_strdup("unknown processor");
    line = strstr(text, "model name");
    line = line ? strchr(line, ':') : NULL;
    return line ? g_strndup(line + 2, strcspn(line + 2, "\n")) : g_strdup("unknown processor");
}

/* One cell: the medians of some metrics, "a / b / c". */
static void print_cell(FILE *out, const struct bench_series *series, int decimals, int n,
                       const enum bench_metric *metrics)
{
    fputs(" ", out);
    for (int i = 0; i < n; i++) {
        double value = bench_median(series, metrics[i]);

        if (i > 0)
            fputs(" / ", out);
        if (isnan(value))
            fputs("–", out);
        else
            fprintf(out, "%.*f", decimals, value);
    }
    fputs(" |", out);
}

struct column {
    const char *title;
    int decimals, n;
    enum bench_metric metrics[3];
};

static const struct column columns[] = {
    {"fps", 1, 1, {BENCH_FPS}},
    {"latency ms p50 / p95 / p99", 1, 3, {BENCH_LATENCY_P50, BENCH_LATENCY_P95, BENCH_LATENCY_P99}},
    {"click ms p50 / p95 / p99", 1, 3, {BENCH_INPUT_P50, BENCH_INPUT_P95, BENCH_INPUT_P99}},
    {"CPU ms/frame host / client", 2, 2, {BENCH_HOST_CPU, BENCH_CLIENT_CPU}},
    {"Mb/s", 2, 1, {BENCH_RATE}},
    {"CPU % host / client", 2, 2, {BENCH_HOST_LOAD, BENCH_CLIENT_LOAD}},
    {"B/s on lo", 0, 1, {BENCH_TRAFFIC}},
    {"PSS MB worker / client", 1, 2, {BENCH_WORKER_PSS, BENCH_CLIENT_PSS}},
    {"first picture ms client / session", 0, 2, {BENCH_FIRST_PICTURE, BENCH_CREATE}},
};

void bench_report_markdown(FILE *out, const struct bench_series *series, int n,
                           const struct bench_options *options)
{
    g_autofree char *processor = processor_name();

    fprintf(out, "%ld × %s, %s, medians of %d × %g s, loopback.\n\n", sysconf(_SC_NPROCESSORS_ONLN),
            processor, options->size, n ? series[0].repeats : 0, options->seconds);
    fputs("| scene |", out);
    for (size_t i = 0; i < GS_ARRAY_SIZE(columns); i++)
        fprintf(out, " %s |", columns[i].title);
    fputs("\n|---|", out);
    for (size_t i = 0; i < GS_ARRAY_SIZE(columns); i++)
        fputs("---|", out);
    for (int row = 0; row < n; row++) {
        fprintf(out, "\n| %s |", series[row].scene->name);
        for (size_t i = 0; i < GS_ARRAY_SIZE(columns); i++)
            print_cell(out, &series[row], columns[i].decimals, columns[i].n, columns[i].metrics);
    }
    fputs("\n\n", out);
    for (int row = 0; row < n; row++)
        fprintf(out, "- %s: %s\n", series[row].scene->name, series[row].scene->what);
}

static json_t *number(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static json_t *series_to_json(const struct bench_series *series)
{
    json_t *obj =
        json_pack("{s:s, s:s}", "scene", series->scene->name, "what", series->scene->what);

    for (int metric = 0; metric < BENCH_METRICS; metric++) {
        json_t *all = json_array();

        for (int i = 0; i < series->repeats; i++)
            json_array_append_new(all, number(series->values[i][metric]));
        json_object_set_new(
            obj, bench_metric_names[metric],
            json_pack("{s:o, s:o}", "median", number(bench_median(series, metric)), "all", all));
    }
    return obj;
}

int bench_report_json(const char *path, const struct bench_series *series, int n,
                      const struct bench_options *options)
{
    g_autofree char *processor = processor_name();
    json_t *scenes = json_array();
    json_t *root;
    int r;

    for (int i = 0; i < n; i++)
        json_array_append_new(scenes, series_to_json(&series[i]));
    root = json_pack("{s:i, s:s, s:i, s:s, s:f, s:o}", "v", 1, "processor", processor, "cores",
                     (int)sysconf(_SC_NPROCESSORS_ONLN), "size", options->size, "seconds",
                     options->seconds, "scenes", scenes);
    r = json_dump_file(root, path, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    json_decref(root);
    return r < 0 ? -EIO : 0;
}
