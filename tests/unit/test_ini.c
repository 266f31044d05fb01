/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glib.h>
#include <string.h>

#include "host/ini.h"

static void on_section(void *user, unsigned line, const char *name)
{
    g_string_append_printf(user, "%u[%s] ", line, name);
}

static void on_key(void *user, unsigned line, const char *name, const char *value)
{
    g_string_append_printf(user, "%u%s=%s. ", line, name, value);
}

static void on_error(void *user, unsigned line, const char *why)
{
    (void)why;
    g_string_append_printf(user, "%u! ", line);
}

static void check_bytes(const char *text, size_t size, const char *wanted)
{
    static const struct gs_ini_handler handler = {on_section, on_key, on_error};
    GString *said = g_string_new(NULL);

    gs_ini_parse(text, size, &handler, said);
    assert_string_equal(said->str, wanted);
    g_string_free(said, TRUE);
}

static void check(const char *text, const char *wanted)
{
    check_bytes(text, strlen(text), wanted);
}

static void test_what_is_read(void **state)
{
    (void)state;
    check("", "");
    check("\n\n# a=b\n ; c\n", "");
    check("[s]\na = b\r\n  c=d = e \n\nf=", "1[s] 2a=b. 3c=d = e. 5f=. ");
    check("[ app x ]", "1[app x] ");
    check("a=\xc3\xbc # no comment", "1a=\xc3\xbc # no comment. ");
}

static void test_what_is_not(void **state)
{
    g_autofree char *longest = g_strnfill(GS_INI_MAX_LINE, 'a');
    g_autofree char *longer = g_strconcat(longest, "a\nb=1", NULL);

    (void)state;
    check("[s\nx=1", "1! 2x=1. ");
    check("[]\n[ ]", "1! 2! ");
    check("word\n=x\na b=1\n", "1! 2! 3! ");
    check("a=\xff\nb=\x01\nc=1", "1! 2! 3c=1. ");
    check(longest, "1! ");
    check(longer, "1! 2b=1. ");
    check_bytes("a=1\0b\nc=1", 9, "1! 2c=1. ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_read),
        cmocka_unit_test(test_what_is_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
