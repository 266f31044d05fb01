/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/top_rows.h"

#include <glib.h>
#include <string.h>

#include "host/api.h"
#include "host/table.h"

#define UNKNOWN (-1.0)

struct usage {
    json_int_t cpu_us, gpu_us;
    int64_t at;      /* when the worker measured it */
    double cpu, gpu; /* percent of one, since the one before */
    bool seen;
};

struct gs_top_rows {
    json_t *sessions;
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
    g_hash_table_unref(rows->usage);
    g_free(rows);
}

/* ---- measuring ---- */

static struct usage *usage_of(struct gs_top_rows *r, const char *name)
{
    struct usage *u = g_hash_table_lookup(r->usage, name);

    if (!u) {
        u = g_new0(struct usage, 1);
        u->cpu = u->gpu = UNKNOWN;
        g_hash_table_insert(r->usage, g_strdup(name), u);
    }
    return u;
}

static void measure(struct usage *u, const json_t *stats, int64_t now)
{
    const struct usage last = *u;
    int64_t elapsed;

    u->cpu_us = gs_api_number(stats, "cpu_us") + gs_api_number(stats, "app_cpu_us");
    u->gpu_us = gs_api_number(stats, "gpu_us");
    u->at = now - gs_api_number(stats, "age_ms") * 1000;
    elapsed = u->at - last.at;
    if (last.at == 0 || u->cpu_us < last.cpu_us || u->gpu_us < last.gpu_us) {
        u->cpu = u->gpu = UNKNOWN; /* the first, or of another worker or application */
    } else if (elapsed < 100000) {
        *u = last; /* the same measurement once more */
    } else {
        u->cpu = 100.0 * (double)(u->cpu_us - last.cpu_us) / (double)elapsed;
        u->gpu = 100.0 * (double)(u->gpu_us - last.gpu_us) / (double)elapsed;
    }
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
    rows->sessions = json_incref(sessions);
    for (size_t i = 0; i < json_array_size(sessions); i++) {
        const json_t *s = json_array_get(sessions, i);
        struct usage *u = usage_of(rows, gs_api_text(s, "name"));
        const json_t *stats = json_object_get(s, "stats");

        u->seen = true;
        if (json_is_object(stats))
            measure(u, stats, now);
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

static void add_percent(struct gs_table *table, double percent)
{
    if (percent < 0)
        gs_table_add(table, "-");
    else
        gs_table_add(table, "%.0f", percent);
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

static void add_stats(struct gs_table *table, const json_t *stats, const struct usage *u)
{
    g_autofree char *memory = gs_text_bytes(
        (uint64_t)(gs_api_number(stats, "rss_kb") + gs_api_number(stats, "app_rss_kb")) * 1024);

    gs_table_add(table, "%.0f", (double)gs_api_number(stats, "fps_milli") / 1000);
    add_latency(table, stats);
    add_percent(table, u ? u->gpu : UNKNOWN);
    add_percent(table, u ? u->cpu : UNKNOWN);
    gs_table_add(table, "%" JSON_INTEGER_FORMAT, gs_api_number(stats, "kbps"));
    gs_table_add(table, "%s", memory);
    gs_table_add(table, "%" JSON_INTEGER_FORMAT, gs_api_number(stats, "dropped"));
}

static void add_session(const struct gs_top_rows *r, struct gs_table *table, const json_t *s)
{
    const json_t *stats = json_object_get(s, "stats");
    const char *name = gs_api_text(s, "name");
    bool frozen = json_is_true(json_object_get(stats, "frozen"));

    gs_table_add(table, "%s", name);
    gs_table_add(table, "%s", gs_api_text(s, "user"));
    gs_table_add(table, "%s%s", gs_api_text(s, "state"), frozen ? ", frozen" : "");
    add_clients(table, json_object_get(s, "clients"));
    if (json_is_object(stats)) {
        add_stats(table, stats, g_hash_table_lookup(r->usage, name));
        return;
    }
    for (int i = 0; i < 7; i++)
        gs_table_add(table, "-");
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
        cpu += u && u->cpu > 0 ? u->cpu : 0;
    }
    rate = gs_text_kbps(kbps);
    line = g_strdup_printf("gpushare: sessions %zu, clients %zu, CPU %.0f %%, %s", sessions,
                           clients, cpu, rate);
    fprintf(out, "%.*s%s", width ? (int)width : (int)strlen(line), line, end);
}

void gs_top_rows_print(const struct gs_top_rows *rows, unsigned width, unsigned height,
                       const char *end, FILE *out)
{
    static const char *const headings[] = {"SESSION", "USER",        "STATE",   "CLIENTS",
                                           ">FPS",    ">MS p50/p99", ">GPU %",  ">CPU %",
                                           ">kb/s",   ">MEMORY",     ">MISSES", NULL};
    size_t n = json_array_size(rows->sessions), shown = n;
    struct gs_table *table = gs_table_create(headings);

    /* The sum, the headings, and the line about those that are not shown. */
    if (height && n + 2 > height)
        shown = height > 3 ? height - 3 : 0;
    print_sum(rows, width, end, out);
    for (size_t i = 0; i < shown; i++)
        add_session(rows, table, json_array_get(rows->sessions, i));
    gs_table_print(table, width, end, out);
    if (shown < n)
        fprintf(out, "(%zu more)%s", n - shown, end);
    gs_table_destroy(table);
}
