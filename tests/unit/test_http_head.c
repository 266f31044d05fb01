/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "common/macros.h"
#include "host/http_head.h"

#define LINE "GET /v1 HTTP/1.1\r\n"

static void test_size(void **state)
{
    (void)state;
    assert_int_equal(gs_http_head_size("", 0), 0);
    assert_int_equal(gs_http_head_size(LINE "\r\n", strlen(LINE) + 1), 0);
    assert_int_equal(gs_http_head_size(LINE "\r\n", strlen(LINE) + 2), strlen(LINE) + 2);
    assert_int_equal(gs_http_head_size(LINE "\r\nbody\r\n\r\n", strlen(LINE) + 10),
                     strlen(LINE) + 2);
}

static const struct {
    const char *head;
    unsigned status;
} heads[] = {
    {LINE "\r\n", 0},
    {LINE "Host: x\r\nA-b:\r\nContent-Length: 0\r\n\r\n", 0},
    {LINE "Transfer-Encoding:\tChunked \r\n\r\n", 0},
    {"OPTIONS * HTTP/1.0\r\n\r\n", 0},
    {"\r\n\r\n", 400},
    {"GET /v1\r\n\r\n", 400},
    {"GET  HTTP/1.1\r\n\r\n", 400},
    {"GET /a b HTTP/1.1\r\n\r\n", 400},
    {"GET /\xc3\xbc HTTP/1.1\r\n\r\n", 400},
    {"GET /v1 HTTP/2.0\r\n\r\n", 400},
    {"GET /v1 http/1.1\r\n\r\n", 400},
    {"GET /v1 HTTP/1.1 \r\n\r\n", 400},
    {"G(T /v1 HTTP/1.1\r\n\r\n", 400},
    {LINE "no colon\r\n\r\n", 400},
    {LINE ": no name\r\n\r\n", 400},
    {LINE "Host : x\r\n\r\n", 400},
    {LINE "Host: x\r\n folded\r\n\r\n", 400},
    {LINE "A: b\nContent-Length: 5\r\n\r\n", 400},
    {LINE "A: b\rc\r\n\r\n", 400},
    {LINE "Content-Length:\r\n\r\n", 400},
    {LINE "Content-Length: +5\r\n\r\n", 400},
    {LINE "Content-Length: 5, 5\r\n\r\n", 400},
    {LINE "Content-Length: 9999999999999999999\r\n\r\n", 400},
    {LINE "content-length: 5\r\nContent-Length: 5\r\n\r\n", 400},
    {LINE "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {LINE "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
    {LINE "Transfer-Encoding:\r\n\r\n", 501},
};

static void test_check(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_ARRAY_SIZE(heads); i++) {
        unsigned status = gs_http_head_check(heads[i].head, strlen(heads[i].head));

        if (status != heads[i].status)
            fail_msg("%s: %u", heads[i].head, status);
    }
}

static void test_check_sees_nul(void **state)
{
    static const char head[] = LINE "A: \0\r\n\r\n", line[] = "GET /\0 HTTP/1.1\r\n\r\n";

    (void)state;
    assert_int_equal(gs_http_head_check(head, sizeof(head) - 1), 400);
    assert_int_equal(gs_http_head_check(line, sizeof(line) - 1), 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_check_sees_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
