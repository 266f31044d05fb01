/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "common/command.h"

struct values {
    gboolean flag;
    int number;
    double ratio;
    char *text;
    char **texts;
};

#define AT(field) offsetof(struct values, field)
static const struct gs_option options[] = {
    {"First", "flag", 'f', GS_OPTION_FLAG, AT(flag), NULL, "Set the flag", NULL, NULL, NULL, false},
    {NULL, "number", 0, GS_OPTION_INT, AT(number), "N", "Set the number", "1 to 9", "5", NULL,
     false},
    {"Second", "ratio", 0, GS_OPTION_DOUBLE, AT(ratio), "R", "Set the ratio", NULL, "one", NULL,
     false},
    {NULL, "a-text-with-a-long-name", 0, GS_OPTION_TEXT, AT(text), "TEXT",
     "Set the text, of which so much has to be said that it does not fit into one line", NULL, NULL,
     NULL, false},
    {NULL, "each", 0, GS_OPTION_TEXTS, AT(texts), "TEXT", "Add one", NULL, NULL, NULL, false},
    {NULL, "secret", 0, GS_OPTION_FLAG, AT(flag), NULL, "Not said", NULL, NULL, NULL, true},
    {.name = NULL},
};

static const struct gs_command command = {.program = "gs-try",
                                          .verb = "it",
                                          .operands = "FILE…",
                                          .summary = "Tries it",
                                          .notes = "A note.\n",
                                          .options = options};

/* The line is split at blanks. */
static int parse(const struct gs_command *c, const char *line, struct values *v, char ***rest,
                 char **why)
{
    g_autofree char *whole = g_strconcat("it ", line, NULL);
    g_auto(GStrv) argv = g_strsplit(g_strstrip(whole), " ", -1);

    *why = NULL;
    return gs_command_parse(c, (int)g_strv_length(argv), argv, v, rest, why);
}

static void test_parse_fills(void **state)
{
    struct values v = {.number = 5, .ratio = 1};
    char **rest, *why;

    (void)state;
    assert_int_equal(parse(&command, "-f a --ratio 2.5 --a-text-with-a-long-name=x -- --number", &v,
                           &rest, &why),
                     0);
    assert_true(v.flag);
    assert_int_equal(v.number, 5);
    assert_true(v.ratio == 2.5);
    assert_string_equal(v.text, "x");
    assert_int_equal(g_strv_length(rest), 2);
    assert_string_equal(rest[0], "a");
    assert_string_equal(rest[1], "--number");
    g_strfreev(rest);
    g_free(v.text);
}

static void test_parse_collects(void **state)
{
    struct values v = {0};
    char **rest, *why;

    (void)state;
    assert_int_equal(parse(&command, "--each=a b --each c=d", &v, &rest, &why), 0);
    assert_int_equal(g_strv_length(v.texts), 2);
    assert_string_equal(v.texts[0], "a");
    assert_string_equal(v.texts[1], "c=d");
    assert_string_equal(rest[0], "b");
    g_strfreev(v.texts);
    g_strfreev(rest);
}

static void test_parse_without_operands(void **state)
{
    struct values v = {0};
    char **rest, *why;

    (void)state;
    assert_int_equal(parse(&command, "", &v, &rest, &why), 0);
    assert_null(rest);
}

/* What follows the first operand is its own. */
static void test_parse_stops(void **state)
{
    struct gs_command stops = command;
    struct values v = {0};
    char **rest, *why;

    (void)state;
    stops.operands_end_options = true;
    assert_int_equal(parse(&stops, "-f app -f --number 7", &v, &rest, &why), 0);
    assert_int_equal(v.number, 0);
    assert_int_equal(g_strv_length(rest), 4);
    g_strfreev(rest);
}

static void refuse(const char *line, const char *says)
{
    struct values v = {0};
    char **rest, *why;

    assert_int_equal(parse(&command, line, &v, &rest, &why), -EINVAL);
    assert_null(rest);
    if (!strstr(why, says))
        fail_msg("%s: says '%s', not '%s'", line, why, says);
    g_free(why);
    g_free(v.text);
}

static void test_parse_refuses(void **state)
{
    (void)state;
    refuse("--unknown", "--unknown");
    refuse("--number many", "many");
    refuse("a --number", "--number");
    refuse("--ratio x", "x");
}

static void test_help(void **state)
{
    g_autofree char *want =
        g_strdup("Usage: gs-try it [OPTION…] FILE…\n"
                 "\n"
                 "Tries it.\n"
                 "\n"
                 "First:\n"
                 "  -f, --flag                Set the flag\n"
                 "      --number=N            Set the number: 1 to 9 (default: 5)\n"
                 "\n"
                 "Second:\n"
                 "      --ratio=R             Set the ratio (default: one)\n"
                 "      --a-text-with-a-long-name=TEXT\n"
                 "                            Set the text, of which so much has to be said that\n"
                 "                            it does not fit into one line\n"
                 "      --each=TEXT           Add one\n"
                 "  -h, --help                Show this text and end\n"
                 "\n"
                 "A note.\n");
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    gs_command_help(&command, out);
    fclose(out);
    assert_string_equal(text, want);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_fills),
        cmocka_unit_test(test_parse_collects),
        cmocka_unit_test(test_parse_without_operands),
        cmocka_unit_test(test_parse_stops),
        cmocka_unit_test(test_parse_refuses),
        cmocka_unit_test(test_help),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
