/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/metrics.h"

#include <glib.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "host/exposition.h"
#include "host/metrics_shares.h"

#define KB 1024

/* ---- tables ---- */

enum base { OF_SESSION, OF_SETTINGS, OF_STATS, OF_GRANTS };

/* A number in one of the structs of a session. */
struct row {
    const char *name, *type, *help; /* NULL: a further sample of the metric before */
    const char *label, *value;      /* beside the session's name; NULL: none */
    enum base base;
    size_t offset, size;
    unsigned factor, decimals;
    bool maybe; /* 0 is not known */
};

#define AT(base, type, field) base, offsetof(type, field), sizeof(((type *)0)->field)
#define SESSION(field) AT(OF_SESSION, struct gs_session_info, field)
#define SETTINGS(field) AT(OF_SETTINGS, struct gs_session_settings, field)
#define STATS(field) AT(OF_STATS, struct gs_worker_stats, field)
#define GRANTS(field) AT(OF_GRANTS, struct gs_grants_info, field)
#define COUNT(name, field, help)                                                                   \
    {                                                                                              \
        "gpushare_session_" name "_total", "counter", help, NULL, NULL, STATS(field), 1, 0, false  \
    }
#define GRANTS_COUNT(name, field, decimals, help)                                                  \
    {                                                                                              \
        "gpushare_session_" name "_total", "counter", help, NULL, NULL, GRANTS(sched.field), 1,    \
            decimals, false                                                                        \
    }

static const struct row rows[] = {
    {"gpushare_session_created_timestamp_seconds", "gauge", "When the session was made.", NULL,
     NULL, SESSION(created), 1, 0, false},
    {"gpushare_session_restarts_total", "counter", "Times that its worker was started again.", NULL,
     NULL, SESSION(restarts), 1, 0, false},
    {"gpushare_session_clients", "gauge", "Clients that are connected.", NULL, NULL,
     SESSION(n_clients), 1, 0, false},
    {"gpushare_session_frames_per_second_limit", "gauge", "Most frames a second, as it is set.",
     NULL, NULL, SETTINGS(fps), 1, 0, false},
    COUNT("commits", commits, "Commits of the application that changed the picture."),
    COUNT("frames", frames, "Frames captured and encoded."),
    COUNT("refined", refined, "Pictures at rest that were encoded again with a better quality."),
    COUNT("keyframes", keyframes, "Keyframes among both."),
    COUNT("dropped_frames", dropped, "Frames that were encoded, but reached nobody."),
    COUNT("packets", packets, "Media packets sent to all viewers, without retransmissions."),
    COUNT("bytes", bytes, "Bytes of these packets."),
    COUNT("lost_packets", lost, "Packets lost on the way, as viewers report."),
    COUNT("repaired_packets", repaired, "Packets sent again."),
    {"gpushare_session_cpu_seconds_total", "counter",
     "Processor time of the worker, and of the application's processes.", "part", "worker",
     STATS(cpu_us), 1, 6, false},
    {NULL, NULL, NULL, "part", "app", STATS(app_cpu_us), 1, 6, false},
    {"gpushare_session_gpu_seconds_total", "counter",
     "GPU time of the worker's own passes, where it can be measured.", NULL, NULL, STATS(gpu_us), 1,
     6, false},
    {"gpushare_session_memory_bytes", "gauge",
     "Resident memory of the worker, and of the application's processes.", "part", "worker",
     STATS(rss_kb), KB, 0, false},
    {NULL, NULL, NULL, "part", "app", STATS(app_rss_kb), KB, 0, false},
    {"gpushare_session_viewers", "gauge", "Viewers that receive the picture.", NULL, NULL,
     STATS(viewers), 1, 0, false},
    {"gpushare_session_frames_per_second", "gauge", "Frames of the last second.", NULL, NULL,
     STATS(fps_milli), 1, 3, false},
    {"gpushare_session_frozen", "gauge", "1 while its application stands still, unwatched.", NULL,
     NULL, STATS(frozen), 1, 0, false},
    {"gpushare_session_client_latency_seconds", "gauge",
     "From commit to decoded, as the controlling client measured last.", "percentile", "50",
     STATS(client_p50_us), 1, 6, true},
    {NULL, NULL, NULL, "percentile", "99", STATS(client_p99_us), 1, 6, true},
    {"gpushare_session_client_rtt_seconds", "gauge", "Round trip to the controlling client.", NULL,
     NULL, STATS(rtt_us), 1, 6, true},
    {"gpushare_session_stats_age_seconds", "gauge",
     "How old the measurements of the worker are; they come once in 5 s or sooner.", NULL, NULL,
     SESSION(stats_age_ms), 1, 3, false},
    {"gpushare_session_weight", "gauge", "Share of the GPU beside others, as it is set.", NULL,
     NULL, SETTINGS(weight), 1, 0, false},
    {"gpushare_session_floor_frames_per_second", "gauge",
     "Frames a second that are promised: wished, as it is set, and kept now.", "kind", "wished",
     SETTINGS(floor_fps), 1, 0, false},
    {NULL, NULL, NULL, "kind", "kept", GRANTS(sched.floor_fps), 1, 0, true},
    {"gpushare_session_share_ratio", "gauge",
     "Part of its GPU over the last second: asked for, got, and what its weight entitles it to.",
     "kind", "asked", GRANTS(sched.asked_permille), 1, 3, false},
    {NULL, NULL, NULL, "kind", "got", GRANTS(sched.got_permille), 1, 3, false},
    {NULL, NULL, NULL, "kind", "entitled", GRANTS(sched.share_permille), 1, 3, false},
    GRANTS_COUNT("gpu_used_seconds", used_ns, 9,
                 "GPU time of worker and application; processor time where software renders."),
    GRANTS_COUNT("scheduled_frames", frames, 0, "Frames that were begun."),
    GRANTS_COUNT("waits", waits, 0, "Frames among them that waited for the GPU."),
    GRANTS_COUNT("wait_seconds", waited_ns, 9, "How long they waited together."),
    GRANTS_COUNT("starved", starved, 0, "Frames let go because they had waited for too long."),
    GRANTS_COUNT("liberties", liberties, 0, "Frames begun that nobody had let go."),
    GRANTS_COUNT("lapsed", lapsed, 0, "Frames that were not done in good time."),
    GRANTS_COUNT("missed_frames", misses, 0,
                 "Frames later than one of the floor (without one: of the limit) lasts."),
    {"gpushare_session_policed", "gauge",
     "1 while it runs by turns, as it used more than its share without asking.", NULL, NULL,
     GRANTS(sched.policed), 1, 0, false},
    {"gpushare_session_scheduled", "gauge", "1 while its worker asks before it draws.", NULL, NULL,
     GRANTS(connected), 1, 0, false},
};

