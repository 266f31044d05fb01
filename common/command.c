/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/command.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define HELP_COLUMN 28
#define HELP_WIDTH 80

char *gs_command_name(const struct gs_command *command)
{
    return g_strjoin(" ", command->program, command->verb, NULL);
}

char *gs_option_text(const struct gs_option *option)
{
    GString *text = g_string_new(option->help);

    if (option->range)
        g_string_append_printf(text, ": %s", option->range);
    if (option->fallback)
        g_string_append_printf(text, " (default: %s)", option->fallback);
    return g_string_free(text, FALSE);
}

/* ---- --help ---- */

/* Fills lines from the column on, at blanks; the first line is there already up to `at`. */
static void print_wrapped(FILE *out, const char *text, size_t at)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    bool begun = false;

    if (at >= HELP_COLUMN) {
        fputc('\n', out);
        at = 0;
    }
    fprintf(out, "%*s", (int)(HELP_COLUMN - at), "");
    at = HELP_COLUMN;
    for (char **word = words; *word; word++) {
        size_t length = (size_t)g_utf8_strlen(*word, -1);

        if (begun && at + 1 + length > HELP_WIDTH) {
            fprintf(out, "\n%*s", HELP_COLUMN, "");
            at = HELP_COLUMN;
        } else if (begun) {
            fputc(' ', out);
            at++;
        }
        fputs(*word, out);
        at += length;
        begun = true;
    }
    fputc('\n', out);
}

static void print_option(const struct gs_option *o, FILE *out)
{
    g_autofree char *text = gs_option_text(o);
    char letter[8] = "    ";
    int n;

    if (o->letter)
        g_snprintf(letter, sizeof(letter), "-%c, ", o->letter);
    n = fprintf(out, "  %s--%s%s%s", letter, o->name, o->arg ? "=" : "", o->arg ? o->arg : "");
    print_wrapped(out, text, n > 0 ? (size_t)n : 0);
}

void gs_command_help(const struct gs_command *command, FILE *out)
{
    static const struct gs_option help = {
        .name = "help", .letter = 'h', .help = "Show this text and end"};
    g_autofree char *name = gs_command_name(command);

    fprintf(out, "Usage: %s [OPTION…]%s%s\n\n%s.\n", name, command->operands ? " " : "",
            command->operands ? command->operands : "", command->summary);
    for (const struct gs_option *o = command->options; o->name; o++) {
        if (o->group)
            fprintf(out, "\n%s:\n", o->group);
        if (!o->hidden)
            print_option(o, out);
    }
    print_option(&help, out);
    if (command->notes)
        fprintf(out, "\n%s", command->notes);
}

static gboolean on_help(const gchar *name, const gchar *value, gpointer command, GError **error)
{
    (void)name;
    (void)value;
    (void)error;
    gs_command_help(command, stdout);
    exit(0);
}

/* ---- reading ---- */

static GOptionEntry entry_of(const struct gs_option *o, char *values)
{
    static const GOptionArg args[] = {
        [GS_OPTION_FLAG] = G_OPTION_ARG_NONE,
        [GS_OPTION_INT] = G_OPTION_ARG_INT,
        [GS_OPTION_DOUBLE] = G_OPTION_ARG_DOUBLE,
        [GS_OPTION_TEXT] = G_OPTION_ARG_FILENAME,
        [GS_OPTION_TEXTS] = G_OPTION_ARG_FILENAME_ARRAY,
    };

    return (GOptionEntry){.long_name = o->name,
                          .short_name = o->letter,
                          .arg = args[o->kind],
                          .arg_data = values + o->offset};
}

static GOptionGroup *group_of(const struct gs_command *command, void *values, char ***ret_rest)
{
    GOptionGroup *group = g_option_group_new("main", "", "", (gpointer)command, NULL);
    g_autoptr(GArray) entries = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));
    const GOptionEntry more[] = {
        {"help", 'h', G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, (gpointer)on_help, NULL, NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, ret_rest, NULL, NULL},
    };

    for (const struct gs_option *o = command->options; o->name; o++) {
        const GOptionEntry entry = entry_of(o, values);

        g_array_append_val(entries, entry);
    }
    g_array_append_vals(entries, more, GS_ARRAY_SIZE(more));
    g_option_group_add_entries(group, (const GOptionEntry *)(const void *)entries->data);
    return group;
}

int gs_command_parse(const struct gs_command *command, int argc, char **argv, void *values,
                     char ***ret_rest, char **ret_why)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) copy = g_new0(char *, (gsize)argc + 1);

    for (int i = 0; i < argc; i++)
        copy[i] = g_strdup(argv[i]);
    *ret_rest = NULL;
    g_option_context_set_help_enabled(context, FALSE);
    g_option_context_set_strict_posix(context, command->operands_end_options);
    g_option_context_set_main_group(context, group_of(command, values, ret_rest));
    if (g_option_context_parse_strv(context, &copy, &error))
        return 0;
    *ret_why = g_strdup(error->message);
    g_clear_pointer(ret_rest, g_strfreev);
    return -EINVAL;
}
