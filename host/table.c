/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/table.h"

#include <glib.h>
#include <string.h>

#define GAP 2

struct gs_table {
    const char *const *headings;
    unsigned columns;
    GPtrArray *cells;
};

struct gs_table *gs_table_create(const char *const *headings)
{
    struct gs_table *t = g_new0(struct gs_table, 1);

    t->headings = headings;
    t->columns = g_strv_length((char **)headings);
    t->cells = g_ptr_array_new_with_free_func(g_free);
    return t;
}

void gs_table_destroy(struct gs_table *table)
{
    if (!table)
        return;
    g_ptr_array_unref(table->cells);
    g_free(table);
}

void gs_table_add(struct gs_table *table, const char *fmt, ...)
{
    g_autofree char *raw = NULL;
    va_list args;
    char *text;

    va_start(args, fmt);
    raw = g_strdup_vprintf(fmt, args);
    va_end(args);
    text = g_utf8_make_valid(raw, -1);
    for (char *p = text; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    }
    g_ptr_array_add(table->cells, text);
}

/* Columns of a terminal that a text takes. */
static unsigned width_of(const char *text)
{
    unsigned width = 0;

    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        width += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
    }
    return width;
}

static bool flush_right(const struct gs_table *t, unsigned column)
{
    return t->headings[column][0] == '>';
}

static const char *heading(const struct gs_table *t, unsigned column)
{
    return t->headings[column] + flush_right(t, column);
}

static unsigned column_width(const struct gs_table *t, unsigned column)
{
    unsigned width = width_of(heading(t, column));

    for (guint i = column; i < t->cells->len; i += t->columns)
        width = MAX(width, width_of(t->cells->pdata[i]));
    return width;
}

/* Appends at most *left columns of the text. */
static void append_cut(GString *line, const char *text, unsigned *left)
{
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        unsigned width = g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;

        if (width > *left) {
            *left = 0;
            return;
        }
        *left -= width;
        g_string_append_unichar(line, c);
    }
}

static void append_blanks(GString *line, unsigned n, unsigned *left)
{
    n = MIN(n, *left);
    g_string_append_printf(line, "%*s", (int)n, "");
    *left -= n;
}

static void print_row(const struct gs_table *t, const char *const *cells, const unsigned *widths,
                      unsigned limit, const char *end, FILE *out)
{
    g_autoptr(GString) line = g_string_new(NULL);
    unsigned left = limit ? limit : G_MAXUINT;

    for (unsigned i = 0; i < t->columns; i++) {
        unsigned pad = widths[i] - width_of(cells[i]);

        if (i > 0)
            append_blanks(line, GAP, &left);
        if (flush_right(t, i))
            append_blanks(line, pad, &left);
        append_cut(line, cells[i], &left);
        if (!flush_right(t, i))
            append_blanks(line, pad, &left);
    }
    g_strchomp(line->str);
    fprintf(out, "%s%s", line->str, end);
}

void gs_table_print(const struct gs_table *table, unsigned width, const char *end, FILE *out)
{
    g_autofree unsigned *widths = g_new(unsigned, table->columns);
    g_autofree const char **headings = g_new(const char *, table->columns);

    for (unsigned i = 0; i < table->columns; i++) {
        widths[i] = column_width(table, i);
        headings[i] = heading(table, i);
    }
    print_row(table, headings, widths, width, end, out);
    for (guint i = 0; i + table->columns <= table->cells->len; i += table->columns)
        print_row(table, (const char *const *)&table->cells->pdata[i], widths, width, end, out);
}

/* ---- units ---- */

static char *scaled(double n, double step, const char *const *units)
{
    unsigned i = 0;

    for (; n >= step * 0.9995 && units[i + 1]; i++)
        n /= step;
    return g_strdup_printf(n < 9.95 && i > 0 ? "%.1f %s" : "%.0f %s", n, units[i]);
}

char *gs_text_bytes(uint64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", NULL};

    return scaled((double)bytes, 1000, units);
}

char *gs_text_kbps(uint64_t kbps)
{
    static const char *const units[] = {"kb/s", "Mb/s", "Gb/s", NULL};

    return scaled((double)kbps, 1000, units);
}

char *gs_text_duration(uint64_t seconds)
{
    if (seconds < 60)
        return g_strdup_printf("%d s", (int)seconds);
    if (seconds < 3600)
        return g_strdup_printf("%d min %02d s", (int)(seconds / 60), (int)(seconds % 60));
    if (seconds < 86400)
        return g_strdup_printf("%d h %02d min", (int)(seconds / 3600), (int)(seconds / 60 % 60));
    return g_strdup_printf("%" G_GUINT64_FORMAT " d %02d h", seconds / 86400,
                           (int)(seconds / 3600 % 24));
}

char *gs_text_time(uint64_t seconds)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local((gint64)seconds);

    return time ? g_date_time_format(time, "%Y-%m-%d %H:%M:%S") : g_strdup("?");
}