static const struct {
    const char *name, *type, *help;
    size_t offset, size; /* in struct gs_metrics */
    unsigned decimals;
} daemon_rows[] = {
#define DAEMON(field) offsetof(struct gs_metrics, field), sizeof(((struct gs_metrics *)0)->field)
    {"gpushare_start_time_seconds", "gauge", "When the daemon was started.", DAEMON(daemon.started),
     0},
    {"gpushare_sessions_limit", "gauge", "Most sessions at a time, as it is configured.",
     DAEMON(sessions_limit), 0},
    {"gpushare_clients", "gauge", "Clients that were let in.", DAEMON(daemon.clients), 0},
    {"gpushare_waiting_connections", "gauge", "Connections that have not shown a ticket yet.",
     DAEMON(daemon.waiting), 0},
    {"gpushare_sessions_created_total", "counter", "Sessions made.", DAEMON(daemon.created), 0},
    {"gpushare_sessions_ended_total", "counter", "Sessions that ended, those that failed included.",
     DAEMON(daemon.ended), 0},
    {"gpushare_sessions_failed_total", "counter", "Sessions that ended because of an error.",
     DAEMON(daemon.failed), 0},
    {"gpushare_sessions_hung_total", "counter",
     "Workers that were killed because they stopped answering.", DAEMON(daemon.hung), 0},
    {"gpushare_sessions_adopted_total", "counter", "Workers taken over from an earlier daemon.",
     DAEMON(daemon.adopted), 0},
    {"gpushare_clients_refused_total", "counter", "Clients and connections that were turned away.",
     DAEMON(daemon.refused), 0},
    {"gpushare_daemon_cpu_seconds_total", "counter", "Processor time of the daemon itself.",
     DAEMON(process.cpu_us), 6},
    {"gpushare_daemon_memory_bytes", "gauge", "Resident memory of the daemon itself.",
     DAEMON(process.memory), 0},
    {"gpushare_daemon_open_files", "gauge", "Descriptors that the daemon has open.",
     DAEMON(process.files), 0},
    {"gpushare_daemon_open_files_limit", "gauge", "How many it may open.",
     DAEMON(process.files_limit), 0},
};

static uint64_t number_at(const void *base, size_t offset, size_t size)
{
    const uint8_t *at = (const uint8_t *)base + offset;

    if (size == sizeof(uint64_t))
        return *(const uint64_t *)at;
    return size == sizeof(uint32_t) ? *(const uint32_t *)at : *at;
}

/* ---- sessions ---- */

static const void *base_of(const struct row *row, const struct gs_session_info *i)
{
    if (row->base == OF_STATS)
        return i->stats;
    if (row->base == OF_SETTINGS)
        return i->settings;
    if (row->base == OF_GRANTS)
        return i->scheduled ? &i->grants : NULL;
    /* Without measurements they have no age. */
    return row->offset == offsetof(struct gs_session_info, stats_age_ms) && !i->stats ? NULL : i;
}

