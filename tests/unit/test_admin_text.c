/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people see of the administration: tables, units, top. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/api.h"
#include "host/table.h"
#include "host/top_rows.h"

static void test_table_is_aligned(void **state)
{
    static const char *const headings[] = {"NAME", ">N", "WORDS", NULL};
    struct gs_table *table = gs_table_create(headings);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    gs_table_add(table, "ü");
    gs_table_add(table, "%d", 7);
    gs_table_add(table, "one\033[2J\n");
    gs_table_add(table, "日本語x");
    gs_table_add(table, "%d", 100);
    gs_table_add(table, "%s", "");
    gs_table_print(table, 0, "\n", out);
    gs_table_print(table, 8, "|", out);
    fclose(out);
    assert_string_equal(text, "NAME       N  WORDS\n"
                              "ü          7  one?[2J?\n"
                              "日本語x  100\n"
                              "NAME|ü|日本語x|");
    free(text);
    gs_table_destroy(table);
}

static void assert_text(char *text, const char *wanted)
{
    assert_string_equal(text, wanted);
    g_free(text);
}

static void test_units(void **state)
{
    (void)state;
    assert_text(gs_text_bytes(0), "0 B");
    assert_text(gs_text_bytes(999), "999 B");
    assert_text(gs_text_bytes(1000), "1.0 kB");
    assert_text(gs_text_bytes(279552000), "280 MB");
    assert_text(gs_text_bytes(999999), "1.0 MB");
    assert_text(gs_text_bytes(UINT64_MAX), "18447 PB");
    assert_text(gs_text_kbps(8200), "8.2 Mb/s");
    assert_text(gs_text_duration(59), "59 s");
    assert_text(gs_text_duration(125), "2 min 05 s");
    assert_text(gs_text_duration(11100), "3 h 05 min");
    assert_text(gs_text_duration(90000), "1 d 01 h");
}

static void test_durations(void **state)
{
    static const char *const wrong[] = {
        "", "-1", "1w", "m", "1.5h", " 1", "99999999999999999999", "2147483648", "25000d"};
    int64_t s;

    (void)state;
    assert_true(gs_api_duration("0", &s) && s == 0);
    assert_true(gs_api_duration("90s", &s) && s == 90);
    assert_true(gs_api_duration("10m", &s) && s == 600);
    assert_true(gs_api_duration("2h", &s) && s == 7200);
    assert_true(gs_api_duration("1d", &s) && s == 86400);
    for (size_t i = 0; i < GS_ARRAY_SIZE(wrong); i++)
        assert_false(gs_api_duration(wrong[i], &s));
}

/* ---- top ---- */

static json_t *answer(int64_t cpu_us, int64_t app_us, int age_ms)
{
    return json_pack("{s[{ss ss ss s[] s{sI sI sI si si si si si}}, {ss ss ss s[{ss},{ss}] sn}]}",
                     "sessions", "name", "one", "user", "anna", "state", "running", "clients",
                     "stats", "cpu_us", (json_int_t)cpu_us, "app_cpu_us", (json_int_t)app_us,
                     "gpu_us", (json_int_t)0, "age_ms", age_ms, "fps_milli", 59940, "kbps", 800,
                     "latency_p50_us", 5100, "latency_p99_us", 8300, "name", "two", "user", "bob",
                     "state", "starting", "clients", "address", "a", "address", "b", "stats");
}

/* The word in the column, of the line of session "one" after this look. */
static char *look(struct gs_top_rows *rows, json_t *body, int64_t now, unsigned column)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    g_auto(GStrv) lines = NULL, words = NULL;
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    gs_top_rows_update(rows, body, now);
    json_decref(body);
    gs_top_rows_print(rows, 0, 0, "\n", out);
    fclose(out);
    lines = g_strsplit(text, "\n", -1);
    free(text);
    words = g_strsplit(lines[2], " ", -1);
    for (char **word = words; *word; word++) {
        if (**word)
            g_ptr_array_add(found, *word);
    }
    assert_in_range(column, 0, found->len - 1);
    return g_strdup(found->pdata[column]);
}

static void test_top_measures(void **state)
{
    struct gs_top_rows *rows = gs_top_rows_create();
    const int64_t s = G_USEC_PER_SEC;

    (void)state;
    assert_text(look(rows, answer(10 * s, 0, 0), 100 * s, 8), "-");
    /* 1.5 s in 2 s; what was measured half a second ago is of then. */
    assert_text(look(rows, answer(11 * s, s / 2, 500), 102 * s + s / 2, 8), "75");
    /* The same measurement once more. */
    assert_text(look(rows, answer(11 * s, s / 2, 700), 102 * s + 7 * s / 10, 8), "75");
    /* Of a new worker. */
    assert_text(look(rows, answer(0, 0, 0), 104 * s, 8), "-");
    assert_text(look(rows, answer(s, 0, 0), 105 * s, 8), "100");
    assert_text(look(rows, answer(s, 0, 0), 106 * s, 5), "5.1/8.3");
    gs_top_rows_destroy(rows);
}

static json_t *shared(int64_t used_us, const char *culprit)
{
    json_t *body = answer(0, 0, 0);
    json_t *scheduler =
        json_pack("{sI si si si s[{ss si}]}", "used_us", (json_int_t)used_us, "got_permille", 314,
                  "asked_permille", 451, "misses", 12, "culprits", "session", culprit, "misses", 9);

    json_object_set_new(json_array_get(json_object_get(body, "sessions"), 0), "scheduler",
                        scheduler);
    json_object_set_new(body, "devices",
                        json_pack("[{ss si si si}, {ss si si si}]", "device", "software",
                                  "used_permille", 0, "promised_permille", 0, "sessions", 0,
                                  "device", "/dev/dri/renderD128", "used_permille", 620,
                                  "promised_permille", 400, "sessions", 3));
    return body;
}

static void test_top_shares(void **state)
{
    struct gs_top_rows *rows = gs_top_rows_create();
    const int64_t s = G_USEC_PER_SEC;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    g_auto(GStrv) lines = NULL;

    (void)state;
    /* The line about GPUs makes that of the session the third but one. */
    for (int i = 0; i < 2; i++) {
        json_t *body = shared(10 * s + i * 300000, i ? "one" : "farm");

        gs_top_rows_update(rows, body, (100 + i) * s);
        json_decref(body);
        gs_top_rows_print(rows, 0, 0, "\n", out);
    }
    fclose(out);
    lines = g_strsplit(text, "\n", -1);
    free(text);
    assert_string_equal(lines[1], "GPU: renderD128 62 % used, 40 % promised");
    assert_non_null(strstr(lines[3], " 31/45 "));
    assert_true(g_str_has_suffix(lines[3], "12 (farm)"));
    assert_non_null(strstr(lines[8], " 300 "));
    assert_true(g_str_has_suffix(lines[8], "12 (its own)"));
    gs_top_rows_destroy(rows);
}

static void test_top_fits(void **state)
{
    struct gs_top_rows *rows = gs_top_rows_create();
    json_t *body = answer(0, 0, 0);
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    gs_top_rows_update(rows, body, 1);
    json_decref(body);
    gs_top_rows_print(rows, 12, 3, "|", out);
    fclose(out);
    assert_string_equal(text, "gpushare: se|SESSION  USE|(2 more)|");
    free(text);
    gs_top_rows_destroy(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_aligned), cmocka_unit_test(test_units),
        cmocka_unit_test(test_durations),        cmocka_unit_test(test_top_measures),
        cmocka_unit_test(test_top_shares),       cmocka_unit_test(test_top_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
