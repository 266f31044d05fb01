/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/top_rows.h"

#include <glib.h>
#include <string.h>

#include "host/api.h"
#include "host/show_shares.h"
#include "host/table.h"

#define UNKNOWN (-1.0)

/* How fast a counter of microseconds counts: 1 is one processor, or one engine of a GPU. */
struct rate {
    json_int_t us;
    int64_t at;
    double value;
};

struct usage {
    struct rate cpu, gpu;
    bool seen;
};

struct gs_top_rows {
    json_t *sessions, *devices;
    GHashTable *usage; /* by name */
};

struct gs_top_rows *gs_top_rows_create(void)
{
    struct gs_top_rows *r = g_new0(struct gs_top_rows, 1);

    r->usage = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return r;
}

void gs_top_rows_destroy(struct gs_top_rows *rows)
{
    if (!rows)
        return;
    json_decref(rows->sessions);
    json_decref(rows->devices);
    g_hash_table_unref(rows->usage);
    g_free(rows);
}

/* ---- measuring ---- */

static struct usage *usage_of(struct gs_top_rows *r, const char *name)
{
    struct usage *u = g_hash_table_lookup(r->usage, name);

    if (!u) {
        u = g_new0(struct usage, 1);
        u->cpu.value = u->gpu.value = UNKNOWN;
        g_hash_table_insert(r->usage, g_strdup(name), u);
    }
    return u;
}

static void measure(struct rate *r, json_int_t us, int64_t at)
{
    const struct rate last = *r;
    int64_t elapsed = at - last.at;

    r->us = us;
    r->at = at;
    if (last.at == 0 || us < last.us)
        r->value = UNKNOWN; /* the first, or of another worker or application */
    else if (elapsed < 100000)
        *r = last; /* the same measurement once more */
    else
        r->value = (double)(us - last.us) / (double)elapsed;
}

/* Of the GPU the scheduler knows all that a session used; a worker only what it used itself. */
static void measure_session(struct usage *u, const json_t *s, int64_t now)
{
    const json_t *stats = json_object_get(s, "stats");
    const json_t *scheduler = json_object_get(s, "scheduler");
    int64_t at = now - gs_api_number(stats, "age_ms") * 1000;

    if (json_is_object(stats))
        measure(&u->cpu, gs_api_number(stats, "cpu_us") + gs_api_number(stats, "app_cpu_us"), at);
    if (json_is_object(scheduler))
        measure(&u->gpu, gs_api_number(scheduler, "used_us"), now);
    else if (json_is_object(stats))
        measure(&u->gpu, gs_api_number(stats, "gpu_us"), at);
}

static gboolean forget_unseen(gpointer name, gpointer usage, gpointer user)
{
    struct usage *u = usage;
    bool seen = u->seen;

    (void)name;
    (void)user;
    u->seen = false;
    return !seen;
}

void gs_top_rows_update(struct gs_top_rows *rows, const json_t *answer, int64_t now)
{
    json_t *sessions = json_object_get(answer, "sessions");

    json_decref(rows->sessions);
    json_decref(rows->devices);
    rows->sessions = json_incref(sessions);
    rows->devices = json_incref(json_object_get(answer, "devices"));
    for (size_t i = 0; i < json_array_size(sessions); i++) {
        const json_t *s = json_array_get(sessions, i);
        struct usage *u = usage_of(rows, gs_api_text(s, "name"));

        u->seen = true;
        measure_session(u, s, now);
    }
    g_hash_table_foreach_remove(rows->usage, forget_unseen, NULL);
}

/* ---- showing ---- */

static void add_clients(struct gs_table *table, const json_t *clients)
{
    size_t n = json_array_size(clients);
    const char *first = gs_api_text(json_array_get(clients, 0), "address");

    if (n == 0)
        gs_table_add(table, "-");
    else if (n == 1)
        gs_table_add(table, "%s", first);
    else
        gs_table_add(table, "%s +%zu", first, n - 1);
}

/* times: how many of its unit one is. */
static void add_rate(struct gs_table *table, const struct rate *rate, double times)
{
    if (!rate || rate->value < 0)
        gs_table_add(table, "-");
    else
        gs_table_add(table, "%.0f", rate->value * times);
}

/* In percent of its GPU. */
static void add_share(struct gs_table *table, const json_t *scheduler)
{
    if (!json_is_object(scheduler))
        gs_table_add(table, "-");
    else
        gs_table_add(table, "%.0f/%.0f", (double)gs_api_number(scheduler, "got_permille") / 10,
                     (double)gs_api_number(scheduler, "asked_permille") / 10);
}

/* With who caused most of them. */
static void add_misses(struct gs_table *table, const json_t *s)
{
    const json_t *scheduler = json_object_get(s, "scheduler");
    const json_t *culprit = json_array_get(json_object_get(scheduler, "culprits"), 0);
    const char *who = gs_api_text(culprit, "session");

    if (!json_is_object(scheduler))
        gs_table_add(table, "-");
    else if (!culprit || gs_api_number(scheduler, "misses") == 0)
        gs_table_add(table, "%" JSON_INTEGER_FORMAT, gs_api_number(scheduler, "misses"));
    else
        gs_table_add(table, "%" JSON_INTEGER_FORMAT " (%s)", gs_api_number(scheduler, "misses"),
                     strcmp(who, gs_api_text(s, "name")) == 0 ? "its own"
                     : *who                                   ? who
                                                              : "others");
}