static void add_row(GString *out, const char *name, const struct row *row,
                    const struct gs_session_info *i)
{
    const struct gs_exposition_label labels[] = {
        {"session", i->name}, {row->label, row->value}, {NULL, NULL}};
    const void *base = base_of(row, i);
    uint64_t n = base ? number_at(base, row->offset, row->size) : 0;

    if (base && (n || !row->maybe))
        gs_exposition_add(out, name, "", labels, n * row->factor, row->decimals);
}

/* Prometheus wants all samples of a metric in one place. */
static void put_rows(GString *out, const struct gs_metrics *m)
{
    const struct row *end = rows + G_N_ELEMENTS(rows);

    for (const struct row *row = rows; row < end; row++) {
        if (!row->name)
            continue;
        gs_exposition_begin(out, row->name, row->type, row->help);
        for (unsigned i = 0; i < m->n_sessions; i++) {
            add_row(out, row->name, row, &m->sessions[i]);
            for (const struct row *more = row + 1; more < end && !more->name; more++)
                add_row(out, row->name, more, &m->sessions[i]);
        }
    }
}

static void put_infos(GString *out, const struct gs_metrics *m)
{
    static const char name[] = "gpushare_session_info";

    gs_exposition_begin(out, name, "gauge",
                        "Always 1: whose a session is, and what it works with.");
    for (unsigned i = 0; i < m->n_sessions; i++) {
        const struct gs_session_info *s = &m->sessions[i];
        const char *encoder = s->stats && s->stats->encoder[0] ? s->stats->encoder
                              : s->ready                       ? s->ready->encoder
                                                               : "";
        const struct gs_exposition_label labels[] = {
            {"session", s->name},
            {"user", s->user},
            {"app", s->app},
            {"encoder", encoder},
            {"converter", s->ready ? s->ready->converter : ""},
            {"renderer", s->ready ? s->ready->renderer : ""},
            {NULL, NULL},
        };

        gs_exposition_add(out, name, "", labels, 1, 0);
    }
}

static void put_states(GString *out, const struct gs_metrics *m)
{
    static const char name[] = "gpushare_session_state";

    gs_exposition_begin(out, name, "gauge", "1 for the state that a session is in.");
    for (unsigned i = 0; i < m->n_sessions; i++) {
        const struct gs_session_info *s = &m->sessions[i];
        const struct gs_exposition_label labels[] = {
            {"session", s->name}, {"state", gs_session_state_names[s->state]}, {NULL, NULL}};

        gs_exposition_add(out, name, "", labels, 1, 0);
    }
}

static void put_spilled(GString *out, const struct gs_metrics *m)
{
    static const char name[] = "gpushare_session_spilled";

    gs_exposition_begin(out, name, "gauge", "1 while software encodes though there is hardware.");
    for (unsigned i = 0; i < m->n_sessions; i++) {
        const struct gs_session_info *s = &m->sessions[i];
        const struct gs_exposition_label labels[] = {{"session", s->name}, {NULL, NULL}};

        if (s->stats)
            gs_exposition_add(out, name, "", labels, s->stats->spilled[0] != '\0', 0);
    }
}

/* ---- histograms ---- */

