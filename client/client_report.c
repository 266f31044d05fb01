/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is told of a session: snapshot, recording, statistics; reports to the host; the overlay's
 * text. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/client_internal.h"
#include "client/stats_report.h"
#include "common/log.h"

#define REPORT_MS 1000

int gs_client_snapshot(struct gs_client *c, const char *path)
{
    int err = c->presenting ? c->presenter->impl->snapshot(c->presenter, path) : -EAGAIN;

    if (err)
        gs_error("snapshot %s: %s", path, err == -EAGAIN ? "no picture arrived" : g_strerror(-err));
    return err;
}

/* Locked, or when no other thread is left. */
static struct gs_report make_report(struct gs_client *c, const struct gs_receiver_stats *rx)
{
    uint64_t now = gs_now_ns(), away = c->lost ? now - c->lost : 0;

    return (struct gs_report){
        .stats = &c->stats,
        .receiver = rx,
        .welcome = c->welcomed ? &c->welcome : NULL,
        .decoder = c->decoder ? gs_decoder_name(c->decoder) : NULL,
        .rtt_known = gs_clock_sync_ready(&c->clock),
        .rtt_ns = gs_clock_sync_rtt(&c->clock),
        .reconnects = c->reconnects,
        .longest_away_ns = GS_MAX(c->longest_away, away),
        .duration_s = (double)(now - c->options->start) / GS_NS_PER_S,
        .cpu_s = -1,
        .pss_kb = -1,
    };
}

void gs_client_update_overlay(struct gs_client *c)
{
    struct gs_receiver_stats rx;
    char text[GS_OVERLAY_TEXT_MAX];
    struct gs_report r;
    uint64_t now = gs_now_ns();
    double seconds = (double)(now - c->overlay_time) / GS_NS_PER_S;

    if (!c->presenting || !c->presenter->impl->overlay || seconds < 0.5)
        return;
    gs_client_get_receiver_stats(c, &rx);
    pthread_mutex_lock(&c->lock);
    r = make_report(c, &rx);
    gs_report_overlay(&r, (double)(c->stats.frames_decoded - c->overlay_frames) / seconds,
                      (double)(rx.bytes - c->overlay_bytes) / 125 / seconds, text, sizeof(text));
    c->overlay_frames = c->stats.frames_decoded;
    pthread_mutex_unlock(&c->lock);
    c->overlay_bytes = rx.bytes;
    c->overlay_time = now;
    c->presenter->impl->overlay(c->presenter, text);
}

/* ---- to the host ---- */

static uint32_t to_us(uint64_t ns)
{
    return (uint32_t)GS_MIN(ns / GS_NS_PER_US, UINT32_MAX);
}

static struct gs_client_report take_report(struct gs_client *c)
{
    struct gs_receiver_stats rx;
    struct gs_client_report report;
    struct gs_stats_recent recent;

    gs_client_get_receiver_stats(c, &rx);
    pthread_mutex_lock(&c->lock);
    recent = gs_stats_take_recent(&c->stats);
    report = (struct gs_client_report){
        .frames = (uint32_t)c->stats.frames_decoded,
        .lost = (uint32_t)rx.packets_lost,
        .repaired = (uint32_t)rx.packets_repaired,
        .freezes = (uint32_t)c->stats.freezes,
        .latency_p50_us = to_us(recent.latency_p50),
        .latency_p99_us = to_us(recent.latency_p99),
        .input_p50_us = to_us(recent.input_p50),
        .rtt_us = to_us(gs_clock_sync_rtt(&c->clock)),
    };
    pthread_mutex_unlock(&c->lock);
    return report;
}

/* The one after the second in which nothing came is the last. A host that names no resume ticket
 * is an older one, and would not know the message. */
static gboolean on_report_due(void *user)
{
    struct gs_client *c = user;
    const struct gs_client_report report = take_report(c);
    bool more = report.frames != c->report_frames;
    uint8_t payload[GS_REPORT_SIZE];

    c->report_frames = report.frames;
    gs_client_report_write(&report, payload);
    if (c->connected && c->welcome.resume[0] &&
        gs_connection_send(c->conn, GS_MSG_REPORT, payload, sizeof(payload)) != 0)
        gs_debug("a report was not sent");
    if (!more)
        c->report_timer = 0;
    return more ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

void gs_client_report_soon(struct gs_client *c)
{
    if (!c->report_timer)
        c->report_timer = g_timeout_add(REPORT_MS, on_report_due, c);
}

/* ---- at the end ---- */

static void check(struct gs_client *c, const char *what, const char *path, int err)
{
    if (!err)
        return;
    gs_error("%s %s: %s", what, path, g_strerror(-err));
    if (c->status == GS_EXIT_DONE)
        c->status = GS_EXIT_FAILED;
}

static void finish_recording(struct gs_client *c, int write_error)
{
    int err = c->recorder ? gs_recorder_destroy(c->recorder) : 0;

    c->recorder = NULL;
    check(c, "recording", c->options->record, write_error ? write_error : err);
}

static void write_statistics(struct gs_client *c, const struct gs_report *r)
{
    if (c->options->stats) {
        char *json = gs_report_json(r);

        check(c, "statistics", c->options->stats, gs_report_write(c->options->stats, json));
        free(json);
    }
    if (c->options->headless && c->welcomed) {
        g_autofree char *table = gs_report_table(r);

        fputs(table, stderr);
    }
}

void gs_client_report(struct gs_client *c)
{
    int write_error = gs_pipeline_destroy(g_steal_pointer(&c->pipeline));
    struct gs_receiver_stats rx;
    struct gs_report r;

    gs_client_get_receiver_stats(c, &rx);
    /* A short run takes what there is. */
    if (gs_clock_sync_ready(&c->clock))
        gs_stats_set_offset(&c->stats, gs_clock_sync_offset(&c->clock));
    r = make_report(c, &rx);
    gs_report_add_process(&r);
    gs_client_update_overlay(c);
    if (c->options->snapshot && c->welcomed && gs_client_snapshot(c, c->options->snapshot) != 0 &&
        c->status == GS_EXIT_DONE)
        c->status = GS_EXIT_FAILED;
    finish_recording(c, write_error);
    write_statistics(c, &r);
}