/* What the client sees, where it says so, else up to the last packet. */
static void add_latency(struct gs_table *table, const json_t *stats)
{
    const char *prefix = gs_api_number(stats, "client_p50_us") ? "client" : "latency";
    g_autofree char *p50 = g_strconcat(prefix, "_p50_us", NULL);
    g_autofree char *p99 = g_strconcat(prefix, "_p99_us", NULL);

    if (gs_api_number(stats, p50))
        gs_table_add(table, "%.1f/%.1f", (double)gs_api_number(stats, p50) / 1000,
                     (double)gs_api_number(stats, p99) / 1000);
    else
        gs_table_add(table, "-");
}

static void add_stats(struct gs_table *table, const json_t *stats, const json_t *s,
                      const struct usage *u)
{
    g_autofree char *memory = gs_text_bytes(
        (uint64_t)(gs_api_number(stats, "rss_kb") + gs_api_number(stats, "app_rss_kb")) * 1024);

    gs_table_add(table, "%.0f", (double)gs_api_number(stats, "fps_milli") / 1000);
    add_latency(table, stats);
    add_rate(table, u ? &u->gpu : NULL, 1000);
    add_share(table, json_object_get(s, "scheduler"));
    add_rate(table, u ? &u->cpu : NULL, 100);
    gs_table_add(table, "%" JSON_INTEGER_FORMAT, gs_api_number(stats, "kbps"));
    gs_table_add(table, "%s", memory);
    gs_table_add(table, "%" JSON_INTEGER_FORMAT, gs_api_number(stats, "dropped"));
    add_misses(table, s);
}

static void add_state(struct gs_table *table, const json_t *s)
{
    const json_t *queue = json_object_get(s, "queue");
    bool frozen = json_is_true(json_object_get(json_object_get(s, "stats"), "frozen"));
    bool policed = json_is_true(json_object_get(json_object_get(s, "scheduler"), "policed"));

    if (json_is_object(queue))
        gs_table_add(table, "%s, %" JSON_INTEGER_FORMAT ".", gs_api_text(s, "state"),
                     gs_api_number(queue, "place"));
    else
        gs_table_add(table, "%s%s%s", gs_api_text(s, "state"), frozen ? ", frozen" : "",
                     policed ? ", policed" : "");
}

static void add_session(const struct gs_top_rows *r, struct gs_table *table, const json_t *s)
{
    const json_t *stats = json_object_get(s, "stats");
    const char *name = gs_api_text(s, "name");

    gs_table_add(table, "%s", name);
    gs_table_add(table, "%s", gs_api_text(s, "user"));
    add_state(table, s);
    add_clients(table, json_object_get(s, "clients"));
    if (json_is_object(stats)) {
        add_stats(table, stats, s, g_hash_table_lookup(r->usage, name));
        return;
    }
    for (int i = 0; i < 9; i++)
        gs_table_add(table, "-");
}

static void print_devices(const struct gs_top_rows *r, unsigned width, const char *end, FILE *out)
{
    g_autofree char *devices = gs_show_devices(r->devices);
    g_autofree char *line = g_strconcat("GPU: ", devices, NULL);

    fprintf(out, "%.*s%s", width ? (int)width : (int)strlen(line), line, end);
}

static void print_sum(const struct gs_top_rows *r, unsigned width, const char *end, FILE *out)
{
    g_autofree char *rate = NULL, *line = NULL;
    size_t clients = 0, sessions = json_array_size(r->sessions);
    uint64_t kbps = 0;
    double cpu = 0;

    for (size_t i = 0; i < sessions; i++) {
        const json_t *s = json_array_get(r->sessions, i);
        const struct usage *u = g_hash_table_lookup(r->usage, gs_api_text(s, "name"));

        clients += json_array_size(json_object_get(s, "clients"));
        kbps += (uint64_t)gs_api_number(json_object_get(s, "stats"), "kbps");
        cpu += u && u->cpu.value > 0 ? 100 * u->cpu.value : 0;
    }
    rate = gs_text_kbps(kbps);
    line = g_strdup_printf("gpushare: sessions %zu, clients %zu, CPU %.0f %%, %s", sessions,
                           clients, cpu, rate);
    fprintf(out, "%.*s%s", width ? (int)width : (int)strlen(line), line, end);
}

void gs_top_rows_print(const struct gs_top_rows *rows, unsigned width, unsigned height,
                       const char *end, FILE *out)
{
    static const char *const headings[] = {"SESSION",     "USER",      "STATE",  "CLIENTS", ">FPS",
                                           ">MS p50/p99", ">GPU ms/s", ">SHARE", ">CPU %",  ">kb/s",
                                           ">MEMORY",     ">DROPPED",  "MISSES", NULL};
    size_t n = json_array_size(rows->sessions), shown = n;
    size_t heads = json_array_size(rows->devices) > 0 ? 3 : 2;
    struct gs_table *table = gs_table_create(headings);

    /* The sum, the devices, the headings, and the line about those that are not shown. */
    if (height && n + heads > height)
        shown = height > heads + 1 ? height - heads - 1 : 0;
    print_sum(rows, width, end, out);
    if (heads > 2)
        print_devices(rows, width, end, out);
    for (size_t i = 0; i < shown; i++)
        add_session(rows, table, json_array_get(rows->sessions, i));
    gs_table_print(table, width, end, out);
    if (shown < n)
        fprintf(out, "(%zu more)%s", n - shown, end);
    gs_table_destroy(table);
}
