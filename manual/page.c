/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Manual pages in the man macros of roff. */
#include <errno.h>
#include <glib.h>
#include <stdbool.h>
#include <string.h>

#include "manual/manual.h"

void gs_manual_put(FILE *out, const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '\\')
            fputs("\\e", out);
        else if (*p == '-')
            fputs("\\-", out);
        else if ((*p == '.' || *p == '\'') && (p == text || p[-1] == '\n'))
            fprintf(out, "\\&%c", *p);
        else
            fputc(*p, out);
    }
}

static void put_option(const struct gs_option *o, FILE *out)
{
    g_autofree char *text = gs_option_text(o);
    g_autofree char *values = o->values && o->values[0] == '@' ? gs_manual_values(o) : NULL;

    fputs(".TP\n", out);
    if (o->letter)
        fprintf(out, "\\fB\\-%c\\fR, ", o->letter);
    fputs("\\fB\\-\\-", out);
    gs_manual_put(out, o->name);
    fputs(o->arg ? "=\\fI" : "", out);
    gs_manual_put(out, o->arg ? o->arg : "");
    fputs("\\fR\n", out);
    gs_manual_put(out, text);
    fputs(".\n", out);
    if (values) {
        g_auto(GStrv) words = g_strsplit(values, " ", -1);
        g_autofree char *list = g_strjoinv(", ", words);

        fputs("There are: ", out);
        gs_manual_put(out, list);
        fputs(".\n", out);
    }
}

static void put_options(const struct gs_command *c, FILE *out)
{
    static const struct gs_option help = {
        .name = "help", .letter = 'h', .help = "Show the options and end"};

    for (const struct gs_option *o = c->options; o->name; o++) {
        if (o->group && strcmp(o->group, "Options") != 0) {
            fputs(o == c->options ? "\\fB" : ".PP\n\\fB", out);
            gs_manual_put(out, o->group);
            fputs("\\fR\n", out);
        }
        if (!o->hidden)
            put_option(o, out);
    }
    put_option(&help, out);
}

static void put_synopsis(const struct gs_command *c, FILE *out)
{
    g_autofree char *name = gs_command_name(c);

    fputs("\\fB", out);
    gs_manual_put(out, name);
    fputs("\\fR [\\fIOPTION\\fR…]", out);
    if (c->operands) {
        fputs(" \\fI", out);
        gs_manual_put(out, c->operands);
        fputs("\\fR", out);
    }
    fputs("\n", out);
}

/* "@OPTIONS run@" → the command; NULL: it is another line. */
static const struct gs_command *command_of(const struct gs_manual_program *program,
                                           const char *line, const char *what)
{
    size_t n = strlen(what);

    if (line[0] != '@' || strncmp(line + 1, what, n) != 0)
        return NULL;
    for (size_t i = 0; program->commands[i]; i++) {
        const char *verb = program->commands[i]->verb;
        g_autofree char *whole =
            g_strdup_printf("@%s%s%s@", what, verb ? " " : "", verb ? verb : "");

        if (strcmp(line, whole) == 0)
            return program->commands[i];
    }
    return NULL;
}

/* "@KEYS limits@"; false: it is another line. */
static bool put_keys(const char *line, FILE *out)
{
    g_autofree char *section = NULL;

    if (!g_str_has_prefix(line, "@KEYS ") || !g_str_has_suffix(line, "@"))
        return false;
    section = g_strndup(line + 6, strlen(line) - 7);
    return gs_manual_keys(section, out);
}

int gs_manual_page(const struct gs_manual_program *program, const char *template_text, FILE *out)
{
    g_auto(GStrv) at_version = g_strsplit(template_text, "@VERSION@", -1);
    g_autofree char *text = g_strjoinv(GS_VERSION, at_version);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line; line++) {
        const struct gs_command *options = command_of(program, *line, "OPTIONS");
        const struct gs_command *synopsis = command_of(program, *line, "SYNOPSIS");

        if (options) {
            put_options(options, out);
        } else if (synopsis) {
            put_synopsis(synopsis, out);
        } else if (put_keys(*line, out)) {
            continue;
        } else if ((*line)[0] == '@') {
            g_printerr("gs-manual: %s: there is no such thing\n", *line);
            return -EINVAL;
        } else if ((*line)[0] || line[1]) {
            fprintf(out, "%s\n", *line);
        }
    }
    return 0;
}
