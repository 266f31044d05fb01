/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/stats_report.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static double to_ms(uint64_t ns)
{
    return (double)ns / GS_NS_PER_MS;
}

/* Two decimals are what the histograms are good for. */
static json_t *ms(double value)
{
    return json_real((double)(int64_t)(value * 1000 + 0.5) / 1000);
}

static long read_pss_kb(void)
{
    g_autofree char *text = NULL;
    const char *line;

    if (!g_file_get_contents("/proc/self/smaps_rollup", &text, NULL, NULL))
        return -1;
    line = strstr(text, "\nPss:");
    return line ? strtol(line + strlen("\nPss:"), NULL, 10) : -1;
}

void gs_report_add_process(struct gs_report *r)
{
    struct rusage ru;

    r->cpu_s = -1;
    if (getrusage(RUSAGE_SELF, &ru) == 0)
        r->cpu_s = (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
                   (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6;
    r->pss_kb = read_pss_kb();
}

static json_t *percentiles(const struct gs_histogram *h)
{
    if (h->count == 0)
        return json_null();
    return json_pack("{s:o, s:o, s:o}", "p50", ms(to_ms(gs_histogram_percentile(h, 50))), "p95",
                     ms(to_ms(gs_histogram_percentile(h, 95))), "p99",
                     ms(to_ms(gs_histogram_percentile(h, 99))));
}

static json_t *stages(const struct gs_stats *st)
{
    json_t *obj = json_object();

    for (int i = 0; i < GS_STAGE_COUNT; i++)
        json_object_set_new(obj, gs_stage_names[i], percentiles(&st->stages[i]));
    return obj;
}

static json_t *text_or_null(const char *text)
{
    json_t *str = text && text[0] ? json_string(text) : NULL;

    return str ? str : json_null(); /* not UTF-8 */
}

static void set_counter(json_t *obj, const char *key, uint64_t value)
{
    json_object_set_new(obj, key, json_integer((json_int_t)value));
}

static void set_session(json_t *obj, const struct gs_report *r)
{
    const struct gs_welcome *w = r->welcome;

    json_object_set_new(obj, "width", w ? json_integer(w->width) : json_null());
    json_object_set_new(obj, "height", w ? json_integer(w->height) : json_null());
    json_object_set_new(obj, "encoder", text_or_null(w ? w->encoder : NULL));
    json_object_set_new(obj, "converter", text_or_null(w ? w->converter : NULL));
    json_object_set_new(obj, "renderer", text_or_null(w ? w->renderer : NULL));
    json_object_set_new(obj, "decoder", text_or_null(r->decoder));
    json_object_set_new(obj, "session", text_or_null(w ? w->session : NULL));
}

static void set_counters(json_t *obj, const struct gs_report *r)
{
    const struct gs_stats *st = r->stats;

    set_counter(obj, "frames_received", r->receiver->frames);
    set_counter(obj, "frames_decoded", st->frames_decoded);
    set_counter(obj, "frames_presented", st->frames_presented);
    set_counter(obj, "frames_skipped", st->frames_skipped);
    set_counter(obj, "frames_lost", r->receiver->frames_lost);
    set_counter(obj, "bytes_received", r->receiver->bytes);
    set_counter(obj, "packets_received", r->receiver->packets);
    set_counter(obj, "packets_lost", r->receiver->packets_lost);
    set_counter(obj, "packets_repaired", r->receiver->packets_repaired);
    set_counter(obj, "nacks_sent", r->receiver->nacks_sent);
    set_counter(obj, "plis_sent", r->receiver->plis_sent);
    set_counter(obj, "packets_rejected", r->receiver->rejected);
    set_counter(obj, "keyframes", r->receiver->keyframes);
    set_counter(obj, "freezes", st->freezes);
    json_object_set_new(obj, "freeze_ms", ms(to_ms(st->freeze_ns)));
    json_object_set_new(obj, "max_gap_ms", ms(to_ms(st->max_gap)));
    json_object_set_new(obj, "max_capture_gap_ms", ms(to_ms(st->max_capture_gap)));
    set_counter(obj, "reconnects", r->reconnects);
    json_object_set_new(obj, "reconnect_ms", ms(to_ms(r->longest_away_ns)));
}

char *gs_report_json(const struct gs_report *r)
{
    const struct gs_stats *st = r->stats;
    json_t *obj = json_object();
    char *text;

    json_object_set_new(obj, "v", json_integer(1));
    set_session(obj, r);
    json_object_set_new(obj, "duration_s", ms(r->duration_s));
    set_counters(obj, r);
    json_object_set_new(obj, "fps", st->frames_decoded > 1 ? ms(gs_stats_fps(st)) : json_null());
    json_object_set_new(obj, "first_frame_ms",
                        st->frames_decoded ? ms(to_ms(st->first_decoded - st->start))
                                           : json_null());
    json_object_set_new(obj, "rtt_ms", r->rtt_known ? ms(to_ms(r->rtt_ns)) : json_null());
    json_object_set_new(obj, "latency_ms", percentiles(&st->latency));
    json_object_set_new(obj, "input_latency_ms", percentiles(&st->input_latency));
    json_object_set_new(obj, "stages_ms", stages(st));
    json_object_set_new(obj, "cpu_s", r->cpu_s < 0 ? json_null() : ms(r->cpu_s));
    json_object_set_new(obj, "pss_kb", r->pss_kb < 0 ? json_null() : json_integer(r->pss_kb));
    text = json_dumps(obj, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
    json_decref(obj);
    return text;
}

static void add_row(GString *out, const char *name, const struct gs_histogram *h)
{
    if (h->count == 0) {
        g_string_append_printf(out, "  %-16s %8s %8s %8s\n", name, "-", "-", "-");
        return;
    }
    g_string_append_printf(
        out, "  %-16s %8.2f %8.2f %8.2f\n", name, to_ms(gs_histogram_percentile(h, 50)),
        to_ms(gs_histogram_percentile(h, 95)), to_ms(gs_histogram_percentile(h, 99)));
}

static void add_times(GString *out, const struct gs_stats *st)
{
    g_string_append_printf(out, "  %-16s %8s %8s %8s\n", "milliseconds", "p50", "p95", "p99");
    add_row(out, "latency", &st->latency);
    add_row(out, "input latency", &st->input_latency);
    for (int i = 0; i < GS_STAGE_COUNT; i++)
        add_row(out, gs_stage_names[i], &st->stages[i]);
}

static void add_session(GString *out, const struct gs_report *r)
{
    const struct gs_welcome *w = r->welcome;

    if (w)
        g_string_append_printf(out, "  %-16s %s, %ux%u, %s, %s, %s\n", "session", w->session,
                               w->width, w->height, w->encoder, w->converter, w->renderer);
    if (r->decoder)
        g_string_append_printf(out, "  %-16s %s\n", "decoder", r->decoder);
}

char *gs_report_table(const struct gs_report *r)
{
    const struct gs_stats *st = r->stats;
    const struct gs_receiver_stats *rx = r->receiver;
    GString *out = g_string_new(NULL);

    add_session(out, r);
    g_string_append_printf(out,
                           "  %-16s %" PRIu64 " received, %" PRIu64 " decoded, %" PRIu64
                           " shown, %" PRIu64 " lost, %.1f per second\n",
                           "frames", rx->frames, st->frames_decoded, st->frames_presented,
                           rx->frames_lost, gs_stats_fps(st));
    g_string_append_printf(
        out, "  %-16s %.1f kB in %" PRIu64 " packets, %" PRIu64 " lost, %" PRIu64 " repaired\n",
        "received", (double)rx->bytes / 1000, rx->packets, rx->packets_lost, rx->packets_repaired);
    g_string_append_printf(out, "  %-16s %" PRIu64 ", %.0f ms; longest gap %.0f ms\n", "freezes",
                           st->freezes, to_ms(st->freeze_ns), to_ms(st->max_gap));
    if (r->longest_away_ns)
        g_string_append_printf(out, "  %-16s %u, at most %.0f ms away\n", "reconnects",
                               r->reconnects, to_ms(r->longest_away_ns));
    if (st->frames_decoded)
        g_string_append_printf(out, "  %-16s %.0f ms\n", "first picture",
                               to_ms(st->first_decoded - st->start));
    if (r->rtt_known)
        g_string_append_printf(out, "  %-16s %.2f ms\n", "round trip", to_ms(r->rtt_ns));
    add_times(out, st);
    if (r->cpu_s >= 0)
        g_string_append_printf(out, "  %-16s %.2f s of CPU in %.1f s", "client", r->cpu_s,
                               r->duration_s);
    if (r->pss_kb >= 0)
        g_string_append_printf(out, ", %.1f MB of memory\n", (double)r->pss_kb / 1000);
    else
        g_string_append_c(out, '\n');
    return g_string_free(out, FALSE);
}

static double p50(const struct gs_histogram *h)
{
    return to_ms(gs_histogram_percentile(h, 50));
}

void gs_report_overlay(const struct gs_report *r, double fps, double kbps, char *out, size_t size)
{
    const struct gs_stats *st = r->stats;
    int n;

    n = snprintf(out, size, "%.1f fps  %.0f kb/s  rtt %.1f ms\nlatency p50 %.1f  p95 %.1f ms\n",
                 fps, kbps, to_ms(r->rtt_ns), p50(&st->latency),
                 to_ms(gs_histogram_percentile(&st->latency, 95)));
    if (st->input_latency.count && n > 0 && (size_t)n < size)
        n += snprintf(out + n, size - (size_t)n, "input p50 %.1f  p95 %.1f ms\n",
                      p50(&st->input_latency),
                      to_ms(gs_histogram_percentile(&st->input_latency, 95)));
    for (int i = 0; i < GS_STAGE_COUNT && n > 0 && (size_t)n < size; i++)
        n += snprintf(out + n, size - (size_t)n, "%-8s %6.2f%s", gs_stage_names[i],
                      p50(&st->stages[i]), i + 1 < GS_STAGE_COUNT ? "\n" : "");
}

int gs_report_write(const char *path, const char *json)
{
    bool to_stdout = strcmp(path, "-") == 0;
    FILE *f = to_stdout ? stdout : fopen(path, "we");
    int err = 0;

    if (!f)
        return -errno;
    if (fprintf(f, "%s\n", json) < 0 || fflush(f) != 0)
        err = errno ? -errno : -EIO;
    if (!to_stdout && fclose(f) != 0 && err == 0)
        err = -errno;
    return err;
}
