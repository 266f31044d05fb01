/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "host/control_path.h"
#include "host/control_request.h"

static void test_path_is_decoded_and_matched(void **state)
{
    const char *args[GS_PATH_SEGMENTS];
    struct gs_control_path path;
    char *why = NULL;

    (void)state;
    assert_int_equal(gs_control_path_parse("/v1/sessions/a%2Fb%C3%BC/tickets/t1", &path, &why), 0);
    assert_string_equal(path.segments[2], "a/bü");
    assert_false(gs_control_path_match(&path, "/v1/sessions/{name}", args));
    assert_false(gs_control_path_match(&path, "/v1/sessions/{name}/tickets", args));
    assert_false(gs_control_path_match(&path, "/v1/sessions/{name}/tickets/{id}/{x}", args));
    assert_true(gs_control_path_match(&path, "/v1/sessions/{name}/tickets/{id}", args));
    assert_string_equal(args[0], "a/bü");
    assert_string_equal(args[1], "t1");
    assert_null(args[2]);
    gs_control_path_finish(&path);
}

static void test_path_refuses(void **state)
{
    static const char *const wrong[] = {"/a%00", "/a%", "/a%zz", "/%ff", "/a%0ab"};
    struct gs_control_path path;

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(wrong); i++) {
        g_autofree char *why = NULL;

        assert_int_equal(gs_control_path_parse(wrong[i], &path, &why), -EINVAL);
        assert_non_null(why);
    }
    assert_int_equal(gs_control_path_parse("/1/2/3/4/5/6/7/8/9", &path, NULL), -ENOENT);
    assert_int_equal(gs_control_path_parse("*", &path, NULL), -ENOENT);
    assert_int_equal(gs_control_path_parse("", &path, NULL), -ENOENT);
}

static void test_query(void **state)
{
    static const char *const known[] = {"a b", "c", NULL};
    struct gs_control_query query;
    g_autofree char *why = NULL;

    (void)state;
    assert_int_equal(gs_control_query_parse("a+b=%26&&c&", &query, &why), 0);
    assert_int_equal(query.n, 2);
    assert_string_equal(gs_control_query_get(&query, "a b"), "&");
    assert_string_equal(gs_control_query_get(&query, "c"), "");
    assert_null(gs_control_query_get(&query, "d"));
    assert_null(gs_control_query_unknown(&query, known));
    assert_string_equal(gs_control_query_unknown(&query, known + 1), "a b");
    gs_control_query_finish(&query);
    assert_int_equal(gs_control_query_parse(NULL, &query, &why), 0);
    assert_int_equal(query.n, 0);
    assert_int_equal(gs_control_query_parse("a=1&a=2", &query, &why), -EINVAL);
    assert_non_null(strstr(why, "'a' is there twice"));
}

static void test_query_of_too_many(void **state)
{
    struct gs_control_query query;
    g_autofree char *why = NULL;

    (void)state;
    assert_int_equal(gs_control_query_parse("a&b&c&d&e&f&g&h&i", &query, &why), -EINVAL);
    assert_non_null(strstr(why, "too many"));
}

static json_t *body_of(const char *text)
{
    json_t *body;
    char *why;

    assert_int_equal(gs_control_body_parse(text, strlen(text), &body, &why), 0);
    return body;
}

static void test_create_takes_all(void **state)
{
    json_t *body = body_of("{\"name\":\"n\",\"app\":\"a\",\"user\":\"u\",\"argv\":[\"x\",\"\"],"
                           "\"env\":{\"A\":\"b=c\"},\"settings\":{\"fps\":30,\"size\":\"1x2\"},"
                           "\"ticket\":{\"uses\":2,\"view\":true}}");
    struct gs_control_create c;
    char *why;

    (void)state;
    assert_int_equal(gs_control_create_parse(body, &c, &why), 0);
    assert_string_equal(c.session.name, "n");
    assert_string_equal(c.session.app, "a");
    assert_string_equal(c.session.user, "u");
    assert_string_equal(c.session.argv[0], "x");
    assert_string_equal(c.session.argv[1], "");
    assert_null(c.session.argv[2]);
    assert_string_equal(c.session.env[0], "A=b=c");
    assert_string_equal(c.session.settings[0], "fps=30");
    assert_string_equal(c.session.settings[1], "size=1x2");
    assert_true(c.wants_ticket && c.ticket.view);
    assert_int_equal(c.ticket.uses, 2);
    assert_int_equal(c.ticket.ttl_s, -1);
    gs_control_create_finish(&c);
    json_decref(body);
}

/* The first complaint is told, and names the key. */
static void test_create_names_what_is_wrong(void **state)
{
    static const char *const wrong[][2] = {
        {"{\"colour\":1}", "there is no key 'colour'"},
        {"{\"name\":1}", "'name' must be"},
        {"{\"name\":\"-a\",\"argv\":[\"x\"]}", "'-a' is not possible"},
        {"{\"app\":\"a\\nb\"}", "'app' must be"},
        {"{\"argv\":{}}", "'argv' must be"},
        {"{\"argv\":[\"x\"],\"env\":{\"\":\"\"}}", "'env'"},
        {"{\"argv\":[\"x\"],\"settings\":{\"a=b\":1}}", "'a=b' is no key"},
        {"{\"argv\":[\"x\"],\"settings\":{\"fps\":null}}", "'fps' must be"},
        {"{\"argv\":[\"x\"],\"ticket\":true}", "'ticket' must be"},
        {"{\"argv\":[\"x\"],\"ticket\":{\"ttl_s\":1.5}}", "'ttl_s' must be"},
        {"{}", "nothing is said to run"},
    };

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(wrong); i++) {
        json_t *body = body_of(wrong[i][0]);
        struct gs_control_create c;
        g_autofree char *why = NULL;

        assert_int_equal(gs_control_create_parse(body, &c, &why), -EINVAL);
        if (!strstr(why, wrong[i][1]))
            fail_msg("%s: %s", wrong[i][0], why);
        json_decref(body);
    }
}

static void test_body_depth(void **state)
{
    g_autofree char *brackets = g_strdup("{\"a\":\"[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[[[\"}");
    g_autoptr(GString) deep = g_string_new("{\"a\":");
    g_autofree char *why = NULL;
    json_t *body;

    (void)state;
    json_decref(body_of(brackets));
    for (int i = 0; i < GS_CONTROL_DEPTH; i++)
        g_string_append_c(deep, '[');
    assert_int_equal(gs_control_body_parse(deep->str, deep->len, &body, &why), -EINVAL);
    assert_non_null(strstr(why, "nested"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path_is_decoded_and_matched),
        cmocka_unit_test(test_path_refuses),
        cmocka_unit_test(test_query),
        cmocka_unit_test(test_query_of_too_many),
        cmocka_unit_test(test_create_takes_all),
        cmocka_unit_test(test_create_names_what_is_wrong),
        cmocka_unit_test(test_body_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
