/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/exposition.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* In a help text quotes stay as they are. */
static void append_escaped(GString *out, const char *text, bool quotes)
{
    for (; *text; text++) {
        if (*text == '\\')
            g_string_append(out, "\\\\");
        else if (*text == '\n')
            g_string_append(out, "\\n");
        else if (*text == '"' && quotes)
            g_string_append(out, "\\\"");
        else
            g_string_append_c(out, *text);
    }
}

static void append_value(GString *out, const char *value)
{
    g_autofree char *valid = NULL;

    if (!g_utf8_validate(value, -1, NULL))
        valid = g_utf8_make_valid(value, -1);
    append_escaped(out, valid ? valid : value, true);
}

void gs_exposition_begin(GString *out, const char *name, const char *type, const char *help)
{
    g_string_append(out, "# HELP ");
    g_string_append(out, name);
    g_string_append_c(out, ' ');
    append_escaped(out, help, false);
    g_string_append(out, "\n# TYPE ");
    g_string_append(out, name);
    g_string_append_c(out, ' ');
    g_string_append(out, type);
    g_string_append_c(out, '\n');
}

const char *gs_exposition_number(char *buf, uint64_t value, unsigned decimals)
{
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%0*" PRIu64, (int)decimals + 1, value);
    int whole = n - (int)decimals;

    while (n > whole && digits[n - 1] == '0')
        n--;
    snprintf(buf, 32, "%.*s%s%.*s", whole, digits, n > whole ? "." : "", n - whole, digits + whole);
    return buf;
}

void gs_exposition_add(GString *out, const char *name, const char *suffix,
                       const struct gs_exposition_label *labels, uint64_t value, unsigned decimals)
{
    char number[32];

    g_string_append(out, name);
    g_string_append(out, suffix);
    for (const struct gs_exposition_label *l = labels; l && l->name; l++) {
        g_string_append_c(out, l == labels ? '{' : ',');
        g_string_append(out, l->name);
        g_string_append(out, "=\"");
        append_value(out, l->value);
        g_string_append_c(out, '"');
    }
    if (labels && labels->name)
        g_string_append_c(out, '}');
    g_string_append_c(out, ' ');
    g_string_append(out, gs_exposition_number(number, value, decimals));
    g_string_append_c(out, '\n');
}
