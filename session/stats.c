/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/stats.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "session/app_usage.h"

#define INTERVAL_S 1
#define INTERVAL_QUIET_S 5
/* Looking through the application's processes is what costs most: 6 µs for each of their threads.
 */
#define APP_INTERVAL (2 * GS_NS_PER_S)
#define APP_SHARE 4000 /* this part of a processor at most */

struct gs_stats {
    struct gs_stats_params params;
    guint timer, interval;
    struct gs_client_report report;
    struct gs_app_usage app;
    uint64_t app_due;
    /* Of the message before. */
    uint64_t said, commits, frames, bytes;
};

static void put_pipeline(struct gs_stats *s, struct gs_worker_stats *out)
{
    struct gs_counters *c = gs_pipeline_counters(s->params.parts->pipeline);
    const struct gs_egl *egl = s->params.parts->egl;

    out->commits = c->commits;
    out->frames = c->frames;
    out->refined = c->refined;
    out->keyframes = c->keyframes;
    out->dropped = c->unsent;
    out->gpu_us = egl && !egl->software ? c->gpu_ns / GS_NS_PER_US : 0;
    memcpy(out->stages, c->stages, sizeof(out->stages));
    out->latency_p50_us = (uint32_t)(gs_histogram_percentile(&c->latency, 50) / GS_NS_PER_US);
    out->latency_p99_us = (uint32_t)(gs_histogram_percentile(&c->latency, 99) / GS_NS_PER_US);
    gs_histogram_reset(&c->latency);
}

static void put_transport(struct gs_stats *s, struct gs_worker_stats *out)
{
    struct gs_transport_counters c;

    gs_transport_counters(s->params.parts->transport, &c);
    out->packets = c.packets;
    out->bytes = c.bytes;
    out->lost = c.lost;
    out->repaired = c.repaired;
    out->dropped += c.dropped_frames;
}

static uint64_t own_rss_kb(void)
{
    unsigned long long resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");

    if (!f)
        return 0;
    if (fscanf(f, "%*u %llu", &resident) != 1)
        resident = 0;
    fclose(f);
    return resident * ((uint64_t)sysconf(_SC_PAGESIZE) / 1024);
}

static void measure_app(struct gs_stats *s, uint64_t now)
{
    uint64_t begin = gs_clock_ns(CLOCK_THREAD_CPUTIME_ID), spent;

    gs_app_usage_measure(&s->app);
    spent = gs_clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
    /* The timer may be a little early. */
    s->app_due = now + GS_MAX(APP_INTERVAL, APP_SHARE * spent) - GS_NS_PER_S / 2;
}

static void put_usage(struct gs_stats *s, struct gs_worker_stats *out, uint64_t now)
{
    struct rusage r;

    if (getrusage(RUSAGE_SELF, &r) == 0)
        out->cpu_us = (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000000 +
                      (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec);
    out->rss_kb = own_rss_kb();
    if (now >= s->app_due)
        measure_app(s, now);
    out->app_cpu_us = s->app.cpu_us;
    out->app_rss_kb = s->app.rss_kb;
}

static void put_rates(const struct gs_stats *s, struct gs_worker_stats *out, uint64_t now)
{
    double seconds = (double)(now - s->said) / (double)GS_NS_PER_S;

    out->fps_milli = (uint32_t)((double)(out->frames - s->frames) * 1000 / seconds);
    out->kbps = (uint32_t)((double)(out->bytes - s->bytes) * 8 / 1000 / seconds);
}

static void put_encoder(const struct gs_stats *s, struct gs_worker_stats *out)
{
    const struct gs_encoder *enc = s->params.parts->encoder;

    g_strlcpy(out->encoder, enc->impl->name, sizeof(out->encoder));
    if (enc->spilled)
        g_strlcpy(out->spilled, enc->why, sizeof(out->spilled));
}

static void collect(struct gs_stats *s, struct gs_worker_stats *out, uint64_t now)
{
    put_pipeline(s, out);
    put_transport(s, out);
    put_usage(s, out, now);
    put_rates(s, out, now);
    put_encoder(s, out);
    out->viewers = gs_clients_receiving(s->params.clients);
    out->frozen = gs_unwatched_frozen(s->params.unwatched);
    out->client_p50_us = s->report.latency_p50_us;
    out->client_p99_us = s->report.latency_p99_us;
    out->rtt_us = s->report.rtt_us;
}

/* True: nothing changes, and nobody looks. */
static bool say(struct gs_stats *s)
{
    struct gs_worker_stats stats = {0};
    uint64_t now = gs_now_ns();
    bool quiet;
    char *json;

    collect(s, &stats, now);
    json = gs_worker_stats_to_json(&stats);
    if (gs_link_send(s->params.link, GS_LINK_STATS, json, strlen(json)) < 0)
        gs_debug("statistics were not sent");
    free(json);
    quiet = !stats.viewers && stats.commits == s->commits && stats.frames == s->frames;
    s->said = now;
    s->commits = stats.commits;
    s->frames = stats.frames;
    s->bytes = stats.bytes;
    return quiet;
}

static gboolean on_timer(gpointer data);

static void set_timer(struct gs_stats *s, guint seconds)
{
    s->interval = seconds;
    s->timer = g_timeout_add_seconds(seconds, on_timer, s);
}

static gboolean on_timer(gpointer data)
{
    struct gs_stats *s = data;
    guint next = say(s) ? INTERVAL_QUIET_S : INTERVAL_S;

    if (next == s->interval)
        return G_SOURCE_CONTINUE;
    set_timer(s, next);
    return G_SOURCE_REMOVE;
}

void gs_stats_begin(struct gs_stats *s)
{
    if (!s || !gs_link_up(s->params.link) || s->interval == INTERVAL_S)
        return;
    gs_stats_pause(s);
    set_timer(s, INTERVAL_S);
}

void gs_stats_pause(struct gs_stats *s)
{
    if (!s)
        return;
    if (s->timer)
        g_source_remove(s->timer);
    s->timer = 0;
    s->interval = 0;
}

void gs_stats_client_report(struct gs_stats *s, const struct gs_client_report *report)
{
    if (s)
        s->report = report ? *report : (struct gs_client_report){0};
}

struct gs_stats *gs_stats_create(const struct gs_stats_params *params)
{
    struct gs_stats *s = g_new0(struct gs_stats, 1);

    s->params = *params;
    s->said = gs_now_ns();
    gs_stats_begin(s);
    return s;
}

void gs_stats_destroy(struct gs_stats *s)
{
    gs_stats_pause(s);
    g_free(s);
}
