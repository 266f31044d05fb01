/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/url.h"

#define FP "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void test_parse_whole(void **state)
{
    struct gs_url url;
    const char *why;

    (void)state;
    assert_int_equal(
        gs_url_parse("gpushare://example.org:5000/my-app.1?ticket=aZ09-_&fp=" FP, &url, &why), 0);
    assert_string_equal(url.host, "example.org");
    assert_int_equal(url.port, 5000);
    assert_string_equal(url.session, "my-app.1");
    assert_string_equal(url.ticket, "aZ09-_");
    assert_int_equal(url.fingerprint[1], 0x11);
    assert_int_equal(url.fingerprint[31], 0xff);
}

static void test_parse_defaults(void **state)
{
    struct gs_url url;
    const char *why;

    (void)state;
    assert_int_equal(gs_url_parse("gpushare://[::1]/s?later=1&fp=" FP "&ticket=t", &url, &why), 0);
    assert_string_equal(url.host, "::1");
    assert_int_equal(url.port, GS_PROTO_PORT);
}

static void test_parse_refusals(void **state)
{
    static const char *const bad[] = {
        "",
        "nonsense",
        "http://h/s?ticket=t&fp=" FP,
        "gpushare:///s?ticket=t&fp=" FP,
        "gpushare://h:0/s?ticket=t&fp=" FP,
        "gpushare://h:65536/s?ticket=t&fp=" FP,
        "gpushare://user@h/s?ticket=t&fp=" FP,
        "gpushare://h/s?ticket=t&fp=" FP "#x",
        "gpushare://h?ticket=t&fp=" FP,
        "gpushare://h/?ticket=t&fp=" FP,
        "gpushare://h/a/b?ticket=t&fp=" FP,
        "gpushare://h/-a?ticket=t&fp=" FP,
        "gpushare://h/s",
        "gpushare://h/s?ticket=t",
        "gpushare://h/s?fp=" FP,
        "gpushare://h/s?ticket=&fp=" FP,
        "gpushare://h/s?ticket=a+b&fp=" FP,
        "gpushare://h/s?ticket=t&fp=00",
        "gpushare://h/"
        "s?ticket=t&fp=zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        "gpushare://a b/s?ticket=t&fp=" FP,
        "gpushare://a%0ab/s?ticket=t&fp=" FP,
    };

    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(bad); i++) {
        struct gs_url url;
        const char *why = NULL;

        if (gs_url_parse(bad[i], &url, &why) != -EINVAL)
            fail_msg("accepted: %s", bad[i]);
        assert_non_null(why);
    }
}

static void roundtrip(const char *host)
{
    struct gs_url url = {.port = 1, .session = "s", .ticket = "abc"};
    struct gs_url again;
    const char *why;
    char *text;

    strcpy(url.host, host);
    memset(url.fingerprint, 0xa5, sizeof(url.fingerprint));
    text = gs_url_format(&url);
    assert_int_equal(gs_url_parse(text, &again, &why), 0);
    assert_string_equal(again.host, host);
    assert_int_equal(again.port, 1);
    assert_string_equal(again.ticket, "abc");
    assert_memory_equal(again.fingerprint, url.fingerprint, sizeof(url.fingerprint));
    free(text);
}

static void test_format_roundtrip(void **state)
{
    (void)state;
    roundtrip("10.0.0.1");
    roundtrip("some.host-name.example");
    roundtrip("2001:db8::1");
    roundtrip("fe80::1%eth0");
}

static void test_format_text(void **state)
{
    struct gs_url url = {.host = "::1", .port = 47800, .session = "app", .ticket = "T"};
    char *text = gs_url_format(&url);

    (void)state;
    assert_string_equal(text, "gpushare://[::1]:47800/app?ticket=T&fp="
                              "0000000000000000000000000000000000000000000000000000000000000000");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_whole),    cmocka_unit_test(test_parse_defaults),
        cmocka_unit_test(test_parse_refusals), cmocka_unit_test(test_format_roundtrip),
        cmocka_unit_test(test_format_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
