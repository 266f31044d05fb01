/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/ini.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

static bool printable(const char *s)
{
    for (; *s; s++) {
        if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
            return false;
    }
    return true;
}

static bool is_name(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++) {
        if (!g_ascii_isalnum(*s) && !strchr("-_.", *s))
            return false;
    }
    return true;
}

static void parse_section(char *line, unsigned number, const struct gs_ini_handler *h, void *user)
{
    size_t len = strlen(line);

    if (line[len - 1] != ']') {
        h->error(user, number, "the section's ']' is missing");
        return;
    }
    line[len - 1] = '\0';
    line = g_strstrip(line + 1);
    if (*line)
        h->section(user, number, line);
    else
        h->error(user, number, "the section has no name");
}

static void parse_key(char *line, unsigned number, const struct gs_ini_handler *h, void *user)
{
    char *equals = strchr(line, '=');

    if (!equals) {
        h->error(user, number, "this is neither a [section] nor key = value");
        return;
    }
    *equals = '\0';
    g_strstrip(line);
    if (is_name(line))
        h->key(user, number, line, g_strstrip(equals + 1));
    else
        h->error(user, number, "the key's name must be letters, digits, '-', '_' and '.'");
}

static void parse_line(char *line, unsigned number, const struct gs_ini_handler *h, void *user)
{
    line = g_strstrip(line);
    if (!g_utf8_validate(line, -1, NULL) || !printable(line))
        h->error(user, number, "this is not UTF-8 text");
    else if (*line == '[')
        parse_section(line, number, h, user);
    else if (*line && *line != '#' && *line != ';')
        parse_key(line, number, h, user);
}

void gs_ini_parse(const char *text, size_t size, const struct gs_ini_handler *handler, void *user)
{
    const char *end = text + size;

    for (unsigned number = 1; text < end; number++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t len = (size_t)((newline ? newline : end) - text);

        if (len > GS_INI_MAX_LINE) {
            handler->error(user, number, "this line is too long");
        } else if (memchr(text, '\0', len)) {
            handler->error(user, number, "this is not text");
        } else {
            g_autofree char *line = g_strndup(text, len);

            parse_line(line, number, handler, user);
        }
        text += len + 1;
    }
}