/* A worker may send any numbers; what is made of them stays a histogram. */
static uint64_t add_up(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void add_stage(GString *out, const char *name, const char *session, const char *stage,
                      const struct gs_stage_histogram *h)
{
    struct gs_exposition_label labels[] = {
        {"session", session}, {"stage", stage}, {"le", "+Inf"}, {NULL, NULL}};
    uint64_t count = 0;
    char le[32];

    for (unsigned i = 0; i < GS_STAGE_BUCKETS; i++) {
        count = add_up(count, h->bucket[i]);
        labels[2].value =
            i < GS_STAGE_BUCKETS - 1 ? gs_exposition_number(le, gs_stage_bucket_us[i], 6) : "+Inf";
        gs_exposition_add(out, name, "_bucket", labels, count, 0);
    }
    labels[2].name = NULL;
    gs_exposition_add(out, name, "_sum", labels, h->sum_us, 6);
    gs_exposition_add(out, name, "_count", labels, count, 0);
}

static void put_stages(GString *out, const struct gs_metrics *m)
{
    static const char name[] = "gpushare_stage_seconds";

    gs_exposition_begin(
        out, name, "histogram",
        "Time of frames in the worker's stages; total: from commit to last packet.");
    for (unsigned i = 0; i < m->n_sessions; i++) {
        const struct gs_session_info *s = &m->sessions[i];

        for (unsigned stage = 0; s->stats && stage < GS_WORKER_STAGES; stage++)
            add_stage(out, name, s->name, gs_worker_stage_names[stage], &s->stats->stages[stage]);
    }
}

/* ---- the daemon ---- */

static void put_daemon(GString *out, const struct gs_metrics *m)
{
    static const struct gs_exposition_label version[] = {{"version", GS_VERSION}, {NULL, NULL}};
    uint64_t started = m->daemon.started;

    gs_exposition_begin(out, "gpushare_build_info", "gauge", "Always 1: the daemon's version.");
    gs_exposition_add(out, "gpushare_build_info", "", version, 1, 0);
    gs_exposition_begin(out, "gpushare_uptime_seconds", "gauge", "How long the daemon runs.");
    gs_exposition_add(out, "gpushare_uptime_seconds", "", NULL,
                      m->now > started ? m->now - started : 0, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(daemon_rows); i++) {
        gs_exposition_begin(out, daemon_rows[i].name, daemon_rows[i].type, daemon_rows[i].help);
        gs_exposition_add(out, daemon_rows[i].name, "", NULL,
                          number_at(m, daemon_rows[i].offset, daemon_rows[i].size),
                          daemon_rows[i].decimals);
    }
}

/* Without a limit while none is known. */
static void put_slots(GString *out, const struct gs_metrics *m)
{
    static const char name[] = "gpushare_encoder_slots";
    const struct gs_slots_count *n = &m->daemon.encoder_slots;
    struct gs_exposition_label labels[] = {{"state", "limit"}, {NULL, NULL}};

    gs_exposition_begin(out, name, "gauge",
                        "Slots of the hardware encoders: how many there are, as far as is known, "
                        "used, and waited for.");
    if (n->limit != GS_SLOTS_AUTO)
        gs_exposition_add(out, name, "", labels, n->limit, 0);
    labels[0].value = "used";
    gs_exposition_add(out, name, "", labels, n->used, 0);
    labels[0].value = "wanted";
    gs_exposition_add(out, name, "", labels, n->wanted, 0);
}

static void put_states_of_all(GString *out, const struct gs_metrics *m)
{
    static const char name[] = "gpushare_sessions";

    gs_exposition_begin(out, name, "gauge", "Sessions, by their state.");
    for (unsigned state = 0; state < GS_SESSION_ENDED; state++) {
        const struct gs_exposition_label labels[] = {{"state", gs_session_state_names[state]},
                                                     {NULL, NULL}};
        unsigned n = 0;

        for (unsigned i = 0; i < m->n_sessions; i++)
            n += m->sessions[i].state == state;
        gs_exposition_add(out, name, "", labels, n, 0);
    }
}

char *gs_metrics_format(const struct gs_metrics *m)
{
    GString *out = g_string_sized_new(8192 + m->n_sessions * (size_t)8192);

    put_daemon(out, m);
    put_slots(out, m);
    gs_metrics_put_devices(out, m);
    put_states_of_all(out, m);
    put_infos(out, m);
    put_states(out, m);
    put_rows(out, m);
    gs_metrics_put_misses(out, m);
    put_spilled(out, m);
    put_stages(out, m);
    return g_string_free(out, FALSE);
}

/* ---- as of now ---- */

static void measure_self(struct gs_metrics_process *ret)
{
    g_autofree char *statm = NULL;
    g_autoptr(GDir) fds = g_dir_open("/proc/self/fd", 0, NULL);
    struct rlimit limit = {0};
    struct rusage usage;
    unsigned long pages = 0;

    if (getrusage(RUSAGE_SELF, &usage) == 0)
        ret->cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC +
                      (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
    if (g_file_get_contents("/proc/self/statm", &statm, NULL, NULL) &&
        sscanf(statm, "%*u %lu", &pages) == 1)
        ret->memory = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
    while (fds && g_dir_read_name(fds))
        ret->files++;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        ret->files_limit = limit.rlim_cur;
}

static bool take(void *user, const struct gs_session_info *info)
{
    g_array_append_vals(user, info, 1);
    return true;
}

char *gs_metrics_collect(struct gs_sessions *s)
{
    static const struct gs_caller everybody = {.admin = true};
    g_autoptr(GArray) infos = g_array_new(FALSE, FALSE, sizeof(struct gs_session_info));
    struct gs_metrics m = {.now = (uint64_t)g_get_real_time() / G_USEC_PER_SEC,
                           .sessions_limit = gs_sessions_config(s)->sessions};

    gs_sessions_daemon_info(s, &m.daemon);
    m.n_devices =
        MIN(gs_sessions_devices(s, m.devices, GS_SCHED_DEVICES_MAX), GS_SCHED_DEVICES_MAX);
    measure_self(&m.process);
    gs_sessions_each(s, &everybody, take, infos);
    m.sessions = (const struct gs_session_info *)(void *)infos->data;
    m.n_sessions = infos->len;
    return gs_metrics_format(&m);
}
